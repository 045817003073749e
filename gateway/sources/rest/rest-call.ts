import { OverlockError } from "../../core/errors.ts";
import { compileSelection, rawRoots } from "../../language/evaluate-selection.ts";
import type { RestDeclaration } from "../../language/rest-declaration.ts";
import type { SourceField, SourceSchema } from "../../language/source-schema.ts";
import { expandUrlTemplate } from "../../language/url-template.ts";
import type { HttpPool } from "../../outbound/http-pool.ts";
import { runUpstreamCall } from "../../outbound/upstream-call.ts";
import { compileBatch, compileInput, type DeclaredCall } from "../declared-call.ts";
import { compileErrorRules } from "../error-mapping.ts";
import { buildRequestHeaders, type RequestHeaders } from "../request-headers.ts";
import { decodeResponse } from "./rest-response.ts";

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
  const responseRules = {
    errors: compileErrorRules(declaration.errors),
    isNullOn404: batch === null && !field.isMutation,
  };
  const owner = {
    source: source.name,
    coordinate: field.coordinate,
    timeoutMs: source.timeoutMs,
    isMutation: field.isMutation,
  };

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
    isSafe: !field.isMutation,
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
        const decoded = decodeResponse(response, responseRules);
        return read(select === null ? decoded : select(rawRoots(decoded)));
      });
    },
  };
}
