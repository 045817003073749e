import { canonicalJson } from "../core/canonical-json.ts";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { SourceSchema } from "../language/source-schema.ts";
import type { CallerReads } from "./caller-reads.ts";
import { type CallInput, compileInput } from "./declared-call.ts";

/** The headers or metadata that every call of a source carries. */
export interface RequestHeaders {
  readonly forwarded: readonly string[];
  /** `traceparent` is forwarded too, which says where a call belongs, and nothing of what it asks for. */
  readonly forwardsTrace: boolean;
  readonly names: readonly string[];
  /** The values of `names`, in order: further inputs of each call. */
  readonly inputs: readonly CallInput[];
}

export function compileRequestHeaders(source: SourceSchema): RequestHeaders {
  return {
    forwarded: source.forwardHeaders.filter((name) => name !== traceHeader),
    forwardsTrace: source.forwardHeaders.includes(traceHeader),
    names: source.headers.map((header) => header.name),
    inputs: source.headers.map((header) => compileInput(header.value, false)),
  };
}

/**
 * What is read of the caller by a call with these inputs and headers. Not `traceparent` where it is only passed on: it
 * says where a call belongs, and nothing of what it asks for.
 */
export function findCallerReads(inputs: readonly CallInput[], headers: RequestHeaders): CallerReads {
  const all = [...inputs, ...headers.inputs];
  return {
    claims: [...new Set(all.flatMap(({ claimNames }) => claimNames))],
    headers: [...new Set([...headers.forwarded, ...all.flatMap(({ headerNames }) => headerNames)])],
  };
}

/**
 * The headers of one call: those of the client that the source asked for, those the gateway sets from `values`, and the
 * request's id. Raises INVALID_VALUE for a value that no header carries unchanged; nothing is sent then.
 */
export function buildRequestHeaders(
  headers: RequestHeaders,
  values: readonly unknown[],
  scope: RequestScope,
): Record<string, string> {
  const result: Record<string, string> = { "x-request-id": scope.requestId };
  const forwarded = headers.forwardsTrace ? [...headers.forwarded, traceHeader] : headers.forwarded;
  for (const name of forwarded) {
    const value = scope.headers.get(name);
    if (value !== undefined && headerValuePattern.test(value)) result[name] = value;
  }
  for (const [index, name] of headers.names.entries()) result[name] = headerText(name, values[index]);
  return result;
}

/**
 * The same as a list of names and values in turn, without the request's id: what a call is the same request by. `first`
 * is where the values of `names` begin.
 */
export function listRequestHeaders(
  headers: RequestHeaders,
  values: readonly unknown[],
  first: number,
  scope: RequestScope,
): string[] {
  const result: string[] = [];
  for (const name of headers.forwarded) {
    const value = scope.headers.get(name);
    if (value !== undefined && headerValuePattern.test(value)) result.push(name, value);
  }
  for (let index = 0; index < headers.names.length; index++) {
    const name = headers.names[index] ?? "";
    result.push(name, headerText(name, values[first + index]));
  }
  return result;
}

/** Of a call over HTTP, what is about the call itself: whose it is, and how long its answer is waited for. */
export function listCallHeaders(
  { forwardsTrace }: RequestHeaders,
  { requestId, headers }: RequestScope,
  deadline: Deadline,
): string[] {
  const result = ["x-request-id", requestId, "x-request-timeout-ms", String(deadline.remainingMs)];
  const trace = forwardsTrace ? headers.get(traceHeader) : undefined;
  if (trace !== undefined && headerValuePattern.test(trace)) result.push(traceHeader, trace);
  return result;
}

/** What tells a request's metadata from others': all but what {@link listCallHeaders} has of a call over HTTP. */
export function metadataKey(metadata: Readonly<Record<string, string>>): string {
  let key = "";
  for (const [name, value] of Object.entries(metadata)) {
    if (name !== "x-request-id" && name !== traceHeader) key += `${name}\n${value}\n`;
  }
  return key;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const traceHeader = "traceparent";

/** A value as a header carries it: texts as they are, the rest as JSON. Raises INVALID_VALUE where none would. */
export function headerText(name: string, value: unknown): string {
  const text = typeof value === "string" ? value : canonicalJson(value);
  if (text.length <= maxHeaderLength && headerValuePattern.test(text)) return text;
  const expected = `printable ASCII, at most ${maxHeaderLength} characters, without spaces around it`;
  throw new OverlockError("INVALID_VALUE", `the value for header ${name} is not ${expected}`);
}

const maxHeaderLength = 8192;
/** Printable ASCII: what HTTP/1.1 headers and gRPC metadata both carry unchanged. Both cut spaces at the ends off. */
const headerValuePattern = /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/;
