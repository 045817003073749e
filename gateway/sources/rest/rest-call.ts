import { OverlockError, quoted } from "../../core/errors.ts";
import { compileSelection, rawRoots } from "../../language/evaluate-selection.ts";
import type { RestDeclaration } from "../../language/rest-declaration.ts";
import type { SourceField, SourceSchema } from "../../language/source-schema.ts";
import { expandUrlTemplate } from "../../language/url-template.ts";
import type { HttpPool, HttpResponse } from "../../outbound/http-pool.ts";
import { runUpstreamCall } from "../../outbound/upstream-call.ts";
import { compileBatch, compileInput, type DeclaredCall } from "../declared-call.ts";
import { buildRequestHeaders, type RequestHeaders } from "../request-headers.ts";

export interface RestCallParts {
  readonly source: SourceSchema;
  readonly field: SourceField;
  readonly declaration: RestDeclaration;
  readonly headers: RequestHeaders;
  readonly pool: HttpPool;
}

/** Compiles one `@rest` field into the call that fetches it. */
export function compileRestCall(parts: RestCallParts): DeclaredCall {
  const { source, field, declaration, headers, pool } = parts;
  const { template, batch } = declaration;
  const slots = new Map([...declaration.variables.keys()].map((name, index) => [name, index]));
  const queryStart = slots.size;
  const headerStart = queryStart + declaration.query.length;
  const variableInputs = [...declaration.variables].map(([name, selection]) => {
    const isInQuery = template.variables.every((variable) => variable.name !== name || variable.isInQuery);
    return compileInput(selection, isInQuery);
  });
  const queryInputs = declaration.query.flatMap(({ selection }) =>
    "fields" in selection ? [] : [compileInput(selection, true)],
  );
  const select = declaration.select === null ? null : compileSelection(declaration.select.map);
  const owner = { source: source.name, coordinate: field.coordinate, timeoutMs: source.timeoutMs };

  const buildPath = (values: readonly unknown[], keys: readonly unknown[] | null): string | null => {
    const pairs = declaration.query.map(({ name }, index) => [name, values[queryStart + index]] as const);
    try {
      return expandUrlTemplate(
        template,
        ({ name }) => (name === batch?.as ? keys : values[slots.get(name) ?? -1]),
        pairs,
      );
    } catch (cause) {
      throw new OverlockError("INVALID_VALUE", `a value for ${field.coordinate} can't stand in a URL`, {
        cause,
      });
    }
  };

  return {
    source: source.name,
    coordinate: field.coordinate,
    isSafe: true,
    inputs: [...variableInputs, ...queryInputs, ...headers.inputs],
    batch:
      batch === null
        ? null
        : compileBatch(batch, {
            select: batch.select?.map ?? null,
            match: batch.match?.map ?? null,
            value: batch.value?.map ?? null,
          }),
    async send({ values, keys }, scope, read) {
      const path = buildPath(values, keys);
      if (path === null) return read(null);
      const requestHeaders = buildRequestHeaders(headers, values.slice(headerStart), scope);
      return runUpstreamCall(scope, owner, async (deadline) => {
        requestHeaders["accept"] = "application/json";
        requestHeaders["x-request-timeout-ms"] = String(deadline.remainingMs);
        const response = await pool.send({ method: "GET", path, headers: requestHeaders }, deadline);
        const decoded = decodeResponse(response, keys !== null);
        return read(select === null ? decoded : select(rawRoots(decoded)));
      });
    },
  };
}

/** The decoded JSON of a response; null for 204, and for 404 where one thing was asked for. */
function decodeResponse(response: HttpResponse, isBatched: boolean): unknown {
  const { status, mediaType, body } = response;
  if (status === 204 || (status === 404 && !isBatched)) return null;
  if (status < 200 || status > 299) throw statusError(status);
  if (!/^application\/(?:[-\w.+]+\+)?json$/.test(mediaType)) {
    throw new OverlockError(
      "UPSTREAM_INVALID_RESPONSE",
      `expected application/json, found ${quoted(mediaType)}`,
    );
  }
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch (cause) {
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "the body is not JSON in UTF-8", { cause });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function statusError(status: number): OverlockError {
  const message = `HTTP status ${status}`;
  if (status === 401 || status === 403) return new OverlockError("UPSTREAM_DENIED", message);
  if (status === 408 || status === 504) return new OverlockError("UPSTREAM_TIMEOUT", message);
  if (status === 429 || status >= 500) return new OverlockError("UPSTREAM_ERROR", message);
  if (status >= 400) return new OverlockError("UPSTREAM_REJECTED", message);
  return new OverlockError("UPSTREAM_INVALID_RESPONSE", `${message}; redirects are not followed`);
}
