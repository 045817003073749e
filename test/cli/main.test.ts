import { type MockInstance, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../gateway/cli/main.ts";
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

  it.each([["--help"], ["help"], ["check", "--help"]])("%s %s explains, with status 0", async (...args) => {
    const { status, ...printed } = await run(...args);
    expect(status).toBe(0);
    expect(printed.stdout).toMatch(/^Usage: overlock /);
  });
});
