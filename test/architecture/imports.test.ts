import { describe, expect, test } from "vitest";
import { findImports } from "./imports.ts";

/** Each import as `line: specifier`, with `type` before the specifier of one that is erased. */
function listImports(source: string): readonly string[] {
  return findImports(source).map(
    ({ line, specifier, isTypeOnly }) => `${line}: ${isTypeOnly ? "type " : ""}${specifier ?? "(computed)"}`,
  );
}

describe("imports that are found", () => {
  test.each([
    ['import "./a.ts";', "1: ./a.ts"],
    ["import a from './a.ts';", "1: ./a.ts"],
    ['import * as a from "./a.ts";', "1: ./a.ts"],
    ['import a, { b as from, "c d" as e } from "./a.ts";', "1: ./a.ts"],
    ['import data from "./a.json" with { type: "json" };', "1: ./a.json"],
    ['import {\n  a,\n  // from "./commented.ts"\n} from "./a.ts";', "1: ./a.ts"],
    ['import type { A } from "./a.ts";', "1: type ./a.ts"],
    ['import type * as A from "./a.ts";', "1: type ./a.ts"],
    ['import type from "./a.ts";', "1: ./a.ts"],
    ['import type, { b } from "./a.ts";', "1: ./a.ts"],
    ['import { type A } from "./a.ts";', "1: ./a.ts"],
    ['export * from "./a.ts";', "1: ./a.ts"],
    ['export * as a from "./a.ts";', "1: ./a.ts"],
    ['export { a, type B } from "./a.ts";', "1: ./a.ts"],
    ['export type { A } from "./a.ts";', "1: type ./a.ts"],
    ['export type * from "./a.ts";', "1: type ./a.ts"],
    ['const a = await import("./a.ts");', "1: ./a.ts"],
    ["const a = [...await import(`./a.ts`)];", "1: ./a.ts"],
    ['import("./a.json", { with: { type: "json" } });', "1: ./a.json"],
    ['let a: typeof import("./a.ts");', "1: ./a.ts"],
    ['const a = require("./a.cjs");', "1: ./a.cjs"],
    ['const a = [...require("./a.cjs")];', "1: ./a.cjs"],
    ['import a = require("./a.cjs");', "1: ./a.cjs"],
    ["import(name);", "1: (computed)"],
    ['import("./" + name);', "1: (computed)"],
    ["import(`./${name}.ts`);", "1: (computed)"],
    ['import "./\\x61.ts";', "1: (computed)"],
    ['`\n${`}${import("./a.ts")}`}`;', "2: ./a.ts"],
    ['#!/usr/bin/env node\nimport "./a.ts";', "2: ./a.ts"],
    ['const half = width / 2; import("./a.ts"); const third = width / 3;', "1: ./a.ts"],
    ['if (/"/.test(text)) import("./a.ts");', "1: ./a.ts"],
    ['if (isQuoted) /"/.exec(text), import("./a.ts");', "1: ./a.ts"],
    ['const quote = text.return / 2; import("./a.ts"); const b = "/";', "1: ./a.ts"],
    ["return /[/'\"]/.test(text) || import('./a.ts');", "1: ./a.ts"],
  ])("%j", (source, expected) => {
    expect(listImports(source)).toEqual([expected]);
  });
});

describe("what only looks like an import", () => {
  test.each([
    '// import "./a.ts";',
    '/* import "./a.ts"; */',
    "'import \"./a.ts\"';",
    '`import "./a.ts"`;',
    '`${a} import "./a.ts"`;',
    '/import "a"/.test(text);',
    "import.meta.dirname;",
    'loader.import("./a.ts");',
    'loader?.import("./a.ts");',
    'module.require("./a.cjs");',
    'const options = { import: "./a.ts", export: "./b.ts" };',
    'export const a = "./a.ts";',
    'export { a };\nconst from = "./a.ts";',
    'export type A = { from: "./a.ts" };',
    'require.resolve("./a.cjs");',
  ])("%j", (source) => {
    expect(listImports(source)).toEqual([]);
  });
});

test("every import of a file is listed with its own line", () => {
  const source = ['import { a } from "a";', "", "export function load() {", '  return import("b");', "}"];
  expect(listImports(source.join("\n"))).toEqual(["1: a", "4: b"]);
});

test.each([
  ['const a = "open\n";', "line 1: expected the end of a string, found the end of the line"],
  ["const a =\n  `open;", "line 2: expected the end of a template, found the end of the file"],
])("a source that is not well formed is refused rather than misread: %j", (source, message) => {
  expect(() => findImports(source)).toThrow(new Error(message));
});
