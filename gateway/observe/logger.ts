import pino, { type DestinationStream } from "pino";

/** What the gateway logs through; `fields` first, as in pino. */
export interface Logger {
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
  const options = {
    level,
    base: Object.keys(bindings).length > 0 ? { ...bindings } : null,
    timestamp: createTimestamp(),
    formatters: { level: levelName },
  };
  return pino(options, destination ?? standardOutput());
}

/** Standard output, for whole lines. Shared by all that write to it in one process. */
export function standardOutput(): DestinationStream & { flush(): void } {
  return new TurnOutput();
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
 * Standard output, written to once in each turn of the event loop: under load, a call to the system is shared by all
 * requests that end in the same turn. Nothing is lost where the process ends by itself, whatever ends it.
 */
class TurnOutput implements DestinationStream {
  readonly #output = pino.destination({ dest: 1, sync: true });
  #lines = "";

  write(line: string): void {
    if (this.#lines === "") {
      setImmediate(this.#writeOut);
      process.once("exit", this.#writeOut);
    }
    this.#lines += line;
  }

  flush(): void {
    if (this.#lines !== "") this.#output.write(this.#lines);
    this.#lines = "";
  }

  readonly #writeOut = (): void => {
    process.off("exit", this.#writeOut);
    this.flush();
  };
}
