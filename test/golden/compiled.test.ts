import { readdirSync } from "node:fs";
import path from "node:path";
import { describe } from "vitest";
import { compileEverything } from "../support/compile-setting.ts";

// Every golden case once more, with code made for each operation before it runs for the first time.
compileEverything();

const ownName = "compiled.test.ts";

for (const name of readdirSync(import.meta.dirname)) {
  if (!name.endsWith(".test.ts") || name === ownName) continue;
  // oxlint-disable-next-line no-await-in-loop -- the tests of a file are registered while it is imported
  await describe(
    name,
    async () => void (await import(/* @vite-ignore */ path.join(import.meta.dirname, name))),
  );
}
