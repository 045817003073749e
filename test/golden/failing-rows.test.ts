import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// A row that fails inside a batch costs that row and nothing else: the others arrive whole, the error stands at the
// client's own path and index, and the backend was asked once.

let test: TestGateway;
let ids: readonly string[];

const spoiled = 2;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
  ids = test.shop.data.featuredProducts.slice(0, 6).map(({ id }) => id);
});
afterAll(() => test.stop());
beforeEach(() => {
  for (const backend of [test.shop.reviews, test.shop.accounts, test.shop.recommendations])
    backend.faults.clear();
  for (const backend of [test.shop.inventory, test.shop.catalog]) backend.faults.clear();
  test.shop.clearLogs();
});

type Row = Readonly<Record<string, unknown>>;

/** The rows with what `change` makes of the one whose `key` is `id`; undefined takes it away. */
function spoil(rows: unknown, key: string, id: string, change: (row: Row) => unknown): unknown[] {
  return (rows as Row[]).flatMap((row) => {
    if (row[key] !== id) return [row];
    const changed = change(row);
    return changed === undefined ? [] : [changed];
  });
}

function spoiledId(): string {
  return ids[spoiled] ?? "";
}

/** A product of the six that has a rating, so that there is a row to spoil. */
function ratedId(): string {
  return ids.find((id, index) => index > 0 && test.shop.data.ratingByProductId.has(id)) ?? "";
}

function pathsAndCodes({ errors }: GraphqlAnswer): string[] {
  return errors.map(({ path = [], extensions }) => `${path.join(".")} ${extensions.code}`).toSorted();
}

/** What the products of the answer have in `field`, by id. */
function readRows(answer: GraphqlAnswer, field: string): ReadonlyMap<string, unknown> {
  const { list } = answer.data as { list: { rows: readonly Row[] } };
  return new Map(list.rows.map((row) => [String(row["key"]), row[field]]));
}

async function ask(selection: string): Promise<GraphqlAnswer> {
  // Aliases all the way: paths are the client's own.
  return test.query(`{ list: products(first: 6) { rows: items { key: id ${selection} } } }`);
}

describe("a failing row of a REST batch", () => {
  const expectOthers = (answer: GraphqlAnswer, id: string, its: unknown): void => {
    const { ratingByProductId } = test.shop.data;
    const wanted = ids.map((one) => {
      const rating = ratingByProductId.get(one);
      return [
        one,
        one === id ? its : rating === undefined ? null : { mean: rating.average, n: rating.count },
      ];
    });
    expect([...readRows(answer, "stars")]).toEqual(wanted);
    expect(test.shop.reviews.log.count("GET /ratings")).toBe(1);
  };
  const spoilRating = (id: string, change: (row: Row) => unknown): void =>
    test.shop.reviews.faults.set({
      method: "GET /ratings",
      rewrite: (rows) => spoil(rows, "productId", id, change),
    });

  it("with a value of the wrong kind fails at that value", async () => {
    const id = ratedId();
    spoilRating(id, (row) => ({ ...row, average: "rather good" }));
    const answer = await ask("stars: rating { mean: average n: count }");
    expect(pathsAndCodes(answer)).toEqual([`list.rows.${ids.indexOf(id)}.stars.mean INVALID_VALUE`]);
    expectOthers(answer, id, null);
  });

  it("with a value that is missing fails at that value", async () => {
    const id = ratedId();
    spoilRating(id, ({ count: _count, ...row }) => row);
    const answer = await ask("stars: rating { mean: average n: count }");
    expect(pathsAndCodes(answer)).toEqual([`list.rows.${ids.indexOf(id)}.stars.n NULL_IN_NON_NULL`]);
    expectOthers(answer, id, null);
  });

  it.each<[string, (row: Row) => unknown]>([
    ["that is left out", () => undefined],
    ["that is null", () => null],
    ["that is no object", () => 42],
    ["that names a product nobody asked for", (row) => ({ ...row, productId: "p-somebody-else" })],
  ])("%s is null, as one that does not exist", async (_, change) => {
    const id = ratedId();
    spoilRating(id, change);
    const answer = await ask("stars: rating { mean: average n: count }");
    expect(pathsAndCodes(answer)).toEqual([]);
    expectOthers(answer, id, null);
  });

  it("costs one element of a list of rows, and the calls that follow for the others are made", async () => {
    const [first] = ids;
    const wanted = ids.map((id) => (test.shop.data.reviewsByProductId.get(id) ?? []).slice(0, 2));
    const bad = wanted[0]?.[1]?.id ?? "";
    expect([first, bad]).not.toContain("");
    test.shop.reviews.faults.set({
      method: "GET /reviews",
      rewrite: (answer) => ({
        data: spoil((answer as { data: unknown }).data, "id", bad, (row) => ({
          ...row,
          stars: "many",
          authorId: {},
        })),
      }),
    });
    const answer = await ask("voices: reviews(first: 2) { id n: stars by: author { called: name } }");
    expect(pathsAndCodes(answer)).toContain("list.rows.0.voices.1.n INVALID_VALUE");
    const voices = [...readRows(answer, "voices").values()];
    // `stars` is non-null: the null climbs to the list, which belongs to this product alone.
    expect(voices[0]).toBeNull();
    expect(voices.slice(1)).toEqual(
      wanted.slice(1).map((reviews) =>
        reviews.map(({ id, stars, authorId }) => ({
          id,
          n: stars,
          by: { called: test.shop.data.userById.get(authorId)?.name },
        })),
      ),
    );
    expect(test.shop.calls().toSorted()).toEqual([
      "accounts GET /users",
      "catalog ListProducts",
      "reviews GET /reviews",
    ]);
  });
});

describe("a failing row of a gRPC batch", () => {
  const spoilStock = (id: string, change: (row: Row) => unknown): void =>
    test.shop.inventory.faults.set({
      method: "BatchGetStock",
      rewrite: (answer) => ({ items: spoil((answer as { items: unknown }).items, "productId", id, change) }),
    });
  const expectOthers = (answer: GraphqlAnswer, id: string, its: unknown): void => {
    const wanted = ids.map((one) => {
      const stock = test.shop.data.stockByProductId.get(one);
      return [one, one === id ? its : stock === undefined ? null : { n: stock.quantity, how: stock.level }];
    });
    expect([...readRows(answer, "left")]).toEqual(wanted);
    expect(test.shop.inventory.log.count("BatchGetStock")).toBe(1);
  };

  it("with an enum value that the client's schema does not have fails at that value", async () => {
    const id = spoiledId();
    spoilStock(id, (row) => ({ ...row, level: 99 }));
    const answer = await ask("left: stock { n: quantity how: level }");
    expect(pathsAndCodes(answer)).toEqual([`list.rows.${spoiled}.left.how INVALID_VALUE`]);
    expectOthers(answer, id, { n: test.shop.data.stockByProductId.get(id)?.quantity, how: null });
  });

  it.each<[string, (row: Row) => unknown]>([
    ["that is left out", () => undefined],
    ["that names a product nobody asked for", (row) => ({ ...row, productId: "p-somebody-else" })],
  ])("%s is null, as one that does not exist", async (_, change) => {
    const id = spoiledId();
    spoilStock(id, change);
    const answer = await ask("left: stock { n: quantity how: level }");
    expect(pathsAndCodes(answer)).toEqual([]);
    expectOthers(answer, id, null);
  });

  it("fails under every alias and depth that reads it, and nowhere else", async () => {
    const id = spoiledId();
    spoilStock(id, (row) => ({ ...row, level: 99 }));
    const answer = await test.query(
      `{ a: product(id: "${id}") { stock { level } } b: product(id: "${ids[0] ?? ""}") { stock { level } }
         list: products(first: 3) { items { stock { level } } } }`,
    );
    expect(pathsAndCodes(answer)).toEqual([
      "a.stock.level INVALID_VALUE",
      `list.items.${spoiled}.stock.level INVALID_VALUE`,
    ]);
  });
});

describe("a failing row of a GraphQL source's subquery", () => {
  interface Subanswer {
    readonly data: Readonly<Record<string, readonly (Row | null)[]>>;
    readonly errors?: readonly unknown[];
  }

  /** The backend's own answer with one product's row changed, and its error if it has one. */
  const spoilTips = (
    change: (row: Row) => unknown,
    errorAt?: (path: readonly (string | number)[]) => object,
  ): void =>
    test.shop.recommendations.faults.set({
      rewrite: (answer) => {
        const { data } = answer as Subanswer;
        const [field = "", rows = []] = Object.entries(data)[0] ?? [];
        const changed = rows.map((row, index) => (index === spoiled && row !== null ? change(row) : row));
        const errors = errorAt === undefined ? {} : { errors: [errorAt([field, spoiled])] };
        return { data: { ...data, [field]: changed }, ...errors };
      },
    });
  const expectOthers = (answer: GraphqlAnswer, its: unknown): void => {
    const { recommendationsByProductId } = test.shop.data;
    const wanted = ids.map((one, index) => [
      one,
      index === spoiled
        ? its
        : (recommendationsByProductId.get(one) ?? [])
            .slice(0, 2)
            .map(({ score, reason }) => ({ points: score, reason })),
    ]);
    expect([...readRows(answer, "tips")]).toEqual(wanted);
    expect(test.shop.recommendations.log.count()).toBe(1);
  };
  const tips = "tips: recommendations(first: 2) { points: score reason }";

  it("with an error of the backend's own fails at that row's field", async () => {
    // The name that the subquery gives a field is the gateway's: the backend's path is built from its answer.
    spoilTips(
      (row) =>
        Object.fromEntries(
          Object.keys(row).map((name) => [name, Array.isArray(row[name]) ? null : row[name]]),
        ),
      (path) => ({ message: "no luck with this one", path: [...path, tipsName()] }),
    );
    const answer = await ask(tips);
    expect(pathsAndCodes(answer)).toEqual([`list.rows.${spoiled}.tips UPSTREAM_ERROR`]);
    expectOthers(answer, null);
    expect(answer.text).not.toContain("no luck");
  });

  it("with a value of the wrong kind fails at that value", async () => {
    spoilTips((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          Array.isArray(value)
            ? value.map((tip: Row, index) => (index === 1 ? { ...tip, score: "high" } : tip))
            : value,
        ]),
      ),
    );
    const answer = await ask(tips);
    expect(pathsAndCodes(answer)).toEqual([`list.rows.${spoiled}.tips.1.points INVALID_VALUE`]);
    expectOthers(answer, null);
  });

  it("that is null is null", async () => {
    spoilTips(() => null);
    const answer = await ask(tips);
    expect(pathsAndCodes(answer)).toEqual([]);
    expectOthers(answer, null);
  });

  function lastSubquery() {
    const message = test.shop.recommendations.log.entries.at(-1)?.message ?? null;
    return message as { readonly query: string };
  }

  /** What the latest subquery calls the list of recommendations. */
  function tipsName(): string {
    const { query } = lastSubquery();
    return /(\w+)\s*:\s*recommendations/.exec(query)?.[1] ?? "recommendations";
  }
});
