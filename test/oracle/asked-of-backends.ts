import { Kind, parse, type SelectionSetNode } from "graphql";
import type { LoggedRequest } from "../backends/request-log.ts";

/** One request as a backend logged it. */
export type SourceRequest = Pick<LoggedRequest, "method" | "url" | "message"> & { readonly source: string };

/**
 * Everything that requests ask for, each thing in words of its own: the paths, each value of each query pair and of each
 * body or message, each name of a list of names that says what of a row is to be sent, or that everything is, each field of
 * a GraphQL document. Which of them share a request is a
 * matter of time, and nothing of it is left here.
 */
export function askedOf(requests: readonly SourceRequest[]): ReadonlySet<string> {
  return new Set(requests.flatMap(partsOf));
}

function partsOf({ source, method, url, message }: SourceRequest): string[] {
  const call = `${source} ${method}`;
  const [, query = ""] = (url ?? "").split("?");
  const pairs = [...new URLSearchParams(query)].flatMap(([name, value]) => valuesOf(name, value));
  const parts = [...pairs, ...valuesOf("", message)];
  // Who does not say what is to be sent is sent everything.
  const isTrimmed = parts.some((part) => names.test(part.split("=")[0] ?? ""));
  return [call, ...[...parts, ...(isTrimmed ? [] : ["everything"])].map((part) => `${call} ${part}`)];
}

/** Where requests say what is to be sent of rows. */
const names = /^(?:fields|readMask(?:\.paths)?)$/;

function valuesOf(at: string, value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((element) => valuesOf(at, element));
  if (typeof value === "object") {
    const members = Object.entries(value);
    const document = members.find(([name, member]) => name === "query" && typeof member === "string");
    if (at === "" && document !== undefined) return graphqlParts(value);
    return members.flatMap(([name, member]) => valuesOf(at === "" ? name : `${at}.${name}`, member));
  }
  const said = typeof value === "string" ? value : JSON.stringify(value);
  const texts = names.test(at) ? said.split(",") : [said];
  return texts.map((text) => `${at}=${text}`);
}

/** Variables are named anew for each document: only their values count. */
function graphqlParts(body: object): string[] {
  const { query, variables = {} } = body as { readonly query: string; readonly variables?: object };
  const fields = parse(query).definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? fieldsOf("", node.selectionSet) : [],
  );
  return [...fields, ...Object.values(variables).flatMap((value: unknown) => valuesOf("variable", value))];
}

function fieldsOf(at: string, { selections }: SelectionSetNode): string[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.INLINE_FRAGMENT) return fieldsOf(at, node.selectionSet);
    if (node.kind !== Kind.FIELD) throw new Error("Expected a document without named fragments.");
    const path = at === "" ? node.name.value : `${at}.${node.name.value}`;
    return [path, ...(node.selectionSet === undefined ? [] : fieldsOf(path, node.selectionSet))];
  });
}
