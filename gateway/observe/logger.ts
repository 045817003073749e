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

/** One JSON line for each entry, on `destination` or standard output. */
export function createLogger(level: string, destination: DestinationStream | null): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: levelName },
  };
  return destination === null ? pino(options) : pino(options, destination);
}

function levelName(label: string): { level: string } {
  return { level: label };
}
