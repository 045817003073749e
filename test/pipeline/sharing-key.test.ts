import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Caller } from "../../gateway/core/caller.ts";
import { SharingKeys } from "../../gateway/pipeline/sharing-key.ts";
import type { SharingRule } from "../../gateway/prepare/sharing-rule.ts";
import { createScope, type ScopeOptions } from "../support/request-scope.ts";

const plain: SharingRule = { number: 1, claims: [], headers: new Set(), isOfCaller: false, reads: [] };
const keys = new SharingKeys();

function keyOf(
  rule: Partial<SharingRule> = {},
  variables: Readonly<Record<string, unknown>> = {},
  options: ScopeOptions & { readonly locale?: string; readonly caller?: Partial<Caller> } = {},
): string | null {
  const scope = createScope(options);
  const { locale = "en-US", caller = {} } = options;
  return keys.keyOf({ ...plain, ...rule }, variables, {
    ...scope,
    locale,
    caller: { ...scope.caller, ...caller },
  });
}

describe("the key of a request", () => {
  test("is the same for the same variables, whoever asks, where nothing of the caller is read", () => {
    const one = keyOf({}, { id: "p1" }, { claims: { sub: "u1" }, headers: { "x-a": "1" } });
    expect(one).not.toBeNull();
    expect(keyOf({}, { id: "p1" }, { claims: { sub: "u2" }, headers: { "x-a": "2" } })).toBe(one);
  });

  test.each<[what: string, one: string | null, other: string | null]>([
    ["the variant", keyOf({ number: 1 }), keyOf({ number: 11 })],
    ["the locale", keyOf({}, {}, { locale: "de" }), keyOf({}, {}, { locale: "de-AT" })],
    ["an epoch", keyOf({ reads: [{ epoch: 1 }] }), keyOf({ reads: [{ epoch: 2 }] })],
    ["a number and a text", keyOf({}, { a: 5 }), keyOf({}, { a: "5" })],
    ["null and nothing", keyOf({}, { a: null }), keyOf({}, { a: undefined })],
    ["null and no number", keyOf({}, { a: null }), keyOf({}, { a: Number.POSITIVE_INFINITY })],
    ["zeros", keyOf({}, { a: 0 }), keyOf({}, { a: -0 })],
    ["an empty list and nothing in a list", keyOf({}, { a: [] }), keyOf({}, { a: [null] })],
    [
      "a header that is read",
      keyOf({ headers: new Set(["x-a"]) }, {}, { headers: { "x-a": "1" } }),
      keyOf({ headers: new Set(["x-a"]) }, {}, { headers: { "x-a": "2" } }),
    ],
    [
      "an empty header and none",
      keyOf({ headers: new Set(["x-a"]) }, {}, { headers: { "x-a": "" } }),
      keyOf({ headers: new Set(["x-a"]) }),
    ],
    [
      "which of two headers was sent",
      keyOf({ headers: new Set(["x-a", "x-b"]) }, {}, { headers: { "x-a": "1" } }),
      keyOf({ headers: new Set(["x-a", "x-b"]) }, {}, { headers: { "x-b": "1" } }),
    ],
    [
      "a claim that is read",
      keyOf({ claims: ["org"] }, {}, { claims: { org: { id: 1 } } }),
      keyOf({ claims: ["org"] }, {}, { claims: { org: { id: 2 } } }),
    ],
    [
      "the subject, where the answer is one caller's",
      keyOf({ isOfCaller: true }, {}, { claims: { sub: "u1" } }),
      keyOf({ isOfCaller: true }, {}, { claims: { sub: "u2" } }),
    ],
    [
      "the issuer, where the answer is one caller's",
      keyOf({ isOfCaller: true }, {}, { caller: { issuer: "a" } }),
      keyOf({ isOfCaller: true }, {}, { caller: { issuer: "b" } }),
    ],
    [
      "the scopes, where the answer is one caller's",
      keyOf({ isOfCaller: true }, {}, { caller: { scopes: new Set(["a b"]) } }),
      keyOf({ isOfCaller: true }, {}, { caller: { scopes: new Set(["a", "b"]) } }),
    ],
  ])("tells %s apart", (_what, one, other) => {
    expect([typeof one, typeof other]).toEqual(["string", "string"]);
    expect(one).not.toBe(other);
  });

  test("is the same however a caller's scopes are ordered", () => {
    const [one, other] = [new Set(["a", "b"]), new Set(["b", "a"])].map((scopes) =>
      keyOf({ isOfCaller: true }, {}, { caller: { scopes } }),
    );
    expect(one).toBe(other);
  });

  test("differs for any two sets of variables that differ as JSON", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const variables = fc.dictionary(fc.constantFrom("a", "b", "1:", "[", "__proto__"), value, { maxKeys: 3 });
    fc.assert(
      fc.property(variables, variables, (one, other) => {
        const same = keyOf({}, one) === keyOf({}, other);
        expect(same).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 2000 },
    );
  });

  test("can't be made to end early by what a client writes", () => {
    const text = fc.string({
      unit: fc.constantFrom("1", ":", "n", "u", "[", "{", ",", "#", "t"),
      maxLength: 6,
    });
    const lists = fc.array(fc.oneof(text, fc.constant(null), fc.array(text, { maxLength: 2 })), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const same = keyOf({}, { a: one, b: other }) === keyOf({}, { a: other, b: one });
        expect(same).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[what: string, value: unknown]>([
    ["long texts", "x".repeat(8193)],
    ["long lists", Array.from({ length: 5000 }, () => 1)],
    ["values of a class", new Date(0)],
    ["values of a class inside others", [{ at: new Map() }]],
    ["symbols", Symbol("a")],
  ])("is not made of %s", (_what, value) => {
    expect(keyOf({}, { a: value })).toBeNull();
  });

  test("is not made of a long header, nor of a caller with long claims", () => {
    const long = "x".repeat(9000);
    expect(keyOf({ headers: new Set(["x-a"]) }, {}, { headers: { "x-a": long } })).toBeNull();
    expect(keyOf({ isOfCaller: true }, {}, { claims: { sub: long } })).toBeNull();
  });

  test("is made of nested variables as far as they fit", () => {
    let nested: unknown = null;
    for (let depth = 0; depth < 1000; depth++) nested = [nested];
    expect(keyOf({}, { a: nested })).not.toBeNull();
    for (let depth = 0; depth < 100_000; depth++) nested = [nested];
    expect(keyOf({}, { a: nested })).toBeNull();
  });
});
