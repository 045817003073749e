import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What GraphQL says of data, nulls and errors, on a client schema that promises more than the backends keep.

const clientSchema = `
type Query {
  products(first: Int = 20): [Card!] @from(field: "products(first: $args.first).items")
  strict(first: Int = 2): [StrictCard!] @from(field: "products(first: $args.first).items")
  product(id: ID!): Card
  sure(id: ID!): Card! @from(field: "product(id: $args.id)")
  user(id: ID!): User
  names(first: Int = 3): [String!] @from(field: "products(first: $args.first).items.name")
  shortNames(first: Int = 3): [String] @from(field: "products(first: $args.first).items.name") @truncate(length: 8)
  nested: Outer
  badDates: [String] @from(field: "products(first: 3).items.name") @formatDate
  spareDates: [String!] @from(field: "products(first: 3).items.name") @formatDate @default(value: ["?"], onError: true)
  prices: [String!] @from(field: "products(first: 3).items.price") @formatCurrency @slice(offset: 1, limit: 1)
  wholePrices: [String!] @from(field: "products(first: 3).items.price") @formatCurrency(amount: "units", currencyField: "currencyCode")
  centPrices: [String!] @from(field: "products(first: 3).items.price") @formatCurrency(amount: "units", currency: "USD", minorUnits: true)
  longPrice(id: ID!): String @from(field: "product(id: $args.id).price") @formatCurrency @truncate(length: 2) @case(to: LOWER)
  flatAuthorNames: [String] @from(field: "products(first: 3).items.reviews(first: 2).author.name") @flatten
  firstReviews: [Review] @from(field: "products(first: 3).items.reviews(first: 2)") @flatten @slice(offset: 1, limit: 2)
  firstQuantity: [Int] @from(field: "products(first: 20).items.stock.quantity") @slice(limit: 1)
  flatQuantity: [String] @from(field: "products(first: 20).items.reviews(first: 1).author.name") @flatten @slice(limit: 2) @default(value: ["?"], onError: true)
}
type Outer @view(of: "Query") { inner: Inner! deep: Outer }
type Inner @view(of: "Query") { products(first: Int = 1): [Card!] @from(field: "products(first: $args.first).items") }
type Card @view(of: "Product") {
  id: ID!
  name: String
  weight: Float @from(field: "weightGrams")
  tags: [String!]!
  reviews(first: Int = 3): [Review]
  authorNames(first: Int = 3): [String] @from(field: "reviews(first: $args.first).author.name")
  sureAuthorNames(first: Int = 3): [String!] @from(field: "reviews(first: $args.first).author.name")
  quantity: Int! @from(field: "stock.quantity")
  maybe: Int @from(field: "stock.quantity")
  level: StockLevel @from(field: "stock.level")
  levelText: String @from(field: "stock.level")
}
type StrictCard @view(of: "Product") { id: ID! average: Float! @from(field: "rating.average") }
enum StockLevel { LOW PLENTY }
type Review { id: ID! author: User! maybeAuthor: User @from(field: "author") product: Card }
type User { id: ID! name: String city: String @from(field: "address.city") }
`;

let project: TemporaryProject;
let test: TestGateway;

beforeAll(async () => {
  project = createShopProject(clientSchema);
  test = await startTestGateway({ LOG_LEVEL: "silent" }, project.root);
});
afterAll(async () => {
  await test.stop();
  project.remove();
});
beforeEach(() => {
  test.shop.inventory.faults.clear();
  test.shop.reviews.faults.clear();
  test.shop.accounts.faults.clear();
  test.shop.clearLogs();
});

function pathsAndCodes(answer: GraphqlAnswer): string[] {
  return answer.errors.map(({ path, extensions }) => `${path?.join(".")} ${extensions.code}`).toSorted();
}

/** Where the one review by an author whom nobody knows is among the product's. */
function indexOfUnknownAuthor(productId: string): number {
  return (test.shop.data.reviewsByProductId.get(productId) ?? []).findIndex(
    ({ authorId }) => authorId === "u9999",
  );
}

describe("a reference to a missing row", () => {
  it("is an error at the reference behind a non-null field, and costs the nearest nullable parent", async () => {
    const at = indexOfUnknownAuthor("p990");
    const answer = await test.query('{ product(id: "p990") { reviews(first: 50) { id author { name } } } }');
    expect(pathsAndCodes(answer)).toEqual([`product.reviews.${at}.author NOT_FOUND_REFERENCE`]);
    const { reviews } = (answer.data as { product: { reviews: unknown[] } }).product;
    expect(reviews.map((review) => review === null)).toEqual(reviews.map((_, index) => index === at));
  });

  it("is null behind a nullable field", async () => {
    const at = indexOfUnknownAuthor("p990");
    const answer = await test.query(
      '{ product(id: "p990") { reviews(first: 50) { maybeAuthor { id name } } } }',
    );
    expect(answer.errors).toEqual([]);
    const { reviews } = (answer.data as { product: { reviews: { maybeAuthor: unknown }[] } }).product;
    expect(reviews.filter(({ maybeAuthor }) => maybeAuthor === null)).toEqual([reviews[at]]);
  });

  it("is not looked for where only its key is selected, by whatever fragment, alias or skipped field", async () => {
    const answer = await test.query(`query ($no: Boolean = false) { product(id: "p990") { reviews(first: 50) {
      author { ...Key full: name @include(if: $no) ... @include(if: $no) { city } } } } }
      fragment Key on User { name: id __typename }`);
    expect(answer.errors).toEqual([]);
    expect(test.shop.calls()).toEqual(["catalog BatchGetProducts", "reviews GET /reviews"]);
  });
});

describe("lists", () => {
  it("carry errors at the index of the element that failed, and null only that element", async () => {
    const at = indexOfUnknownAuthor("p991");
    const names = await test.query('{ product(id: "p991") { authorNames(first: 50) } }');
    const { authorNames } = (names.data as { product: { authorNames: (string | null)[] } }).product;
    expect(names.errors).toEqual([]);
    expect(authorNames.indexOf(null)).toBe(at);
    const sure = await test.query('{ product(id: "p991") { name sureAuthorNames(first: 50) } }');
    expect(pathsAndCodes(sure)).toEqual([`product.sureAuthorNames.${at} NULL_IN_NON_NULL`]);
    expect(sure.data).toMatchObject({ product: { sureAuthorNames: null } });
  });

  it("keep their order and their shapers work on each element", async () => {
    const { featuredProducts } = test.shop.data;
    const answer = await test.query("{ names shortNames }");
    const names = featuredProducts.slice(0, 3).map(({ name }) => name);
    const shortNames = names.map(
      (name) =>
        `${[...new Intl.Segmenter().segment(name)]
          .slice(0, 7)
          .map(({ segment }) => segment)
          .join("")}…`,
    );
    expect(answer.data).toEqual({ names, shortNames });
  });
});

describe("values that are formatted", () => {
  it("are an error each where they can't be shaped, or what stands in for it", async () => {
    const answer = await test.query("{ badDates spareDates }");
    expect(pathsAndCodes(answer)).toEqual([0, 1, 2].map((at) => `badDates.${at} CANNOT_SHAPE`));
    expect(answer.data).toEqual({ badDates: [null, null, null], spareDates: ["?"] });
    expect(answer.extensions).toEqual({ completeness: [{ path: ["spareDates"], code: "CANNOT_SHAPE" }] });
    const [product] = test.shop.data.featuredProducts;
    expect(answer.text).not.toContain(product?.name);
  });

  it("may be objects, of which the shaper reads what it needs, and go on to the next shaper", async () => {
    const { featuredProducts } = test.shop.data;
    const [, second] = featuredProducts;
    const answer = await test.query('{ prices longPrice(id: "p1") none: longPrice(id: "nope") }');
    expect(answer.errors).toEqual([]);
    const text = `€${second?.price.units}.${String(second?.price.nanos).padStart(9, "0").slice(0, 2)}`;
    expect(answer.data).toEqual({ prices: [text], longPrice: "€…", none: null });
  });
});

describe("lists that are joined and cut", () => {
  const reviews = () =>
    test.shop.data.featuredProducts
      .slice(0, 3)
      .flatMap(({ id }) => (test.shop.data.reviewsByProductId.get(id) ?? []).slice(0, 2));

  it("keep their order", async () => {
    const answer = await test.query("{ flatAuthorNames firstReviews { id } }");
    expect(answer.errors).toEqual([]);
    const nameOf = (id: string) => test.shop.data.userById.get(id)?.name ?? null;
    expect(answer.data).toEqual({
      flatAuthorNames: reviews().map(({ authorId }) => nameOf(authorId)),
      firstReviews: reviews()
        .slice(1, 3)
        .map(({ id }) => ({ id })),
    });
  });

  it("read nothing more of the objects that were cut off", async () => {
    await test.query("{ firstReviews { author { name } } }");
    const asked = test.shop.accounts.log.entries.map(({ url }) => url);
    const authors = reviews()
      .slice(1, 3)
      .map(({ authorId }) => authorId);
    const pairs = [...new Set(authors)].map((id) => `ids=${id}`);
    expect(asked).toEqual([`/users?${pairs.join("&")}`]);
  });

  it("carry errors at the places that elements have in the answer, and what was cut off may fail unseen", async () => {
    test.shop.accounts.faults.set({ method: "GET /users", fault: "error" });
    test.shop.inventory.faults.set({ method: "BatchGetStock", fault: "error" });
    const answer = await test.query("{ flatAuthorNames firstQuantity flatQuantity }");
    expect(pathsAndCodes(answer)).toEqual([
      "firstQuantity.0 UPSTREAM_ERROR",
      ...reviews().map((_, index) => `flatAuthorNames.${index} UPSTREAM_ERROR`),
    ]);
    expect(answer.data).toEqual({
      flatAuthorNames: reviews().map(() => null),
      firstQuantity: [null],
      flatQuantity: ["?"],
    });
  });

  it("are an error where the inner lists could not be read", async () => {
    test.shop.reviews.faults.set({ method: "GET /reviews", fault: "error" });
    const answer = await test.query("{ flatAuthorNames }");
    expect(pathsAndCodes(answer)).toEqual([0, 1, 2].map((at) => `flatAuthorNames.${at} UPSTREAM_ERROR`));
    expect(answer.data).toEqual({ flatAuthorNames: [null, null, null] });
  });
});

describe("null bubbling", () => {
  it("takes the nearest nullable parent and reports one error for each field that had no value", async () => {
    const unstocked = test.shop.data.featuredProducts.findIndex(
      ({ id }) => !test.shop.data.stockByProductId.has(id),
    );
    const answer = await test.query("query ($first: Int) { products(first: $first) { id quantity } }", {
      variables: { first: unstocked + 1 },
    });
    expect(pathsAndCodes(answer)).toEqual([`products.${unstocked}.quantity NULL_IN_NON_NULL`]);
    expect(answer.data).toEqual({ products: null });
  });

  it("reaches data: null where nothing on the way is nullable", async () => {
    const answer = await test.query('{ sure(id: "nope") { id } }');
    expect(answer.status).toBe(200);
    expect(pathsAndCodes(answer)).toEqual(["sure NULL_IN_NON_NULL"]);
    expect(answer.data).toBeNull();
  });

  it("makes one error of several calls that fail under one leaf", async () => {
    test.shop.reviews.faults.set({ method: "GET /ratings", fault: "error" });
    const answer = await test.query("{ strict(first: 2) { id average } }");
    expect(answer.errors.map(({ extensions }) => extensions.code)).toContain("UPSTREAM_ERROR");
    expect(answer.data).toEqual({ strict: null });
  });
});

describe("money", () => {
  it("is read from the fields that the schema names, with the object that has them", async () => {
    test.shop.clearLogs();
    const answer = await test.query("{ wholePrices centPrices }");
    const units = test.shop.data.featuredProducts.slice(0, 3).map(({ price }) => Number(price.units));
    const write = (amount: number, currency: string): string =>
      new Intl.NumberFormat("en-US", { style: "currency", currency }).format(amount);
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      wholePrices: units.map((amount) => write(amount, "EUR")),
      centPrices: units.map((amount) => write(amount / 100, "USD")),
    });
    expect(test.shop.calls()).toEqual(["catalog ListProducts"]);
  });
});

describe("leaf values", () => {
  it("outside the client's part of an enum are null with a code, and text where the client wants text", async () => {
    const empty = test.shop.data.stock.find(({ level }) => level === "OUT_OF_STOCK");
    const answer = await test.query("query ($id: ID!) { product(id: $id) { level levelText maybe } }", {
      variables: { id: empty?.productId },
    });
    expect(pathsAndCodes(answer)).toEqual(["product.level INVALID_VALUE"]);
    expect(answer.data).toEqual({ product: { level: null, levelText: "OUT_OF_STOCK", maybe: 0 } });
  });

  it("keep zero, and an integer may be read as a number", async () => {
    const product = test.shop.data.productById.get("p7");
    const answer = await test.query('{ product(id: "p7") { weight tags } }');
    expect(answer.data).toEqual({ product: { weight: product?.weightGrams, tags: product?.tags } });
  });
});

describe("groups", () => {
  it("fetch nothing by themselves, are never null, and nest", async () => {
    const only = await test.query(
      "{ nested { __typename deep { __typename deep { inner { __typename } } } } }",
    );
    expect(only.data).toEqual({
      nested: {
        __typename: "Outer",
        deep: { __typename: "Outer", deep: { inner: { __typename: "Inner" } } },
      },
    });
    expect(test.shop.calls()).toEqual([]);
    const read = await test.query(
      "{ nested { inner { products { id } } deep { inner { products { id } } } } products(first: 1) { id } }",
    );
    const [first] = test.shop.data.featuredProducts;
    const products = [{ id: test.shop.data.products[0]?.id ?? first?.id }];
    expect(Object.keys(read.data as object)).toEqual(["nested", "products"]);
    expect((read.data as { products: unknown }).products).toHaveLength(products.length);
    expect(test.shop.calls()).toEqual(["catalog ListProducts"]);
  });
});

describe("variables", () => {
  it("that do not fit are refused before anything is sent", async () => {
    const answer = await test.query("query ($id: ID!) { product(id: $id) { id } }", {
      variables: { id: { a: 1 } },
    });
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(answer.data).toBeUndefined();
    expect(test.shop.calls()).toEqual([]);
  });
});

describe("requests beside each other", () => {
  it("share the calls that are under way, and keep nothing of them for those who come later", async () => {
    const query = '{ product(id: "p1") { name } }';
    // Once it is compiled it asks for less, which are other bytes.
    for (let time = 0; time < 3; time++) await test.query(query);
    test.shop.clearLogs();
    test.shop.catalog.faults.set({ latencyMs: 100 });
    const answers = await Promise.all([1, 2, 3].map(() => test.query(query)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(test.shop.calls()).toEqual(["catalog BatchGetProducts"]);
    await test.query(query);
    expect(test.shop.calls()).toHaveLength(2);
    test.shop.catalog.faults.clear();
  });
});
