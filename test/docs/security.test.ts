import { existsSync, globSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "../architecture/source-files.ts";
import { cellOf, readMarkdownDocument, tableUnder } from "./markdown-document.ts";

describe("SECURITY.md", () => {
  const { rows } = tableUnder(readMarkdownDocument("SECURITY.md"), "What we promise");

  test("names for each promise tests that are there", () => {
    expect(rows.length).toBeGreaterThan(10);
    const named = rows.map((row) =>
      [...cellOf(row, "tests").matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file),
    );
    expect(named.filter((tests) => tests.length === 0)).toEqual([]);
    expect(named.flat().filter((file) => !hasTests(file))).toEqual([]);
  });
});

function hasTests(file: string): boolean {
  const place = path.join(repositoryRoot, file);
  if (!file.endsWith("/")) return file.endsWith(".test.ts") && existsSync(place);
  return globSync("**/*.test.ts", { cwd: place }).length > 0;
}
