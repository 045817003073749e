import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { type ReceivedRequest, ScriptedBackend } from "../support/scripted-backend.ts";

// Who gets no answer pays for what was received, from outside: a list is a hundred times as long as its schema says, and who
// reads it goes away before it is answered.

const rowsOfList = 200;
/** Of the root, of two rows that the schema speaks of, and of their owners. */
const estimate = 5;
const capacity = 1500;

const source = `extend schema @source(name: "main", url: "http://x", timeoutMs: 20000)
  type Query { rows: [Row!] @rest(GET: "/rows") @listSize(assumedSize: 2) }
  type Row @key(fields: "id") {
    id: ID!
    owner: User @rest(GET: "/owners{?ids*}", batch: { of: "$parent.ownerId", as: "ids", match: "id", maxSize: 200 })
    ownerId: ID!
  }
  type User { id: ID! name: String }`;
const client = `type Query { rows: [Row!] } type Row { id: ID! owner: User! } type User { id: ID! }`;
const budgets = `budgets: [{ name: "types", of: "typeCost", capacity: ${capacity}, window: "month" }]`;
const read = "{ rows { id owner { id } } }";

const backend = new ScriptedBackend();
let held = Promise.withResolvers<null>();
let project: ProjectGateway;

function answerOf({ url }: ReceivedRequest): unknown {
  const { pathname, searchParams } = new URL(url, "http://main");
  if (pathname === "/owners") return searchParams.getAll("ids").map((id) => ({ id }));
  return Array.from({ length: rowsOfList }, (_, id) => ({ id: `r${id}`, ownerId: "u1" }));
}

beforeAll(() => backend.start());
afterAll(() => backend.stop());
beforeEach(() => {
  held = Promise.withResolvers<null>();
  backend.clear();
  backend.answer = async (request) => {
    if (request.url.startsWith("/owners")) await held.promise;
    return { body: answerOf(request) };
  };
});
afterEach(async () => {
  held.resolve(null);
  await project.stop();
});

async function start(compileFrom: string, config = ""): Promise<void> {
  project = await startProject(
    { main: source },
    client,
    { MAIN_URL: backend.url, COMPILE_FROM_REQUEST: compileFrom },
    {
      config: `{ name: "web", anonymous: true, ${budgets}, ${config} }`,
    },
  );
}

function callsOf(path: string): number {
  return backend.requests.filter(({ url }) => url.startsWith(path)).length;
}

/** Of all operations that were settled: how many, and what they were charged together. */
async function readCharged(): Promise<{ readonly count: number; readonly typeCost: number }> {
  const text = await (await fetch(`${project.gateway.adminUrl}/metrics`)).text();
  const sumOf = (suffix: string): number =>
    [
      ...text.matchAll(
        new RegExp(`^overlock_actual_cost_${suffix}\\{[^}]*unit="typeCost"[^}]*\\} (\\S+)$`, "gm"),
      ),
    ]
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0);
  return { count: sumOf("count"), typeCost: sumOf("sum") };
}

async function settled(count: number): Promise<number> {
  await eventually(async () => expect((await readCharged()).count).toBe(count));
  return (await readCharged()).typeCost;
}

/** Asks, and goes away when rows are here and owners are on their way. The status, where it was answered before. */
async function readAndLeave(): Promise<number | null> {
  const leaving = new AbortController();
  const before = callsOf("/owners");
  const answered = answerOrNull(leaving.signal);
  const isCalling = eventually(() => expect(callsOf("/owners")).toBeGreaterThan(before)).then(() => null);
  const status = await Promise.race([answered, isCalling.catch(() => null)]);
  leaving.abort();
  await answered;
  return status;
}

describe.each([
  ["reference", "1000000"],
  ["compiled", "1"],
])("a run of the %s executor that nobody gets the answer of", (_tier, compileFrom) => {
  test("lets a client read no more than its budget holds and once as much, however often it leaves", async () => {
    await start(compileFrom);
    let left = 0;
    for (let round = 0; round < 20; round++) {
      if ((await readAndLeave()) === 429) break;
      await settled(++left);
    }
    const rows = callsOf("/rows") * rowsOfList;
    expect(rows).toBeGreaterThanOrEqual(capacity - estimate - rowsOfList);
    expect(rows).toBeLessThanOrEqual(2 * capacity);
    expect((await project.query(read)).status).toBe(429);
  });

  test("is charged for its rows where its time runs out", async () => {
    await start(compileFrom, "requestTimeoutMs: 300");
    const { status } = await project.query(read);
    expect([200, 504]).toContain(status);
    expect(await settled(1)).toBeGreaterThanOrEqual(1 + rowsOfList);
  });

  test("is charged for its rows where there are more than an answer may have", async () => {
    await start(compileFrom, "maxResolvedValues: 100");
    held.resolve(null);
    const { errors } = await project.query(read);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["RESPONSE_TOO_LARGE"]);
    expect(await settled(1)).toBeGreaterThan(100);
  });
});

describe("requests that wait for one run", () => {
  test.each([
    ["leave, one after the other", 0],
    ["leave, but for the first, which is answered", 1],
  ])("are each charged for its rows where all %s", async (_how, staying) => {
    await start("1");
    // What an operation's first request brings is compiled code; it is run by itself.
    held.resolve(null);
    await project.query(read);
    const whole = 1 + 2 * rowsOfList;
    expect(await settled(1)).toBe(whole);
    backend.requests.length = 0;
    held = Promise.withResolvers<null>();
    const clients = Array.from({ length: 4 }, () => new AbortController());
    const answers: Promise<number | null>[] = [];
    for (const { signal } of clients) {
      answers.push(answerOrNull(signal));
      await eventually(async () => expect(await readInFlight()).toBe(answers.length));
      await eventually(() => expect(callsOf("/owners")).toBe(1));
    }
    for (const [left, leaving] of clients.slice(staying).entries()) {
      leaving.abort();
      expect(await settled(left + 2)).toBe(whole + (left + 1) * (1 + rowsOfList));
    }
    const leavers = clients.length - staying;
    held.resolve(null);
    expect(await Promise.all(answers)).toEqual([
      ...answers.slice(0, staying).map(() => 200),
      ...Array(leavers).fill(null),
    ]);
    expect(await settled(5)).toBe((1 + staying) * whole + leavers * (1 + rowsOfList));
    expect(callsOf("/rows")).toBe(1);
  });
});

function answerOrNull(signal: AbortSignal): Promise<number | null> {
  return project.query(read, { signal }).then(
    ({ status }) => status,
    () => null,
  );
}

async function readInFlight(): Promise<number> {
  const text = await (await fetch(`${project.gateway.adminUrl}/metrics`)).text();
  return Number(/^overlock_requests_in_flight\{bff="web"\} (\d+)$/m.exec(text)?.[1]);
}
