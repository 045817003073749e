import { buildSchema } from "graphql";
import { beforeEach, describe, expect, it } from "vitest";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { LimitSettings } from "../../gateway/config/demand-control.ts";
import { ampleLimits } from "../support/ample-limits.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { openAccess } from "../support/open-access.ts";

const schema = buildSchema(`
  type Query { a(list: [[Int]]): Query b: String }
  type Mutation { c: String }
`);

interface PreparerOptions extends Partial<LimitSettings> {
  readonly maxPreparedOperations?: number;
}

let results: string[] = [];
beforeEach(() => {
  results = [];
});

function createPreparer({ maxPreparedOperations = 3, ...changed }: PreparerOptions = {}): OperationPreparer {
  return new OperationPreparer(
    { schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    { limits: { ...ampleLimits, maxErrors: 20, maxDocumentTokens: 1000, ...changed }, maxPreparedOperations },
    (result, entries) => results.push(`${result} ${entries}`),
  );
}

/** The code of a refusal and what it says. */
function refusalOf(
  query: string,
  operationName: string | null = null,
  preparer = createPreparer(),
): string[] {
  try {
    preparer.prepare(query, operationName);
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error;
    return [error.code, ...error.reasons.map(({ message }) => message)];
  }
  throw new Error("Expected a refusal.");
}

describe("an operation", () => {
  it("is found by its name, or as the only one", () => {
    const preparer = createPreparer();
    expect(preparer.prepare("{ b }", null).name).toBeNull();
    expect(preparer.prepare("query Q { b }", null).name).toBe("Q");
    expect(preparer.prepare("query Q { b } mutation M { c }", "M").operation.operation).toBe("mutation");
  });

  it.each<[query: string, name: string | null, message: string]>([
    [
      "query Q { b } query R { b }",
      null,
      "The document has several operations; operationName must name one of Q, R.",
    ],
    ["query Q { b }", "X", "The document has no operation of that name, only Q."],
    ["{ b }", "X", "The document has no operation of that name, only (anonymous)."],
    ["fragment F on Query { b }", null, "The document has no operation."],
  ])("of %s by the name %s is not found", (query, name, message) => {
    const [code, ...messages] = refusalOf(query, name);
    expect(code).toMatch(/^OPERATION_RESOLUTION_FAILURE$|^GRAPHQL_VALIDATION_FAILED$/);
    expect(code === "GRAPHQL_VALIDATION_FAILED" ? message : messages[0]).toBe(message);
  });

  it("is not named like a property that every object has", () => {
    expect(refusalOf("query Q { b }", "constructor")[0]).toBe("OPERATION_RESOLUTION_FAILURE");
    expect(refusalOf("query Q { b }", "__proto__")[0]).toBe("OPERATION_RESOLUTION_FAILURE");
  });
});

describe("a document", () => {
  it("is prepared once and found again as long as it is kept", () => {
    const preparer = createPreparer();
    const first = preparer.prepare("{ b }", null);
    expect(preparer.prepare("{ b }", null)).toBe(first);
    preparer.prepare("{ x: b }", null);
    for (const alias of ["y", "z", "x"]) preparer.prepare(`{ ${alias}: b }`, null);
    expect(preparer.prepare("{ b }", null)).toBe(first);
    expect(results).toEqual(["miss 1", "hit 1", "miss 2", "miss 3", "miss 3", "miss 3", "hit 3"]);
  });

  it("that is asked for by its only operation's name and without is prepared once", () => {
    const preparer = createPreparer();
    const both = "query Q { b } mutation M { c }";
    expect(preparer.prepare("query Q { b }", null)).toBe(preparer.prepare("query Q { b }", "Q"));
    expect(preparer.prepare(both, "Q")).toBe(preparer.prepare(both, "Q"));
    expect(preparer.prepare(both, "Q")).not.toBe(preparer.prepare(both, "M"));
  });

  it.each([1, 2, 3])("that is hot stays prepared in a flood of others that come %i times", (times) => {
    const preparer = createPreparer({ maxPreparedOperations: 100 });
    const hot = Array.from({ length: 10 }, (_, index) => `query Hot${index} { b }`);
    const prepared = hot.flatMap((query) => [1, 2, 3, 4].map(() => preparer.prepare(query, null))).slice(-10);
    results = [];
    for (let number = 0; number < 10_000; number++) {
      for (let time = 0; time < times; time++) preparer.prepare(`{ flood${number}: b }`, null);
      if (number % 4 === 0) preparer.prepare(hot[(number / 4) % 10] ?? "", null);
    }
    expect(results.filter((result) => result.startsWith("miss"))).toHaveLength(10_000);
    // What never comes again has a fifth of the room.
    expect(results.at(-1)).toBe(times === 1 ? "miss 30" : "hit 100");
    expect(prepared.at(-1)).toBe(preparer.prepare(hot[9] ?? "", null));
  });

  it("takes more room when a variant of it is compiled, and less when that is dropped", () => {
    const preparer = createPreparer({ maxPreparedOperations: 100 });
    const queries = Array.from({ length: 12 }, (_, index) => `query Q${index} { b }`);
    for (const query of queries) {
      preparer.prepare(query, null);
      const variant = preparer.prepare(query, null).variantFor({}, null);
      variant?.attach({ estimatedBytes: 20 * 1024 * 1024, sharing: null });
    }
    // 128 MB hold six: four fifths the first five, all of which were used as often, the last fifth the newest.
    results = [];
    for (const query of queries.toReversed()) preparer.prepare(query, null);
    expect(results).toEqual([
      "hit 6",
      ...[7, 8, 9, 10, 11, 12].map((kept) => `miss ${kept}`),
      ...Array<string>(5).fill("hit 12"),
    ]);
  });

  it("is kept by what it takes in memory, so that a flood of large ones stays within the bound", () => {
    const preparer = createPreparer({ maxDocumentTokens: 100_000, maxPreparedOperations: 1000 });
    for (let number = 0; number < 20; number++) {
      const fields = Array.from({ length: 5000 }, (_, index) => `f${number}x${index}: b`).join(" ");
      preparer.prepare(`{ ${fields} }`, null);
    }
    // 15,000 tokens of 500 bytes each are 7.5 MB; a fifth of 128 MB holds 3.
    expect(results.at(-1)).toBe("miss 3");
  });

  it("with a variable that would slip through coercion is refused", () => {
    expect(refusalOf("query ($__proto__: [[Int]]) { a(list: $__proto__) { b } }")).toEqual([
      "GRAPHQL_VALIDATION_FAILED",
      "A variable can't be called $__proto__.",
    ]);
  });

  it("that is not valid is never kept", () => {
    const preparer = createPreparer();
    for (const query of ["{", "{ nothing }", "{"]) refusalOf(query, null, preparer);
    expect(results).toEqual(["refused 0", "refused 0", "refused 0"]);
  });

  it("is forgotten with all others when the generation ends", () => {
    const preparer = createPreparer();
    preparer.prepare("{ b }", null);
    preparer.dispose();
    preparer.prepare("{ b }", null);
    expect(results).toEqual(["miss 1", "miss 1"]);
  });

  it.each([998, 999, 1000])("of %i tokens is within 1000", (tokens) => {
    const query = `{ a(list: [[${"1 ".repeat(tokens - 14)}]]) { b } }`;
    expect(createPreparer().prepare(query, null).document.definitions).toHaveLength(1);
  });

  it.each([
    ["one token too many", `{ a(list: [[${"1 ".repeat(987)}]]) { b } }`],
    ["many more", `{ ${"b ".repeat(100_000)}}`],
    ["tokens in a fragment", `{ ...F } fragment F on Query { ${"b ".repeat(995)}}`],
  ])("with %s is refused", (_what, query) => {
    expect(refusalOf(query)).toEqual([
      "LIMIT_EXCEEDED",
      "The operation has 1001 lexical tokens or more, values in fragments as often as they are spread; at most 1000 are allowed.",
    ]);
  });

  it.each([
    ["selections", `{ ${"a { ".repeat(200_000)}b ${"} ".repeat(200_001)}`],
    ["selections that never end", "{ a ".repeat(200_000)],
    ["lists", `{ a(list: ${"[".repeat(200_000)}${"]".repeat(200_000)}) { b } }`],
    ["types", `query ($x: ${"[".repeat(200_000)}Int${"]".repeat(200_000)}) { b }`],
  ])("with %s nested beyond the stack is refused, not a fault of ours", (_what, query) => {
    const preparer = createPreparer({ maxDocumentTokens: 1_000_000 });
    expect(refusalOf(query, null, preparer)).toEqual([
      "GRAPHQL_PARSE_FAILED",
      "The document is nested too deeply.",
    ]);
  });

  it("selects at most 200 levels of fields, however they are put together", () => {
    const nested = (levels: number, innermost: string): string =>
      `${"a { ".repeat(levels)}${innermost}${" }".repeat(levels)}`;
    const preparer = createPreparer({ maxDocumentTokens: 10_000 });
    for (const query of [
      `{ ${nested(199, "b")} }`,
      `{ ${nested(100, "...F")} } fragment F on Query { ...G x: a { b } } fragment G on Query { ${nested(99, "b")} }`,
      `{ ${nested(199, "... { ... on Query { b } }")} }`,
    ])
      expect(preparer.prepare(query, null).document.definitions[0]?.kind).toBe("OperationDefinition");
    for (const [query, depth] of [
      [`{ ${nested(200, "b")} }`, 201],
      [
        `query Q { b } query R { ${nested(100, "...F")} } fragment F on Query { ...G } fragment G on Query { ${nested(100, "b")} }`,
        201,
      ],
      [`{ ${nested(2000, "b")} }`, 2001],
    ] as const)
      expect(refusalOf(query, null, preparer)).toEqual([
        "LIMIT_EXCEEDED",
        `The operation has ${depth} levels of fields; at most 200 are allowed.`,
      ]);
  });

  it("that breaks many rules is told the first of them only", () => {
    const unknown = Array.from({ length: 300 }, (_, index) => `u${index}`).join(" ");
    const [code, ...messages] = refusalOf(`{ ${unknown} }`);
    expect(code).toBe("GRAPHQL_VALIDATION_FAILED");
    expect(messages).toHaveLength(21);
    expect(messages[0]).toBe('Cannot query field "u0" on type "Query".');
  });

  it("of many equal fields and fragments is judged in a moment", () => {
    const preparer = createPreparer({ maxDocumentTokens: 10_000 });
    const fragments = Array.from({ length: 1000 }, (_, index) => `...F${index % 500}`).join(" ");
    const definitions = Array.from({ length: 500 }, (_, index) => `fragment F${index} on Query { a { b } }`);
    const startedMs = performance.now();
    const names = [`{ ${"b ".repeat(9000)}}`, `{ ${fragments} } ${definitions.join(" ")}`].map(
      (query) => preparer.prepare(query, null).name,
    );
    expect(names).toEqual([null, null]);
    expect(performance.now() - startedMs).toBeLessThan(3000);
  });
});

describe("more errors than are told", () => {
  const wrong = (count: number): string =>
    `{ ${Array.from({ length: count }, (_, index) => `wrong${index}`).join(" ")} }`;

  it.each([
    [19, 19, []],
    [20, 20, []],
    [21, 20, ["There are more errors than these 20, and no more are told."]],
    [200, 20, ["There are more errors than these 20, and no more are told."]],
  ])("are told to be there: %i", (count, told, more) => {
    const [code, ...messages] = refusalOf(wrong(count));
    expect([code, messages.length]).toEqual(["GRAPHQL_VALIDATION_FAILED", told + more.length]);
    expect(messages.slice(0, told).every((message) => message.startsWith("Cannot query field"))).toBe(true);
    expect(messages.slice(told)).toEqual(more);
  });

  it("are told to be there where it is one", () => {
    const preparer = createPreparer({ maxErrors: 1 });
    expect(refusalOf(wrong(1), null, preparer)).toHaveLength(2);
    expect(refusalOf(wrong(2), null, preparer).at(-1)).toBe(
      "There are more errors than this one, and no more are told.",
    );
  });
});
