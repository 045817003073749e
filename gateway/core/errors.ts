import { type ErrorCode, type ErrorCodeEntry, errorCodes } from "./error-codes.ts";

/**
 * An error with a registered code. What may be told to the client is {@link OverlockError.publicMessage}:
 * the error's own message where its code is of the client family, the registry's sentence otherwise.
 */
export class OverlockError extends Error {
  readonly code: ErrorCode;

  /** `message` is written for the log; `cause` never leaves the process. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OverlockError";
    this.code = code;
  }

  get entry(): ErrorCodeEntry {
    return errorCodes[this.code];
  }

  get publicMessage(): string {
    return this.entry.family === "client" ? this.message : this.entry.publicMessage;
  }
}

/** Whatever was thrown, as a coded error: unknown errors become INTERNAL_SERVER_ERROR with themselves as cause. */
export function toOverlockError(thrown: unknown): OverlockError {
  if (thrown instanceof OverlockError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new OverlockError("INTERNAL_SERVER_ERROR", message, { cause: thrown });
}

/** `text` cut to 100 characters, in quotes, as every message quotes what it found. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** `text` cut to 100 characters. */
export function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99).toWellFormed()}…` : text;
}
