import cluster, { type Worker } from "node:cluster";
import { type Problem, StartupError } from "../core/problems.ts";
import type { Logger } from "../observe/logger.ts";
import { type MetricsSnapshot, retire } from "../observe/metrics.ts";
import type { BudgetStore } from "../state/budget-store.ts";
import { answerBudgets } from "./worker-budgets.ts";
import { isMessage, lastSnapshotId, type PrimaryMessage, type WorkerMessage } from "./worker-messages.ts";

export interface WorkerPoolSettings {
  /** The program that a worker runs, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly workers: number;
  /** What workers ask about when they have no other store. */
  readonly budgets: BudgetStore;
  readonly logger: Logger;
  /** Takes whole lines of the workers' logs. */
  readonly output: { write(lines: string): void };
  /** How many are ready, whenever that changes. */
  readonly onReady: (ready: number) => void;
  /** A worker that nobody told to end is gone. */
  readonly onCrash: () => void;
}

/** One process that serves, and what the primary knows of it. */
interface Member {
  readonly worker: Worker;
  readonly startedMs: number;
  isReady: boolean;
  snapshot: MetricsSnapshot;
  /** Resolves when its process is gone and its last line is written. */
  readonly gone: Promise<void>;
}

/** Several workers on one port. A worker that is gone is replaced, until they are told to end. */
export class WorkerPool {
  readonly #settings: WorkerPoolSettings;
  readonly #members = new Set<Member>();
  readonly #respawns = new Set<NodeJS.Timeout>();
  readonly #requests = new Map<number, (from: Worker) => void>();
  #nextRequest = 0;
  #failuresInARow = 0;
  #isEnding = false;
  /** What workers that are gone have counted: a sum must not fall because one of its parts is gone. */
  #retired: MetricsSnapshot = [];

  constructor(settings: WorkerPoolSettings) {
    this.#settings = settings;
  }

  /** Starts all workers; resolves to the URL that they serve. Raises StartupError, once, where the first is refused. */
  async start(): Promise<string> {
    const { program, args, workers } = this.#settings;
    cluster.setupPrimary({ exec: program, args: [...args], stdio: ["ignore", "pipe", "inherit", "ipc"] });
    // The first alone: what is wrong with one is wrong with all.
    const url = await this.#spawn();
    await Promise.all(Array.from({ length: workers - 1 }, () => this.#spawn()));
    return url;
  }

  /** What every worker has counted so far, those that are gone among them. One that does not answer counts as before. */
  async snapshots(): Promise<readonly MetricsSnapshot[]> {
    const asked = [...this.#members].filter(({ worker, isReady }) => isReady && worker.isConnected());
    const id = this.#nextRequest++;
    const waiting = new Set(asked.map(({ worker }) => worker));
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#requests.delete(id);
        resolve();
      };
      const timer = setTimeout(done, maxSnapshotMs);
      this.#requests.set(id, (from) => {
        waiting.delete(from);
        if (waiting.size === 0) done();
      });
      if (waiting.size === 0) done();
      for (const { worker } of asked) send(worker, { type: "metrics", id });
    });
    return [this.#retired, ...[...this.#members].map(({ snapshot }) => snapshot)];
  }

  /** Every worker reads again what it can renew. */
  reload(): void {
    for (const { worker } of this.#members) send(worker, { type: "reload" });
  }

  /** Lets all workers answer what is under way, and resolves when they are gone. What takes longer is killed. */
  async end(idleGraceMs: number, timeoutMs: number): Promise<void> {
    this.#isEnding = true;
    for (const timer of this.#respawns) clearTimeout(timer);
    for (const { worker } of this.#members) send(worker, { type: "drain", idleGraceMs });
    const timer = setTimeout(() => {
      for (const { worker } of this.#members) worker.process.kill("SIGKILL");
    }, timeoutMs);
    await Promise.all([...this.#members].map(({ gone }) => gone));
    clearTimeout(timer);
  }

  /** Resolves when the worker is ready; raises StartupError where its start is refused, and an Error where it ends. */
  #spawn(): Promise<string> {
    const worker = cluster.fork();
    resetUntakenConnection(worker);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let refused: readonly Problem[] | null = null;
    const member: Member = {
      worker,
      startedMs: performance.now(),
      isReady: false,
      snapshot: [],
      gone: Promise.all([this.#forwardLines(worker), closed(worker)]).then(([, how]) => {
        this.#members.delete(member);
        this.#retired = retire([this.#retired, member.snapshot]);
        this.#tellReady();
        if (refused === null) reject(new Error(`worker ${worker.id} ended before it was ready: ${how}`));
        else reject(new StartupError(refused));
        if (!this.#isEnding && hasBeenReady) this.#replace(member, how);
      }),
    };
    let hasBeenReady = false;
    this.#members.add(member);
    worker.on("message", (message: unknown) => {
      if (!isMessage<WorkerMessage>(message, ["ready", "refused", "metrics", "budgets"])) return;
      if (message.type === "refused") refused = message.problems;
      else if (message.type === "metrics") this.#note(member, message);
      else if (message.type === "budgets") this.#answer(worker, message);
      else {
        member.isReady = true;
        hasBeenReady = true;
        this.#settings.logger.info({ worker: worker.id, pid: worker.process.pid }, "worker ready");
        this.#tellReady();
        resolve(message.url);
      }
    });
    return promise;
  }

  #note(member: Member, { id, snapshot }: Extract<WorkerMessage, { readonly type: "metrics" }>): void {
    member.snapshot = snapshot;
    if (id === lastSnapshotId) member.isReady = false;
    this.#requests.get(id)?.(member.worker);
  }

  #answer(worker: Worker, question: Extract<WorkerMessage, { readonly type: "budgets" }>): void {
    answerBudgets(this.#settings.budgets, question).then(
      (reservations) => send(worker, { type: "budgets", id: question.id, reservations }),
      // The worker does not wait for long.
      (error: unknown) => this.#settings.logger.error({ err: error }, "budgets could not be charged"),
    );
  }

  #tellReady(): void {
    this.#settings.onReady([...this.#members].filter(({ isReady }) => isReady).length);
  }

  /** A new one for one that is gone: at once, and later and later where they don't live long. */
  #replace({ worker, startedMs }: Pick<Member, "worker" | "startedMs">, how: string): void {
    const { logger, onCrash } = this.#settings;
    const livedMs = performance.now() - startedMs;
    this.#failuresInARow = livedMs < shortLifeMs ? this.#failuresInARow + 1 : 0;
    const delayMs = respawnDelayMs(this.#failuresInARow);
    logger.error({ worker: worker.id, pid: worker.process.pid, how, delayMs }, "worker gone");
    onCrash();
    const timer = setTimeout(() => {
      this.#respawns.delete(timer);
      const bornMs = performance.now();
      this.#spawn().catch((error: unknown) => {
        logger.error({ err: error }, "a worker could not be replaced");
        if (!this.#isEnding) this.#replace({ worker, startedMs: bornMs }, "not replaced");
      });
    }, delayMs);
    this.#respawns.add(timer);
  }

  /** Lines of several processes are written by one, each whole. Resolves when there are no more. */
  #forwardLines({ process: { stdout } }: Worker): Promise<void> {
    return new Promise((resolve) => {
      if (stdout === null) return resolve();
      let rest = "";
      stdout.setEncoding("utf8").on("data", (text: string) => {
        const end = text.lastIndexOf("\n") + 1;
        if (end > 0) this.#settings.output.write(rest + text.slice(0, end));
        rest = end > 0 ? text.slice(end) : rest + text;
        if (rest.length <= maxLineLength) return;
        this.#settings.output.write(`${rest}\n`);
        rest = "";
      });
      stdout.once("close", resolve);
    });
  }
}

/** In milliseconds: 0, then doubling from 100 to 30,000. */
export function respawnDelayMs(failuresInARow: number): number {
  return failuresInARow === 0 ? 0 : Math.min(30_000, 100 * 2 ** (failuresInARow - 1));
}

/** Who ends sooner than this, in milliseconds, has not recovered. */
const shortLifeMs = 10_000;

/** In characters; what is longer is no line of a log. */
const maxLineLength = 1024 * 1024;

/** The longest that metrics wait for a worker, in milliseconds. */
const maxSnapshotMs = 2000;

/** How a worker's process ended, once it has. */
function closed(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.process.once("error", (error) => resolve(String(error)));
    worker.process.once("exit", (code, signal) => resolve(signal ?? `status ${code}`));
  });
}

/**
 * A connection that was handed to a worker, and that it had not taken when it was killed, stays open in the primary:
 * nobody answers it, and its client waits. `node:cluster` hands over one at a time and tells nobody of it, so the last
 * one is noted where it passes, and closed, which is nothing where that has been done. To be deleted when Node does it
 * (https://github.com/nodejs/node-v0.x-archive/issues/7006); the test of a killed worker shows whether it does.
 */
function resetUntakenConnection({ process: child }: Worker): void {
  const sendAsIs = child.send.bind(child) as (...parameters: readonly unknown[]) => boolean;
  let last: { readonly close: () => void } | null = null;
  const sendNoting = (...parameters: readonly unknown[]): boolean => {
    const [message, handle] = parameters;
    const isConnection = typeof message === "object" && message !== null && "act" in message;
    if (isConnection && message.act === "newconn") last = handle as typeof last;
    return sendAsIs(...parameters);
  };
  child.send = sendNoting;
  child.once("exit", () => last?.close());
}

function send(worker: Worker, message: PrimaryMessage): void {
  // One that is gone can't be told, and need not be.
  if (worker.isConnected()) worker.send(message, () => {});
}
