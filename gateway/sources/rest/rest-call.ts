import { OverlockError, toOverlockError } from "../../core/errors.ts";
import { nextTurn } from "../../core/next-turn.ts";
import type { RestDeclaration } from "../../language/rest-declaration.ts";
import type { SourceField, SourceSchema } from "../../language/source-schema.ts";
import { expandUrlTemplate } from "../../language/url-template.ts";
import type { AccessTokens } from "../../outbound/client-credentials.ts";
import { type HttpPool, type HttpResponse, keyOfRequest } from "../../outbound/http-pool.ts";
import type { InFlightReads } from "../../outbound/in-flight-reads.ts";
import { sendAuthorized } from "../../outbound/send-authorized.ts";
import { exchangeUpstream } from "../../outbound/upstream-call.ts";
import { type CallInput, compileBatch, compileInput, type DeclaredCall, noCall } from "../declared-call.ts";
import { compileErrorRules } from "../error-mapping.ts";
import { sharesInFlight } from "../in-flight-sharing.ts";
import {
  findCallerReads,
  headerText,
  listCallHeaders,
  listRequestHeaders,
  type RequestHeaders,
} from "../request-headers.ts";
import { rememberTrimmed } from "../wanted-properties.ts";
import { compileBody } from "./rest-body.ts";
import { compilePagination } from "./rest-pagination.ts";
import { decodeResponse, readExistence, RestAnswer } from "./rest-response.ts";
import { compileRestSelect } from "./rest-select.ts";
import { compileTrim } from "./rest-trim.ts";

export interface RestCallParts {
  readonly source: SourceSchema;
  readonly field: SourceField;
  readonly declaration: RestDeclaration;
  readonly headers: RequestHeaders;
  readonly pool: HttpPool;
  readonly tokens: AccessTokens | null;
  readonly reads: InFlightReads;
}

/** Compiles one `@rest` field into the call that fetches it. */
export function compileRestCall(parts: RestCallParts): DeclaredCall {
  const { source, field, declaration, headers, pool, tokens, reads } = parts;
  const { method, batch } = declaration;
  const { coordinate, isMutation } = field;
  // A field of Mutation is called once for each time it is asked for, whatever its method.
  const isSafe = declaration.isSafe && !isMutation;
  const inputs: CallInput[] = [];
  const addInput = (input: CallInput): number => inputs.push(input) - 1;
  const writePath = compilePath(declaration, coordinate, addInput);
  const ownHeaders = declaration.headers.map(({ name, value }) => ({
    name,
    slot: addInput(compileInput(value, true)),
  }));
  const pagination =
    declaration.pagination === null ? null : compilePagination(declaration.pagination, coordinate, addInput);
  const writeBody =
    declaration.body === null ? null : compileBody(declaration.body, { isSafe, coordinate }, addInput);
  const sourceHeadersStart = inputs.length;
  const select = compileRestSelect(declaration, coordinate);
  const responseRules = {
    errors: compileErrorRules(declaration.errors),
    isNullOn404: isSafe && batch === null,
    isNullWhenEmpty: !isSafe,
  };
  const owner = { source: source.name, coordinate, timeoutMs: source.timeoutMs, isMutation, isSafe, reads };
  const isShared = sharesInFlight(declaration, source, isSafe);
  const compiledBatch =
    batch === null
      ? null
      : compileBatch(batch, {
          select: batch.select?.map ?? null,
          match: batch.match?.map ?? null,
          value: batch.value?.map ?? null,
        });
  const callerReads = findCallerReads(
    compiledBatch === null ? inputs : [...inputs, compiledBatch.key],
    headers,
  );

  /** With a further query pair, or null. */
  const makeCall = (trimPair: QueryPair | null, asksFor: readonly string[] | null): DeclaredCall => ({
    source: source.name,
    coordinate,
    asksFor,
    template: `${method} ${declaration.template.text}`,
    isSafe,
    isShared,
    callerReads,
    reads,
    isMutation,
    inputs: [...inputs, ...headers.inputs],
    batch: compiledBatch,
    send({ values, keys }, scope, read) {
      try {
        const path = writePath(values, keys, furtherPairs(pagination, trimPair, values));
        if (path === null) return Promise.resolve(read(noCall({ isMutation })));
        const requestHeaders = listRequestHeaders(headers, values, sourceHeadersStart, scope);
        for (const { name, slot } of ownHeaders) {
          const value = values[slot];
          if (value !== undefined) requestHeaders.push(name, headerText(name, value));
        }
        const body = writeBody === null ? null : writeBody(values, keys);
        if (body !== null) requestHeaders.push("content-type", body.contentType);
        requestHeaders.push("accept", "application/json");
        const text = body?.text ?? null;
        const readLoaded = (answer: RestAnswer) => {
          const { response } = answer;
          const decoded = decodeResponse(answer, responseRules);
          const value = read(
            pagination === null ? select(decoded) : pagination.read(decoded, response, values),
          );
          // What is made of so much waits until others had their turn.
          return response.body.length > longReadBytes ? nextTurn().then(() => value) : value;
        };
        return exchangeUpstream(scope, owner, {
          key: isShared ? keyOfRequest({ method, path, headers: requestHeaders, body: text }) : null,
          send: (deadline) =>
            sendAuthorized<RestAnswer>(tokens, {
              deadline,
              isSafe,
              isRefused: ({ response: { status } }) => status === 401,
              send(authorization) {
                const callHeaders = listCallHeaders(scope, deadline, authorization);
                const request = { method, path, headers: requestHeaders, callHeaders, body: text };
                return pool.sendFor(request, deadline, toRestAnswer);
              },
            }),
          read(answer) {
            if (method === "HEAD") return read(readExistence(answer.response, responseRules));
            const loading = answer.load();
            return loading === null ? readLoaded(answer) : loading.then(() => readLoaded(answer));
          },
        });
      } catch (error) {
        return Promise.reject(toOverlockError(error));
      }
    },
    trimmed: null,
  });
  const { trim } = declaration;
  if (trim === null) return makeCall(null, null);
  const namesOf = compileTrim(trim, batch);
  const call: DeclaredCall = {
    ...makeCall(null, null),
    trimmed: rememberTrimmed((wanted) => {
      const names = namesOf(wanted);
      return names === null ? call : makeCall([trim.as, names.join(",")], names);
    }),
  };
  return call;
}

function toRestAnswer(response: HttpResponse): RestAnswer {
  return new RestAnswer(response);
}

/** To decode so much takes some milliseconds. */
const longReadBytes = 1024 * 1024;

type QueryPair = readonly [name: string, value: unknown];

const noPairs: readonly [] = [];

function furtherPairs(
  pagination: ReturnType<typeof compilePagination> | null,
  trimPair: QueryPair | null,
  values: readonly unknown[],
): readonly QueryPair[] {
  if (pagination === null) return trimPair === null ? noPairs : [trimPair];
  const pair = pagination.pair(values);
  return trimPair === null ? [pair] : [pair, trimPair];
}

/** Null: the call must not be made. */
type PathWriter = (
  values: readonly unknown[],
  keys: readonly unknown[] | null,
  morePairs: readonly QueryPair[],
) => string | null;

function compilePath(
  { template, batch, variables, query }: RestDeclaration,
  coordinate: string,
  addInput: (input: CallInput) => number,
): PathWriter {
  const slots = new Map<string, number>();
  for (const [name, selection] of variables) {
    const isInQuery = template.variables.every((variable) => variable.name !== name || variable.isInQuery);
    slots.set(name, addInput(compileInput(selection, isInQuery)));
  }
  const pairSlots = query.flatMap(({ name, selection }) =>
    "fields" in selection ? [] : [[name, addInput(compileInput(selection, true))] as const],
  );
  return (values, keys, morePairs) => {
    const read = ({ name }: { readonly name: string }): unknown =>
      name === batch?.as ? keys : values[slots.get(name) ?? -1];
    const pairs =
      pairSlots.length === 0
        ? morePairs
        : [...pairSlots.map(([name, slot]) => [name, values[slot]] as const), ...morePairs];
    try {
      return expandUrlTemplate(template, read, pairs);
    } catch (cause) {
      throw new OverlockError("INVALID_VALUE", `a value for ${coordinate} can't stand in a URL`, { cause });
    }
  };
}
