import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPlanner, type Planner } from "../support/shop-planner.ts";
import { cellOf, readMarkdownDocument } from "./markdown-document.ts";

const document = readMarkdownDocument("docs/demand-control.md");

let shop: Planner;
beforeAll(async () => {
  shop = await openPlanner();
});
afterAll(() => shop.dispose());

describe("the example in docs/demand-control.md", () => {
  test("costs what its table says, and its lines add up", () => {
    const [query] = document.codes.filter(({ language }) => language === "graphql");
    const [, table] = document.tables.filter(({ heading }) => heading === "Cost");
    const rows = table?.rows ?? [];
    const sums = (["type cost", "field cost"] as const).map((column) => {
      const cells = rows.map((row) => Number(cellOf(row, column)));
      const together = cells.pop();
      expect(cells.reduce((sum, cell) => sum + cell, 0)).toBe(together);
      return together;
    });
    const { typeCost, fieldCost } = shop.estimate(query?.text ?? "");
    expect([typeCost, fieldCost]).toEqual(sums);
    expect(shop.estimate(query?.text ?? "", { first: 1 }).typeCost).toBe(1 + 1 + 1 + 2 + 2);
  });
});
