import { readdirSync, readFileSync } from "node:fs";
import { parse, print } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { differenceOf } from "../compare-answers.ts";
import { type Festival, openFestival } from "./festival.ts";

// What once was answered differently, made small: every operation that random search has found stays here for good.

/** One file of `cases/`. */
interface GoldenCase {
  /** What was wrong. */
  readonly about: string;
  readonly bff: string;
  /** Of the world, and of who asks. */
  readonly seed: number;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** False: the operation is left to the reference. Default true. */
  readonly isCompiled?: boolean;
  /** What both have to answer. It is here so that a case which no longer shows what it was made for is noticed. */
  readonly answer: { readonly data: unknown; readonly errors: readonly string[] };
}

const folder = new URL("cases/", import.meta.url);
const cases = readdirSync(folder)
  .toSorted()
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as GoldenCase);

let festival: Festival;
beforeAll(async () => {
  // What is denied is no part of them.
  festival = await openFestival("", undefined, () => true);
}, 60_000);
afterAll(() => festival.stop());

describe("both executors answer alike, and as they should, where they once did not", () => {
  test.each(cases)(
    "$about",
    async ({ bff: name, seed, query, variables = {}, isCompiled = true, answer }) => {
      const bff = festival.bffs.get(name);
      if (bff === undefined) throw new Error(`Expected a client schema ${name}.`);
      const operation = { seed, document: parse(query), variables, operationName: null };
      const [reference, compiled] = [await bff.reference(operation), await bff.compiled(operation)];
      expect(print(operation.document)).toBe(query);
      expect(differenceOf(reference, compiled)).toBeNull();
      expect(compiled.isCompiled).toBe(isCompiled);
      const errors = reference.errors.map(({ path, code }) => `${path.join(".")} ${code}`);
      expect({ data: reference.data, errors }).toEqual(answer);
    },
  );
});
