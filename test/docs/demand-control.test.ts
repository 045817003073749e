import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPlanner, type Planner } from "../support/shop-planner.ts";
import { createShopProject } from "../support/temporary-project.ts";
import { shopRoot, startTestGateway } from "../support/test-gateway.ts";
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

  test("is answered and refused as its budget says", async () => {
    const shell = document.codes.find(({ text }) => text.includes("/web/graphql"))?.text ?? "";
    const { query } = JSON.parse(/'(\{"query".*\})'/.exec(shell)?.[1] ?? "") as { readonly query: string };
    const [answered, refused] = document.codes.filter(({ text }) => text.startsWith("HTTP/1.1 "));
    const schema = readFileSync(path.join(shopRoot, "bff-web/schema.graphql"), "utf8");
    const budget = { name: "burst", of: "fieldCost", capacity: 60, refillPerSecond: 1 };
    const project = createShopProject(schema, { budgets: [budget] });
    // In a process that has just begun, the first request may take so long that the budget has one more when it ends.
    const warm = await startTestGateway({}, project.root);
    await warm.query(query);
    await warm.stop();
    const gateway = await startTestGateway({}, project.root);
    const told: string[] = [];
    for (const { text } of [answered, refused].filter((code) => code !== undefined)) {
      const { status, headers, errors } = await gateway.query(query);
      const names = [...text.matchAll(/^([a-z-]+): /gm)].map(([, name = ""]) => name);
      const lines = names.map((name) => `${name}: ${headers.get(name)}`);
      const body = status === 200 ? "" : `\n\n${JSON.stringify({ errors })}`;
      told.push(
        `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Too Many Requests"}\n${lines.join("\n")}${body}`,
      );
    }
    await gateway.stop();
    project.remove();
    // The long line is broken for people.
    const inOneLine = (text: string | undefined): string => (text ?? "").trim().replaceAll(',\n"', ',"');
    expect(told).toEqual([answered, refused].map((code) => inOneLine(code?.text)));
  });
});
