import { defineOwn } from "../language/evaluate-selection.ts";
import { isBlank } from "../sources/declared-call.ts";
import type { NeededField } from "./need.ts";

/** One field of a path that a `@require` reads. */
export interface RequiredStep {
  /** The field's key. */
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a `@require` puts together from the fields of an object. */
export type RequiredValue =
  | RequiredPath
  | { readonly kind: "object"; readonly fields: readonly RequiredMember[] }
  /** From each element of the list that a path has found. */
  | { readonly kind: "list"; readonly element: RequiredValue }
  /** The first that is not absent. */
  | { readonly kind: "alternatives"; readonly options: readonly RequiredValue[] };

export interface RequiredMember {
  readonly name: string;
  readonly value: RequiredValue;
}

export interface RequiredPath {
  readonly kind: "path";
  readonly steps: readonly RequiredStep[];
  /** What is put together from what the path finds, one object or one list of them; null: it finds leaves. */
  readonly then: RequiredValue | null;
  /** What that reads. */
  readonly needs: readonly NeededField[] | null;
  readonly toLeaf: LeafReader;
}

/** Raises INVALID_VALUE for a value that its type does not have. */
export type LeafReader = (value: unknown) => unknown;

/** An object of these values; `undefined` where one of them is. */
export function membersOf(
  members: readonly { readonly name: string }[],
  values: readonly unknown[],
): unknown {
  if (values.includes(undefined)) return undefined;
  const result: Record<string, unknown> = {};
  for (const [index, { name }] of members.entries()) defineOwn(result, name, values[index]);
  return result;
}

/** A list of these values; `undefined` where there is none, or one of them is. */
export function elementsOf(values: readonly unknown[]): readonly unknown[] | undefined {
  return values.length === 0 || values.includes(undefined) ? undefined : values;
}

/** What stands at the end of a path; `undefined` where it is nothing that could be sent. */
export function leafOf(value: unknown, toLeaf: LeafReader): unknown {
  return isBlank(value) ? undefined : toLeaves(value, toLeaf);
}

/** An element of a list that failed is an error in its place; null stays null. */
function toLeaves(value: unknown, toLeaf: LeafReader): unknown {
  if (value instanceof Error) throw value;
  if (value === null || value === undefined) return value;
  return Array.isArray(value) ? value.map((element: unknown) => toLeaves(element, toLeaf)) : toLeaf(value);
}
