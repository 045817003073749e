import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Contender } from "./contenders.ts";
import type { InstrumentCommand, InstrumentReport } from "./instrument.ts";

const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
/** Linux counts the CPU time of a process in these, on every machine that Node runs on. */
const clockTicksPerSecond = 100;

/** The backends in a process of their own. */
export interface Backends {
  /** `<SOURCE>_URL` and the like. */
  readonly environment: Readonly<Record<string, string>>;
  /** The number of calls since the last time that this was asked for. */
  takeCalls(): Promise<number>;
  stop(): Promise<void>;
}

export async function startBackends(): Promise<Backends> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "backends/start.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  endWithUs(child);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { CONTROL_URL = "", ...environment } = JSON.parse(line.toString()) as Record<string, string>;
  return {
    environment,
    takeCalls: async () => {
      const { calls } = (await (await fetch(CONTROL_URL)).json()) as { readonly calls: number };
      return calls;
    },
    stop: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

export interface CpuTimes {
  readonly allUs: number;
  readonly mainThreadUs: number;
}

/** One contender in a process of its own, which listens. */
export class RunningContender {
  readonly contender: Contender;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #log: number;

  private constructor(contender: Contender, port: number, child: ChildProcess, log: number) {
    this.contender = contender;
    this.port = port;
    this.#child = child;
    this.#log = log;
    endWithUs(child);
  }

  /** `folder`: its own. What it writes goes to a file there, as a production process's log does. */
  static async start(
    contender: Contender,
    environment: Readonly<Record<string, string>>,
    folder: string,
  ): Promise<RunningContender> {
    const port = await findFreePort();
    const { program, files, environment: own } = contender.command;
    const variables = { ...environment, ...own, NODE_ENV: "production", PORT: String(port) };
    const args = [...contender.command.args];
    if (files !== null) args.push(files(folder, variables));
    const logFile = path.join(folder, "log");
    const log = openSync(logFile, "a");
    const instrument = path.join(import.meta.dirname, "instrument.ts");
    const child = spawn(
      program ?? process.execPath,
      program === null ? ["--import", instrument, ...args] : args,
      {
        env: { ...process.env, ...variables },
        stdio: ["ignore", log, log, program === null ? "ipc" : "ignore"],
      },
    );
    const running = new RunningContender(contender, port, child, log);
    try {
      await running.#waitUntilReady();
    } catch (error) {
      await running.stop();
      throw new Error(`${contender.name} did not start:\n${readFileSync(logFile, "utf8").slice(-4000)}`, {
        cause: error,
      });
    }
    return running;
  }

  /** Whether its CPU time is known in steps of 10 ms only, because `instrument.ts` is not in it. */
  get hasCoarseClock(): boolean {
    return this.contender.command.program !== null;
  }

  /**
   * The CPU time so far of the process and its children, user and system, and of its main thread alone, in
   * microseconds; that of the thread is 0 where it can't be told.
   */
  async readCpu(): Promise<CpuTimes> {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("Expected a process id.");
    const descendants = findDescendants(pid);
    if (this.hasCoarseClock)
      return { allUs: sum([pid, ...descendants].map(readProcessCpuUs)), mainThreadUs: 0 };
    const { overlockBenchCpuUs, mainThreadUs } = await this.tell({ overlockBench: "usage" });
    return { allUs: overlockBenchCpuUs + sum(descendants.map(readProcessCpuUs)), mainThreadUs };
  }

  /** The CPU time of the process and its children alone. */
  async readCpuUs(): Promise<number> {
    return (await this.readCpu()).allUs;
  }

  /** The most memory that the process, and each of its children, has held so far, in bytes. */
  readPeakBytes(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("Expected a process id.");
    return sum(
      [pid, ...findDescendants(pid)].map((id) => {
        const peak = /VmHWM:\s*([0-9]+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
        return Number(peak ?? 0) * 1024;
      }),
    );
  }

  /** Empties the log, so that a long run does not fill the disk. */
  emptyLog(): void {
    ftruncateSync(this.#log, 0);
  }

  /** Sends a command to `instrument.ts` in the process. */
  async tell(command: InstrumentCommand): Promise<InstrumentReport> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const hear = (message: unknown): void => {
        if (typeof message !== "object" || message === null || !("overlockBenchCpuUs" in message)) return;
        child.off("message", hear);
        child.off("exit", fail);
        resolve(message as InstrumentReport);
      };
      const fail = (): void => reject(new Error(`${this.contender.name} has ended.`));
      child.on("message", hear);
      child.once("exit", fail);
      child.send(command);
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      child.kill("SIGTERM");
      await exit;
      clearTimeout(timer);
    }
    closeSync(this.#log);
  }

  async #waitUntilReady(): Promise<void> {
    const deadlineMs = performance.now() + startTimeoutMs;
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`It ended with status ${this.#child.exitCode}.`);
      try {
        const response = await fetch(`http://127.0.0.1:${this.port}${this.contender.endpoint}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            operationName: "Trivial",
            query: "query Trivial { __typename }",
            variables: {},
          }),
          signal: AbortSignal.timeout(5000),
        });
        if (response.status === 200) return;
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
      }
      if (performance.now() > deadlineMs) throw new Error(`It was not ready within ${startTimeoutMs} ms.`);
      await sleep(50);
    }
  }
}

/** Leaves no process behind, whatever ends this one. */
function endWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Every process below this one. */
function findDescendants(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) => {
    const ids = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
    return ids === "" ? [] : ids.split(" ").map(Number);
  });
  return children.flatMap((child) => [child, ...findDescendants(child)]);
}

function readProcessCpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold spaces; the times are the 14th and 15th field of all.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond) * 1e6;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
