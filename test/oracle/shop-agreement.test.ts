import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findDisagreement } from "./find-disagreement.ts";
import {
  type BffName,
  openOracleGateway,
  type OracleGateway,
  type OracleShop,
  startOracleShop,
} from "./shop-gateway.ts";
import { insteadOfRefusal } from "./refused-sizes.ts";
import { openPlainBff } from "./shop-operations.ts";

// ORACLE_OPERATIONS=<number> tries more, ORACLE_FROM=<seed> others.
const { ORACLE_OPERATIONS = "5000", ORACLE_FROM = "0" } = process.env;
const count = Number(ORACLE_OPERATIONS);
const from = Number(ORACLE_FROM);
const timeoutMs = 120_000 + count * 50;

let oracleShop: OracleShop;
let gateway: OracleGateway;

beforeAll(async () => {
  oracleShop = await startOracleShop();
  gateway = await openOracleGateway(oracleShop);
});
afterAll(async () => {
  await gateway.dispose();
  await oracleShop.stop();
});

/** Besides those that every run has: numbers too large, and cursors and links that are none. */
const expectedCodes: ReadonlySet<string> = new Set(["INVALID_VALUE", "BAD_USER_INPUT"]);

describe.each<BffName>(["web", "mobile"])("the %s BFF and plain graphql-js", (bff) => {
  test(
    `give the same answers to ${count} random operations`,
    async () => {
      const plain = openPlainBff(bff, oracleShop.shop.data);
      const codes = new Map<string, number>();
      let calls = 0;
      const takeNote = (name: string): void => void codes.set(name, (codes.get(name) ?? 0) + 1);
      const disagreement = await findDisagreement({
        generator: plain.generator,
        count,
        from,
        async left(operation) {
          const answer = await insteadOfRefusal(await gateway.answer(bff, operation), plain, operation);
          takeNote(answer.data === undefined ? "refused" : "answered");
          for (const { code } of answer.errors) takeNote(String(code));
          if (operation.seed % 1000 === 999) {
            calls += oracleShop.shop.calls().length;
            oracleShop.shop.clearLogs();
          }
          return answer;
        },
        right: plain.answer,
        concurrency: 8,
      });
      expect(disagreement?.report ?? "none").toBe("none");
      // They were about something: backends were asked, and some had reason to refuse.
      const { refused, answered, UNAUTHENTICATED, UPSTREAM_REJECTED, ...others } = Object.fromEntries(codes);
      expect({ refused, answered }).toEqual({ answered: count });
      expect(calls + oracleShop.shop.calls().length).toBeGreaterThan(count / 2);
      expect(Math.min(UNAUTHENTICATED ?? 0, UPSTREAM_REJECTED ?? 0)).toBeGreaterThan(count / 100);
      expect(Object.keys(others).filter((code) => !expectedCodes.has(code))).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "give the same answers by HTTP",
    async () => {
      const plain = openPlainBff(bff, oracleShop.shop.data);
      const disagreement = await findDisagreement({
        generator: plain.generator,
        count: 200,
        from: 1_000_000,
        left: async (operation) =>
          insteadOfRefusal(await gateway.answerByHttp(bff, operation), plain, operation),
        right: plain.answer,
        concurrency: 4,
      });
      expect(disagreement?.report ?? "none").toBe("none");
    },
    timeoutMs,
  );
});
