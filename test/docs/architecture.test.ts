import path from "node:path";
import { describe, expect, test } from "vitest";
import { findImports } from "../architecture/imports.ts";
import { readSourceFiles } from "../architecture/source-files.ts";
import { cellOf, codeOf, readMarkdownDocument, tableUnder } from "./markdown-document.ts";

describe("docs/architecture.md", () => {
  const { rows } = tableUnder(readMarkdownDocument("docs/architecture.md"), "Layers");
  const ranks = new Map(rows.map((row) => [codeOf(row, "folder"), Number(cellOf(row, "rank"))]));
  const files = [...readSourceFiles("gateway")].filter(([file]) => folderOf(file) !== null);

  test("lists exactly the folders of gateway/, lowest rank first", () => {
    const folders = files.map(([file]) => folderOf(file) ?? "");
    expect([...ranks.keys()].toSorted()).toEqual([...new Set(folders)].toSorted());
    expect([...ranks.values()]).toEqual([...ranks.values()].toSorted((left, right) => left - right));
  });

  test("gives each folder a rank above all that it imports", () => {
    const upward = files.flatMap(([file, source]) =>
      findImports(source)
        .map(({ specifier }) => path.posix.join(path.posix.dirname(file), specifier ?? ""))
        .filter((target) => folderOf(target) !== null && folderOf(target) !== folderOf(file))
        .filter((target) => rankOf(target) >= rankOf(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(upward).toEqual([]);
  });

  function rankOf(file: string): number {
    return ranks.get(folderOf(file) ?? "") ?? Number.NaN;
  }
});

/** `gateway/core/` for `gateway/core/errors.ts`; null for files that are in no folder of `gateway/`. */
function folderOf(file: string): string | null {
  return /^gateway\/[^/]+\/(?=.)/.exec(file)?.[0] ?? null;
}
