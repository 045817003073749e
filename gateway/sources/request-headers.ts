import { canonicalJson } from "../core/canonical-json.ts";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestHeaders as ClientHeaders, RequestScope } from "../core/request-scope.ts";
import type { SourceSchema } from "../language/source-schema.ts";
import type { CallerReads } from "./caller-reads.ts";
import { type CallInput, compileInput } from "./declared-call.ts";

/** The headers or metadata that every call of a source carries. */
export interface RequestHeaders {
  readonly forwarded: readonly string[];
  readonly names: readonly string[];
  /** The values of `names`, in order: further inputs of each call. */
  readonly inputs: readonly CallInput[];
}

export function compileRequestHeaders(source: SourceSchema): RequestHeaders {
  return {
    forwarded: source.forwardHeaders,
    names: source.headers.map((header) => header.name),
    inputs: source.headers.map((header) => compileInput(header.value, false)),
  };
}

/**
 * What is read of the caller by a call with these inputs and headers. Not the trace, which says where a call belongs,
 * and nothing of what it asks for.
 */
export function findCallerReads(inputs: readonly CallInput[], headers: RequestHeaders): CallerReads {
  const all = [...inputs, ...headers.inputs];
  return {
    claims: [...new Set(all.flatMap(({ claimNames }) => claimNames))],
    headers: [...new Set([...headers.forwarded, ...all.flatMap(({ headerNames }) => headerNames)])],
  };
}

/**
 * The metadata of one call: what the source asked for of the client's headers, what the gateway sets from `values`, and
 * whose call it is. Raises INVALID_VALUE for a value that no header carries unchanged; nothing is sent then.
 */
export function buildRequestHeaders(
  headers: RequestHeaders,
  values: readonly unknown[],
  scope: RequestScope,
): Record<string, string> {
  const result: Record<string, string> = { "x-request-id": scope.requestId };
  for (const name of headers.forwarded) {
    const value = forwardedValue(name, scope);
    if (value !== undefined) result[name] = value;
  }
  for (const [index, name] of headers.names.entries()) result[name] = headerText(name, values[index]);
  const trace = readTrace(scope.headers);
  for (let index = 0; index + 1 < trace.length; index += 2)
    result[trace[index] ?? ""] = trace[index + 1] ?? "";
  return result;
}

/**
 * The same as a list of names and values in turn, without whose call it is: what a call is the same request by. `first`
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
    const value = forwardedValue(name, scope);
    if (value !== undefined) result.push(name, value);
  }
  for (let index = 0; index < headers.names.length; index++) {
    const name = headers.names[index] ?? "";
    result.push(name, headerText(name, values[first + index]));
  }
  return result;
}

/**
 * Of a call over HTTP, what is about the call itself: whose it is, how long its answer is waited for, and the gateway's own
 * credential, if it has one for the source.
 */
export function listCallHeaders(
  { requestId, headers }: RequestScope,
  deadline: Deadline,
  authorization: string | null,
): string[] {
  const own = ["x-request-id", requestId, "x-request-timeout-ms", String(deadline.remainingMs)];
  if (authorization !== null) own.push("authorization", authorization);
  const trace = readTrace(headers);
  return trace.length === 0 ? own : own.concat(trace);
}

/** What tells a request's metadata from others': all but what {@link listCallHeaders} has of a call over HTTP. */
export function metadataKey(metadata: Readonly<Record<string, string>>): string {
  let key = "";
  for (const [name, value] of Object.entries(metadata)) {
    if (!callHeaders.has(name)) key += `${name}\n${value}\n`;
  }
  return key;
}

const callHeaders: ReadonlySet<string> = new Set(["x-request-id", "traceparent", "tracestate"]);

/** Absent, too, where no header carries it unchanged: a part of it would be another value. */
function forwardedValue(name: string, { headers }: RequestScope): string | undefined {
  const value = headers.get(name);
  return value !== undefined && isHeaderText(value) ? value : undefined;
}

/**
 * Where in a trace the call belongs (https://www.w3.org/TR/trace-context/), as names and values in turn; nothing where
 * the client does not say so properly.
 */
function readTrace(headers: ClientHeaders): readonly string[] {
  const parent = headers.get("traceparent");
  if (parent === undefined || !traceParentPattern.test(parent)) return nothing;
  const state = headers.get("tracestate");
  if (state === undefined || state.length > maxTraceStateLength || !isHeaderText(state))
    return ["traceparent", parent];
  return ["traceparent", parent, "tracestate", state];
}

const nothing: readonly string[] = [];

/** Version 00 has nothing behind its flags; what later versions have there is passed on with the rest. */
const traceParentPattern =
  /^(?!ff)(?!00-.{52}.)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{1,200})?$/;
/** What everybody has to be able to pass on: https://www.w3.org/TR/trace-context/#tracestate-limits. */
const maxTraceStateLength = 512;

/** A value as a header carries it: texts as they are, the rest as JSON. Raises INVALID_VALUE where none would. */
export function headerText(name: string, value: unknown): string {
  const text = typeof value === "string" ? value : canonicalJson(value);
  if (isHeaderText(text)) return text;
  const expected = `printable ASCII, at most ${maxHeaderLength} characters, without spaces around it`;
  throw new OverlockError("INVALID_VALUE", `the value for header ${name} is not ${expected}`);
}

function isHeaderText(text: string): boolean {
  return text.length <= maxHeaderLength && headerValuePattern.test(text);
}

const maxHeaderLength = 8192;
/** Printable ASCII: what HTTP/1.1 headers and gRPC metadata both carry unchanged. Both cut spaces at the ends off. */
const headerValuePattern = /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/;
