import { spawnSync } from "node:child_process";
import { describe, expect, test, vi } from "vitest";
import { OverlockError } from "../../gateway/core/errors.ts";
import { createLogger, type Logger } from "../../gateway/observe/logger.ts";
import { lockfileNode } from "../support/test-process.ts";

describe("the log", () => {
  test("has one line of JSON for each entry, with its time, its level by name, its fields and its message", () => {
    const { logger, lines } = open("info");
    logger.info({ bff: "web", durationMs: 3 }, "answered");
    expect(lines()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        bff: "web",
        durationMs: 3,
        msg: "answered",
      },
    ]);
  });

  test.each(["debug", "info", "warn", "silent"] as const)(
    "has the same line of a request as of anything else at level info, where its own is %s",
    (level) => {
      const fields = {
        requestId: 'a"\n\u2028\ud800é',
        consumer: null,
        durationMs: 0.25,
        isJoined: false,
        notANumber: Number.NaN,
        absent: undefined,
        errorCodes: { UPSTREAM_ERROR: 2 },
      };
      const recorded = open(level, { worker: 7 });
      recorded.logger.record(fields, 'answered "well"');
      const told = open(level, { worker: 7 });
      told.logger.info(fields, 'answered "well"');
      const withoutTime = (text: string): string => text.replace(/"time":"[^"]*"/, '"time":""');
      expect(withoutTime(recorded.written())).toBe(withoutTime(told.written()));
      expect(recorded.lines()).toHaveLength(level === "debug" || level === "info" ? 1 : 0);
    },
  );

  test("leaves out what is below its level", () => {
    const levels = ["debug", "info", "warn", "error"] as const;
    for (const [level, expected] of [
      ["debug", ["debug", "info", "warn", "error"]],
      ["warn", ["warn", "error"]],
      ["silent", []],
    ] as const) {
      const { logger, lines } = open(level);
      for (const each of levels) logger[each]({}, "x");
      expect(lines().map((line) => line["level"])).toEqual(expected);
    }
  });

  test("keeps what came from outside inside of its line", () => {
    const { logger, lines, written } = open("info");
    logger.info({ name: 'a\n{"level":"error"}\u2028' }, "b\r\nc");
    expect(lines()).toMatchObject([{ name: 'a\n{"level":"error"}\u2028', msg: "b\r\nc" }]);
    expect(written().trimEnd()).not.toMatch(/[\r\n]/);
  });

  test("tells an error's causes", () => {
    const { logger, lines } = open("error");
    const cause = new Error("ECONNREFUSED");
    logger.error({ err: new OverlockError("UPSTREAM_UNREACHABLE", "shop is away", { cause }) }, "failed");
    expect(lines()).toMatchObject([
      { err: { message: "shop is away: ECONNREFUSED", code: "UPSTREAM_UNREACHABLE" }, msg: "failed" },
    ]);
  });
});

describe("standard output", () => {
  const loggerFile = new URL("../../gateway/observe/logger.ts", import.meta.url).href;

  /** Runs `code`, in which `logger` is one at level info, in a process of its own. */
  function run(code: string): { readonly status: number | null; readonly lines: readonly string[] } {
    const script = `import { createLogger } from ${JSON.stringify(loggerFile)};
      const logger = createLogger("info", null, { worker: 7 });
      ${code}`;
    const { status, stdout } = spawnSync(lockfileNode, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      maxBuffer: 100_000_000,
    });
    const lines = stdout.split("\n").filter((line) => line !== "");
    return { status, lines: lines.map((line) => (JSON.parse(line) as { msg: string }).msg) };
  }

  test.each<[how: string, code: string, status: number]>([
    ["has nothing left to do", "", 0],
    ["exits", "process.exit(3);", 3],
    ["fails", "throw new Error('x');", 1],
    ["is told to write out first", "logger.flush(); process.kill(process.pid, 'SIGKILL');", -1],
  ])("has every line of a process that %s", (_how, code, status) => {
    const run1 = run(`logger.info({}, "a"); logger.error({ x: "é日".repeat(20_000) }, "b"); ${code}`);
    expect(run1).toEqual({ status: status < 0 ? null : status, lines: ["a", "b"] });
  });

  test("has lines of many turns, in their order", () => {
    const { lines } = run(`
      for (let turn = 0; turn < 100; turn++) {
        for (let line = 0; line < 30; line++) logger.info({ x: "x".repeat(100) }, String(turn * 30 + line));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }`);
    expect(lines).toEqual(Array.from({ length: 3000 }, (_, line) => String(line)));
  });

  test("has what a logger is bound to in every line", () => {
    const chunks: string[] = [];
    const logger = createLogger("info", { write: (chunk) => void chunks.push(chunk) }, { worker: 7 });
    logger.info({ a: 1 }, "x");
    expect(JSON.parse(chunks.join(""))).toMatchObject({ worker: 7, a: 1, msg: "x" });
  });
});

describe("the time of a line", () => {
  test("is the clock's, to the millisecond", () => {
    vi.useFakeTimers();
    const chunks: string[] = [];
    const logger = createLogger("info", { write: (chunk) => void chunks.push(chunk) });
    const times = ["2026-11-22T09:59:59.000Z", "2026-11-22T09:59:59.007Z", "2026-11-22T10:00:00.999Z"];
    times.push("2026-11-22T09:59:58.100Z", "1970-01-01T00:00:00.000Z");
    for (const time of times) {
      vi.setSystemTime(new Date(time));
      logger.info({}, "x");
    }
    vi.useRealTimers();
    expect(chunks.map((chunk) => (JSON.parse(chunk) as { time: string }).time)).toEqual(times);
  });
});

function open(
  level: string,
  bindings: Readonly<Record<string, number>> = {},
): {
  logger: Logger;
  written: () => string;
  lines: () => Record<string, unknown>[];
} {
  const chunks: string[] = [];
  const logger = createLogger(level, { write: (chunk) => void chunks.push(chunk) }, bindings);
  const written = (): string => {
    logger.flush();
    return chunks.join("");
  };
  const lines = (): Record<string, unknown>[] =>
    written()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, written, lines };
}
