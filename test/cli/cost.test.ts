import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  type MockInstance,
  vi,
} from "vitest";
import { main } from "../../gateway/cli/main.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";

const schema = `
  type Query {
    products(first: Int = 3): ProductList
    product(id: ID!): Product
    scarce(id: ID!): Product @from(field: "product(id: $args.id)") @rateLimit(max: 2, window: "1h", identityArgs: ["id"])
  }
  type ProductList @view(of: "ProductPage") { items: [Product!]! }
  type Product { id: ID! stock: Stock @cost(weight: "2") }
  type Stock { quantity: Int! }
`;
const shelf = "query Shelf($first: Int) { products(first: $first) { items { id stock { quantity } } } }";
const one = 'query One { product(id: "p1") { id } }';

let stdout: MockInstance<typeof process.stdout.write>;
let stderr: MockInstance<typeof process.stderr.write>;
let project: TemporaryProject;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "overlock-cost-"));
  project = createShopProject(schema, {
    limits: { maxTypeCost: 22, maxUpstreamCalls: 2, measure: ["maxUpstreamCalls"] },
    tiers: { gold: { limits: { maxTypeCost: 1000 } } },
  });
});
afterAll(() => {
  project.remove();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => void vi.restoreAllMocks());

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function cost(...args: readonly string[]) {
  const status = await main(["cost", "--bff", "web", "--root", project.root, ...args]);
  const printed = (stream: typeof stdout): string => stream.mock.calls.map(([text]) => String(text)).join("");
  return { status, stdout: printed(stdout), stderr: printed(stderr) };
}

describe("overlock cost", () => {
  it("prints cost, limits and calls of each operation of each file", async () => {
    const files = [write("shelf.graphql", `${shelf}\n${one}`), write("one.graphql", one)];
    const { status, ...printed } = await cost(...files, "--variables", '{"first":4}');
    expect([status, printed.stderr]).toEqual([0, ""]);
    expect(printed.stdout.replaceAll(`${folder}/`, "")).toBe(`shelf.graphql  query Shelf
  type cost       10 of    22
  field cost      10 of 10000
  upstream calls   2 of     2
    #0 Query.products  catalog    1
    #1 Product.stock   inventory  1  after #0

shelf.graphql  query One
  type cost       2 of    22
  field cost      1 of 10000
  upstream calls  1 of     2
    #0 Query.product  catalog  1

one.graphql  query One
  type cost       2 of    22
  field cost      1 of 10000
  upstream calls  1 of     2
    #0 Query.product  catalog  1
`);
  });

  it.each([
    [10, 0],
    [11, 1],
  ])("has status 1 from where a limit is broken on: first %d", async (first, status) => {
    const file = write("shelf.graphql", shelf);
    const printed = await cost(file, "--variables", JSON.stringify({ first }));
    expect(printed.status).toBe(status);
    expect(printed.stdout.includes("too much")).toBe(status === 1);
  });

  it("has status 1 for an operation that is larger than operations may be", async () => {
    const aliases = Array.from({ length: 101 }, (_value, index) => `a${index}: __typename`).join(" ");
    const { status, ...printed } = await cost(write("many.graphql", `{ ${aliases} }`));
    expect([status, printed.stdout]).toEqual([1, ""]);
    expect(printed.stderr).toContain("many.graphql");
  });

  it("says which rate limits an operation uses, and has status 1 where that is never let through", async () => {
    const query =
      "query Scarce($id: ID!, $more: Boolean!) { a: scarce(id: $id) { id } b: scarce(id: $id) { id } c: scarce(id: $id) @include(if: $more) { id } }";
    const file = write("scarce.graphql", query);
    const within = await cost(file, "--variables", '{"id":"p1","more":false}');
    expect(within.status).toBe(0);
    expect(within.stdout).toContain("\n  uses of Query.scarce  2 of 2 in 1h\n    #0 ");
    stdout.mockClear();
    const beyond = await cost(file, "--variables", '{"id":"p1","more":true}');
    expect(beyond.status).toBe(1);
    expect(beyond.stdout).toContain("\n  uses of Query.scarce  3 of 2 in 1h  too much\n");
    stdout.mockClear();
    const json = await cost(file, "--json", "--variables", '{"id":"p1","more":true}');
    expect(JSON.parse(json.stdout)).toMatchObject([
      { rateLimits: [{ coordinate: "Query.scarce", max: 2, window: "1h", uses: 3 }] },
    ]);
  });

  it("holds the limits of a tier", async () => {
    const file = write("shelf.graphql", shelf);
    const variables = write("variables.json", '{ "first": 400 }');
    const { status, ...printed } = await cost(file, "--tier", "gold", "--variables", variables);
    expect(status).toBe(0);
    expect(printed.stdout).toMatch(/type cost +802 of +1000\n/);
    expect(printed.stdout).toMatch(/upstream calls +3 of +2 {2}too much, only measured\n/);
  });

  it("gives plain data for tools", async () => {
    const file = write("shelf.graphql", shelf);
    const { status, ...printed } = await cost(file, "--json", "--variables", '{"first":11}');
    expect(status).toBe(1);
    expect(JSON.parse(printed.stdout)).toEqual([
      {
        file,
        operation: "Shelf",
        kind: "query",
        estimate: { typeCost: 24, fieldCost: 24, upstreamCalls: 2 },
        limits: { maxTypeCost: 22, maxFieldCost: 10_000, maxUpstreamCalls: 2 },
        exceeded: [{ limit: "maxTypeCost", max: 22, found: 24, isEnforced: true }],
        rateLimits: [],
        plan: {
          steps: [
            { id: 0, path: "products", source: "catalog", coordinate: "Query.products", after: [], calls: 1 },
            {
              id: 1,
              path: "products.items[].stock",
              source: "inventory",
              coordinate: "Product.stock",
              after: [0],
              calls: 1,
            },
          ],
          resolved: [],
        },
      },
    ]);
  });

  it.each([
    ["{ nothing }", ':1:3  Cannot query field "nothing" on type "Query".\n'],
    ["{", ":1:2  Syntax Error: Expected Name, found <EOF>.\n"],
    ["fragment Part on Product { id }", '  Fragment "Part" is never used.\n'],
    [
      "query Q($id: ID!) { product(id: $id) { id } }",
      'operation Q: Variable "$id" of required type "ID!" was not provided. Its variables are those of --variables.\n',
    ],
  ])("has status 2 for what is no operation of the BFF, and prints the others: %s", async (text, told) => {
    const files = [write("wrong.graphql", text), write("one.graphql", one)];
    const { status, ...printed } = await cost(...files);
    expect(status).toBe(2);
    expect(printed.stderr).toContain("wrong.graphql");
    expect(printed.stderr).toContain(told);
    expect(printed.stdout).toContain("one.graphql  query One");
    stdout.mockClear();
    const json = await cost(...files, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject([
      { errors: [{ extensions: { code: expect.any(String) } }] },
      { operation: "One" },
    ]);
  });

  it("prints the other operations of a file where one is refused, and names that one", async () => {
    const needing = "query Q($id: ID!) { product(id: $id) { id } }";
    const file = write("some.graphql", `${needing}\n${one}`);
    const { status, ...printed } = await cost(file);
    expect(status).toBe(2);
    expect(printed.stderr).toBe(
      `${file}:1:9  operation Q: Variable "$id" of required type "ID!" was not provided. Its variables are those of --variables.\n`,
    );
    expect(printed.stdout).toContain("some.graphql  query One\n");
    expect(printed.stdout).not.toContain("query Q");
    stdout.mockClear();
    const json = await cost(file, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject([
      { file, operation: "Q", errors: [{ extensions: { code: "BAD_USER_INPUT" } }] },
      { file, operation: "One", kind: "query" },
    ]);
    stdout.mockClear();
    stderr.mockClear();
    const given = await cost(file, "--variables", '{"id":"p1"}');
    expect([given.status, given.stderr]).toEqual([0, ""]);
  });

  it.each<[readonly string[], string]>([
    [["--tier", "silver"], "expected gold as a tier of web, found silver"],
    [["--variables", "[]"], "expected a readable file, found ENOENT at []"],
    [
      ["--variables", "{"],
      "expected a JSON object as --variables: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    ],
  ])("has status 2 for what can't be done: %j", async (args, message) => {
    const { status, ...printed } = await cost(write("one.graphql", one), ...args);
    expect([status, printed.stdout, printed.stderr]).toEqual([2, "", `error: ${message}\n`]);
  });

  it("reads variables of a file that begins with a byte order mark", async () => {
    const file = write("marked.json", '\uFEFF{ "first": 3 }');
    const { status, ...printed } = await cost(write("one.graphql", one), "--variables", file);
    expect([status, printed.stderr]).toEqual([0, ""]);
  });

  it("has status 2 for a file that is not there, and for one of variables that is no object", async () => {
    expect((await cost("/nowhere.graphql")).status).toBe(2);
    const list = write("list.json", "[1]");
    expect((await cost(write("one.graphql", one), "--variables", list)).stderr).toContain(
      `expected a JSON object as --variables, in ${list}\n`,
    );
    const wrong = write("wrong.json", '{ "first": 1,\n}');
    expect((await cost(write("one.graphql", one), "--variables", wrong)).stderr).toMatch(
      new RegExp(`, in ${wrong}: .* \\(line 2 column 1\\)\n$`),
    );
  });
});
