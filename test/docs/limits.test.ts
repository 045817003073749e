import { expect, test } from "vitest";
import { limitsOption, measurableLimits } from "../../gateway/config/demand-control.ts";
import { cellOf, codeOf, readMarkdownDocument, tableUnder } from "./markdown-document.ts";

const { rows } = tableUnder(readMarkdownDocument("docs/demand-control.md"), "Limits");

test("docs/demand-control.md lists exactly the limits that there are, with defaults", () => {
  const { measure, ...defaults } = limitsOption.parse({});
  const documented = rows.map((row) => [codeOf(row, "limit"), Number(codeOf(row, "default"))]);
  expect(documented).toEqual(Object.entries(defaults));
  expect(measure).toEqual([]);
});

test("docs/demand-control.md has the range of each limit", () => {
  const accepts = (limit: string, value: number): boolean =>
    limitsOption.safeParse({ [limit]: value }).success;
  for (const row of rows) {
    const [min = 0, max = 0] = cellOf(row, "range").split(" to ").map(Number);
    const limit = codeOf(row, "limit");
    expect([limit, ...[min - 1, min, max, max + 1].map((value) => accepts(limit, value))]).toEqual([
      limit,
      false,
      true,
      true,
      false,
    ]);
  }
});

test("docs/demand-control.md says which limits can be measured", () => {
  const measurable = rows.filter((row) => cellOf(row, "can be measured") === "yes");
  expect(measurable.map((row) => codeOf(row, "limit"))).toEqual(measurableLimits);
  for (const row of rows)
    expect(limitsOption.safeParse({ measure: [codeOf(row, "limit")] }).success).toBe(
      measurable.includes(row),
    );
});
