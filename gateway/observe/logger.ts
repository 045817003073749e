import pino, { type DestinationStream } from "pino";

/** What the gateway logs through; `fields` first, as in pino. */
export interface Logger {
  /**
   * As `info`, for the one line that each request has: `fields` are plain data, at least one, and no errors.
   */
  record(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Writes out what is buffered. */
  flush(): void;
}

/** One JSON line for each entry, on `destination` or standard output. `bindings` stand in every line. */
export function createLogger(
  level: string,
  destination: DestinationStream | null,
  bindings: Readonly<Record<string, string | number>> = {},
): Logger {
  const timestamp = createTimestamp();
  const base = Object.keys(bindings).length > 0 ? { ...bindings } : null;
  const output = destination ?? standardOutput();
  const logger = pino({ level, base, timestamp, formatters: { level: levelName } }, output);
  const isRecording = logger.isLevelEnabled("info");
  const boundText = base === null ? "" : `,${membersOf(base)}`;
  return Object.assign(logger, {
    record(fields: object, message: string): void {
      if (!isRecording) return;
      const text = `${timestamp()}${boundText},${membersOf(fields)},"msg":${JSON.stringify(message)}`;
      output.write(`{"level":"info"${text}}\n`);
    },
  });
}

/** As JSON, without the braces. */
function membersOf(fields: object): string {
  return JSON.stringify(fields).slice(1, -1);
}

/** Standard output, for whole lines. Shared by all that write to it in one process. */
export function standardOutput(): DestinationStream & { flush(): void } {
  return new BatchedOutput();
}

function levelName(label: string): { level: string } {
  return { level: label };
}

/** As `pino.stdTimeFunctions.isoTime`, but the calendar is asked once a second only. */
function createTimestamp(): () => string {
  let second = Number.NaN;
  let text = "";
  return () => {
    const nowMs = Date.now();
    const ms = nowMs % 1000;
    if (nowMs - ms !== second) {
      second = nowMs - ms;
      // Up to the point before the milliseconds.
      text = `,"time":"${new Date(second).toISOString().slice(0, -4)}`;
    }
    return `${text}${String(ms).padStart(3, "0")}Z"`;
  };
}

/**
 * Standard output, written to once for all lines of a moment: a call to the system costs as much as the rest of a line.
 * Nothing is lost where the process ends by itself, whatever ends it; where it is killed, the lines of that moment are.
 */
class BatchedOutput implements DestinationStream {
  readonly #output = pino.destination({ dest: 1, sync: true });
  #lines = "";
  #timer: NodeJS.Timeout | null = null;

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= maxBatchLength) this.flush();
    if (this.#timer !== null) return;
    this.#timer = setTimeout(this.#writeOut, maxBatchMs);
    process.once("exit", this.#writeOut);
  }

  flush(): void {
    if (this.#lines !== "") this.#output.write(this.#lines);
    this.#lines = "";
  }

  readonly #writeOut = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    process.off("exit", this.#writeOut);
    this.flush();
  };
}

/** Too short for a person who watches, long enough for a dozen requests under load. */
const maxBatchMs = 10;
/** In UTF-16 code units: what a pipe takes at once. */
const maxBatchLength = 65_536;
