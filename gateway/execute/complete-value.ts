import {
  getNamedType,
  getNullableType,
  GraphQLError,
  type GraphQLLeafType,
  type GraphQLOutputType,
  isListType,
  isNonNullType,
} from "graphql";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { ShownField } from "../prepare/plan.ts";
import { type InTurns, LongAssemblyError, type TurnPart } from "./assembly-turns.ts";

/** Something that stands beside the data: an error, or a failure that a default stands in for. */
export interface Note {
  /** From the object that is being assembled, in reverse order: it grows at its end on the way out. */
  readonly path: (string | number)[];
  readonly error: OverlockError;
  readonly field: Pick<ShownField, "nodes" | "type">;
  readonly isAbsorbed: boolean;
}

/** An answer while it is assembled. */
export interface Assembly {
  readonly notes: Note[];
  /** How many more values it may have before {@link Assembly.overdraw} has to say whether it goes on. */
  valuesLeft: number;
  /** Raises why the assembly ends, where it does: RunTooLargeError, or LongAssemblyError. */
  overdraw(): void;
}

/** Stands for a value that is an error, told already, until something around it may be null. */
export const failed: unique symbol = Symbol("failed");

/** A client field: where its errors are located. */
export type FieldSite = Pick<ShownField, "nodes" | "definition" | "type"> & { readonly coordinate: string };

/** How the values of a field are completed. */
export interface Completion {
  readonly site: FieldSite;
  readonly complete: CompleteItem;
}

/** Brings one value that is no list, and neither null nor an error, into the form of the answer. May raise. */
export type CompleteItem = (value: unknown) => unknown;

/**
 * A value as its type in the client schema says, https://spec.graphql.org/September2025/#CompleteValue(): null where it
 * is null or an error in a place that may be null, {@link failed} where it may not. Errors are noted with their paths
 * from here.
 */
export function completeValue(
  into: Assembly,
  value: unknown,
  type: GraphQLOutputType,
  completion: Completion,
): unknown {
  if (!isNonNullType(type)) {
    const completed = completeNullable(into, value, type, completion);
    return completed === failed ? null : completed;
  }
  const completed = completeNullable(into, value, type.ofType, completion);
  return completed === null ? refuseNull(into, completion.site) : completed;
}

/** Notes that a field that can't be null is. */
export function refuseNull(into: Assembly, site: FieldSite): typeof failed {
  return noteError(into, nullError(site), site);
}

export function nullError({ coordinate }: FieldSite): OverlockError {
  return new OverlockError("NULL_IN_NON_NULL", `Cannot return null for non-nullable field ${coordinate}.`);
}

/** Notes an error where it happened. */
export function noteError(into: Assembly, thrown: unknown, field: Note["field"]): typeof failed {
  into.notes.push({ path: [], error: codedError(thrown), field, isAbsorbed: false });
  return failed;
}

/** What the executor itself says of a value is about the value. */
function codedError(thrown: unknown): OverlockError {
  if (!(thrown instanceof GraphQLError)) return toOverlockError(thrown);
  const { originalError } = thrown;
  if (originalError instanceof OverlockError) return originalError;
  return new OverlockError("INVALID_VALUE", thrown.message, { cause: thrown });
}

/** Puts a name or an index before the paths of all notes from `from` on. */
export function prefixNotes(into: Assembly, from: number, key: string | number): void {
  const { notes } = into;
  for (let index = from; index < notes.length; index++) notes[index]?.path.push(key);
}

function completeNullable(
  into: Assembly,
  value: unknown,
  type: GraphQLOutputType,
  completion: Completion,
): unknown {
  const { site, complete } = completion;
  if (value === null || value === undefined) return null;
  if (value === failed) return failed;
  if (value instanceof Error) return noteError(into, value, site);
  if (isListType(type)) return completeList(into, value, type.ofType, completion);
  try {
    return complete(value);
  } catch (error) {
    return noteOwnError(into, error, site);
  }
}

function noteOwnError(into: Assembly, error: unknown, site: FieldSite): typeof failed {
  if (error instanceof RunTooLargeError || error instanceof LongAssemblyError) throw error;
  return noteError(into, error, site);
}

function completeList(
  into: Assembly,
  value: unknown,
  type: GraphQLOutputType,
  completion: Completion,
): unknown {
  if (!Array.isArray(value)) return noteNoList(into, value, completion.site);
  if ((into.valuesLeft -= value.length) < 0) into.overdraw();
  const list: unknown[] = [];
  for (const [index, element] of value.entries()) {
    const noted = into.notes.length;
    const completed = completeValue(into, element, type, completion);
    if (into.notes.length > noted) prefixNotes(into, noted, index);
    if (completed === failed) return failed;
    list.push(completed);
  }
  return list;
}

function noteNoList(into: Assembly, value: unknown, site: FieldSite): typeof failed {
  const message = `${site.coordinate}: expected a list, found ${typeof value}`;
  return noteError(into, new OverlockError("INVALID_VALUE", message), site);
}

/** How the values of a field are completed in turns. */
export interface CompletionInTurns extends Completion {
  /** What `complete` does, where that may take long; null: it never does. */
  readonly completeInTurns: ((value: unknown) => InTurns<unknown>) | null;
}

/** The same as {@link completeValue}, element by element in turns. */
export function* completeInTurns(
  into: Assembly & TurnPart,
  value: unknown,
  type: GraphQLOutputType,
  completion: CompletionInTurns,
): InTurns<unknown> {
  const isRequired = isNonNullType(type);
  const completed = yield* completeNullableInTurns(into, value, isRequired ? type.ofType : type, completion);
  if (isRequired) return completed === null ? refuseNull(into, completion.site) : completed;
  return completed === failed ? null : completed;
}

function* completeNullableInTurns(
  into: Assembly & TurnPart,
  value: unknown,
  type: GraphQLOutputType,
  completion: CompletionInTurns,
): InTurns<unknown> {
  const { site, completeInTurns: complete } = completion;
  const isThere = value !== null && value !== undefined && value !== failed && !(value instanceof Error);
  if (isThere && isListType(type)) return yield* completeListInTurns(into, value, type.ofType, completion);
  if (!isThere || complete === null) return completeNullable(into, value, type, completion);
  try {
    return yield* complete(value);
  } catch (error) {
    return noteOwnError(into, error, site);
  }
}

function* completeListInTurns(
  into: Assembly & TurnPart,
  value: unknown,
  type: GraphQLOutputType,
  completion: CompletionInTurns,
): InTurns<unknown> {
  if (!Array.isArray(value)) return noteNoList(into, value, completion.site);
  if ((into.valuesLeft -= value.length) < 0) into.overdraw();
  const isAtOnce = completion.completeInTurns === null && !isListType(getNullableType(type));
  const list: unknown[] = [];
  for (const [index, element] of value.entries()) {
    if (into.isPartOver()) yield;
    const noted = into.notes.length;
    const completed = isAtOnce
      ? completeValue(into, element, type, completion)
      : yield* completeInTurns(into, element, type, completion);
    if (into.notes.length > noted) prefixNotes(into, noted, index);
    if (completed === failed) return failed;
    list.push(completed);
  }
  return list;
}

/** Ends a run whose answer would be larger than any may be. */
export class RunTooLargeError extends OverlockError {
  constructor() {
    super("RESPONSE_TOO_LARGE", "The operation selects more than one answer may hold.");
  }
}

/** Serializes the values of a field of leaves. */
export function compileLeafItem(type: GraphQLOutputType, coordinate: string): CompleteItem {
  const leafType = getNamedType(type) as GraphQLLeafType;
  return (value) => {
    const serialized: unknown = leafType.serialize(value);
    if (serialized !== null && serialized !== undefined) return serialized;
    throw new OverlockError("INVALID_VALUE", `${coordinate}: not a value of ${leafType.name}`);
  };
}
