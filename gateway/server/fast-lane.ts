import { RequestRefusal } from "../core/request-refusal.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import type { RequestParams } from "../pipeline/gateway-request.ts";
import { refuseRequest, runStages } from "../pipeline/stages.ts";
import type { Lane } from "./lanes.ts";

/** Serves one BFF's plain requests: reads the parameters from the body or the URL, and hands them to the stages. */
export function createFastLane(bff: BffRuntime): Lane {
  return {
    answer({ facts, search }, body) {
      let params: RequestParams;
      try {
        params = body === null ? paramsOfUrl(search) : paramsOfBody(body);
      } catch (error) {
        return Promise.resolve(refuseRequest(bff, facts, error));
      }
      return runStages(bff, facts, params);
    },
  };
}

/** https://graphql.github.io/graphql-over-http/draft/#sec-POST. Raises BAD_REQUEST. */
function paramsOfBody(body: Buffer): RequestParams {
  const params = parseJson(body.toString(), "POST body sent invalid JSON.");
  if (Array.isArray(params)) throw RequestRefusal.of("BAD_REQUEST", "Batching is not supported.");
  if (typeof params === "object" && params !== null) return params;
  const found = params === null ? "null" : typeof params;
  throw RequestRefusal.of("BAD_REQUEST", `POST body is expected to be object but received ${found}`);
}

/**
 * https://graphql.github.io/graphql-over-http/draft/#sec-GET. Of a parameter that is given twice the first counts, and
 * an empty one is none. Raises BAD_REQUEST.
 */
function paramsOfUrl(search: string): RequestParams {
  const parameters = new URLSearchParams(search);
  const text = (name: string): string | undefined => {
    const value = parameters.get(name);
    return value === null || value === "" ? undefined : value;
  };
  const json = (name: string): unknown => {
    const value = text(name);
    if (value === undefined) return undefined;
    return parseJson(value, "The variables or extensions in the URL are not JSON.");
  };
  return {
    query: text("query"),
    operationName: text("operationName"),
    variables: json("variables"),
    extensions: json("extensions"),
  };
}

function parseJson(text: string, message: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // Not kept as the refusal's cause: it quotes the text, which has no place in a log.
    if (cause instanceof SyntaxError) throw RequestRefusal.of("BAD_REQUEST", message);
    throw cause;
  }
}
