import { canonicalJson } from "../../core/canonical-json.ts";
import type { RowSelection } from "./row-selection.ts";

/** A root field of a GraphQL source, and what is to be read of it. */
export interface SubqueryRequest {
  readonly rootType: "Query" | "Mutation";
  readonly fieldName: string;
  /** In the supergraph's names. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Null: the field is a leaf. */
  readonly selection: RowSelection | null;
  /** Where the field finds objects by a list of keys: which of them is meant. */
  readonly key: ObjectKey | null;
  /** Equal for requests that differ in their key only. */
  readonly textWithoutKey: string;
}

/** One element of the list of keys that a root field takes. */
export interface ObjectKey {
  readonly argument: string;
  /** The names of the key's fields. */
  readonly fields: readonly string[];
  /** A scalar, or an object of scalars. */
  readonly value: unknown;
  /** Equal for equal keys. */
  readonly text: string;
  /** Reads the text of a row's key; null where the row has none. */
  textOfRow(row: Readonly<Record<string, unknown>>): string | null;
}

/** A request with the text that is equal for requests that differ in their key only. */
export function subqueryRequest(asked: Omit<SubqueryRequest, "textWithoutKey">): SubqueryRequest {
  const { fieldName, args, selection, key } = asked;
  const by = key === null ? "" : "by ";
  return {
    ...asked,
    textWithoutKey: `${by}${fieldName}${canonicalJson(args)}${selection?.text ?? ""}`,
  };
}

/** Equal for requests that ask for the same. */
export function textOf({ key, textWithoutKey }: SubqueryRequest): string {
  return key === null ? textWithoutKey : `${key.text} ${textWithoutKey}`;
}
