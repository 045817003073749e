import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LoggedRequest } from "../backends/request-log.ts";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What is written over REST: methods, bodies and headers as the backends received them, and what they refuse.

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());
afterEach(() => {
  test.shop.reset();
  test.shop.reviews.faults.clear();
});

function refusals({ errors }: GraphqlAnswer): unknown[] {
  return errors.map(({ path = [], message, extensions }) => [path.join("."), extensions, message]);
}

/** Method and path, body, who and what type of body. */
function received(entries: readonly LoggedRequest[]): unknown[] {
  return entries.map(({ method, message, headers }) => [
    method,
    message,
    headers["x-user-id"] ?? null,
    headers["content-type"] ?? null,
  ]);
}

describe("a review", () => {
  const addReview = `mutation ($input: NewReviewInput!) { addReview(input: $input) {
    review { id stars title author { name } } product { id rating { average count } } viewer { profile { id } } } }`;

  it("is written with a body of the backend's names, and the rating is read after it", async () => {
    const input = { product: "p961", stars: 5, body: "Does what it should." };
    const { data, errors } = await test.query(addReview, { variables: { input }, token });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      addReview: {
        review: {
          id: "r10001",
          stars: 5,
          title: "",
          author: { name: test.shop.data.userById.get("u1")?.name },
        },
        product: { id: "p961", rating: { average: 5, count: 1 } },
        viewer: { profile: { id: "u1" } },
      },
    });
    expect(received(test.shop.reviews.log.entries)[0]).toEqual([
      "POST /reviews",
      { productId: "p961", stars: 5, body: "Does what it should." },
      "u1",
      "application/json",
    ]);
    expect(test.shop.calls()[0]).toBe("reviews POST /reviews");
    expect(test.shop.calls().slice(1).toSorted()).toEqual([
      "accounts GET /users",
      "accounts GET /users/u1",
      "reviews GET /ratings",
      "reviews GET /reviews/r10001",
    ]);
  });

  it("that can't be named is not deleted, and nobody is told that it was", async () => {
    const answer = await test.query('mutation { deleteReview(id: "") a: deleteReview(id: "..") }', { token });
    expect(answer.data).toEqual({ deleteReview: null, a: null });
    const message = "Expected arguments that can be sent; nothing was done.";
    expect(refusals(answer)).toEqual([
      ["deleteReview", { code: "BAD_USER_INPUT" }, message],
      ["a", { code: "BAD_USER_INPUT" }, message],
    ]);
    expect(test.shop.calls()).toEqual([]);
  });

  it("is changed in part, deleted, and gone", async () => {
    const mine = test.shop.data.reviewsByAuthorId.get("u1")?.[0];
    const { data, errors } = await test.query(
      `mutation ($id: ID!) {
        editReview(id: $id, input: { stars: 1, title: null }) { review { stars title body } }
        deleteReview(id: $id)
        again: deleteReview(id: $id)
      }`,
      { variables: { id: mine?.id }, token },
    );
    expect(data).toEqual({
      editReview: { review: { stars: 1, title: "", body: mine?.body } },
      deleteReview: true,
      again: null,
    });
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["again"], "UPSTREAM_REJECTED"],
    ]);
    expect(received(test.shop.reviews.log.entries)).toEqual([
      [`PATCH /reviews/${mine?.id}`, { stars: 1, title: null }, "u1", "application/json"],
      [`DELETE /reviews/${mine?.id}`, null, "u1", null],
      [`DELETE /reviews/${mine?.id}`, null, "u1", null],
    ]);
  });

  it("that the backend refuses says why, in its author's words", async () => {
    const input = { product: "p961", stars: 6, body: "Does what it should." };
    const answer = await test.query(addReview, { variables: { input }, token });
    expect(answer.data).toEqual({ addReview: null });
    expect(refusals(answer)).toEqual([
      [
        "addReview",
        { code: "UPSTREAM_REJECTED", upstreamCode: "INVALID_STARS" },
        "Expected stars from 1 to 5, got 6.",
      ],
    ]);
    const mine = test.shop.data.reviewsByAuthorId.get("u1")?.[0]?.productId ?? "";
    const again = await test.query(addReview, {
      variables: { input: { ...input, stars: 5, product: mine } },
      token,
    });
    expect(refusals(again)).toEqual([
      [
        "addReview",
        { code: "UPSTREAM_REJECTED", upstreamCode: "ALREADY_REVIEWED" },
        `u1 has reviewed ${mine} before.`,
      ],
    ]);
  });

  it("of a backend that fails is not sent twice, and tells nothing", async () => {
    test.shop.reviews.faults.set({ method: "POST /reviews", fault: "error" });
    const input = { product: "p961", stars: 5, body: "Does what it should." };
    const answer = await test.query(addReview, { variables: { input }, token });
    expect(answer.errors.map(({ extensions }) => extensions)).toEqual([{ code: "UPSTREAM_ERROR" }]);
    expect(answer.text).not.toContain("secret");
    expect(test.shop.calls()).toEqual(["reviews POST /reviews"]);
  });

  it("of a guest is not sent", async () => {
    const input = { product: "p961", stars: 5, body: "Does what it should." };
    const answer = await test.query(addReview, { variables: { input } });
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
    expect(test.shop.calls()).toEqual([]);
  });

  it("is written from the app in its own words", async () => {
    const { data, errors } = await test.query(
      'mutation { review(product: "p962", stars: 4, text: "Good enough.") { stars text author } }',
      { bff: "mobile", token },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      review: { stars: 4, text: "Good enough.", author: test.shop.data.userById.get("u1")?.name },
    });
    expect(test.shop.reviews.log.entries[0]?.message).toEqual({
      productId: "p962",
      stars: 4,
      body: "Good enough.",
    });
  });
});

describe("a profile", () => {
  it("is merged: null clears, what is left out stays", async () => {
    const before = test.shop.data.userById.get("u1");
    const { data, errors } = await test.query(
      'mutation { updateProfile(input: { name: "Åsa", avatarUrl: null }) { name email } }',
      { token },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({ updateProfile: { name: "Åsa", email: before?.email } });
    expect(received(test.shop.accounts.log.entries)).toEqual([
      ["PATCH /users/u1", { name: "Åsa", avatarUrl: null }, "u1", "application/json"],
    ]);
    const { data: after } = await test.query('{ user(id: "u1") { name avatarUrl memberSince } }');
    expect(after).toEqual({ user: { name: "Åsa", avatarUrl: null, memberSince: before?.memberSince } });
  });

  it("is refused with words of the schema's and of the backend's", async () => {
    const email = test.shop.data.userById.get("u2")?.email;
    const taken = await test.query(
      "mutation ($email: String) { updateProfile(input: { email: $email }) { id } }",
      {
        variables: { email },
        token,
      },
    );
    expect(refusals(taken)).toEqual([
      [
        "updateProfile",
        { code: "UPSTREAM_REJECTED", upstreamCode: "EMAIL_TAKEN" },
        "Somebody else has this e-mail address.",
      ],
    ]);
    const invalid = await test.query('mutation { updateProfile(input: { email: "nobody" }) { id } }', {
      token,
    });
    expect(refusals(invalid)).toEqual([
      [
        "updateProfile",
        { code: "UPSTREAM_REJECTED", upstreamCode: "INVALID_EMAIL" },
        'Expected an e-mail address, got "nobody".',
      ],
    ]);
  });

  it("has an address that is replaced, a newsletter by form, and notifications that are read", async () => {
    const unread = test.shop.data.notificationsByUserId.get("u1")?.items.find(({ read }) => !read)?.id;
    const { data, errors } = await test.query(
      `mutation ($unread: [ID!]!) {
        moveTo(address: { street: "Storgatan 1", city: "Umeå", postalCode: "90326", country: "SE" }) { city }
        subscribeToNewsletter(topics: ["garden", "food & drink"]) { topics frequency }
        markNotificationsRead(ids: $unread) { unreadCount }
      }`,
      { variables: { unread: [unread] }, token },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      moveTo: { city: "Umeå" },
      subscribeToNewsletter: { topics: ["garden", "food & drink"], frequency: "WEEKLY" },
      markNotificationsRead: {
        unreadCount: (test.shop.data.notificationsByUserId.get("u1")?.unreadCount ?? 0) - 1,
      },
    });
    expect(received(test.shop.accounts.log.entries)).toEqual([
      [
        "PUT /users/u1/address",
        { street: "Storgatan 1", city: "Umeå", postalCode: "90326", country: "SE" },
        "u1",
        "application/json",
      ],
      [
        "POST /users/u1/newsletter",
        { topic: ["garden", "food & drink"], frequency: "weekly" },
        "u1",
        "application/x-www-form-urlencoded",
      ],
      ["POST /users/u1/notifications/read", { ids: [unread] }, "u1", "application/json"],
    ]);
  });
});

describe("reading by other methods", () => {
  it("is a search by POST, asked once for what is asked twice", async () => {
    const { data, errors } = await test.query(
      `{ a: searchReviews(text: "pratique", minStars: 5, productIds: ["p1", "p2", "p3"]) { totalCount rows { id } }
         b: searchReviews(text: "pratique", minStars: 5, productIds: ["p1", "p2", "p3"]) { pageCount } }`,
    );
    expect(errors).toEqual([]);
    const found = test.shop.data.reviews.filter(
      ({ productId, stars, body }) =>
        ["p1", "p2", "p3"].includes(productId) && stars === 5 && body.includes("pratique"),
    );
    expect(data).toMatchObject({
      a: { totalCount: found.length },
      b: { pageCount: Math.ceil(found.length / 10) },
    });
    expect(found.length).toBeGreaterThan(0);
    expect(received(test.shop.reviews.log.entries)).toEqual([
      [
        "POST /reviews/search",
        { text: "pratique", minStars: 5, productIds: ["p1", "p2", "p3"], page: 1, pageSize: 10 },
        null,
        "application/json",
      ],
    ]);
  });

  it("is HEAD where only its being there is wanted", async () => {
    const { data, errors } = await test.query('{ yes: userExists(id: "u1") no: userExists(id: "u9999") }');
    expect([data, errors]).toEqual([{ yes: true, no: false }, []]);
    expect(test.shop.calls().toSorted()).toEqual(["accounts HEAD /users/u1", "accounts HEAD /users/u9999"]);
  });

  it("is by numbered pages, shown as a connection that leads to each of them once", async () => {
    const newest = test.shop.data.reviews.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
    const query = `query ($after: String) { latestReviews(first: 3, after: $after) {
      totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`;
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 1; page <= 3; page += 1) {
      const { data, errors } = await test.query(query, { variables: { after } });
      expect(errors).toEqual([]);
      const { latestReviews } = data as { latestReviews: ReviewPage };
      expect([latestReviews.totalCount, latestReviews.pageInfo.hasNextPage]).toEqual([10_000, true]);
      seen.push(...latestReviews.nodes.map(({ id }) => id));
      after = latestReviews.pageInfo.endCursor;
    }
    expect(seen).toEqual(newest.slice(0, 9).map(({ id }) => id));
    const pages = test.shop.reviews.log.entries.map(
      ({ url }) => new URL(url ?? "", "http://shop").searchParams,
    );
    expect(pages.map((pairs) => [pairs.get("page"), pairs.get("pageSize")])).toEqual([
      [null, "3"],
      ["2", "3"],
      ["3", "3"],
    ]);
  });

  it("is by links to the next page, up to the last", async () => {
    const all = (test.shop.data.reviewsByProductId.get("p1") ?? []).map(({ id }) => id);
    const size = Math.max(2, Math.ceil(all.length / 3));
    const query = `query ($size: Int, $after: String) { product(id: "p1") { allReviews(first: $size, after: $after) {
      totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }`;
    const seen: string[] = [];
    let after: string | null = null;
    let hasNext = true;
    while (hasNext) {
      const { data, errors } = await test.query(query, { variables: { size, after } });
      expect(errors).toEqual([]);
      const { allReviews } = (data as { product: { allReviews: ReviewPage } }).product;
      expect(allReviews.totalCount).toBe(all.length);
      seen.push(...allReviews.nodes.map(({ id }) => id));
      after = allReviews.pageInfo.endCursor;
      hasNext = allReviews.pageInfo.hasNextPage;
    }
    expect(seen).toEqual(all);
    expect(test.shop.reviews.log.count("GET /products/p1/reviews")).toBe(Math.ceil(all.length / size));
  });
});

interface ReviewPage {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

describe("the wish list", () => {
  const wishes = `query ($first: Int, $after: String) { viewer { wishes(first: $first, after: $after) {
    totalCount edges { cursor node { product { id } } } pageInfo { hasNextPage endCursor } } } }`;
  interface Wishes {
    readonly viewer: {
      readonly wishes: {
        readonly totalCount: number;
        readonly edges: readonly {
          readonly cursor: string;
          readonly node: { readonly product: { readonly id: string } };
        }[];
        readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
      };
    };
  }
  const read = async (variables: Readonly<Record<string, unknown>>): Promise<Wishes["viewer"]["wishes"]> => {
    const { data, errors } = await test.query(wishes, { variables, token });
    expect(errors).toEqual([]);
    return (data as Wishes).viewer.wishes;
  };

  it("is a Relay connection over the backend's cursors, with a way on from every edge", async () => {
    const wanted = (test.shop.data.wishListByUserId.get("u1") ?? []).map(({ productId }) => productId);
    const ids = ({ edges }: Wishes["viewer"]["wishes"]): string[] => edges.map(({ node }) => node.product.id);
    const first = await read({ first: 3 });
    expect([ids(first), first.totalCount, first.pageInfo.hasNextPage]).toEqual([wanted.slice(0, 3), 8, true]);
    const second = await read({ first: 5, after: first.pageInfo.endCursor });
    expect([ids(second), second.pageInfo.hasNextPage]).toEqual([wanted.slice(3), false]);
    const middle = await read({ first: 3, after: first.edges[0]?.cursor });
    expect(ids(middle)).toEqual(wanted.slice(1, 4));
    expect(test.shop.accounts.log.entries.map(({ url }) => url)).toHaveLength(4);
    expect(test.shop.calls().every((call) => call === "accounts GET /users/u1/wishes")).toBe(true);
  });

  it("is added to and taken from", async () => {
    const { data, errors } = await test.query(
      'mutation { addWish(product: "p961") { product { name } } removeWish(product: "p961") twice: removeWish(product: "p961") }',
      { token },
    );
    expect(data).toEqual({
      addWish: { product: { name: test.shop.data.productById.get("p961")?.name } },
      removeWish: true,
      twice: null,
    });
    expect(errors.map(({ path }) => path)).toEqual([["twice"]]);
    expect(test.shop.accounts.log.entries.map(({ method }) => method)).toEqual([
      "PUT /users/u1/wishes/p961",
      "DELETE /users/u1/wishes/p961",
      "DELETE /users/u1/wishes/p961",
    ]);
  });
});

describe("a product's link", () => {
  it("is a global id, which leads back to the product, and one of anything else is refused unasked", async () => {
    const { data } = await test.query('{ product(id: "p7") { link } }', { bff: "mobile" });
    const { link } = (data as { product: { link: string } }).product;
    const query = "query ($link: ID!) { shared(link: $link) { id title } }";
    const shared = await test.query(query, { bff: "mobile", variables: { link } });
    expect(shared.data).toEqual({ shared: { id: "p7", title: test.shop.data.productById.get("p7")?.name } });
    test.shop.clearLogs();
    for (const wrong of ["p7", Buffer.from("Order:o1").toString("base64url")]) {
      const answer = await test.query(query, { bff: "mobile", variables: { link: wrong } });
      expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    }
    expect(test.shop.calls()).toEqual([]);
  });

  it("opens whatever it is of, several with one call for each kind", async () => {
    const { data: shop } = test.shop;
    const [product, review, order] = ["Product:p7", "Review:r5", "Order:o1"].map((text) =>
      Buffer.from(text).toString("base64url"),
    );
    const selection = "link ... on ProductScreen { title } ... on ReviewCard { stars author }";
    const answer = await test.query(
      `query ($product: ID!, $links: [ID!]!) {
        one: linked(link: $product) { ${selection} }
        other: linked(link: "UHJvZHVjdDpwOA") { ${selection} }
        linkedAll(links: $links) { ${selection} }
      }`,
      { bff: "mobile", variables: { product, links: [review, order, product] } },
    );
    const found = shop.reviews.find(({ id }) => id === "r5");
    const shown = { link: product, title: shop.productById.get("p7")?.name };
    expect(answer.data).toEqual({
      one: shown,
      other: { link: "UHJvZHVjdDpwOA", title: shop.productById.get("p8")?.name },
      linkedAll: [
        { link: review, stars: found?.stars, author: shop.userById.get(found?.authorId ?? "")?.name },
        null,
        shown,
      ],
    });
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["linkedAll", 1], "BAD_USER_INPUT"],
    ]);
    expect(test.shop.calls().toSorted()).toEqual([
      "accounts GET /users",
      "catalog BatchGetProducts",
      "reviews GET /reviews/r5",
    ]);
  });
});
