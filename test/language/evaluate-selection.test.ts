import { describe, expect, test } from "vitest";
import {
  compileSelection,
  defineOwn,
  namesReadOf,
  rawRoots,
  readOwn,
  type SelectionRoots,
} from "../../gateway/language/evaluate-selection.ts";
import { parseSelectionMap, pathsOf } from "../../gateway/language/selection-map.ts";

describe("a path", () => {
  test.each([
    ["a", { a: 1 }, 1],
    ["a.b", { a: { b: "x" } }, "x"],
    ["a", { a: null }, null],
    ["a", { a: false }, false],
    ["a", { a: 0 }, 0],
    ["a", { a: "" }, ""],
    ["a.b", { a: null }, null],
    ["a.b.c", { a: { b: null } }, null],
    ["a", null, null],
  ])("%s of %j is %j", (text, value, expected) => {
    expect(read(text, value)).toEqual(expected);
  });

  test.each<[text: string, value: unknown]>([
    ["a", {}],
    ["a.b", {}],
    ["a.b", { a: 1 }],
    ["a.b", { a: "text" }],
    ["length", "text"],
    ["a", undefined],
    ["a", 7],
  ])("%s of %j is absent", (text, value) => {
    expect(read(text, value)).toBeUndefined();
  });

  test.each([
    ["a.b", { a: [{ b: 1 }, { b: 2 }] }, [1, 2]],
    ["a.b", { a: [] }, []],
    ["a.b", { a: [{ b: 1 }, {}, null, 7] }, [1, null, null, null]],
    ["a.b", { a: [{ b: [1] }, { b: [2, 3] }] }, [[1], [2, 3]]],
    ["a.b", { a: [[{ b: 1 }], [{ b: 2 }, { b: 3 }]] }, [[1], [2, 3]]],
    ["a", [{ a: 1 }, { a: 2 }], [1, 2]],
    ["length", [1, 2, 3], [null, null, null]],
  ])("through a list keeps its depth: %s of %j is %j", (text, value, expected) => {
    expect(read(text, value)).toEqual(expected);
  });
});

describe("objects and lists", () => {
  test.each([
    ["{ id: a, name: b.c }", { a: 1, b: { c: 2 } }, { id: 1, name: 2 }],
    ["{ id }", { id: 1, other: 2 }, { id: 1 }],
    ["{ id: a }", { a: null }, { id: null }],
    ["{ id: a }", {}, { id: undefined }],
    ["a.{ id: b }", { a: { b: 1 } }, { id: 1 }],
    ["a.{ id: b }", { a: null }, null],
    ["a.{ id: b }", {}, undefined],
    ["a[b]", { a: [{ b: 1 }, { b: 2 }] }, [1, 2]],
    ["a[{ id: b }]", { a: [{ b: 1 }, {}] }, [{ id: 1 }, { id: undefined }]],
    ["a[{ id: $item }]", { a: ["x", "y"] }, [{ id: "x" }, { id: "y" }]],
    ["a[$item.b]", { a: [{ b: 1 }, {}] }, [1, null]],
    ["a[$item]", { a: [1, null] }, [1, null]],
    ["a[{ id: $item }]", { a: ["x", null] }, [{ id: "x" }, null]],
    ["a[b[$item]]", { a: [{ b: [1] }, { b: [2, 3] }] }, [[1], [2, 3]]],
    ["a[{ up: $item.n, all: b[{ n: $item }] }]", { a: [{ n: 1, b: [2] }] }, [{ up: 1, all: [{ n: 2 }] }]],
    ["a[b]", { a: [] }, []],
    ["a[b]", { a: null }, null],
    ["a[b]", { a: 7 }, undefined],
    ["a[b]", { a: { b: 1 } }, undefined],
  ])("%s of %j is %j", (text, value, expected) => {
    expect(read(text, value)).toEqual(expected);
  });

  test("an object inside a list's element still knows the element as $item", () => {
    const value = { a: [{ id: 1, sub: { id: 2 } }] };
    expect(read("a[sub.{ mine: id, outer: $item.id }]", value)).toEqual([{ mine: 2, outer: 1 }]);
  });
});

describe("alternatives", () => {
  test.each([
    ["a | b", { a: 1, b: 2 }, 1],
    ["a | b", { b: 2 }, 2],
    ["a | b", { a: null, b: 2 }, 2],
    ["a | b", { a: false, b: 2 }, false],
    ["a | b", { a: "", b: 2 }, ""],
    ["a | b", { a: null }, undefined],
    ["a | b", { b: null }, null],
    ["a | b", {}, undefined],
    ["a.x | { y: b }", { b: 2 }, { y: 2 }],
    ["{ id: a | b }", { b: 2 }, { id: 2 }],
  ])("%s of %j is %j", (text, value, expected) => {
    expect(read(text, value)).toEqual(expected);
  });
});

describe("the roots", () => {
  const roots: SelectionRoots = {
    value: { id: "raw" },
    args: { id: "argument", filter: { kinds: ["A", "B"] } },
    parent: { id: "parent" },
    claims: Object.assign(Object.create(null) as object, { id: "claim", "x-tenant": "t1" }),
    headers: new Map([["x-tenant", "t2"]]),
  };

  test.each([
    ["id", "raw"],
    ["$args.id", "argument"],
    ["$args.filter.kinds", ["A", "B"]],
    [
      "$args.filter.kinds[{ kind: $item, of: $claims.id }]",
      [
        { kind: "A", of: "claim" },
        { kind: "B", of: "claim" },
      ],
    ],
    ["$parent.id", "parent"],
    ["$claims.id", "claim"],
    ["$claims.x-tenant", "t1"],
    ["$headers.x-tenant", "t2"],
    ["$headers.X-Tenant", "t2"],
    ["$args.none | $parent.none | $headers.none | $claims.id", "claim"],
  ])("%s reads %j", (text, expected) => {
    expect(compileSelection(parseSelectionMap(text))(roots)).toEqual(expected);
  });

  test("of a raw value hold nothing else", () => {
    for (const text of ["$args.a", "$parent.a", "$claims.a", "$headers.a"]) {
      expect(read(text, { a: 1 })).toBeUndefined();
    }
  });

  test("are told to whoever has to provide the parent's fields, each once", () => {
    const paths = pathsOf(parseSelectionMap("{ a: $parent.id, b: $parent.name | $args.c, d: $parent.id }"));
    expect(namesReadOf("parent", paths)).toEqual(["id", "name"]);
  });
});

describe("names of prototypes", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

  test.each(names)("%s is absent where it is no own property", (name) => {
    expect(read(name, {})).toBeUndefined();
    expect(read(`a.${name}`, { a: {} })).toBeUndefined();
    expect(read(`a[${name}]`, { a: [{}] })).toEqual([null]);
    expect(read(`${name}.name`, {})).toBeUndefined();
    expect(readOwn(() => 0, name)).toBeUndefined();
    const roots = { ...rawRoots(null), args: {}, parent: {}, claims: {} };
    for (const root of ["args", "parent", "claims", "headers"])
      expect(compileSelection(parseSelectionMap(`$${root}.${name}`))(roots)).toBeUndefined();
  });

  test.each(names)("%s is read where it is an own property", (name) => {
    expect(read(name, JSON.parse(`{"${name}": 1}`))).toBe(1);
  });

  test("__proto__ in an object is a field like any other", () => {
    const built = read("{ __proto__: a, b: a }", { a: { x: 1 } }) as object;
    expect(Object.getPrototypeOf(built)).toBe(Object.prototype);
    expect(Object.entries(built)).toEqual([
      ["__proto__", { x: 1 }],
      ["b", { x: 1 }],
    ]);
    const target: Record<string, unknown> = {};
    defineOwn(target, "__proto__", { polluted: true });
    expect("polluted" in target).toBe(false);
  });
});

function read(text: string, value: unknown): unknown {
  return compileSelection(parseSelectionMap(text))(rawRoots(value));
}
