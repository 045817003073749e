import type { Waiter } from "../core/deadline.ts";
import type { RequestHeaders } from "../core/request-scope.ts";
import type { ClientCertificate } from "../identity/authenticator.ts";

/** One request as a lane of the server hands it to the stages: what HTTP said, nothing decided yet. */
export interface GatewayRequest extends Waiter {
  readonly method: "GET" | "POST";
  readonly headers: RequestHeaders;
  /** Whether a header, by its name in lower case, came more than once. */
  isRepeated(name: string): boolean;
  readonly requestId: string;
  /** Null: the client has shown none, or none that was verified. */
  readonly certificate: ClientCertificate | null;
  /** Where the client calls from, as far as who is in front can be believed; null: that can't be told. */
  readonly clientAddress: string | null;
  /** On the clock of `performance.now()`. */
  readonly receivedAtMs: number;
  /** Fires when the client goes away. Made when it is first asked for, which is seldom. */
  readonly signal: AbortSignal;
}

/** The parameters of GraphQL over HTTP as they were decoded; not checked yet. */
export interface RequestParams {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

/** What goes back, complete. A class, so that a lane can tell it from anything else. */
export class HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;

  constructor(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}
