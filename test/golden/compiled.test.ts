import { readdirSync } from "node:fs";
import path from "node:path";
import { describe } from "vitest";
import { compileEverything } from "../support/compile-setting.ts";

// Every golden case once more, with code made for each operation before it runs for the first time.
compileEverything();

describe.each(readdirSync(import.meta.dirname).filter(isCase))("%s", async (name) => {
  await import(/* @vite-ignore */ path.join(import.meta.dirname, name));
});

function isCase(name: string): boolean {
  return name.endsWith(".test.ts") && name !== "compiled.test.ts";
}
