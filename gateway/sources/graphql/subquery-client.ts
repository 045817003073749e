import { type KeyedCall, loadersOf, type Rows } from "../../batching/request-loaders.ts";
import { canonicalJson } from "../../core/canonical-json.ts";
import { OverlockError, toOverlockError } from "../../core/errors.ts";
import type { RequestScope } from "../../core/request-scope.ts";
import type { SourceSchema } from "../../language/source-schema.ts";
import type { AccessTokens } from "../../outbound/client-credentials.ts";
import { type HttpPool, type HttpResponse, keyOfRequest } from "../../outbound/http-pool.ts";
import { InFlightReads } from "../../outbound/in-flight-reads.ts";
import { sendAuthorized } from "../../outbound/send-authorized.ts";
import { exchangeUpstream } from "../../outbound/upstream-call.ts";
import type { CallerReads, ReadEpoch } from "../caller-reads.ts";
import { readInputs } from "../declared-call.ts";
import {
  findCallerReads,
  listCallHeaders,
  listRequestHeaders,
  type RequestHeaders,
} from "../request-headers.ts";
import { type LostRow, withFailure, withoutFailure } from "./lost-rows.ts";
import { rowsOfKeys } from "./keyed-objects.ts";
import { readAnswer, SharedResponse, type SubqueryAnswer } from "./read-answer.ts";
import { compileArguments } from "./row-selection.ts";
import { type SubqueryRequest, textOf } from "./subquery-request.ts";
import { type RootField, writeSubquery } from "./write-subquery.ts";

/** What runs the subqueries of a GraphQL source. */
export interface Subqueries {
  /** Equal queries that are under way, of whichever request, are sent once. */
  readonly isShared: boolean;
  /** What each of them reads of whoever asks. */
  readonly callerReads: CallerReads;
  /** The epoch is another one where something may have been changed. */
  readonly reads: ReadEpoch;
  /**
   * The raw value of a root field; in it, errors stand in place of what they cost. Queries that become known in the same
   * turn of the event loop leave as one request, and what the request has asked for before is not asked for again.
   * Mutations are sent each by itself. Raises what the field as a whole came to.
   */
  run(request: SubqueryRequest, scope: RequestScope): Promise<unknown>;
  /**
   * The same for many queries at once, given by their `textOf`: what each came to, errors included, by the same texts. It
   * never rejects. Null: nothing is sent. Raises UNAUTHENTICATED or HEADER_REQUIRED.
   */
  load(requests: ReadonlyMap<string, SubqueryRequest>, scope: RequestScope): Promise<Rows> | null;
}

export interface SubqueryParts {
  readonly schema: SourceSchema;
  readonly headers: RequestHeaders;
  readonly pool: HttpPool;
  readonly tokens: AccessTokens | null;
  /** Of the endpoint. */
  readonly path: string;
}

export class SubqueryClient implements Subqueries {
  readonly #schema: SourceSchema;
  readonly #headers: RequestHeaders;
  readonly #pool: HttpPool;
  readonly #tokens: AccessTokens | null;
  readonly #path: string;
  readonly reads = new InFlightReads();
  readonly isShared: boolean;
  readonly callerReads: CallerReads;

  constructor({ schema, headers, pool, tokens, path }: SubqueryParts) {
    this.isShared = schema.sharesInFlight;
    this.callerReads = findCallerReads([], headers);
    this.#schema = schema;
    this.#headers = headers;
    this.#pool = pool;
    this.#tokens = tokens;
    this.#path = path;
  }

  async run(request: SubqueryRequest, scope: RequestScope): Promise<unknown> {
    const text = textOf(request);
    let values: Rows | null;
    if (request.rootType === "Mutation") {
      const headerValues = readInputs(this.#headers.inputs, scope);
      if (headerValues === null) return null;
      values = await this.#fetch([request], { headerValues, scope, mayRepeat: false });
    } else values = await this.load(new Map([[text, request]]), scope);
    const value = values?.get(text) ?? null;
    if (value instanceof OverlockError) throw value;
    return value;
  }

  load(requests: ReadonlyMap<string, SubqueryRequest>, scope: RequestScope): Promise<Rows> | null {
    const headerValues = readInputs(this.#headers.inputs, scope);
    if (headerValues === null) return null;
    const batch = { headerValues, scope, mayRepeat: true };
    const call: KeyedCall<SubqueryRequest> = {
      owner: this,
      group: canonicalJson(headerValues),
      maxSize: this.#schema.maxBatchSize,
      textOf,
      fetch: (asked) => this.#fetch(asked, batch),
      missing: null,
    };
    return loadersOf(scope).loadRows(call, requests);
  }

  /** The values, or the errors in their place, by the text of each request. */
  async #fetch(requests: readonly SubqueryRequest[], batch: Batch): Promise<Map<string, unknown>> {
    const results = await this.#fetchOnce(requests, batch);
    let lost: LostRow[] = requests.map((request) => ({ text: textOf(request), request, failures: [] }));
    for (let round = 0; round < maxRounds && batch.mayRepeat; round++) {
      lost = lost.flatMap((row) => withoutFailure(row, results.get(row.text)));
      if (lost.length === 0) break;
      const again = await this.#fetchOnce(
        lost.map((row) => row.request),
        batch,
      ).catch(toOverlockError);
      if (again instanceof OverlockError) break;
      for (const { text, request, failures } of lost) {
        const value = again.get(textOf(request)) ?? null;
        results.set(text, failures.reduce(withFailure, value));
      }
    }
    return results;
  }

  async #fetchOnce(requests: readonly SubqueryRequest[], batch: Batch): Promise<Map<string, unknown>> {
    const calls = groupKeys(requests).map((group) => this.#compile(group));
    const results = new Map<string, unknown>();
    if (calls.length === 0) return results;
    const values = await this.#send(calls, batch, maxRounds);
    for (const [index, call] of calls.entries()) call.distribute(values[index], results);
    return results;
  }

  #compile(group: readonly SubqueryRequest[]): RootCall {
    const [first] = group as readonly [SubqueryRequest];
    const { rootType, fieldName, key, selection } = first;
    const keys = group.map((request) => request.key).filter((one) => one !== null);
    const args = key === null ? first.args : { ...first.args, [key.argument]: keys.map((one) => one.value) };
    const node = this.#schema.types.get(rootType)?.fields.get(fieldName)?.node;
    if (node === undefined)
      throw new OverlockError(
        "INTERNAL_SERVER_ERROR",
        `${this.#schema.name} has no ${rootType}.${fieldName}`,
      );
    const coordinate = `${rootType}.${fieldName}`;
    const backendName = this.#schema.backendNames?.fieldOf(rootType, fieldName) ?? fieldName;
    return {
      coordinate,
      operation: rootType === "Mutation" ? "mutation" : "query",
      field: { backendName, args: compileArguments(this.#schema, node, args), selection },
      distribute(value, results) {
        if (key === null) {
          results.set(textOf(first), value);
          return;
        }
        const rows = rowsOfKeys(value, keys, coordinate);
        for (const [index, request] of group.entries()) results.set(textOf(request), rows[index] ?? null);
      },
    };
  }

  /**
   * The values of root fields, in their order. Where one of them leaves the answer without data, because the backend
   * promised it to be non-null or refused a value for it, the others are asked for once more without it: what fails
   * costs nobody else.
   */
  async #send(calls: readonly RootCall[], batch: Batch, roundsLeft: number): Promise<readonly unknown[]> {
    const answer = await this.#post(calls, batch);
    if (answer.data !== null) {
      const { data } = answer;
      return calls.map(({ coordinate }, index) => {
        const key = `_${index}`;
        if (Object.hasOwn(data, key)) return data[key];
        return new OverlockError("UPSTREAM_INVALID_RESPONSE", `the answer has nothing for ${coordinate}`);
      });
    }
    const { failures } = answer;
    const general = failures.get(null) ?? null;
    const values: unknown[] = calls.map((_call, index) => failures.get(`_${index}`) ?? null);
    const innocent = calls.filter((_call, index) => values[index] === null);
    const [first] = failures.values();
    const canSplit = calls.length > 1 && roundsLeft > 0 && batch.mayRepeat;
    if (innocent.length === 0 || !canSplit) return values.map((value) => value ?? general ?? first ?? null);
    // Whom a failure without a path is about can't be told from the answer.
    const groups = innocent.length < calls.length ? [innocent] : innocent.map((call) => [call]);
    const again = (
      await Promise.all(
        groups.map((group) =>
          this.#send(group, batch, roundsLeft - 1).catch((error: unknown) => group.map(() => error)),
        ),
      )
    ).flat();
    let next = 0;
    return values.map((value) => value ?? again[next++]);
  }

  /** Raises what a request for one field only came to. */
  #post(calls: readonly RootCall[], { headerValues, scope }: Batch): Promise<SubqueryAnswer> {
    const [first] = calls as readonly [RootCall];
    const { name, timeoutMs } = this.#schema;
    const subquery = writeSubquery(
      first.operation,
      calls.map((call) => call.field),
    );
    const headers = listRequestHeaders(this.#headers, headerValues, 0, scope);
    headers.push("content-type", "application/json");
    headers.push("accept", "application/graphql-response+json, application/json;q=0.9");
    const body = JSON.stringify(subquery);
    const isMutation = first.operation === "mutation";
    const isSafe = !isMutation;
    const { reads } = this;
    const owner = { source: name, coordinate: first.coordinate, timeoutMs, isMutation, isSafe, reads };
    const request = { method: "POST", path: this.#path, headers, body } as const;
    const read = (response: SharedResponse): SubqueryAnswer => {
      const answer = readAnswer(response);
      const [failure] = answer.failures.values();
      if (failure !== undefined && calls.length === 1) throw failure;
      return answer;
    };
    return exchangeUpstream(scope, owner, {
      key: isSafe && this.isShared ? keyOfRequest(request) : null,
      send: async (deadline) => {
        const response = await sendAuthorized<HttpResponse>(this.#tokens, {
          deadline,
          isSafe,
          isRefused: ({ status }) => status === 401,
          send: (authorization) => {
            const callHeaders = listCallHeaders(scope, deadline, authorization);
            return this.#pool.send({ ...request, callHeaders }, deadline);
          },
        });
        return new SharedResponse(response);
      },
      read: (response) => {
        const loading = response.load();
        return loading === null ? read(response) : loading.then(() => read(response));
      },
    });
  }
}

/** How often what did not fail is asked for again without what did. */
const maxRounds = 2;

interface Batch {
  readonly headerValues: readonly unknown[];
  readonly scope: RequestScope;
  /** What is asked for changes nothing. */
  readonly mayRepeat: boolean;
}

/** One root field of a request, for everybody who asked for it. */
interface RootCall {
  readonly coordinate: string;
  readonly operation: "query" | "mutation";
  readonly field: RootField;
  distribute(value: unknown, results: Map<string, unknown>): void;
}

/** Requests that differ in their key only are one field. */
function groupKeys(requests: readonly SubqueryRequest[]): SubqueryRequest[][] {
  const groups = new Map<string, SubqueryRequest[]>();
  for (const request of requests) {
    const { textWithoutKey } = request;
    const group = groups.get(textWithoutKey);
    if (group === undefined) groups.set(textWithoutKey, [request]);
    else group.push(request);
  }
  return [...groups.values()];
}
