import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Backends, RunningContender, startBackends } from "./child-process.ts";
import type { Contender } from "./contenders.ts";
import { buildExpectedAnswer } from "./expected-answer.ts";
import { HttpConnection, type Load, type LoadResult, runClosedLoop, writeRequest } from "./http-load.ts";
import { quantileOf } from "./statistics.ts";
import type { Workload } from "./workloads.ts";

export interface ComparisonSettings {
  readonly rounds: number;
  readonly connections: number;
  /** How long a contender is under load in one round, about. */
  readonly slotMs: number;
  /** In how many turns, so that what else the machine does meanwhile meets all contenders. */
  readonly turns: number;
  /** How long it is under load before the first round. */
  readonly warmUpMs: number;
}

/** What one contender did in the rounds of one workload: one element for each round. */
export interface Measurement {
  readonly contender: string;
  /** CPU time per request in milliseconds, user and system, of the process and its children. */
  readonly cpuMs: readonly number[];
  /** Of that, the thread that runs JavaScript; 0 where it can't be told. */
  readonly mainThreadMs: readonly number[];
  readonly requestsPerSecond: readonly number[];
  readonly p50Ms: readonly number[];
  readonly p95Ms: readonly number[];
  readonly p99Ms: readonly number[];
  /** Over all rounds. */
  readonly upstreamCallsPerRequest: number;
  readonly peakMegabytes: number;
}

/** Backends and contenders that run, and one workload that each of them has answered rightly. */
export class Comparison {
  readonly workload: Workload;
  readonly entrants: readonly Entrant[];
  readonly backends: Backends;
  readonly #folder: string;

  private constructor(workload: Workload, entrants: readonly Entrant[], backends: Backends, folder: string) {
    this.workload = workload;
    this.entrants = entrants;
    this.backends = backends;
    this.#folder = folder;
  }

  /** Starts everything in processes of its own, and raises an error where an answer is not the expected one. */
  static async start(workload: Workload, contenders: readonly Contender[]): Promise<Comparison> {
    const folder = mkdtempSync(path.join(tmpdir(), "overlock-bench-"));
    const expected = await buildExpectedAnswer(workload);
    const backends = await startBackends();
    const starts = await Promise.allSettled(
      contenders.map(async (contender) => {
        const own = path.join(folder, contender.name);
        mkdirSync(own);
        return RunningContender.start(contender, backends.environment, own);
      }),
    );
    const running = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    try {
      for (const start of starts) if (start.status === "rejected") throw start.reason;
      const entrants = [];
      for (const contender of running)
        entrants.push(await checkAnswer(contender, workload, { expected, authorization: null }));
      return new Comparison(workload, entrants, backends, folder);
    } catch (error) {
      await stopAll(running, backends, folder);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await stopAll(
      this.entrants.map(({ running }) => running),
      this.backends,
      this.#folder,
    );
  }

  /** Interleaved rounds: in each, every contender takes its turn once, in an order of chance. */
  async measure(settings: ComparisonSettings): Promise<readonly Measurement[]> {
    const { rounds, connections, slotMs, turns, warmUpMs } = settings;
    const entered = new Map<Entrant, { readonly requests: number; readonly slots: Slot[] }>();
    for (const entrant of this.entrants) {
      const { requests, elapsedMs } = await warmUp(loadOf(entrant, connections), warmUpMs);
      entered.set(entrant, {
        requests: Math.max(connections, Math.round(((requests / elapsedMs) * slotMs) / turns)),
        slots: [],
      });
    }
    for (let round = 0; round < rounds; round++) {
      const taken = new Map([...entered.keys()].map((entrant) => [entrant, [] as Slot[]]));
      for (let turn = 0; turn < turns; turn++)
        for (const [entrant, { requests }] of shuffle([...entered]))
          taken.get(entrant)?.push(await this.runSlot(entrant, connections, requests));
      for (const [entrant, { slots }] of entered) slots.push(joinTurns(taken.get(entrant) ?? []));
    }
    return [...entered].map(([{ running }, { slots }]) => {
      const calls = slots.reduce((total, slot) => total + slot.upstreamCalls, 0);
      const requests = slots.reduce((total, slot) => total + slot.requests, 0);
      return {
        contender: running.contender.name,
        cpuMs: readCpuMs(running, slots),
        mainThreadMs: slots.map((slot) => rounded(slot.mainThreadUs / slot.requests / 1000)),
        requestsPerSecond: slots.map((slot) => Math.round((slot.requests / slot.elapsedMs) * 1000)),
        p50Ms: slots.map(({ latenciesMs }) => rounded(quantileOf(latenciesMs, 0.5))),
        p95Ms: slots.map(({ latenciesMs }) => rounded(quantileOf(latenciesMs, 0.95))),
        p99Ms: slots.map(({ latenciesMs }) => rounded(quantileOf(latenciesMs, 0.99))),
        upstreamCallsPerRequest: rounded(calls / requests),
        peakMegabytes: Math.round(running.readPeakBytes() / 1e6),
      };
    });
  }

  /** One contender under load for a moment. */
  async runSlot(entrant: Entrant, connections: number, maxRequests: number): Promise<Slot> {
    const { running } = entrant;
    let before = { allUs: 0, mainThreadUs: 0 };
    const result = await runClosedLoop(
      { ...loadOf(entrant, connections), maxRequests, maxMs: Infinity },
      async () => {
        await this.backends.takeCalls();
        before = await running.readCpu();
      },
    );
    const after = await running.readCpu();
    const cpuUs = after.allUs - before.allUs;
    const mainThreadUs = after.mainThreadUs - before.mainThreadUs;
    const upstreamCalls = await this.backends.takeCalls();
    running.emptyLog();
    return { ...result, cpuUs, mainThreadUs, upstreamCalls };
  }
}

function joinTurns(turns: readonly Slot[]): Slot {
  const sum = (read: (turn: Slot) => number): number => turns.reduce((total, turn) => total + read(turn), 0);
  return {
    requests: sum(({ requests }) => requests),
    elapsedMs: sum(({ elapsedMs }) => elapsedMs),
    latenciesMs: Float64Array.from(turns.flatMap(({ latenciesMs }) => [...latenciesMs])).toSorted(),
    cpuUs: sum(({ cpuUs }) => cpuUs),
    mainThreadUs: sum(({ mainThreadUs }) => mainThreadUs),
    upstreamCalls: sum(({ upstreamCalls }) => upstreamCalls),
  };
}

/**
 * For each round; the mean of all rounds in each of them where the process is known by clock ticks alone, of which a turn
 * has only a few.
 */
function readCpuMs({ hasCoarseClock }: RunningContender, slots: readonly Slot[]): readonly number[] {
  if (!hasCoarseClock) return slots.map(({ cpuUs, requests }) => rounded(cpuUs / requests / 1000));
  const cpuUs = slots.reduce((total, slot) => total + slot.cpuUs, 0);
  const requests = slots.reduce((total, slot) => total + slot.requests, 0);
  return slots.map(() => rounded(cpuUs / requests / 1000));
}

/**
 * Load until the code has had its chance to be compiled: for so long, and for `minWarmUpRequests`, which take up to ten times
 * as long where each of them takes a millisecond. The last part of it tells how fast the contender is.
 */
export async function warmUp(
  load: Pick<Load, "port" | "request" | "connections" | "bodyBytes">,
  warmUpMs: number,
): Promise<LoadResult> {
  const startedMs = performance.now();
  let requests = 0;
  for (;;) {
    const result = await runClosedLoop({ ...load, maxRequests: Infinity, maxMs: warmUpMs / 2 });
    requests += result.requests;
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs >= warmUpMs && (requests >= minWarmUpRequests || elapsedMs >= maxWarmUps * warmUpMs))
      return result;
  }
}

const minWarmUpRequests = 15_000;
const maxWarmUps = 10;

/** A contender that runs, and the request that it is sent. */
export interface Entrant {
  readonly running: RunningContender;
  readonly request: Buffer;
  readonly bodyBytes: number;
}

export interface Slot {
  readonly requests: number;
  readonly elapsedMs: number;
  readonly latenciesMs: Float64Array;
  readonly cpuUs: number;
  readonly mainThreadUs: number;
  readonly upstreamCalls: number;
}

export function loadOf(
  { running, request, bodyBytes }: Entrant,
  connections: number,
): Pick<Load, "port" | "request" | "connections" | "bodyBytes"> {
  return { port: running.port, request, connections, bodyBytes };
}

interface RightAnswer {
  readonly expected: unknown;
  /** Null: none. */
  readonly authorization: string | null;
  /** Where it is sent, if not where the contender answers workloads. */
  readonly endpoint?: string;
}

/** Sends a workload's request, and raises an error where the answer is not the expected one. */
export async function checkAnswer(
  running: RunningContender,
  workload: Workload,
  { expected, authorization, endpoint = running.contender.endpoint }: RightAnswer,
): Promise<Entrant> {
  const { operationName, query, variables } = workload;
  const head = { endpoint, port: running.port, authorization };
  const request = writeRequest(head, { operationName, query, variables });
  const connection = await HttpConnection.open(running.port);
  try {
    let bodyBytes = 0;
    // More than once, because an operation may be answered in another way when it comes again.
    for (let time = 0; time < 5; time++) {
      const { status, body } = await connection.send(request);
      const answer: unknown = JSON.parse(body.toString());
      const isRight = running.contender.showsRawProtobuf
        ? isDeepStrictEqual(withoutZeros(answer), withoutZeros(expected))
        : isDeepStrictEqual(answer, expected);
      if (status !== 200 || !isRight) {
        const [got, wanted] = [answer, expected].map((value) => JSON.stringify(value).slice(0, 1500));
        throw new Error(
          `${running.contender.name}, ${workload.name}: expected the answer\n${wanted}\ngot ${status}\n${got}`,
        );
      }
      bodyBytes = body.length;
    }
    return { running, request, bodyBytes };
  } finally {
    connection.close();
  }
}

/** Numbers as text, and null for what is zero or false. */
function withoutZeros(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (_key, value: unknown) => {
    if (value === 0 || value === "0" || value === false) return null;
    return typeof value === "number" ? String(value) : value;
  });
}

async function stopAll(
  running: readonly RunningContender[],
  backends: Backends,
  folder: string,
): Promise<void> {
  await Promise.all(running.map(async (contender) => contender.stop()));
  await backends.stop();
  rmSync(folder, { recursive: true, force: true });
}

function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([left], [right]) => left - right)
    .map(([, item]) => item);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
