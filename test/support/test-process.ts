import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The Node of the lockfile, which runs the gateway. */
export const lockfileNode = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of its own, with what it printed. It leads a process group, so that nothing it starts can stay behind. */
export class TestProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<ProcessExit>;
  #hasExited = false;
  stdout = "";
  stderr = "";

  /** `environment` is all that it gets but `PATH` and the like; not that of the test runner. */
  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
    this.#child = spawn(command, args, {
      env: { PATH, HOME, TMPDIR, NO_COLOR: "1", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.#exit = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      // Not `exit`: what it printed last comes after that.
      this.#child.once("close", (code, signal) => {
        this.#hasExited = true;
        resolve({ code, signal });
      });
    });
    this.#exit.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The first match in the standard output. Throws after `timeoutMs`, and where the process ends without one. */
  async printed(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      if (this.#hasExited)
        throw new Error(`Expected ${String(pattern)}, the process ended: ${this.#output()}`);
      if (performance.now() > endMs)
        throw new Error(`Expected ${String(pattern)} within ${timeoutMs} ms: ${this.#output()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** How it ended. Throws after `timeoutMs`. */
  async exited(timeoutMs = 10_000): Promise<ProcessExit> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`Expected an end within ${timeoutMs} ms: ${this.#output()}`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([this.#exit, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether anything of its group still runs. */
  get isGroupAlive(): boolean {
    try {
      process.kill(-this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Ends whatever is left of it. */
  async stop(): Promise<void> {
    if (this.isGroupAlive) process.kill(-this.pid, "SIGKILL");
    await this.exited();
  }

  #output(): string {
    return JSON.stringify({ stdout: this.stdout.slice(-2000), stderr: this.stderr.slice(-2000) });
  }
}

/** Where a process that runs `overlock start` listens, from its log. */
export async function listeningUrls(
  started: TestProcess,
): Promise<{ readonly url: string; readonly adminUrl: string }> {
  const [line] = await started.printed(/^\{.*"msg":"listening"\}$/m);
  return JSON.parse(line) as { url: string; adminUrl: string };
}
