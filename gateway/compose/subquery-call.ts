import { type InputObjectTypeDefinitionNode, Kind } from "graphql";
import { isListTypeNode, namedTypeOf, rootTypeNames } from "../language/sdl-file.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { DeclaredCall } from "../sources/declared-call.ts";
import type { Subqueries } from "../sources/graphql/subquery-client.ts";
import type { Source } from "../sources/source.ts";
import { pathsRead } from "./key-paths.ts";

/** A root field of a GraphQL source. It is fetched together with all that is needed of it. */
export interface SubqueryCall {
  readonly source: string;
  readonly coordinate: string;
  /** Equal safe calls of one request are made once. */
  readonly isSafe: boolean;
  readonly rootType: "Query" | "Mutation";
  readonly fieldName: string;
  readonly subqueries: Subqueries;
}

/** An argument that is a list of keys. */
export interface KeyList {
  readonly argument: string;
  /** The fields that an element of the list names. */
  readonly key: readonly string[];
  /** Its elements are objects of the key's fields; otherwise the values of the one field. */
  readonly isComposite: boolean;
}

/** What fetches a field: a call of its own, or a part of a subquery. */
export type FieldCall = DeclaredCall | SubqueryCall;

export function isSubqueryCall(call: FieldCall): call is SubqueryCall {
  return "subqueries" in call;
}

/** What fetches a field of a source; null where it is a property. */
export function callOf(source: Source, field: SourceField): FieldCall | null {
  return source.calls.get(field.coordinate) ?? buildSubqueryCall(source, field);
}

/** Null where the field is none of a GraphQL source's root fields. */
function buildSubqueryCall({ name, subqueries }: Source, field: SourceField): SubqueryCall | null {
  const [rootType = ""] = field.coordinate.split(".");
  if (subqueries === null || !rootTypeNames.has(rootType) || rootType === "Subscription") return null;
  return {
    source: name,
    coordinate: field.coordinate,
    isSafe: rootType !== "Mutation",
    rootType: rootType === "Mutation" ? "Mutation" : "Query",
    fieldName: field.name,
    subqueries,
  };
}

/**
 * How a lookup that is a list takes its keys: a list of scalars is called like the key's field, or like several of
 * them (`id`, `ids`); the objects of a list of objects have the key's fields. Null where the field is no list.
 */
export function findKeyList({ schema }: Source, field: SourceField): KeyList | null {
  if (!isListTypeNode(field.node.type)) return null;
  const argument = (field.node.arguments ?? []).find((one) => isListTypeNode(one.type));
  if (argument === undefined) return null;
  const { value: name } = argument.name;
  const is = field.arguments.get(name)?.is?.selection.map;
  if (is !== undefined) return { argument: name, key: pathsRead(is), isComposite: is.kind === "object" };
  const input = schema.plainDocument.definitions.find(
    (node): node is InputObjectTypeDefinitionNode =>
      node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && node.name.value === namedTypeOf(argument.type),
  );
  if (input !== undefined) {
    const key = (input.fields ?? []).map((member) => member.name.value);
    return { argument: name, key, isComposite: true };
  }
  const keys = (schema.types.get(namedTypeOf(field.node.type))?.keys ?? []).filter((key) => key.length === 1);
  const singles = keys.flat();
  const key = singles.find((one) => one === name || `${one}s` === name);
  return { argument: name, key: [key ?? name], isComposite: false };
}
