import { type ErrorCode, errorCodes } from "./error-codes.ts";
import { OverlockError } from "./errors.ts";

/** One thing wrong with a request, as it is told to the client. */
export interface RefusalReason {
  readonly message: string;
  readonly locations: readonly { readonly line: number; readonly column: number }[];
  /** What stands beside the code: figures, for programs to read. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/**
 * What is told of what is wrong with a request: of `found`, `maxErrors`, and where there are more, that there are.
 */
export function withinMaxErrors(
  found: readonly RefusalReason[],
  maxErrors: number,
): readonly RefusalReason[] {
  if (found.length <= maxErrors) return found;
  const message =
    maxErrors === 1
      ? "There are more errors than this one, and no more are told."
      : `There are more errors than these ${maxErrors}, and no more are told.`;
  const more = { message, locations: [], extensions: { limit: "maxErrors", max: maxErrors } };
  return [...found.slice(0, maxErrors), more];
}

/** A request that is answered without being executed. All reasons have one code, which decides the status. */
export class RequestRefusal extends Error {
  readonly code: ErrorCode;
  readonly reasons: readonly RefusalReason[];
  /** Headers that the answer has to carry, for example `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    reasons: readonly RefusalReason[],
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(reasons[0]?.message ?? errorCodes[code].publicMessage, options);
    this.name = "RequestRefusal";
    this.code = code;
    this.reasons = reasons;
    this.headers = headers;
  }

  /** A refusal with the one reason that the code's public message states, or `message`. */
  static of(code: ErrorCode, message: string = errorCodes[code].publicMessage): RequestRefusal {
    return new RequestRefusal(code, [{ message, locations: [] }]);
  }

  /** Whatever ended a request early, as a refusal; what is internal stays in `cause`. */
  static from(thrown: unknown): RequestRefusal {
    if (thrown instanceof RequestRefusal) return thrown;
    if (thrown instanceof OverlockError) {
      const reason = { message: thrown.publicMessage, locations: [] };
      return new RequestRefusal(thrown.code, [reason], {}, { cause: thrown });
    }
    const reason = { message: errorCodes.INTERNAL_SERVER_ERROR.publicMessage, locations: [] };
    return new RequestRefusal("INTERNAL_SERVER_ERROR", [reason], {}, { cause: thrown });
  }
}
