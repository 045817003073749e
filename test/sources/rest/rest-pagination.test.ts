import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../../gateway/sources/source.ts";
import { parseLinkHeader } from "../../../gateway/sources/rest/link-header.ts";
import { callField, openSource } from "../../support/open-source.ts";
import { createScope } from "../../support/request-scope.ts";
import { type ScriptedAnswer, ScriptedBackend } from "../../support/scripted-backend.ts";

const schema = `extend schema @source(name: "own", url: "http://x") scalar Any
type Query {
  numbered(first: Int, after: String): Page @rest(GET: "/n{?args.first}", pagination: { style: PAGE, token: "$args.after",
    as: "page", items: "rows", totalCount: "total", pageSize: "$args.first" })
  zero(after: String): Page @rest(GET: "/z", pagination: { style: PAGE, token: "$args.after", as: "page", firstPage: 0 })
  told(after: String): Page @rest(GET: "/t", pagination: { style: PAGE, token: "$args.after", as: "page", items: "rows",
    hasNext: "more" })
  cursored(after: ID): Page @rest(GET: "/c?fixed=1", pagination: { style: CURSOR, token: "$args.after", as: "cursor",
    items: "data", next: "paging.next", hasNext: "paging.more" })
  linked(after: String): Page @rest(GET: "/l{?args.q}", pagination: { style: LINK, token: "$args.after", as: "page",
    totalCountHeader: "x-total-count" })
}
type Page { items: [Any] nextPageToken: String hasNextPage: Boolean totalCount: Int }`.replace(
  "/l{?args.q}",
  "/l?q=1",
);

const backend = new ScriptedBackend();
let source: Source;
beforeAll(async () => {
  await backend.start();
  source = openSource(schema, backend.url);
});
afterAll(async () => {
  await source.dispose();
  await backend.stop();
});
afterEach(() => backend.clear());

/** The page, or the code of the error. */
async function ask(field: string, args: Record<string, unknown>, answer: ScriptedAnswer): Promise<unknown> {
  backend.answer = answer;
  const scope = createScope();
  try {
    return await callField(source, `Query.${field}`, scope, { args });
  } catch (error) {
    return (error as { code: unknown }).code;
  } finally {
    scope.deadline.dispose();
  }
}

function page(items: readonly unknown[], nextPageToken: string | null, totalCount?: number): unknown {
  const known = totalCount === undefined ? {} : { totalCount };
  return { items, nextPageToken, hasNextPage: nextPageToken !== null, ...known };
}

describe("pages with numbers", () => {
  test.each<[args: Record<string, unknown>, body: unknown, url: string, outcome: unknown]>([
    [{ first: 2 }, { rows: [1, 2], total: 5 }, "/n?first=2", page([1, 2], "2", 5)],
    [{ first: 2, after: "" }, { rows: [1, 2], total: 5 }, "/n?first=2", page([1, 2], "2", 5)],
    [{ first: 2, after: "2" }, { rows: [3, 4], total: 5 }, "/n?first=2&page=2", page([3, 4], "3", 5)],
    [{ first: 2, after: "3" }, { rows: [5], total: 5 }, "/n?first=2&page=3", page([5], null, 5)],
    [{ first: 2, after: "2" }, { rows: [3, 4], total: 4 }, "/n?first=2&page=2", page([3, 4], null, 4)],
    [{ first: 2 }, { rows: [1, 2] }, "/n?first=2", page([1, 2], "2")],
    [{ first: 2 }, { rows: [1] }, "/n?first=2", page([1], null)],
    [{ first: 2 }, { rows: [] }, "/n?first=2", page([], null)],
    [{}, { rows: [1] }, "/n", page([1], "2")],
    [{}, { rows: [], total: 0 }, "/n", page([], null, 0)],
    [{}, { rows: null }, "/n", page([], null)],
    [{}, {}, "/n", "UPSTREAM_INVALID_RESPONSE"],
    [{}, { rows: { a: 1 } }, "/n", "UPSTREAM_INVALID_RESPONSE"],
    [{}, { error: "x" }, "/n", "UPSTREAM_INVALID_RESPONSE"],
  ])("%j with %j", async (args, body, url, outcome) => {
    expect(await ask("numbered", args, { body })).toEqual(outcome);
    expect(backend.requests.map((request) => request.url)).toEqual([url]);
  });

  test("may begin at zero, and a list may be all of the answer", async () => {
    expect(await ask("zero", {}, { body: [1] })).toEqual(page([1], "1"));
    expect(await ask("zero", { after: "0" }, { body: [1] })).toEqual(page([1], "1"));
    expect(backend.requests.map(({ url }) => url)).toEqual(["/z", "/z?page=0"]);
  });

  test("end where the backend says so", async () => {
    expect(await ask("told", {}, { body: { rows: [], more: true } })).toEqual(page([], "2"));
    for (const more of [false, null, "true", 1])
      expect(await ask("told", {}, { body: { rows: [1], more } })).toEqual(page([1], null));
    expect(await ask("told", { after: "999999999" }, { body: { rows: [1], more: true } })).toEqual(
      page([1], null),
    );
  });

  test.each([
    "0",
    "-1",
    "1.5",
    "01",
    "1e3",
    " 2",
    "2 ",
    "2&admin=1",
    "2\r\n",
    "../2",
    "two",
    "9999999999",
    "٢",
    "1".repeat(5000),
  ])("have no token %j", async (after) => {
    expect(await ask("numbered", { after }, { body: { rows: [] } })).toBe("BAD_USER_INPUT");
    expect(backend.requests).toEqual([]);
  });
});

describe("pages behind a cursor", () => {
  test.each<[paging: unknown, token: string | null]>([
    [{ next: "abc" }, "abc"],
    [{ next: 17 }, "17"],
    [{ next: "a&b=c/..#" }, "a&b=c/..#"],
    [{ next: null }, null],
    [{ next: "" }, null],
    [{}, null],
    [{ next: "abc", more: false }, null],
    [{ next: "abc", more: true }, "abc"],
    [null, null],
  ])("%j", async (paging, token) => {
    expect(await ask("cursored", {}, { body: { data: [1], paging } })).toEqual(page([1], token));
  });

  test.each([[{ a: 1 }], [["x"]], [true], ["x".repeat(4097)]])("have no cursor %j", async (next) => {
    expect(await ask("cursored", {}, { body: { data: [], paging: { next } } })).toBe(
      "UPSTREAM_INVALID_RESPONSE",
    );
  });

  test.each(["a&admin=1", "a#b", "../..", "a\r\nx-evil: 1", "a%26b", "ü", "a\0b", "x".repeat(4096)])(
    "take the token %j as the value of its pair",
    async (after) => {
      await ask("cursored", { after }, { body: { data: [] } });
      const [request, ...more] = backend.requests;
      expect([request?.url.split("?")[0], more]).toEqual(["/c", []]);
      expect([...new URLSearchParams(request?.url.split("?")[1])]).toEqual([
        ["fixed", "1"],
        ["cursor", after],
      ]);
      expect(Object.keys(request?.headers ?? {})).not.toContain("x-evil");
    },
  );

  test("take no longer token", async () => {
    expect(await ask("cursored", { after: "x".repeat(4097) }, { body: { data: [] } })).toBe("BAD_USER_INPUT");
    expect(backend.requests).toEqual([]);
  });
});

describe("pages behind a Link header", () => {
  test.each<[link: string | readonly string[], outcome: unknown]>([
    ['<https://api.example/l?q=1&page=2>; rel="next", <https://api.example/l?page=9>; rel="last"', "2"],
    ["</l?page=2>; rel=next", "2"],
    ['<?page=abc%26d>; rel="prev next"', "abc&d"],
    ['<?page=2>; title="a, b; rel=next"; REL="Next"', "2"],
    ["<?page=2>;rel=next", "2"],
    [", ,<?page=2>; rel=next,", "2"],
    ['<?page=2>; rel="next"; rel="prev"', "2"],
    ['<?page=2>; rel="prev"; rel="next"', null],
    ['<?page=2>; rel="next"; anchor="/other"', null],
    [['<?page=1>; rel="prev"', '<?page=3>; rel="next"'], "3"],
    ['<?page=2>; rel="nextish"', null],
    ['<http://evil.example/steal?page=2>; rel="next"', "2"],
    ["", null],
    ["<?page=2; rel=next", "UPSTREAM_INVALID_RESPONSE"],
    ["?page=2; rel=next", "UPSTREAM_INVALID_RESPONSE"],
    ["<?other=2>; rel=next", "UPSTREAM_INVALID_RESPONSE"],
    ["<?page=>; rel=next", "UPSTREAM_INVALID_RESPONSE"],
    ["<?page=2&page=3>; rel=next", "UPSTREAM_INVALID_RESPONSE"],
    ["<http://[>; rel=next", "UPSTREAM_INVALID_RESPONSE"],
  ])("%j", async (link, token) => {
    const outcome = token === "UPSTREAM_INVALID_RESPONSE" ? token : page([1], token as string | null, 7);
    const found = await ask("linked", {}, { headers: { link, "x-total-count": "7" }, body: [1] });
    expect(found).toEqual(outcome);
    expect(backend.requests.map(({ url }) => url)).toEqual(["/l?q=1"]);
  });

  test("are asked for by the pair alone, and know no total that is none", async () => {
    const headers = { "x-total-count": "many" };
    expect(await ask("linked", { after: "2&q=3" }, { headers, body: [] })).toEqual(page([], null));
    expect(backend.requests.map(({ url }) => url)).toEqual(["/l?q=1&page=2%26q%3D3"]);
  });

  test.each<[text: string, links: unknown]>([
    ['<a>; rel="x\\"y"', [{ target: "a", relations: ['x"y'] }]],
    ["<a>;;; rel=x", [{ target: "a", relations: ["x"] }]],
    ["<a>; rel", [{ target: "a", relations: [] }]],
    ["<a> <b>", null],
    ['<a>; rel="next', null],
    ["<>", [{ target: "", relations: [] }]],
    [
      "<a>; rel=x,".repeat(2),
      [
        { target: "a", relations: ["x"] },
        { target: "a", relations: ["x"] },
      ],
    ],
  ])("are parsed: %s", (text, links) => {
    expect(parseLinkHeader(text)).toEqual(links);
  });
});

test("nothing is null, as everywhere", async () => {
  expect(await ask("linked", {}, { status: 404 })).toBeNull();
});
