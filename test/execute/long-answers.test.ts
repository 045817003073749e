import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
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
        type Query {
          rows: [Row!] @rest(GET: "/rows")
          loose: [Loose] @rest(GET: "/rows")
          groups: [Group!] @rest(GET: "/rows")
        }
        type Group { cents: [Int] }
        type Loose { title: String count: Int }
        type Row { id: ID! title: String! count: Int! }`,
    },
    `type Query {
        rows: [Row!]
        priced: [Priced!] @from(field: "rows")
        loose: [Loose]
        prices: [String] @from(field: "groups.cents") @flatten @formatCurrency(currency: "EUR", minorUnits: true)
      }
      type Row { id: ID! title: String! count: Int! }
      type Priced @view(of: "Row") {
        id: ID!
        price: String @from(field: "count") @formatCurrency(currency: "EUR", minorUnits: true)
      }
      type Loose { title: String count: Int }`,
    {},
    { config: '{ name: "web", anonymous: true, maxResolvedValues: 200000, requestTimeoutMs: 60000 }' },
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

function answerRows(rows: readonly unknown[]): void {
  backend.answer = { headers: { "content-type": "application/json" }, body: JSON.stringify(rows) };
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

/** How long the answer is. */
async function fetchBytes(query: string): Promise<number> {
  const response = await fetch(`${project.gateway.url}/web/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "accept-encoding": "identity" },
    body: JSON.stringify({ query }),
  });
  expect(response.status).toBe(200);
  return (await response.arrayBuffer()).byteLength;
}

test("an answer of a backend as large as it may be by default never holds the event loop for 50 ms", async () => {
  const body = rowsOf(24_000, 8_000_000);
  backend.answer = { headers: { "content-type": "application/json" }, body };
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        expect(await fetchBytes("{ rows { id title count } }")).toBeGreaterThan(7_000_000);
      }),
    );
  }
  // One of them may have met a collection of garbage.
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});

test("neither do many at once that are long, each in turns of its own", async () => {
  backend.answer = { headers: { "content-type": "application/json" }, body: rowsOf(20_000, 3_000_000) };
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        // Under names of their own, so that none shares another's run.
        const queries = Array.from({ length: 10 }, (_, index) => `{ rows { id title n${index}: count } }`);
        for (const bytes of await Promise.all(queries.map(fetchBytes)))
          expect(bytes).toBeGreaterThan(2_500_000);
      }),
    );
  }
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});

test("neither does one of many small rows, with numbers that JavaScript can't hold", async () => {
  const count = 60_000;
  const row = (index: number): string =>
    `{"id":${9_007_199_254_740_993n + BigInt(index)},"title":"","count":${index},"parts":[${'{"a":1,"b":"x"},'.repeat(4)}1]}`;
  const body = `[${Array.from({ length: count }, (_, index) => row(index)).join(",")}]`;
  backend.answer = { headers: { "content-type": "application/json" }, body };
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        const { rows } = (await project.query("{ rows { id } }")).data as { rows: readonly { id: string }[] };
        expect([rows.length, rows[1], rows.at(-1)]).toEqual([
          count,
          { id: "9007199254740994" },
          { id: "9007199254800992" },
        ]);
      }),
    );
  }
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});

test("neither does one in which thousands of values have no form", async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: `r${index}`, title: {}, count: "many" }));
  answerRows(rows);
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

test("neither does one that takes long to assemble, and it has all of its values and errors in their places", async () => {
  const count = 40_000;
  answerRows(
    Array.from({ length: count }, (_, id) => ({ id: String(id), count: id % 1000 === 7 ? [] : id })),
  );
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        const { data, errors } = await project.query("{ priced { id price } }");
        const { priced } = data as { priced: readonly { readonly id: string; readonly price: string }[] };
        expect([priced.length, priced[7], priced[8]]).toEqual([
          count,
          { id: "7", price: null },
          { id: "8", price: "€0.08" },
        ]);
        expect(priced.every(({ id }, index) => id === String(index))).toBe(true);
        expect(errors.map(({ path }) => path)).toEqual(
          Array.from({ length: 40 }, (_, index) => ["priced", index * 1000 + 7, "price"]),
        );
      }),
    );
  }
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});

test("neither does a list of leaves that takes long to shape", async () => {
  const rows = Array.from({ length: 800 }, (_, row) => ({
    cents: Array.from({ length: 100 }, (_one, index) => row * 100 + index),
  }));
  answerRows(rows);
  const turns: number[] = [];
  for (let round = 0; round < 4; round++) {
    turns.push(
      await longestTurnMs(async () => {
        const { prices } = (await project.query("{ prices }")).data as { prices: readonly string[] };
        expect([prices.length, prices[0], prices.at(-1)]).toEqual([80_000, "€0.00", "€799.99"]);
      }),
    );
  }
  expect(turns.toSorted((left, right) => left - right)[2]).toBeLessThan(50);
});

describe("an answer that is assembled in several turns", () => {
  const long = "{ priced { id price again: price } }";
  beforeEach(() => answerRows(Array.from({ length: 60_000 }, (_, id) => ({ id: String(id), count: id }))));

  test("is refused all the same where it has more values than it may", async () => {
    const { data, errors } = await project.query(long);
    expect(data).toBeUndefined();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["RESPONSE_TOO_LARGE"]);
  });
});
