import { afterAll, beforeAll, expect, test } from "vitest";
import { compileEverything } from "../support/compile-setting.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const backend = new ScriptedBackend();
let project: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  compileEverything();
  project = await startProject(
    {
      archive: `extend schema @source(name: "archive", url: "${backend.url}", timeoutMs: 20000)
        type Query { rows: [Row!] @rest(GET: "/rows") loose: [Loose] @rest(GET: "/rows") }
        type Loose { title: String count: Int }
        type Row { id: ID! title: String! count: Int! }`,
    },
    "type Query { rows: [Row!] loose: [Loose] } type Loose { title: String count: Int } type Row { id: ID! title: String! count: Int! }",
    {},
  );
});

afterAll(async () => {
  await project.stop();
  await backend.stop();
});

/** Rows that have, together, about as many bytes. */
function rowsOf(count: number, bytes: number): string {
  const filler = "x".repeat(Math.max(0, Math.floor(bytes / count) - 60));
  return JSON.stringify(
    Array.from({ length: count }, (_, index) => ({ id: `r${index}`, title: filler, count: index })),
  );
}

/** The longest turn of the event loop while `work` runs, in milliseconds of this thread's CPU time. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = process.threadCpuUsage();
  let isOver = false;
  const next = (): void => {
    const used = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    longest = Math.max(longest, (used.user + used.system) / 1000);
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  await work();
  isOver = true;
  return longest;
}

test("an answer of a backend as large as it may be by default never holds the event loop for 50 ms", async () => {
  const body = rowsOf(24_000, 8_000_000);
  backend.answer = { headers: { "content-type": "application/json" }, body };
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        const response = await fetch(`${project.gateway.url}/web/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", "accept-encoding": "identity" },
          body: JSON.stringify({ query: "{ rows { id title count } }" }),
        });
        const bytes = (await response.arrayBuffer()).byteLength;
        expect([response.status, bytes > 7_000_000]).toEqual([200, true]);
      }),
    );
  }
  // One of them may have met a collection of garbage.
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});

test("neither does one in which thousands of values have no form", async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: `r${index}`, title: {}, count: "many" }));
  backend.answer = { headers: { "content-type": "application/json" }, body: JSON.stringify(rows) };
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        const { errors } = await project.query("{ loose { title count } }");
        expect(errors).toHaveLength(20_000);
      }),
    );
  }
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});
