import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ClaimValue } from "../../gateway/core/caller.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../support/grpc-echo.ts";
import { callField, openSource } from "../support/open-source.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { createScope, type TestScope } from "../support/request-scope.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// A call must never ask for more because a value is missing: wherever a claim, a header, a parent's value or a key can
// stand, nothing that could be sent means no request at all. Each place is also called with a value, which is one
// request.

const blankValues: readonly (readonly [what: string, value: ClaimValue | undefined])[] = [
  ["absent", undefined],
  ["null", null],
  ["an empty text", ""],
  ["an empty list", []],
  ["a list of an empty text", [""]],
  ["a list of null", [null]],
];

/** A request has its headers as text. */
const blankHeaders = blankValues.filter(([, value]) => value === undefined || value === "");

const roots = [
  { root: "claims", blanks: blankValues, outcome: "UNAUTHENTICATED" },
  { root: "headers", blanks: blankHeaders, outcome: "HEADER_REQUIRED" },
  { root: "parent", blanks: blankValues, outcome: null },
] as const;

type Root = (typeof roots)[number]["root"];

const restPlaces: Readonly<Record<string, (root: Root) => string>> = {
  segment: (root) => `@rest(GET: "/things/{${root}.x}")`,
  pair: (root) => `@rest(GET: "/things{?${root}.x}")`,
  query: (root) => `@rest(GET: "/things", query: { x: "$${root}.x" })`,
  body: (root) => `@rest(POST: "/things", safe: true, body: { a: { x: "$${root}.x" } })`,
  form: (root) => `@rest(POST: "/things", safe: true, body: { x: "$${root}.x" }, bodyType: FORM)`,
  header: (root) => `@rest(GET: "/things", headers: [{ name: "x-thing", value: "$${root}.x" }])`,
  key: (root) => `@rest(GET: "/things{?ids*}", batch: { of: "$${root}.x", as: "ids", match: "id" })`,
};

const grpcPlaces: Readonly<Record<string, (root: Root) => string>> = {
  request: (root) => `@grpc(method: "Safe", request: { text: "$${root}.x" }, select: "text")`,
  unsafeRequest: (root) => `@grpc(method: "Echo", request: { text: "$${root}.x" }, select: "text")`,
  nested: (root) =>
    `@grpc(method: "Safe", request: { filter: { category_id: "$${root}.x" } }, select: "filter.category_id")`,
  key: (root) =>
    `@grpc(method: "BatchGetRows", safe: true, batch: { of: "$${root}.x", as: "ids", select: "rows", match: "id", value: "id" })`,
  part: (root) =>
    `@grpc(method: "BatchGetRows", safe: true, batch: { of: "{ tenant_id: $${root}.x, sku: $parent.id }", as: "keys", select: "rows", match: "{ tenant_id: tenant_id, sku: sku }", value: "tenant_id" })`,
};

function schemaWith(head: string, places: typeof restPlaces, further: string, type: string): string {
  const fields = roots.flatMap(({ root }) =>
    Object.entries(places).map(([place, directive]) => `${place}_${root}: ${type} ${directive(root)}`),
  );
  return `${head}
type Thing { id: ID! x: String xs: [String] ${fields.join("\n")}
${further} }`;
}

const scopes: TestScope[] = [];
const sources: Source[] = [];
afterEach(async () => {
  for (const scope of scopes.splice(0)) scope.deadline.dispose();
  await Promise.all(sources.splice(0).map((source) => source.dispose()));
});

function open(sdl: string, url: string, protos?: string): Source {
  const source = openSource(sdl, url, protos);
  sources.push(source);
  return source;
}

/** The field's value, or the code of its error, where `$root.x` is `value`; `list`: where `$parent.xs` is. */
async function outcomeOf(call: {
  readonly source: Source;
  readonly coordinate: string;
  readonly root: Root | "list";
  readonly value: unknown;
}): Promise<unknown> {
  const { source, coordinate, root, value } = call;
  const given = value === undefined ? {} : { x: value };
  const scope = createScope({
    claims: root === "claims" ? (given as Readonly<Record<string, ClaimValue>>) : { sub: "u1" },
    headers: root === "headers" ? (given as Readonly<Record<string, string>>) : {},
  });
  scopes.push(scope);
  const listed = root === "list" && value !== undefined ? { xs: value } : {};
  const parent = { id: "t1", ...(root === "parent" && given), ...listed };
  try {
    return await callField(source, coordinate, scope, { parent });
  } catch (error) {
    return error instanceof OverlockError ? error.code : error;
  }
}

/** What a field is whose one list of keys is this. */
const keyLists = [
  { what: "absent", value: undefined, outcome: null },
  { what: "null", value: null, outcome: null },
  { what: "empty", value: [], outcome: [] },
  { what: "a list of an empty text", value: [""], outcome: [null] },
  { what: "a list of null", value: [null, ""], outcome: [null, null] },
];

describe("a REST source makes no call", () => {
  const backend = new ScriptedBackend();
  const sdl = schemaWith(
    'extend schema @source(name: "things", url: "http://localhost:1")',
    restPlaces,
    `list: [Answer] @rest(GET: "/things{?ids*}", batch: { of: "$parent.xs", as: "ids", match: "id" })
     filter: Answer @rest(GET: "/things", query: { ids: "$parent.xs" })
     listBody: Answer @rest(POST: "/things", safe: true, body: { ids: "$parent.xs" })
     } type Answer { id: String`,
    "Answer",
  );
  beforeAll(() => backend.start());
  afterAll(() => backend.stop());
  beforeEach(() => {
    backend.clear();
    backend.answer = { body: [{ id: "v" }] };
  });

  for (const { root, blanks, outcome } of roots) {
    for (const place of Object.keys(restPlaces)) {
      const coordinate = `Thing.${place}_${root}`;
      test.each(blanks)(`for $${root}.x as ${place} that is %s`, async (_what, value) => {
        const source = open(sdl, backend.url);
        expect(await outcomeOf({ source, coordinate, root, value })).toBe(outcome);
        expect(backend.requests).toEqual([]);
      });

      test(`but one for $${root}.x as ${place} that is there`, async () => {
        const source = open(sdl, backend.url);
        expect(await outcomeOf({ source, coordinate, root, value: "v" })).toEqual(
          place === "key" ? { id: "v" } : [{ id: "v" }],
        );
        expect(backend.requests).toHaveLength(1);
        const [request] = backend.requests;
        expect([request?.url, request?.headers["x-thing"], request?.body].join(" ")).toContain("v");
      });
    }
  }

  test.each(keyLists)("for a list of keys that is $what", async ({ value, outcome }) => {
    const source = open(sdl, backend.url);
    expect(await outcomeOf({ source, coordinate: "Thing.list", root: "list", value })).toEqual(outcome);
    expect(backend.requests).toEqual([]);
  });

  test("but one for the keys of a list that are there", async () => {
    const source = open(sdl, backend.url);
    const value = ["", "v", null];
    expect(await outcomeOf({ source, coordinate: "Thing.list", root: "list", value })).toEqual([
      null,
      { id: "v" },
      null,
    ]);
    expect(backend.requests.map(({ url }) => url)).toEqual(["/things?ids=v"]);
  });

  test.each(
    ["filter", "listBody"].flatMap((field) => keyLists.map(({ what, value }) => ({ field, what, value }))),
  )("for a list of filters that is $what ($field)", async ({ field, value }) => {
    const source = open(sdl, backend.url);
    expect(await outcomeOf({ source, coordinate: `Thing.${field}`, root: "list", value })).toBeNull();
    expect(backend.requests).toEqual([]);
  });

  for (const { root, blanks, outcome } of roots) {
    if (root === "parent") continue;
    const head = `extend schema @source(name: "things", url: "http://localhost:1", headers: [{ name: "x-thing", value: "$${root}.x" }])`;
    const plain = `${head} type Query { thing: Answer @rest(GET: "/things") } type Answer { id: String }`;
    test.each(blanks)(`for a header of the source from $${root}.x that is %s`, async (_what, value) => {
      const source = open(plain, backend.url);
      expect(await outcomeOf({ source, coordinate: "Query.thing", root, value })).toBe(outcome);
      expect(backend.requests).toEqual([]);
    });

    test(`but one for a header of the source from $${root}.x that is there`, async () => {
      const source = open(plain, backend.url);
      await outcomeOf({ source, coordinate: "Query.thing", root, value: "v" });
      expect(backend.requests.map(({ headers }) => headers["x-thing"])).toEqual(["v"]);
    });
  }
});

describe("a gRPC source makes no call", () => {
  let echo: GrpcEcho;
  const sdl = schemaWith(
    echoSource,
    grpcPlaces,
    `list: [String] @grpc(method: "BatchGetRows", safe: true, batch: { of: "$parent.xs", as: "ids", select: "rows", match: "id", value: "id" })
     filter: String @grpc(method: "Safe", request: { texts: "$parent.xs" }, select: "text")`,
    "String",
  );
  beforeAll(async () => {
    echo = await startGrpcEcho();
    echo.rows = { rows: [{ id: "v", tenant_id: "v", sku: "t1" }] };
  });
  afterAll(() => echo.stop());
  beforeEach(() => echo.backend.log.clear());

  for (const { root, blanks, outcome } of roots) {
    for (const place of Object.keys(grpcPlaces)) {
      const coordinate = `Thing.${place}_${root}`;
      test.each(blanks)(`for $${root}.x as ${place} that is %s`, async (_what, value) => {
        const source = open(sdl, echo.backend.url, echo.protos);
        expect(await outcomeOf({ source, coordinate, root, value })).toBe(outcome);
        expect(echo.sent()).toEqual([]);
      });

      test(`but one for $${root}.x as ${place} that is there`, async () => {
        const source = open(sdl, echo.backend.url, echo.protos);
        expect(await outcomeOf({ source, coordinate, root, value: "v" })).toBe("v");
        expect(echo.sent()).toHaveLength(1);
        expect(JSON.stringify(echo.sent())).toContain('"v"');
      });
    }
  }

  test.each(keyLists)("for a list of keys that is $what", async ({ value, outcome }) => {
    const source = open(sdl, echo.backend.url, echo.protos);
    expect(await outcomeOf({ source, coordinate: "Thing.list", root: "list", value })).toEqual(outcome);
    expect(echo.sent()).toEqual([]);
  });

  test("but one for the keys of a list that are there", async () => {
    const source = open(sdl, echo.backend.url, echo.protos);
    const value = [null, "v", ""];
    expect(await outcomeOf({ source, coordinate: "Thing.list", root: "list", value })).toEqual([
      null,
      "v",
      null,
    ]);
    expect(echo.sent()).toMatchObject([{ ids: ["v"] }]);
  });

  test.each(keyLists)("for a list of filters that is $what", async ({ value }) => {
    const source = open(sdl, echo.backend.url, echo.protos);
    expect(await outcomeOf({ source, coordinate: "Thing.filter", root: "list", value })).toBeNull();
    expect(echo.sent()).toEqual([]);
  });

  for (const { root, blanks, outcome } of roots) {
    if (root === "parent") continue;
    const head = echoSource.replace(")", `, headers: [{ name: "x-thing", value: "$${root}.x" }])`);
    const plain = `${head} type Query { thing: Answer @grpc(method: "Safe") } type Answer { text: String }`;
    test.each(blanks)(`for metadata from $${root}.x that is %s`, async (_what, value) => {
      const source = open(plain, echo.backend.url, echo.protos);
      expect(await outcomeOf({ source, coordinate: "Query.thing", root, value })).toBe(outcome);
      expect(echo.sent()).toEqual([]);
    });

    test(`but one for metadata from $${root}.x that is there`, async () => {
      const source = open(plain, echo.backend.url, echo.protos);
      await outcomeOf({ source, coordinate: "Query.thing", root, value: "v" });
      expect(echo.backend.log.entries.map(({ headers }) => headers["x-thing"])).toEqual(["v"]);
    });
  }
});

describe("the gateway makes no call", () => {
  const things = new ScriptedBackend();
  const prices = new GraphqlBackend(
    "type Query { price(id: ID!): Thing stocks(ids: [ID!]!): [Thing] } type Thing { id: ID! price: Int stock: Int }",
    {
      Query: {
        price: (_root: never, { id }: { id: string }) => ({ id, price: 7 }),
        stocks: (_root: never, { ids }: { ids: readonly string[] }) => ids.map((id) => ({ id, stock: 3 })),
      },
    },
  );
  let gateway: ProjectGateway;
  let tenants: ProjectGateway;
  const thingsSource = `
extend schema @source(name: "things", url: "http://localhost:1")
type Query { things: [Thing!] @rest(GET: "/things") thing(id: ID!): Thing @lookup @rest(GET: "/things/{args.id}") }
type Thing @key(fields: "id") { id: ID color: String tags: [String] parts: [Part!] }
type Part { size: Int }`;
  const client = `type Query { things: [Thing!] }
type Thing { price: Int label: String tagged: String boxed: String }`;
  const pricesSource = (headers: string) => `
extend schema @source(name: "prices", kind: GRAPHQL, url: "http://localhost:1/graphql"${headers})
type Query { price(id: ID!): Thing @lookup }
type Thing @key(fields: "id") { id: ID! price: Int }`;
  const stocksSource = `
extend schema @source(name: "stocks", kind: GRAPHQL, url: "http://localhost:1/graphql")
type Query { stocks(ids: [ID!]!): [Thing] @lookup }
type Thing @key(fields: "id") { id: ID! stock: Int }`;
  const labelsSource = `
extend schema @source(name: "labels", url: "http://localhost:1")
type Thing @key(fields: "id") {
  id: ID!
  label(color: String! @require(field: "color")): String @rest(GET: "/labels{?args.color}", select: "text")
  tagged(tags: [String] @require(field: "tags")): String @rest(GET: "/tagged{?args.tags*}", select: "text")
  boxed(box: BoxInput! @require(field: "{ color: color, sizes: parts[size] }")): String
    @rest(POST: "/boxed", safe: true, body: { box: "$args.box" }, select: "text")
}
input BoxInput { color: String! sizes: [Int!]! }`;

  beforeAll(async () => {
    await Promise.all([things.start(), prices.http.start()]);
    const environment = {
      THINGS_URL: things.url,
      LABELS_URL: things.url,
      PRICES_URL: prices.url,
      STOCKS_URL: prices.url,
    };
    const withStock = client.replace("price: Int", "price: Int stock: Int");
    gateway = await startProject(
      { things: thingsSource, prices: pricesSource(""), stocks: stocksSource, labels: labelsSource },
      withStock,
      environment,
    );
    tenants = await startProject(
      {
        things: thingsSource,
        prices: pricesSource(', headers: [{ name: "x-tenant", value: "$headers.x-tenant" }]'),
        labels: labelsSource,
      },
      client,
      { THINGS_URL: things.url, LABELS_URL: things.url, PRICES_URL: prices.url },
    );
  });
  afterAll(async () => {
    await Promise.all([gateway.stop(), tenants.stop()]);
    await Promise.all([things.stop(), prices.http.stop()]);
  });
  beforeEach(() => {
    things.clear();
    prices.http.log.clear();
  });

  function answer(rows: readonly unknown[]): void {
    things.answer = ({ url }) => ({ body: url === "/things" ? rows : { text: "made" } });
  }

  const blankRows = [
    ["absent", {}],
    ["null", { id: null, color: null, tags: null, parts: null }],
    ["an empty text or list", { id: "", color: "", tags: [], parts: [] }],
    ["a list of nothing", { id: "", color: "", tags: ["", null], parts: [{ size: null }] }],
  ] as const;

  test.each(blankRows)("to a GraphQL source by a key that is %s", async (_what, row) => {
    answer([row]);
    const { data, errors } = await gateway.query("{ things { price stock } }");
    expect([data, errors]).toEqual([{ things: [{ price: null, stock: null }] }, []]);
    expect(prices.subqueries).toEqual([]);
  });

  test("but one for each lookup by the keys that are there", async () => {
    answer([{}, { id: "t1" }, { id: "" }, { id: null }]);
    const { data, errors } = await gateway.query("{ things { price stock } }");
    const none = { price: null, stock: null };
    expect([data, errors]).toEqual([{ things: [none, { price: 7, stock: 3 }, none, none] }, []]);
    expect(prices.subqueries.map(({ variables }) => variables)).toHaveLength(2);
    expect(
      prices.subqueries
        .map(({ variables }) => JSON.stringify(Object.values(variables)))
        .toSorted((left, right) => left.length - right.length),
    ).toEqual(['["t1"]', '[["t1"]]']);
  });

  test.each([["absent"], ["an empty text"]])(
    "to a GraphQL source that wants a header that is %s",
    async (what) => {
      answer([{ id: "t1" }]);
      const headers: Readonly<Record<string, string>> = what === "absent" ? {} : { "x-tenant": "" };
      const { data, errors } = await tenants.query("{ things { price } }", { headers });
      expect(data).toEqual({ things: [{ price: null }] });
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(["HEADER_REQUIRED"]);
      expect(prices.subqueries).toEqual([]);
    },
  );

  test("but one with the header that is there", async () => {
    answer([{ id: "t1" }]);
    const { data } = await tenants.query("{ things { price } }", { headers: { "x-tenant": "a" } });
    expect(data).toEqual({ things: [{ price: 7 }] });
    expect(prices.http.log.entries.map(({ headers }) => headers["x-tenant"])).toEqual(["a"]);
  });

  test.each(blankRows)("for required values that are %s", async (_what, row) => {
    answer([row]);
    const { data, errors } = await gateway.query("{ things { label tagged boxed } }");
    expect([data, errors]).toEqual([{ things: [{ label: null, tagged: null, boxed: null }] }, []]);
    expect(things.requests.map(({ url }) => url)).toEqual(["/things"]);
  });

  test("but one for each required value that is there", async () => {
    answer([{ id: "t1", color: "red", tags: ["a"], parts: [{ size: 1 }] }]);
    const { data, errors } = await gateway.query("{ things { label tagged boxed } }");
    expect([data, errors]).toEqual([{ things: [{ label: "made", tagged: "made", boxed: "made" }] }, []]);
    expect(things.requests.map(({ url, body }) => `${url} ${body}`.trim()).toSorted()).toEqual([
      '/boxed {"box":{"color":"red","sizes":[1]}}',
      "/labels?color=red",
      "/tagged?tags=a",
      "/things",
    ]);
  });
});
