import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildPerformancePage, readPerformanceNotes } from "../../bench/performance-page.ts";
import { parseResults, readRecordedResults } from "../../bench/results.ts";
import { workloads } from "../../bench/workloads.ts";

const page = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
const results = readRecordedResults();

test("docs/performance.md is what the recorded results and the notes make", () => {
  // Otherwise: npm run bench -- --page, or --record for new figures.
  expect(page).toBe(buildPerformancePage(results, readPerformanceNotes()));
});

test("results from before there were credentials and budgets say that these were not measured", () => {
  const { credentials: _credentials, budgets: _budgets, ...old } = results;
  const text = buildPerformancePage(parseResults(JSON.stringify(old)), "");
  expect(text).toMatch(/\| a cached JWT adds [^|]* \|  \| not measured \|/);
  expect(text).toMatch(/\| checking scopes adds [^|]* \|  \| not measured \|/);
  expect(text).toMatch(/\| demand control adds [^|]* \|  \| not measured \|/);
});

test("the recorded results hold every workload, with the limit and Overlock in at least 15 rounds", () => {
  expect(results.workloads.map(({ workload }) => workload)).toEqual(workloads.map(({ name }) => name));
  for (const { measurements } of results.workloads)
    for (const name of ["limit", "overlock"]) {
      const rounds = measurements.find(({ contender }) => contender === name)?.cpuMs.length;
      expect(rounds).toBeGreaterThanOrEqual(15);
    }
});
