import { describe, expect, test } from "vitest";
import { compileSelection } from "../../gateway/language/evaluate-selection.ts";
import { parseSelectionMap } from "../../gateway/language/selection-map.ts";
import { compileKeyReader, type RowRule, rowsByKey } from "../../gateway/sources/keyed-rows.ts";

describe("a key as text", () => {
  const text = compileKeyReader(false);

  test.each([
    ["7", "7"],
    [7, "7"],
    [7n, "7"],
    [1.5, "1.5"],
    [-0, "0"],
    [true, "true"],
    [" ", " "],
    ["__proto__", "__proto__"],
  ])("of a scalar (case %#) is one text", (key, expected) => {
    expect(text(key)).toBe(expected);
  });

  test.each([[""], [null], [undefined], [{}], [["a"]], [{ id: 1 }]])("there is none of %j", (key) => {
    expect(text(key)).toBeNull();
  });
});

describe("a composite key as text", () => {
  const text = compileKeyReader(true);

  test("is equal for equal parts, whatever their order and their scalars", () => {
    expect(text({ tenant: "t", sku: 7 })).toBe(text({ sku: "7", tenant: "t" }));
  });

  test("tells keys apart whose parts only look alike together", () => {
    const keys = [
      { a: "1", b: "2" },
      { a: "2", b: "1" },
      { a: '1","b', b: "2" },
      { a: "1", b: '2"],["c","3' },
      { a: "12", b: "x" },
    ];
    expect(new Set(keys.map(text)).size).toBe(keys.length);
  });

  test.each([
    [{ a: 1, b: null }],
    [{ a: 1, b: undefined }],
    [{ a: 1, b: "" }],
    [{ a: 1, b: ["x"] }],
    [null],
    ["a"],
  ])("there is none of %j", (key) => {
    expect(text(key)).toBeNull();
  });
});

describe("rows", () => {
  test("are found by their key, in whatever order they come", () => {
    const response = [{ id: "b" }, { id: 7 }, { id: "uninvited" }];
    expect(rows(response)).toEqual([
      ["b", { id: "b" }],
      ["7", { id: 7 }],
      ["uninvited", { id: "uninvited" }],
    ]);
  });

  test("are the first of those that have one key", () => {
    const response = [
      { id: "a", n: 1 },
      { id: "a", n: 2 },
    ];
    expect(rows(response)).toEqual([["a", { id: "a", n: 1 }]]);
  });

  test("are grouped under a list, in the order in which they came", () => {
    const response = [
      { id: "a", n: 1 },
      { id: "b", n: 2 },
      { id: "a", n: 3 },
    ];
    expect(rows(response, { isGrouped: true, value: "n" })).toEqual([
      ["a", [1, 3]],
      ["b", [2]],
    ]);
  });

  test("are where select says, their keys where match says, and yield what value says", () => {
    const response = { data: { items: [{ key: { id: "a" }, total: 5 }] } };
    expect(rows(response, { select: "data.items", match: "key.id", value: "total" })).toEqual([["a", 5]]);
  });

  test("may have composite keys", () => {
    const response = [{ tenant: "t", sku: 7 }];
    const found = rows(response, { match: "{ t: tenant, s: sku }", isComposite: true });
    expect(found[0]?.[0]).toBe(compileKeyReader(true)({ s: "7", t: "t" }));
  });

  test("that are null or have no key are passed over", () => {
    expect(rows([null, { id: null }, { id: "" }, {}, 7, { id: "a" }])).toEqual([["a", { id: "a" }]]);
  });

  test.each<[response: unknown, select?: string]>([
    [null],
    [[]],
    [{ items: null }, "items"],
    [{ items: [] }, "items"],
    [null, "items"],
  ])("there are none in %j", (response, select) => {
    expect(rows(response, select === undefined ? {} : { select })).toEqual([]);
  });

  test.each<[response: unknown, rule: Rule, found: string]>([
    [undefined, {}, "no rows"],
    [{}, { select: "items" }, "no rows"],
    [{ item: [] }, { select: "items" }, "no rows"],
    [{ items: 42 }, { select: "items" }, "no list of rows"],
    [{}, {}, "no list of rows"],
    ["text", {}, "no list of rows"],
    [[{ key: "a" }], {}, "rows without keys"],
    [["a", "b"], {}, "rows without keys"],
    [[], { match: null }, "no map of rows"],
    ["text", { match: null }, "no map of rows"],
  ])("%j with %o is no answer: it has %s", (response, rule, found) => {
    expect(() => rows(response, rule)).toThrow(
      expect.objectContaining({
        code: "UPSTREAM_INVALID_RESPONSE",
        message: `the answer for Query.rows has ${found}`,
      }),
    );
  });
});

describe("a map of rows", () => {
  test("has them under their keys", () => {
    const response: unknown = JSON.parse('{ "a": { "n": 1 }, "__proto__": { "n": 2 }, "b": null }');
    expect(rows(response, { match: null })).toEqual([
      ["a", { n: 1 }],
      ["__proto__", { n: 2 }],
      ["b", null],
    ]);
    expect(rows(response, { match: null, value: "n" })).toEqual([
      ["a", 1],
      ["__proto__", 2],
      ["b", null],
    ]);
  });

  test("has groups of them under a list", () => {
    const response = { a: [{ n: 1 }, { n: 2 }], b: [], c: { n: 3 }, d: null };
    expect(rows(response, { match: null, value: "n", isGrouped: true })).toEqual([
      ["a", [1, 2]],
      ["c", [3]],
    ]);
  });

  test("may be empty", () => {
    expect(rows({}, { match: null })).toEqual([]);
  });
});

interface Rule {
  readonly select?: string;
  /** Null: a map of rows. */
  readonly match?: string | null;
  readonly value?: string;
  readonly isGrouped?: boolean;
  readonly isComposite?: boolean;
}

function rows(response: unknown, rule: Rule = {}): [string, unknown][] {
  const { select, match = "id", value, isGrouped = false, isComposite = false } = rule;
  const compile = (text: string | null | undefined): RowRule["match"] =>
    text === undefined || text === null ? null : compileSelection(parseSelectionMap(text));
  const compiled: RowRule = {
    select: compile(select),
    match: compile(match),
    value: compile(value),
    textOfKey: compileKeyReader(isComposite),
    isGrouped,
  };
  return [...rowsByKey(response, compiled, "Query.rows")];
}
