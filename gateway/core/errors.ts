import type { DeclaredFailure } from "./declared-failure.ts";
import { type ErrorCode, type ErrorCodeEntry, errorCodes } from "./error-codes.ts";

export interface OverlockErrorOptions extends ErrorOptions {
  /** What a source schema lets clients see of a backend's failure. */
  readonly declared?: DeclaredFailure | null;
}

/**
 * An error with a registered code. What may be told to the client is {@link OverlockError.publicMessage}: what a source
 * schema declares, the error's own message where its code is of the client family, the registry's sentence otherwise.
 */
export class OverlockError extends Error {
  readonly code: ErrorCode;
  readonly declared: DeclaredFailure | null;

  /** `message` is written for the log; `cause` never leaves the process. */
  constructor(code: ErrorCode, message: string, options: OverlockErrorOptions = {}) {
    super(message, options);
    this.name = "OverlockError";
    this.code = code;
    this.declared = options.declared ?? null;
  }

  get entry(): ErrorCodeEntry {
    return errorCodes[this.code];
  }

  get publicMessage(): string {
    if (typeof this.declared?.message === "string") return this.declared.message;
    return this.entry.family === "client" ? this.message : this.entry.publicMessage;
  }

  /** The backend's own code, where the source schema lets clients see it. */
  get upstreamCode(): string | null {
    return this.declared?.code ?? null;
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
