/** `status:429`: answers with this HTTP or gRPC status. */
export type StatusFault = `status:${number}`;

/** What a REST or GraphQL backend can do instead of its work. */
export type HttpFault =
  | "error" // 500 with `secretMessage`
  | "hang" // never answers
  | "reset" // destroys the connection before it answers
  | "truncated" // announces a JSON body, sends half of it, ends the connection
  | "garbage" // 200 with JSON that does not parse
  | "html" // 200 with an HTML page
  | "empty" // 200 with a JSON content type and no body
  | "huge" // 200 with more than 20 MiB of valid JSON, chunked
  | "wrong-shape" // 200 with `{"data":42}`
  | StatusFault;

/** What a gRPC backend can do instead of its work. */
export type GrpcFault =
  | "error" // INTERNAL with `secretMessage`
  | "hang" // never answers; grpc-js itself ends the call at the caller's deadline, if that sent one
  | "reset" // destroys the connection, and with it every call on it
  | "garbage" // a message that does not decode
  | "empty" // a message with no field set
  | "huge" // a message of more than 20 MiB, all of it in an unknown field
  | StatusFault;

/** What no client of a gateway may ever see. */
export const secretMessage = "secret stack at db.internal:5432";

/** The size of the payload of `huge`, in bytes. */
export const hugeBytes = 21 * 1024 * 1024;

/** Changes an answer, so that one row of it is wrong: HTTP: the body before it is JSON; gRPC: the message in camelCase. */
export type Rewrite = (answer: unknown) => object;

type Behaviour<Fault> = {
  readonly latencyMs: number;
  readonly fault: Fault | null;
  readonly rewrite: Rewrite | null;
};

/** How a backend misbehaves; can be changed at any time and holds for the calls that arrive after. */
export class Faults<Fault extends HttpFault | GrpcFault> {
  readonly #rules = new Map<string, Behaviour<Fault> & { callsLeft: number }>();

  /**
   * Replaces what `method` (named as in the request log; absent: every method without a rule of its own) does:
   * waits `latencyMs`, then plays `fault`, or does its work and changes the answer by `rewrite`; with `times`, for that
   * many calls only.
   */
  set(rule: {
    method?: string;
    latencyMs?: number;
    fault?: Fault | null;
    rewrite?: Rewrite;
    times?: number;
  }): void {
    const { method = anyMethod, latencyMs = 0, fault = null, rewrite = null, times = Infinity } = rule;
    this.#rules.set(method, { latencyMs, fault, rewrite, callsLeft: times });
  }

  /** Back to health. */
  clear(): void {
    this.#rules.clear();
  }

  /** What a call of `method` gets; the call counts against `times`. */
  take(method: string): Behaviour<Fault> {
    const ruled = this.#rules.has(method) ? method : anyMethod;
    const rule = this.#rules.get(ruled);
    if (rule === undefined) return healthy;
    rule.callsLeft -= 1;
    if (rule.callsLeft <= 0) this.#rules.delete(ruled);
    return rule;
  }
}

const anyMethod = "*";
const healthy = { latencyMs: 0, fault: null, rewrite: null };

/** Whether the fault names a status. */
export function isStatusFault(fault: string): fault is StatusFault {
  return fault.startsWith("status:");
}

/** 429 for `status:429`. */
export function statusOf(fault: StatusFault): number {
  return Number(fault.slice("status:".length));
}
