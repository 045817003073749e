import { availableParallelism } from "node:os";
import type { RunningContender } from "./child-process.ts";
import {
  checkAnswer,
  Comparison,
  type ComparisonSettings,
  type Entrant,
  loadOf,
  warmUp,
} from "./comparison.ts";
import {
  type Contender,
  findContender,
  overlockWithBudgets,
  overlockWithCallers,
  overlockWithWorkers,
} from "./contenders.ts";
import { HttpConnection, runOpenLoop, writeRequest } from "./http-load.ts";
import { issueToken } from "./issue-token.ts";
import type {
  BudgetsResult,
  CredentialsResult,
  HalfLoadResult,
  JoiningResult,
  LengthResult,
  PreparingResult,
  SharingResult,
  WorkersResult,
} from "./results.ts";
import { quantileOf } from "./statistics.ts";
import { findWorkload, rowsOf, type Workload } from "./workloads.ts";

const sharingConnections = 64;
const halfLoadSlotMs = 1000;
/** Load generator, backends and two workers. */
const coresForWorkers = 4;
const preparedFields = 200;
const preparedOperations = 40;
/** A process that has just begun compiles itself; these come before what counts. */
const preparedBefore = 120;
/** Requests for one operation until it is compiled, and as many after that. */
const measuredTimes = 5;
const interpretedTimes = 50;

/** How often equal reads that are under way together are sent upstream, by all who can share them. */
export async function measureSharing(
  workload: string,
  contenders: readonly Contender[],
  settings: ComparisonSettings,
): Promise<SharingResult> {
  const measurements = await withComparison(workload, contenders, async (comparison) =>
    comparison.measure({ ...settings, connections: sharingConnections }),
  );
  return { workload, connections: sharingConnections, measurements };
}

/** What requests cost that wait for one run together, beside what trivial ones cost, in turns. */
export async function measureJoining(workload: string, settings: ComparisonSettings): Promise<JoiningResult> {
  const contenders = [findContender("overlock-sharing")];
  return withComparison(workload, contenders, (joined) =>
    withComparison("trivial", contenders, async (trivial) => {
      const sides = [joined, trivial].map((comparison) => ({ comparison, entrant: onlyEntrant(comparison) }));
      // Of those who share runs nearly nobody begins one. On one connection everybody does, until that code is compiled, too.
      await warmUp(loadOf(onlyEntrant(joined), 1), settings.warmUpMs);
      const many = { ...settings, connections: sharingConnections };
      const [cpuMs = [], trivialCpuMs = []] = await measureInTurns(sides, many);
      return { workload, cpuMs, trivialCpuMs };
    }),
  );
}

/** What a token costs that was verified before, and what a guard costs; in one process, in turns. */
export async function measureCredentials(settings: ComparisonSettings): Promise<CredentialsResult> {
  const { authorization, keys } = await issueToken();
  return withComparison("trivial", [overlockWithCallers(keys)], async (comparison) => {
    const anonymous = onlyEntrant(comparison);
    const { running } = anonymous;
    await checkRefusals(running);
    const ask = (workload: Workload, data: object): Promise<Entrant> =>
      checkAnswer(running, workload, { expected: { data }, authorization });
    const entrants = [
      anonymous,
      await ask(comparison.workload, { __typename: "Query" }),
      await ask(askForNotices("open"), { open: { __typename: "Notices" } }),
      await ask(askForNotices("kept"), { kept: { __typename: "Notices" } }),
    ];
    const sides = entrants.map((entrant) => ({ comparison, entrant }));
    const [anonymousCpuMs = [], tokenCpuMs = [], openCpuMs = [], guardedCpuMs = []] = await measureInTurns(
      sides,
      settings,
    );
    const headerBytes = `authorization: ${authorization}\r\n`.length;
    return { headerBytes, anonymousCpuMs, tokenCpuMs, openCpuMs, guardedCpuMs };
  });
}

/** What it costs to charge a request to a token bucket and to a quota, and to settle it; in one process, in turns. */
export async function measureBudgets(settings: ComparisonSettings): Promise<BudgetsResult> {
  return withComparison("trivial", [overlockWithBudgets()], async (comparison) => {
    const unpaid = onlyEntrant(comparison);
    const { running } = unpaid;
    const right = { expected: { data: { __typename: "Query" } }, authorization: null };
    const paid = await checkAnswer(running, comparison.workload, { ...right, endpoint: "/budgets/graphql" });
    await checkCharged(unpaid, false);
    await checkCharged(paid, true);
    const sides = [unpaid, paid].map((entrant) => ({ comparison, entrant }));
    const [unpaidCpuMs = [], paidCpuMs = []] = await measureInTurns(sides, settings);
    return { unpaidCpuMs, paidCpuMs };
  });
}

/** The 95th percentile at half of the rate that the gateway bears, beside that of its backend alone. */
export async function measureHalfLoad({
  rounds,
  connections,
  warmUpMs,
}: ComparisonSettings): Promise<HalfLoadResult> {
  const workload = "rest-list";
  return withComparison(workload, [findContender("overlock")], async (comparison) => {
    const { backends } = comparison;
    const entrant = onlyEntrant(comparison);
    const load = { ...loadOf(entrant, connections), maxRequests: Infinity };
    const most = await warmUp(load, warmUpMs);
    const requestsPerSecond = Math.round((most.requests / most.elapsedMs / 2) * 1000);
    const { host, port } = new URL(backends.environment["CONTENT_URL"] ?? "");
    const backend = {
      port: Number(port),
      request: Buffer.from(`GET /posts?first=20 HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
      bodyBytes: null,
    };
    const gatewayP95Ms: number[] = [];
    const backendP95Ms: number[] = [];
    const open = { maxMs: halfLoadSlotMs, perSecond: requestsPerSecond };
    for (let round = 0; round < rounds; round++) {
      const both = [
        async () => gatewayP95Ms.push(p95Of(await runOpenLoop({ ...load, ...open }))),
        async () => backendP95Ms.push(p95Of(await runOpenLoop({ ...load, ...backend, ...open }))),
      ];
      for (const measure of round % 2 === 0 ? both : both.toReversed()) await measure();
    }
    return { workload, requestsPerSecond, gatewayP95Ms, backendP95Ms };
  });
}

/** CPU time that documents cost which come for the first time: of their first five requests together, without their runs. */
export async function measurePreparing(): Promise<PreparingResult> {
  return withComparison("rest-list", [findContender("overlock")], async (comparison) => {
    const entrant = onlyEntrant(comparison);
    const connection = await HttpConnection.open(entrant.running.port);
    try {
      const operations: OperationCosts[] = [];
      for (let number = 0; number < preparedBefore + preparedOperations; number++)
        operations.push(await measureOperation(entrant, connection, number));
      const interpretedMs = await measureInterpreted(entrant, connection);
      const cpuMs = operations.slice(preparedBefore).map(({ firstMs, laterMs }) => {
        // Two are run before there is code for it.
        const runsMs = 2 * interpretedMs + (measuredTimes - 2) * (laterMs / measuredTimes);
        return Number((firstMs - runsMs).toPrecision(4));
      });
      return { fields: preparedFields, cpuMs };
    } finally {
      connection.close();
    }
  });
}

/** The same operation over lists of 10 to 10,000 rows, with the limit beside it. */
export async function measureLengths(settings: ComparisonSettings): Promise<readonly LengthResult[]> {
  const results: LengthResult[] = [];
  for (const length of [10, 100, 1000, 10_000]) {
    const comparison = await Comparison.start(rowsOf(length), [
      findContender("limit"),
      findContender("overlock"),
    ]);
    try {
      results.push({ length, measurements: await comparison.measure(settings) });
    } finally {
      await comparison.stop();
    }
  }
  return results;
}

/** Null where there are too few cores to tell. */
export async function measureWorkers(settings: ComparisonSettings): Promise<WorkersResult | null> {
  if (availableParallelism() < coresForWorkers) return null;
  const workload = "rest-join";
  return withComparison(workload, [1, 2].map(overlockWithWorkers), async (comparison) => {
    const measurements = await comparison.measure({ ...settings, connections: sharingConnections });
    const [one, two] = measurements.map(({ requestsPerSecond }) => requestsPerSecond);
    return { workload, one: one ?? [], two: two ?? [] };
  });
}

/** One kind of request, which takes turns with others. */
interface Side {
  readonly comparison: Comparison;
  readonly entrant: Entrant;
}

/** CPU time per request in milliseconds of each side, one element for each round, in which all of them take their turns. */
async function measureInTurns(
  sides: readonly Side[],
  { rounds, connections, turns, slotMs, warmUpMs }: ComparisonSettings,
): Promise<readonly (readonly number[])[]> {
  const entered = [];
  for (const side of sides) {
    const { requests, elapsedMs } = await warmUp(loadOf(side.entrant, connections), warmUpMs);
    const perTurn = Math.round(((requests / elapsedMs) * slotMs) / turns);
    entered.push({ ...side, slotRequests: Math.max(connections, perTurn), cpuMs: [] as number[] });
  }
  for (let round = 0; round < rounds; round++) {
    const totals = entered.map((side) => ({ side, cpuUs: 0, requests: 0 }));
    for (let turn = 0; turn < turns; turn++) {
      for (const total of turn % 2 === 0 ? totals : totals.toReversed()) {
        const { comparison, entrant, slotRequests } = total.side;
        const slot = await comparison.runSlot(entrant, connections, slotRequests);
        total.cpuUs += slot.cpuUs;
        total.requests += slot.requests;
      }
    }
    for (const { side, cpuUs, requests } of totals)
      side.cpuMs.push(Number((cpuUs / requests / 1000).toPrecision(4)));
  }
  return entered.map(({ cpuMs }) => cpuMs);
}

function onlyEntrant({ entrants: [entrant] }: Comparison): Entrant {
  if (entrant === undefined) throw new Error("Expected a contender.");
  return entrant;
}

/** Fields of `bff-callers` that differ in name and guard alone. */
function askForNotices(field: "open" | "kept"): Workload {
  return {
    name: field,
    title: `{ ${field} { __typename } }`,
    usesGrpc: false,
    operationName: "Notices",
    query: `query Notices { ${field} { __typename } }`,
    variables: {},
  };
}

/** Raises an error where a token of another issuer is accepted, or the guard lets a stranger: then nothing is checked. */
async function checkRefusals(running: RunningContender): Promise<void> {
  const refusals = [
    { authorization: (await issueToken()).authorization, field: "open", code: "CREDENTIAL_INVALID" },
    { authorization: null, field: "kept", code: "UNAUTHORIZED_FIELD_OR_TYPE" },
  ] as const;
  const connection = await HttpConnection.open(running.port);
  try {
    for (const { authorization, field, code } of refusals) {
      const head = { endpoint: running.contender.endpoint, port: running.port, authorization };
      const { query } = askForNotices(field);
      const { body } = await connection.send(writeRequest(head, { query }));
      if (!body.includes(`"code":"${code}"`)) throw new Error(`Expected ${code}, got ${body.toString()}`);
    }
  } finally {
    connection.close();
  }
}

/** Raises an error where an answer does not say of two budgets what is left, or says it of any where nobody pays. */
async function checkCharged({ running, request }: Entrant, isCharged: boolean): Promise<void> {
  const connection = await HttpConnection.open(running.port);
  try {
    const { head } = await connection.send(request);
    const isTold = /\r\nratelimit: "burst";r=\d+;t=\d+, "monthly";r=\d+;t=\d+\r\n/.test(`${head}\r\n`);
    if (isTold !== isCharged || head.includes("\r\nratelimit") !== isCharged)
      throw new Error(
        `Expected an answer that is ${isCharged ? "" : "not "}charged to two budgets, got ${head}`,
      );
  } finally {
    connection.close();
  }
}

async function withComparison<Value>(
  workload: string,
  contenders: readonly Contender[],
  use: (comparison: Comparison) => Promise<Value>,
): Promise<Value> {
  const comparison = await Comparison.start(findWorkload(workload), contenders);
  try {
    return await use(comparison);
  } finally {
    await comparison.stop();
  }
}

/** CPU time in milliseconds of the first requests for one operation, and of as many after these. */
interface OperationCosts {
  readonly firstMs: number;
  readonly laterMs: number;
}

async function measureOperation(
  entrant: Entrant,
  connection: HttpConnection,
  number: number,
): Promise<OperationCosts> {
  const measure = measureTimes(entrant, connection, { query: writeOperation(number, "") });
  return { firstMs: await measure(measuredTimes), laterMs: await measure(measuredTimes) };
}

/** CPU time in milliseconds of one run of such an operation without code for it: with so many conditions, none is made. */
async function measureInterpreted(entrant: Entrant, connection: HttpConnection): Promise<number> {
  const names = ["a", "b", "c", "d", "e"];
  const definitions = `(${names.map((name) => `$${name}: Boolean!`).join(", ")})`;
  const query = writeOperation(0, definitions, (part) => `@include(if: $${names[part % names.length]})`);
  const variables = Object.fromEntries(names.map((name) => [name, true]));
  const measure = measureTimes(entrant, connection, { query, variables });
  await measure(interpretedTimes);
  return (await measure(interpretedTimes)) / interpretedTimes;
}

/** What measures the CPU time in milliseconds of so many requests, one after the other. */
function measureTimes({ running }: Entrant, connection: HttpConnection, params: object) {
  const head = { endpoint: running.contender.endpoint, port: running.port, authorization: null };
  const request = writeRequest(head, params);
  return async (times: number): Promise<number> => {
    const beforeUs = await running.readCpuUs();
    for (let time = 0; time < times; time++) {
      const { status, body } = await connection.send(request);
      if (status !== 200) throw new Error(`Expected 200, got ${status}: ${body.toString()}`);
    }
    return ((await running.readCpuUs()) - beforeUs) / 1000;
  };
}

/** A document that never came before, with definitions of variables: 200 fields, each of which shows one value, so that running it costs little. */
function writeOperation(
  number: number,
  definitions: string,
  directiveOf: (part: number) => string = () => "",
): string {
  const parts = Array.from({ length: 10 }, (_, part) => {
    const posts = ["id", "title", "likes", "createdAt", "body"].flatMap((name) => [name, name]);
    const users = ["id", "name", "avatarUrl"].flatMap((name) => [name, name, name]).slice(0, 8);
    const alias = (name: string, index: number): string => `f${number}_${index}: ${name}`;
    return `r${part}: posts(first: 1) ${directiveOf(part)} { ${posts.map(alias).join(" ")} author { ${users.map(alias).join(" ")} } }`;
  });
  return `query Prepared${number} ${definitions} { ${parts.join("\n")} }`;
}

function p95Of({ latenciesMs }: { readonly latenciesMs: Float64Array }): number {
  return Number(quantileOf(latenciesMs, 0.95).toPrecision(4));
}
