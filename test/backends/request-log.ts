/** One request as a backend received it. */
export type LoggedRequest = {
  /** Rises over all backends of a shop: what was received earlier has the lower number. */
  readonly sequence: number;
  /** `GET /reviews` (HTTP: method and path) or `BatchGetStock` (gRPC: method). */
  readonly method: string;
  /** HTTP: path and query as sent; gRPC: null. */
  readonly url: string | null;
  /** Lower-case names; several values of one name are joined with `, `. gRPC: the metadata. */
  readonly headers: Readonly<Record<string, string>>;
  /** gRPC: the decoded request, names in camelCase; HTTP: the parsed JSON body, null without one. */
  readonly message: unknown;
  /** The caller was gone, or the connection broke, before the whole answer was written. */
  cancelled: boolean;
};

/** The requests that a backend received, oldest first. Over `maxEntries` the oldest tenth is dropped. */
export class RequestLog {
  readonly #entries: LoggedRequest[] = [];
  readonly #nextSequence: () => number;
  readonly #maxEntries: number;

  /** Backends that share `nextSequence` (see `countUp`) can have their logs merged in order. */
  constructor(nextSequence: () => number, maxEntries = 50_000) {
    this.#nextSequence = nextSequence;
    this.#maxEntries = maxEntries;
  }

  get entries(): readonly LoggedRequest[] {
    return this.#entries;
  }

  add(request: Omit<LoggedRequest, "sequence" | "cancelled">): LoggedRequest {
    const entry = { ...request, sequence: this.#nextSequence(), cancelled: false };
    this.#entries.push(entry);
    if (this.#entries.length > this.#maxEntries) {
      this.#entries.splice(0, Math.ceil(this.#maxEntries / 10));
    }
    return entry;
  }

  /** How many requests, of `method` only if it is given. */
  count(method?: string): number {
    return method === undefined
      ? this.#entries.length
      : this.#entries.filter((entry) => entry.method === method).length;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

/** A counter that starts at 1. */
export function countUp(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}
