import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpAnswer, HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { eventually } from "../support/eventually.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import type { GraphqlAnswer } from "../support/test-gateway.ts";

// One run for several requests, through the whole gateway.

let count = 0;
/** Calls to `/held` wait for it, where it is there. */
let gate: PromiseWithResolvers<void> | null = null;

const backend = new HttpBackend(
  [
    {
      method: "GET",
      path: "/held/{id}",
      answer: async ({ path }) => {
        await gate?.promise;
        return { id: path["id"], text: "x" };
      },
    },
    { method: "GET", path: "/extra", answer: () => new HttpAnswer(503, { error: "no" }) },
    { method: "GET", path: "/large", answer: () => ({ id: "l", text: "ä€x".repeat(100_000) }) },
    // What it answers late is what was true when it was asked.
    {
      method: "GET",
      path: "/count",
      answer: async () => {
        const now = count;
        await sleep(Math.random() * 6);
        return { value: now };
      },
    },
    { method: "GET", path: "/unshared", answer: async () => sleep(10, { id: "u", text: "u" }) },
    {
      method: "POST",
      path: "/count",
      answer: async () => {
        await sleep(Math.random() * 3);
        count++;
        await sleep(Math.random() * 3);
        return { value: count };
      },
    },
  ],
  new RequestLog(countUp()),
);

const slowBackend = new HttpBackend(
  [{ method: "GET", path: "/slow/{id}", answer: async () => sleep(15, "slow") }],
  new RequestLog(countUp()),
);

const sources = {
  main: `extend schema @source(name: "main", url: "http://x", timeoutMs: 5000)
    type Query {
      held(id: ID!): Thing @rest(GET: "/held/{args.id}")
      extra: Thing @rest(GET: "/extra")
      large: Thing @rest(GET: "/large")
      unshared: Thing @rest(GET: "/unshared", shareInFlight: false)
      count: Count @rest(GET: "/count")
    }
    type Mutation { increment: Count @rest(POST: "/count") }
    type Thing { id: ID! text: String }
    type Count { value: Int }`,
  late: `extend schema @source(name: "late", url: "http://x")
    type Query { slow(id: ID!): String @rest(GET: "/slow/{args.id}") }`,
};
const clientSchema = `
  type Query {
    held(id: ID!): Thing extra: Thing optional: String @from(field: "extra.text") @default(value: "none", onError: true)
    large: Thing unshared: Thing count: Count slow(id: ID!): String
  }
  type Mutation { increment: Count }
  type Thing { id: ID! text: String } type Count { value: Int }`;

let project: ProjectGateway;
let unsharing: ProjectGateway;

beforeAll(async () => {
  await Promise.all([backend.start(), slowBackend.start()]);
  const environment = { MAIN_URL: backend.url, LATE_URL: slowBackend.url, COMPILE_FROM_REQUEST: "1" };
  project = await startProject(sources, clientSchema, environment);
  unsharing = await startProject(sources, clientSchema, environment, {
    config: '{ name: "web", anonymous: true, shareRequests: false }',
  });
});
afterAll(async () => {
  await Promise.all([project.stop(), unsharing.stop()]);
  await Promise.all([backend.stop(), slowBackend.stop()]);
});
beforeEach(async () => {
  gate = null;
  // What an operation's first request brings is compiled code; it is run by itself.
  await project.query(held, { variables: { id: "first" } });
  backend.log.clear();
});
afterEach(() => gate?.resolve());

const held = "query Held($id: ID!) { held(id: $id) { id text } }";

interface LogLine {
  readonly requestId: string;
  readonly operation: string | null;
  readonly outcome: string;
  readonly isJoined: boolean;
  readonly upstreamCalls: number;
  readonly errorCodes: Readonly<Record<string, number>>;
}

/** The log lines of requests with this prefix in their ids, in the order of the ids. */
function linesOf(prefix: string): readonly LogLine[] {
  return project.log.text
    .split("\n")
    .filter((line) => line.includes(`"requestId":"${prefix}`))
    .map((line) => JSON.parse(line) as LogLine)
    .toSorted((one, other) => one.requestId.localeCompare(other.requestId));
}

/** Requests whose ids are the prefix and a number; each is with the gateway when the next one is sent. */
async function askInTurn(
  { query, id }: { readonly query: string; readonly id: string },
  prefix: string,
  clients: readonly AbortController[],
): Promise<readonly Promise<GraphqlAnswer>[]> {
  const answers: Promise<GraphqlAnswer>[] = [];
  for (const [index, { signal }] of clients.entries()) {
    const headers = { "x-request-id": `${prefix}${index}` };
    answers.push(project.query(query, { variables: { id }, headers, signal }));
    await eventually(async () => expect(await readInFlight()).toBe(index + 1));
  }
  return answers;
}

async function readInFlight(): Promise<number> {
  const text = await (await fetch(`${project.gateway.adminUrl}/metrics`)).text();
  return Number(/^overlock_requests_in_flight\{bff="web"\} (\d+)$/m.exec(text)?.[1]);
}

function clientsOf(number: number): readonly AbortController[] {
  return Array.from({ length: number }, () => new AbortController());
}

function cancelled(): readonly boolean[] {
  return backend.log.entries.map((entry) => entry.cancelled);
}

describe("requests for the same at the same time", () => {
  it("are one run with one call, and a line of the log each", async () => {
    gate = Promise.withResolvers();
    const answers = await askInTurn({ query: held, id: "a" }, "one-", clientsOf(3));
    gate.resolve();
    const texts = (await Promise.all(answers)).map(({ text }) => text);
    expect(new Set(texts)).toEqual(new Set(['{"data":{"held":{"id":"a","text":"x"}}}']));
    expect(backend.log.count()).toBe(1);
    await eventually(() => expect(linesOf("one-")).toHaveLength(3));
    expect(linesOf("one-")).toMatchObject([
      { requestId: "one-0", operation: "Held", outcome: "ok", isJoined: false, upstreamCalls: 1 },
      { requestId: "one-1", operation: "Held", outcome: "ok", isJoined: true, upstreamCalls: 0 },
      { requestId: "one-2", operation: "Held", outcome: "ok", isJoined: true, upstreamCalls: 0 },
    ]);
  });

  it("share errors, what was absorbed, and what there is besides", async () => {
    const query = "query Some($id: ID!) { held(id: $id) { id } extra { id } optional }";
    await project.query(query, { variables: { id: "first" } });
    gate = Promise.withResolvers();
    const answers = await askInTurn({ query, id: "p" }, "some-", clientsOf(3));
    gate.resolve();
    const [first, ...others] = await Promise.all(answers);
    expect(first?.data).toEqual({ held: { id: "p" }, extra: null, optional: "none" });
    expect(first?.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["extra"], "UPSTREAM_ERROR"],
    ]);
    expect(first?.extensions).toEqual({ completeness: [{ path: ["optional"], code: "UPSTREAM_ERROR" }] });
    expect(others.map(({ text }) => text)).toEqual([first?.text, first?.text]);
    await eventually(() => expect(linesOf("some-")).toHaveLength(3));
    for (const line of linesOf("some-"))
      expect(line).toMatchObject({ outcome: "partial", errorCodes: { UPSTREAM_ERROR: 2 } });
  });

  it("are told apart by their variables", async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => project.query(held, { variables: { id: `v${index % 4}` } })),
    );
    for (const [index, { data }] of answers.entries())
      expect(data).toEqual({ held: { id: `v${index % 4}`, text: "x" } });
  });

  it("are 1,000 at once, and all are answered", async () => {
    gate = Promise.withResolvers();
    const answers = Array.from({ length: 1000 }, (_, index) =>
      project.query(held, { variables: { id: "many" }, headers: { "x-request-id": `many-${index}` } }),
    );
    await expect.poll(readInFlight, { timeout: 20_000 }).toBe(1000);
    gate.resolve();
    const texts = new Set((await Promise.all(answers)).map(({ text }) => text));
    expect([...texts]).toEqual(['{"data":{"held":{"id":"many","text":"x"}}}']);
    expect(backend.log.count()).toBe(1);
    await eventually(() => expect(linesOf("many-")).toHaveLength(1000));
    expect(linesOf("many-").filter(({ isJoined }) => isJoined)).toHaveLength(999);
  }, 60_000);

  it("get large answers whole, in whichever coding they take", async () => {
    const query = 'query Large { held(id: "l") { id } large { text } }';
    await project.query(query);
    backend.log.clear();
    gate = Promise.withResolvers();
    const answers = Array.from({ length: 50 }, (_, index) =>
      project.query(query, {
        headers: { "accept-encoding": ["gzip", "identity", "br"][index % 3] ?? "" },
      }),
    );
    await expect.poll(readInFlight, { timeout: 10_000 }).toBe(50);
    gate.resolve();
    for (const { data } of await Promise.all(answers))
      expect(data).toEqual({ held: { id: "l" }, large: { text: "ä€x".repeat(100_000) } });
    expect(backend.log.count("GET /large")).toBe(1);
  }, 60_000);

  it.each<[what: string, gatewayOf: () => ProjectGateway, query: string, path: string]>([
    ["a call is not to be shared", () => project, "{ unshared { id } }", "GET /unshared"],
    ["something is changed", () => project, "mutation { increment { value } }", "POST /count"],
  ])("are run each by itself where %s", async (_what, gatewayOf, query, path) => {
    await gatewayOf().query(query);
    backend.log.clear();
    await Promise.all(Array.from({ length: 5 }, () => gatewayOf().query(query)));
    expect(backend.log.count(path)).toBe(5);
  });

  it("are run each by itself where the BFF says so, and still share their calls", async () => {
    await unsharing.query(held, { variables: { id: "b" } });
    gate = Promise.withResolvers();
    backend.log.clear();
    const answers = Array.from({ length: 5 }, () => unsharing.query(held, { variables: { id: "b" } }));
    await eventually(() => expect(backend.log.count()).toBe(1));
    await sleep(50);
    gate.resolve();
    await Promise.all(answers);
    const lines = unsharing.log.text.split("\n").filter((line) => line.includes('"joinedCalls":1'));
    expect(lines.length).toBeGreaterThan(0);
    expect(unsharing.log.text).not.toContain('"isJoined":true');
  });
});

describe("a client that goes away", () => {
  it("costs those nothing who wait for the run that it began", async () => {
    gate = Promise.withResolvers();
    const clients = clientsOf(3);
    const [first, ...others] = await askInTurn({ query: held, id: "c" }, "first-", clients);
    clients[0]?.abort();
    await expect(first).rejects.toThrow("aborted");
    await eventually(() => expect(linesOf("first-0")).toMatchObject([{ errorCodes: { CANCELLED: 1 } }]));
    gate.resolve();
    for (const { data } of await Promise.all(others)) expect(data).toEqual({ held: { id: "c", text: "x" } });
    expect(cancelled()).toEqual([false]);
    // The call is in the books of one who stayed.
    await eventually(() => expect(linesOf("first-")).toHaveLength(3));
    expect(linesOf("first-").map(({ upstreamCalls }) => upstreamCalls)).toEqual([0, 1, 0]);
  });

  it("costs the one nothing that began the run which it waits for", async () => {
    gate = Promise.withResolvers();
    const clients = clientsOf(2);
    const [first, second] = await askInTurn({ query: held, id: "d" }, "second-", clients);
    clients[1]?.abort();
    await expect(second).rejects.toThrow("aborted");
    await eventually(() => expect(linesOf("second-1")).toHaveLength(1));
    gate.resolve();
    expect((await first)?.data).toEqual({ held: { id: "d", text: "x" } });
    expect(cancelled()).toEqual([false]);
  });

  it("ends the call where it was the last, whoever began it", async () => {
    gate = Promise.withResolvers();
    const clients = clientsOf(3);
    const answers = await askInTurn({ query: held, id: "e" }, "last-", clients);
    const settled = Promise.allSettled(answers);
    for (const [index, client] of clients.entries()) {
      expect(cancelled()).toEqual([false]);
      client.abort();
      await eventually(() => expect(linesOf("last-")).toHaveLength(index + 1));
    }
    await settled;
    await eventually(() => expect(cancelled()).toEqual([true]));
    // And nobody is handed the rest of it.
    gate.resolve();
    expect((await project.query(held, { variables: { id: "e" } })).data).toEqual({
      held: { id: "e", text: "x" },
    });
    expect(backend.log.count()).toBe(2);
  });
});

describe("a client that writes, and reads then", () => {
  it.each([
    ["the same", "{ count { value } }"],
    ["the same with something slow behind it", '{ count { value } slow(id: "s") }'],
  ])(
    "sees what it has written, whoever else reads %s all the time",
    async (_what, query) => {
      await Promise.all([project.query(query), project.query("mutation { increment { value } }")]);
      const end = new AbortController();
      const readers = Array.from({ length: 12 }, async () => {
        while (!end.signal.aborted) await project.query(query);
      });
      const writer = async (): Promise<void> => {
        for (let round = 0; round < 40; round++) {
          const { data } = await project.query("mutation { increment { value } }");
          const written = (data as { readonly increment: { readonly value: number } }).increment.value;
          const { data: read } = await project.query(query);
          const { count: found } = read as { readonly count: { readonly value: number } };
          expect(found.value).toBeGreaterThanOrEqual(written);
        }
      };
      try {
        await Promise.all([writer(), writer()]);
      } finally {
        end.abort();
        await Promise.all(readers);
      }
      expect(project.log.text).toContain('"isJoined":true');
    },
    60_000,
  );
});
