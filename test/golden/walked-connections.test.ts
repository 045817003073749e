import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// However a client walks a connection, from edge to edge and with pages of changing size, it meets every item once and
// in order. The shop has a backend with numbered pages, one with Link headers, one with cursors.

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway();
  token = await test.issuer.issueToken("u1", 600);
  for (const product of Array.from({ length: 9 }, (_, index) => `p${index + 20}`))
    await test.query(`mutation { addWish(product: "${product}") { __typename } }`, { token });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

interface Connection {
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const lists = {
  "numbered pages": { around: ["", ""], field: "latestReviews", node: "id" },
  "Link headers": { around: ['product(id: "p1") {', "}"], field: "allReviews", node: "id" },
  cursors: { around: ["viewer {", "}"], field: "wishes", node: "__typename product { id }" },
} as const;

async function readPage(list: keyof typeof lists, first: number, after: string | null): Promise<Connection> {
  const { around, field, node } = lists[list];
  const parts = `edges { cursor node { ${node} } } pageInfo { hasNextPage endCursor }`;
  const query = `query ($first: Int, $after: String) { ${around[0]} found: ${field}(first: $first, after: $after) { ${parts} } ${around[1]} }`;
  const { data, errors } = await test.query(query, { token, variables: { first, after } });
  expect(errors).toEqual([]);
  const found = data as Record<string, unknown>;
  return (found["found"] ?? (Object.values(found)[0] as { found: unknown }).found) as Connection;
}

describe.each(Object.keys(lists) as (keyof typeof lists)[])("a connection over %s", (list) => {
  it.each([
    ["growing pages, from their ends", [2, 3, 5], "end"],
    ["shrinking pages, from their ends", [4, 3, 1], "end"],
    ["pages of changing size, from their first edges", [3, 2, 5, 1, 4], "first"],
  ])("is walked in order by %s", async (_how, sizes, from) => {
    const all = (await readPage(list, 7, null)).edges.map(({ node }) => node);
    expect(new Set(all.map((node) => JSON.stringify(node))).size).toBe(all.length);
    const walked: unknown[] = [];
    let after: string | null = null;
    for (let step = 0; walked.length < all.length && step < 20; step++) {
      const page: Connection = await readPage(list, sizes[step % sizes.length] ?? 1, after);
      const taken = from === "first" ? page.edges.slice(0, 1) : page.edges;
      walked.push(...taken.map(({ node }) => node));
      after = from === "first" ? (taken[0]?.cursor ?? null) : page.pageInfo.endCursor;
      if (!page.pageInfo.hasNextPage && taken.length === page.edges.length) break;
    }
    expect(walked.slice(0, all.length)).toEqual(all);
  });

  it("asks for two pages at most, however many items a client wants behind a cursor", async () => {
    const begun = await readPage(list, 2, null);
    test.shop.clearLogs();
    const page = await readPage(list, 6, begun.edges[0]?.cursor ?? null);
    expect(page.edges.length).toBeGreaterThanOrEqual(3);
    expect(test.shop.calls().filter((call) => call.includes("GET"))).toHaveLength(2);
  });
});
