import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { canonicalJson } from "../../gateway/core/canonical-json.ts";

describe("canonical JSON", () => {
  test("is equal for equal values, whatever the order of their keys", () => {
    expect(canonicalJson({ b: [1, { d: 2, c: "x" }], a: null })).toBe('{"a":null,"b":[1,{"c":"x","d":2}]}');
    expect(canonicalJson({ a: null, b: [1, { c: "x", d: 2 }] })).toBe('{"a":null,"b":[1,{"c":"x","d":2}]}');
  });

  test("keeps the order of lists", () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });

  test("tells a number from its text, and null from absence in an object", () => {
    expect(canonicalJson([1])).not.toBe(canonicalJson(["1"]));
    expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}));
    expect(canonicalJson({ a: undefined })).toBe("{}");
  });

  test("writes a list at once where nothing in it has keys", () => {
    const lists = Array.from({ length: 3 }, () => Array.from({ length: 1000 }, (_, index) => index));
    const written = vi.spyOn(JSON, "stringify");
    const text = canonicalJson(lists);
    const calls = written.mock.calls.length;
    written.mockRestore();
    expect([JSON.parse(text), calls]).toEqual([lists, 3]);
  });

  test("says null where JSON has nothing to say", () => {
    expect([canonicalJson(undefined), canonicalJson([undefined]), canonicalJson(Number.NaN)]).toEqual([
      "null",
      "[null]",
      "null",
    ]);
  });

  test("reads an own member called __proto__", () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(canonicalJson(value)).toBe('{"__proto__":{"a":1}}');
  });

  test("parses back to the same value for any JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has no negative zero.
        const text = JSON.stringify(value);
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(text));
      }),
    );
  });

  test("does not depend on the order in which members were added", () => {
    const members = fc.uniqueArray(fc.tuple(fc.string(), fc.jsonValue()), { selector: ([name]) => name });
    fc.assert(
      fc.property(members, (entries) => {
        expect(canonicalJson(Object.fromEntries(entries))).toBe(
          canonicalJson(Object.fromEntries(entries.toReversed())),
        );
      }),
    );
  });
});
