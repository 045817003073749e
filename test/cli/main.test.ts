import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type MockInstance,
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  vi,
} from "vitest";
import { main } from "../../gateway/cli/main.ts";
import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import { createShopProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";

let stdout: MockInstance<typeof process.stdout.write>;
let stderr: MockInstance<typeof process.stderr.write>;

beforeEach(() => {
  stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function run(...args: readonly string[]) {
  const status = await main(args);
  const printed = (stream: typeof stdout): string => stream.mock.calls.map(([text]) => String(text)).join("");
  return { status, stdout: printed(stdout), stderr: printed(stderr) };
}

describe("overlock check", () => {
  it("says that the shop is sound, with status 0, and calls nobody", async () => {
    const { status, ...printed } = await run("check", "--root", shopRoot);
    expect(printed.stdout).toMatch(/no problems, \d+ warnings\n$/);
    expect([status, printed.stderr]).toEqual([0, ""]);
  });

  it.each(["check", "start"])("(as overlock %s) lists problems on stderr, with status 1", async (command) => {
    const project = createShopProject(
      "type Query { categories: [Category!] nothing: String } type Category { id: ID! }",
    );
    const { status, ...printed } = await run(command, "--root", project.root);
    project.remove();
    expect([status, printed.stdout]).toEqual([1, ""]);
    expect(printed.stderr).toMatch(
      /^1 problem found; nothing was started\.\n\nbff-web\/schema\.graphql:1:\d+ {2}Query\.nothing\n {2}expected /,
    );
  });

  it("says that a folder is not there", async () => {
    const { status, ...printed } = await run("check", "--root", "/nowhere");
    expect(status).toBe(1);
    expect(printed.stderr).toContain("expected  the folder of a project");
  });
});

describe("overlock plan", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "overlock-plan-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, text: string): string {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  }

  const operations = `query Page($with: Boolean = false) {
  product(id: "p1") { name stock @include(if: $with) { level } }
}
query Other { categories { name } }
`;

  it("prints the plan of an operation, and calls nobody", async () => {
    const file = write("page.graphql", operations);
    const { status, ...printed } = await run(
      "plan",
      file,
      "--bff",
      "web",
      "--operation",
      "Page",
      "--root",
      shopRoot,
    );
    expect([status, printed.stderr]).toEqual([0, ""]);
    expect(printed.stdout).toMatch(
      /^query Page\n└─ #0 product {2}catalog {2}shop\.catalog\.v1\.CatalogService\/BatchGetProducts /,
    );
    expect(printed.stdout).toMatch(/\n {2}in total +1 +1 +1 +1\n$/);
    expect(printed.stdout).not.toContain("stock");
  });

  it("plans for the variables of @skip and @include, and gives plain data for tools", async () => {
    const file = write("page.graphql", operations);
    const { status, ...printed } = await run(
      "plan",
      file,
      "--bff",
      "web",
      "--operation",
      "Page",
      "--root",
      shopRoot,
      "--variables",
      '{"with":true}',
      "--json",
    );
    expect(status).toBe(0);
    expect(JSON.parse(printed.stdout)).toMatchObject({
      operation: "Page",
      kind: "query",
      steps: [
        { id: 0, path: "product", coordinate: "Query.product", after: [] },
        { id: 1, path: "product.stock", coordinate: "Product.stock", kind: "batched call", after: [0] },
      ],
      estimates: [
        { listSize: 1, total: 2 },
        { listSize: 10 },
        { listSize: 100 },
        { listSize: 1000, total: 2 },
      ],
    });
  });

  describe("for a caller who may not read everything", () => {
    const order = `mutation Order($payment: PaymentInput!) {
  placeOrder(lines: [], payment: $payment) { order { id } }
  addReview(input: { product: "p1", stars: 5, title: "x", body: "x" }) { review { id } }
}
`;
    const ordering = '@requiresScopes(scopes: [["orders:write"]])';
    const review = '@policy(policies: [["mayReview"]])';
    it.each<[args: readonly string[], denied: readonly (readonly string[])[]]>([
      [["--scopes", "orders:write, orders:write"], [["addReview", "Mutation.addReview", review]]],
      [["--policies", "mayReview"], [["placeOrder", "Mutation.placeOrder", ordering]]],
      [["--scopes", "orders:write", "--policies", "mayReview, mayReview"], []],
      [["--scopes", "", "--policies", " mayReview"], [["placeOrder", "Mutation.placeOrder", ordering]]],
      [
        ["--anonymous"],
        [
          ["placeOrder", "Mutation.placeOrder", ordering],
          ["addReview", "Mutation.addReview", review],
        ],
      ],
    ])("tells what is denied, and plans nothing for it: %j", async (args, denied) => {
      const file = write("order.graphql", order);
      const json = await run("plan", file, "--bff", "web", "--root", shopRoot, "--json", ...args);
      expect([json.status, json.stderr]).toEqual([0, ""]);
      const plan = JSON.parse(json.stdout) as PlanDescription;
      expect(plan.denied).toEqual(
        denied.map(([place, coordinate, guard]) => ({ path: place, coordinate, failed: [guard] })),
      );
      const planned = plan.steps.map(({ coordinate }) => coordinate);
      const names = ["Mutation.placeOrder", "Mutation.addReview"];
      expect(names.map((name) => planned.includes(name))).toEqual(
        names.map((name) => !denied.some(([, coordinate]) => coordinate === name)),
      );
      const text = await run("plan", file, "--bff", "web", "--root", shopRoot, ...args);
      const lines = text.stdout.split("\n");
      const start = lines.indexOf("denied:");
      const told = start === -1 ? [] : lines.slice(start + 1, lines.indexOf("", start));
      expect(told.map((line) => line.trim().split(/ {2,}/))).toEqual(denied);
    });

    it("hints at scopes that nothing of the BFF asks for, and plans all the same", async () => {
      const file = write("order.graphql", order);
      const args = ["--scopes", "orders:wirte,x,orders:write,x", "--json", "--root", shopRoot];
      const hinted = await run("plan", file, "--bff", "web", ...args);
      expect([hinted.status, hinted.stderr]).toEqual([
        0,
        `hint: nothing of web asks for the scope orders:wirte; did you mean "orders:write"?
hint: nothing of web asks for the scope x
`,
      ]);
      expect((JSON.parse(hinted.stdout) as PlanDescription).denied).toHaveLength(1);
    });

    it.each([
      ["web", "mayReview,mayreview", "expected mayReview as a policy of web, found mayreview"],
      ["mobile", "mayReview", "expected no policy, as mobile has none, found mayReview"],
    ])("refuses policies that %s does not have with status 2: %s", async (bff, policies, message) => {
      const file = write("anything.graphql", "{ __typename }");
      const args = ["--policies", policies];
      const refused = await run("plan", file, "--bff", bff, "--root", shopRoot, ...args);
      expect([refused.status, refused.stdout, refused.stderr]).toEqual([2, "", `error: ${message}\n`]);
    });

    it("refuses scopes of somebody who has no credential with status 2", async () => {
      const file = write("order.graphql", order);
      const args = ["--scopes", "a", "--anonymous", "--root", shopRoot];
      const refused = await run("plan", file, "--bff", "web", ...args);
      expect([refused.status, refused.stderr]).toEqual([
        2,
        "error: expected --scopes or --anonymous, found both: without a credential there are no scopes\n",
      ]);
    });
  });

  it("says what is left to the reference executor as a whole", async () => {
    const file = write("introspection.graphql", "{ __schema { queryType { name } } }");
    const { status, ...printed } = await run("plan", file, "--bff", "web", "--root", shopRoot);
    expect([status, printed.stdout]).toEqual([
      0,
      "not planned, run by the reference executor: Query has no __schema\n",
    ]);
  });

  it.each<[what: string, text: string, args: readonly string[], message: string]>([
    ["that is no GraphQL", "{ product(", [], "file:1:11  Syntax Error: Expected Name, found <EOF>.\n"],
    [
      "that does not fit the client schema, with all that is wrong",
      '{\n  product(id: "p1") { nam }\n  nothing\n}',
      [],
      'file:2:23  Cannot query field "nam" on type "Product". Did you mean "name"?\nfile:3:3  Cannot query field "nothing" on type "Query".\n',
    ],
    [
      "with several operations",
      operations,
      [],
      "file  The document has several operations; operationName must name one of Page, Other.\n",
    ],
    [
      "without the operation",
      operations,
      ["--operation", "Third"],
      "file  The document has no operation of that name, only Page, Other.\n",
    ],
    [
      "on whose variable @skip depends, without a value",
      'query ($no: Boolean!) {\n  product(id: "p1") { name @skip(if: $no) id }\n}',
      [],
      "file:1:8  Expected true or false for $no, on which @skip or @include depends, found nothing.\n",
    ],
    [
      "on whose variable @skip depends, with another value",
      'query ($no: Boolean = true) {\n  product(id: "p1") { name @skip(if: $no) id }\n}',
      ["--variables", '{"no":"yes"}'],
      'file:1:8  Expected true or false for $no, on which @skip or @include depends, found "yes".\n',
    ],
  ])("refuses a document %s, with status 1", async (_what, text, args, message) => {
    const file = write("refused.graphql", text);
    const { status, ...printed } = await run("plan", file, "--bff", "web", "--root", shopRoot, ...args);
    expect([status, printed.stdout]).toEqual([1, ""]);
    expect(printed.stderr.replaceAll(file, "file")).toBe(message);
  });

  it.each<[what: string, args: readonly string[], message: RegExp]>([
    ["no BFF", [], /required option '--bff <name>' not specified/],
    [
      "a BFF that the project does not have",
      ["--bff", "tv"],
      /^error: expected mobile or web as the BFF, found tv\n$/,
    ],
    ["variables that are no object", ["--bff", "web", "--variables", "[1]"], /Expected a JSON object/],
    ["a scope without a name", ["--bff", "web", "--scopes", ",x"], /Expected names with commas between them/],
    [
      "a policy without a name",
      ["--bff", "web", "--policies", "x,"],
      /Expected names with commas between them/,
    ],
    ["variables that are no JSON", ["--bff", "web", "--variables", "{x: 1}"], /Expected a JSON object/],
  ])("refuses %s with status 2", async (_what, args, message) => {
    const file = write("page.graphql", "{ categories { name } }");
    const { status, ...printed } = await run("plan", file, "--root", shopRoot, ...args);
    expect([status, printed.stdout]).toEqual([2, ""]);
    expect(printed.stderr).toMatch(message);
  });

  it("refuses a file that it can't read with status 2, and a project that is no project with status 1", async () => {
    const missing = await run(
      "plan",
      path.join(folder, "nothing.graphql"),
      "--bff",
      "web",
      "--root",
      shopRoot,
    );
    expect([missing.status, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: expected a readable file, found ENOENT at /),
    ]);
    const file = write("page.graphql", "{ categories { name } }");
    const nowhere = await run("plan", file, "--bff", "web", "--root", "/nowhere");
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toContain("expected  the folder of a project");
  });
});

describe("overlock", () => {
  it.each<[what: string, args: readonly string[], message: RegExp]>([
    ["a command that it does not have", ["sew"], /unknown command 'sew'/],
    ["an option that it does not have", ["check", "--rot", "."], /unknown option '--rot'/],
    ["an argument too many", ["check", "here"], /too many arguments/],
    ["an option without its value", ["start", "--root"], /argument missing/],
    ["workers without a number", ["start", "--workers"], /argument missing/],
    ["no command", [], /Usage: overlock/],
  ])("refuses %s with status 2, and says so on stderr", async (_what, args, message) => {
    const { status, ...printed } = await run(...args);
    expect([status, printed.stdout]).toEqual([2, ""]);
    expect(printed.stderr).toMatch(message);
  });

  const values = [
    ["start", "--root", "<folder>"],
    ["start", "--workers", "<number>"],
    ["check", "--root", "<folder>"],
    ["plan", "--bff", "<name>"],
    ["plan", "--operation", "<name>"],
    ["plan", "--variables", "<json>"],
    ["plan", "--scopes", "<names>"],
    ["plan", "--policies", "<names>"],
    ["plan", "--root", "<folder>"],
    ["cost", "--bff", "<name>"],
    ["cost", "--tier", "<name>"],
    ["cost", "--variables", "<json>"],
    ["cost", "--root", "<folder>"],
  ] as const;

  it.each(values)("%s refuses %s without its value, with status 2", async (command, option, kind) => {
    const expected = `error: expected ${kind} as the value of ${option}, found`;
    const refused = async (...args: readonly string[]): Promise<unknown> => {
      const { status, ...printed } = await run(command, ...args);
      const text = printed.stderr;
      stderr.mockClear();
      return [status, printed.stdout, text];
    };
    // The next option, known or not.
    for (const next of ["--json", "--root=.", "-x"])
      expect(await refused(option, next, "file.graphql")).toEqual([
        2,
        "",
        `${expected} ${next}; a value that begins with - is written ${option}=${next}\n`,
      ]);
    expect(await refused("file.graphql", option)).toEqual([2, "", expect.stringMatching(/argument missing/)]);
  });

  it.each(values.filter(([, , kind]) => kind !== "<names>"))(
    "%s refuses %s with an empty text for its value, with status 2",
    async (command, option) => {
      for (const empty of [[option, ""], [`${option}=`]]) {
        const { status, ...printed } = await run(command, "file.graphql", "--bff", "web", ...empty);
        expect([status, printed.stdout]).toEqual([2, ""]);
        expect(printed.stderr).toMatch(/(?:found an empty text|Expected a JSON object.*)\n$/);
        stderr.mockClear();
      }
    },
  );

  it("has refused every option that wants a value", async () => {
    const options: string[] = [];
    for (const command of ["start", "check", "plan", "cost"]) {
      const { stdout: help } = await run(command, "--help");
      stdout.mockClear();
      for (const [, option = "", kind = ""] of help.matchAll(/^ +(--[a-z]+) (<[a-z]+>)/gm))
        options.push(`${command} ${option} ${kind}`);
    }
    expect(options.toSorted()).toEqual(values.map((value) => value.join(" ")).toSorted());
  });

  it("takes a value that begins with a dash where it is written with =", async () => {
    const { status, ...printed } = await run("check", "--root=-nowhere");
    expect(status).toBe(1);
    expect(printed.stderr).toContain("-nowhere");
  });

  it.each([["--help"], ["help"], ["check", "--help"]])("%s %s explains, with status 0", async (...args) => {
    const { status, ...printed } = await run(...args);
    expect(status).toBe(0);
    expect(printed.stdout).toMatch(/^Usage: overlock /);
  });
});
