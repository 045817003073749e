import path from "node:path";
import { describe } from "vitest";
import { compileEverything } from "../support/compile-setting.ts";

// Whatever is said of subqueries, their documents and how many there are, once more with code that was made for each
// operation before it ran for the first time.
compileEverything();

describe.each([
  "subqueries.test.ts",
  "abstract-subqueries.test.ts",
  "subquery-lookups.test.ts",
  "graphql-connections.test.ts",
])("%s", async (name) => {
  await import(/* @vite-ignore */ path.join(import.meta.dirname, name));
});
