import { afterEach, describe, expect, it } from "vitest";
import { StartupError } from "overlock";
import { type GuardedLibrary, startGuardedLibrary } from "./guarded-library.ts";

let library: GuardedLibrary | null = null;
afterEach(async () => {
  await library?.stop();
  library = null;
});

const query = "query Pay { books { author { salary } } }";
const unread = { books: [{ author: { salary: null } }, { author: { salary: null } }] };
const read = { books: [{ author: { salary: 7 } }, { author: { salary: 7 } }] };

async function ask(policies: string, scopes: readonly string[] | null = []): Promise<unknown> {
  library = await startGuardedLibrary(`policies: { ${policies} }`);
  return (await library.ask(scopes, query)).data;
}

describe("a policy", () => {
  it.each([
    ["one alone is enough", "isSelf: () => true, isHr: () => false, inOffice: () => false", read],
    ["all of a list", "isSelf: () => false, isHr: async () => true, inOffice: () => true", read],
    ["not a part of a list", "isSelf: () => false, isHr: async () => true, inOffice: () => false", unread],
  ])("lets a caller: %s", async (_what, policies, data) => {
    expect(await ask(policies)).toEqual(data);
  });

  it("is told who calls, with which operation and headers", async () => {
    const isSelf =
      'isSelf: ({ caller, operation, header }) => caller.subject === "u1" && caller.scopes.has("a") && operation === "Pay" && header("Content-Type") === "application/json"';
    expect(await ask(`${isSelf}, isHr: () => false, inOffice: () => false`, ["a"])).toEqual(read);
  });

  it.each([
    ["throws", 'isSelf: () => { throw new Error("no") }'],
    ["rejects", 'isSelf: async () => { throw new Error("no") }'],
    ["answers something else", 'isSelf: () => "yes"'],
    ["promises something else", "isSelf: async () => 1"],
  ])("that %s lets nobody, and is told in the log", async (_how, isSelf) => {
    expect(await ask(`${isSelf}, isHr: () => false, inOffice: () => false`)).toEqual(unread);
    const lines = library?.logLines.filter(({ policy }) => policy === "isSelf") ?? [];
    expect(lines.map(({ msg }) => msg)).toEqual(["a policy failed, and let nobody"]);
  });

  it("that does not answer lets nobody when the request's time is up", async () => {
    library = await startGuardedLibrary(
      "requestTimeoutMs: 100, policies: { isSelf: () => new Promise(() => {}), isHr: () => false, inOffice: () => false }",
    );
    expect((await library.ask([], query)).data ?? null).not.toEqual(read);
    expect(library.logLines.filter(({ policy }) => policy === "isSelf")).toHaveLength(1);
  });

  it("is asked once for a request, and not where nothing needs it", async () => {
    library = await startGuardedLibrary(
      "policies: { isSelf: (context) => { globalThis.asked = (globalThis.asked ?? 0) + 1; return true; }, isHr: () => false, inOffice: () => false }",
    );
    const counter = globalThis as { asked?: number };
    counter.asked = 0;
    await library.ask([], "{ books { author { name } } }");
    expect(counter.asked).toBe(0);
    await library.ask([], "{ books { author { salary other: salary } } again: books { author { salary } } }");
    expect(counter.asked).toBe(1);
    delete counter.asked;
  });

  it("that nobody has defined is a problem at start", async () => {
    const refusal = await startGuardedLibrary("policies: { isSelff: () => true, isHr: () => true }").then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(StartupError);
    expect((refusal as StartupError).problems.map(({ coordinate, hint }) => [coordinate, hint])).toEqual([
      ["policies.isSelf", 'did you mean "isSelff"?'],
      ["policies.inOffice", null],
    ]);
  });
});
