import { parse, print } from "graphql";
import { describe, expect, test } from "vitest";
import { mergeExtensions } from "../../gateway/language/merge-extensions.ts";

function merge(text: string): string {
  const definitions = mergeExtensions(parse(text).definitions);
  return definitions.map((node) => print(node).replaceAll(/\s+/g, " ")).join(" ; ");
}

describe("extensions", () => {
  test.each([
    ["an object type", "type A { a: Int } extend type A @x { b: Int }", "type A @x { a: Int b: Int }"],
    ["before the definition", "extend type A { b: Int } type A { a: Int }", "type A { a: Int b: Int }"],
    ["without a definition", "extend type A { b: Int }", "type A { b: Int }"],
    ["twice", "extend type A { b: Int } extend type A { a: Int }", "type A { b: Int a: Int }"],
    [
      "the interfaces of a type",
      "type A implements I { a: Int } extend type A implements J",
      "type A implements I & J { a: Int }",
    ],
    [
      "an interface",
      "interface I @x { a: Int } extend interface I implements J @y { b: Int }",
      "interface I implements J @x @y { a: Int b: Int }",
    ],
    [
      "an interface before its definition",
      "extend interface I { b: Int } interface I { a: Int }",
      "interface I { a: Int b: Int }",
    ],
    ["a union", "union U = A extend union U @x = B | C", "union U @x = A | B | C"],
    ["a union before its definition", "extend union U = B union U = A", "union U = A | B"],
    ["a union without a definition", "extend union U = B", "union U = B"],
    ["an enum", "enum A { B } extend enum A { C } extend enum A @d", "enum A @d { B C }"],
    [
      "an input type before its definition",
      "extend input A { b: Int } input A { c: Int = 1 } extend input A @d",
      "input A @d { c: Int = 1 b: Int }",
    ],
    [
      "a scalar",
      'scalar A extend scalar A @specifiedBy(url: "https://a")',
      'scalar A @specifiedBy(url: "https://a")',
    ],
    [
      "several types, in the order in which the types came first",
      "extend enum A { B } type C { d: Int } enum A { E }",
      "enum A { E B } ; type C { d: Int }",
    ],
    ["directives only", "union U = A extend union U @x", "union U @x = A"],
  ])("merge: %s", (_what, text, merged) => {
    expect(merge(text)).toBe(merged);
  });

  test.each([
    ["two definitions", "type A { a: Int } type A { b: Int }", "type A { a: Int } ; type A { b: Int }"],
    [
      "types of two kinds",
      "interface A { a: Int } extend type A { b: Int } extend union A = B",
      "interface A { a: Int } ; type A { b: Int } ; union A = B",
    ],
    [
      "other definitions",
      "directive @a on ENUM query { b } extend schema @c",
      "directive @a on ENUM ; { b } ; extend schema @c",
    ],
  ])("leave as they are: %s", (_what, text, merged) => {
    expect(merge(text)).toBe(merged);
  });
});
