import type { Caller } from "./caller.ts";
import type { Deadline } from "./deadline.ts";
import type { ErrorCode } from "./error-codes.ts";

/** What one upstream call came to; the observe stage counts and times them. */
export interface UpstreamCall {
  readonly source: string;
  /** The coordinate of the field that declares the call. */
  readonly coordinate: string;
  readonly durationMs: number;
  /** It was somebody else's, under way already, that this request waited for: nothing was sent. */
  readonly isJoined: boolean;
  /** Null where the backend answered as it should. */
  readonly code: ErrorCode | null;
}

/** How far a run has come: what it is charged for where it comes to no answer. */
export interface RunProgress {
  /** How many calls were begun so far, whatever becomes of them. Counted where they are begun. */
  startedCalls: number;
  /** What the objects cost that were received until it is asked; null: nothing was. Set by what executes the run. */
  received: (() => ReceivedCost | Promise<ReceivedCost>) | null;
}

/** What objects cost that were received, by the rules of an operation's estimate. */
export interface ReceivedCost {
  readonly typeCost: number;
  readonly fieldCost: number;
}

/** Of a run that has not begun. */
export function noProgress(): RunProgress {
  return { startedCalls: 0, received: null };
}

/** Something that `@default(onError: true)` absorbed, for `extensions.completeness`. */
export interface AbsorbedError {
  readonly path: readonly (string | number)[];
  readonly code: ErrorCode;
  /** The backend's own code, where its source schema lets clients see it. */
  readonly upstreamCode?: string;
}

/** The headers of a client's request: names in lower case; repeated headers joined by ", ". */
export interface RequestHeaders {
  get(name: string): string | undefined;
}

/**
 * All that one request carries through the layers: who calls, with which headers, until when. One object a request,
 * never shared between requests.
 */
export interface RequestScope {
  readonly requestId: string;
  readonly caller: Caller;
  readonly headers: RequestHeaders;
  readonly deadline: Deadline;
  /** The locale of the answer: one of the BFF's own. */
  readonly locale: string;
  /** The time zone of the answer, an IANA name. */
  readonly timeZone: string;
  readonly absorbed: AbsorbedError[];
  /** What layers keep for the request, each under a symbol of its own. A WeakMap would cost the garbage collector more. */
  readonly kept: Map<symbol, unknown>;
  readonly progress: RunProgress;
  /** Told of a call that has ended. */
  recordUpstreamCall(call: UpstreamCall): void;
}
