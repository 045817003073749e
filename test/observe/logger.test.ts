import { describe, expect, test } from "vitest";
import { OverlockError } from "../../gateway/core/errors.ts";
import { createLogger, type Logger } from "../../gateway/observe/logger.ts";

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

function open(level: string): {
  logger: Logger;
  written: () => string;
  lines: () => Record<string, unknown>[];
} {
  const chunks: string[] = [];
  const logger = createLogger(level, { write: (chunk) => void chunks.push(chunk) });
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
