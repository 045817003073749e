import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareExecutors } from "../compare-executors.ts";
import { inCalmestWorld } from "./calmest-world.ts";
import { type Festival, openFestival } from "./festival.ts";

// ORACLE_OPERATIONS=<number> tries more of each of the six client schemas, ORACLE_FROM=<seed> others.
const { ORACLE_OPERATIONS = "3400", ORACLE_FROM = "0" } = process.env;
const count = Number(ORACLE_OPERATIONS);
const from = Number(ORACLE_FROM);

/** Codes that every thousand operations meet at least once. */
const expectedCodes = [
  "INVALID_VALUE",
  "NULL_IN_NON_NULL",
  "BAD_USER_INPUT",
  "UNAUTHENTICATED",
  "UNAUTHORIZED_FIELD_OR_TYPE",
  "HEADER_REQUIRED",
  "UPSTREAM_ERROR",
  "UPSTREAM_REJECTED",
  "UPSTREAM_DENIED",
  "UPSTREAM_INVALID_RESPONSE",
];

/** Compares the executors on the festival's client schema of this name and on what is made of it. */
export function compareFestival(name: "plain" | "views"): void {
  let festival: Festival;
  beforeAll(async () => {
    festival = await openFestival(name);
  }, 60_000);
  afterAll(() => festival.stop());

  describe(`the compiled executor and the reference on the festival's ${name} schema`, () => {
    test.each([name, `${name}-promising`, `${name}-strict`])(
      `%s: give the same answers to ${count} random operations`,
      async (bffName) => {
        const bff = festival.bffs.get(bffName);
        if (bff === undefined) throw new Error(`Expected a client schema ${bffName}.`);
        const compared = await compareExecutors({ ...bff, count, from, simplify: inCalmestWorld });
        const { report, codes, leaves, absorbed, calls, costlier, compiled, denied, miscounted } = compared;
        expect(report).toBe("none");
        expect(costlier).toEqual([]);
        expect(miscounted).toEqual([]);
        expect(compared.underestimated).toEqual([]);
        // They were about something, and some of it went wrong in every way.
        expect(codes.get("INTERNAL_SERVER_ERROR") ?? 0).toBe(0);
        expect(codes.get("refused") ?? 0).toBeLessThan(count * 0.05);
        expect(compiled).toBeGreaterThan(count * 0.9);
        expect(denied).toBeGreaterThan(count * 0.2);
        if (count < 1000) return;
        expect(codes.get("refused") ?? 0).toBeGreaterThan(count * 0.005);
        expect(leaves).toBeGreaterThan(count * 2);
        expect(calls.reference).toBeGreaterThan(count);
        expect(expectedCodes.filter((code) => !codes.has(code))).toEqual([]);
        expect(absorbed).toBeGreaterThanOrEqual(name === "views" ? count / 200 : 0);
      },
      120_000 + count * 100,
    );
  });
}
