import type { GraphQLOutputType } from "graphql";
import type { DirectiveUse } from "../language/directive-reader.ts";

/** What a value is on its way from the supergraph to the client field. */
export interface ValueShape {
  /** The supergraph's type, without lists and nulls. */
  readonly typeName: string;
  readonly kind: "scalar" | "enum" | "object";
  /** How many lists are around it, 0 for none. */
  readonly listDepth: number;
}

/** The client field that a shaper stands on. */
export interface ShapedField {
  readonly coordinate: string;
  readonly type: GraphQLOutputType;
}

/** For whom a value is shaped. */
export interface ShapingContext {
  /** One of the BFF's own locales, so that what is kept for each is bounded. */
  readonly locale: string;
  /** An IANA name. */
  readonly timeZone: string;
  /** The request's time. */
  readonly deadline: { readonly expiresAtMs: number };
}

/** What a directive makes of a field's value. Pure. */
export type Shaper = LeafShaper | ListShaper | NullShaper;

/** Shapes each value by itself, whatever lists are around it. */
export interface LeafShaper {
  readonly kind: "leaf";
  /** The shape that it makes. */
  readonly output: ValueShape;
  /** Where the value is an object: the names of its fields that are read for `shapeLeaf`. Else none. */
  readonly reads: readonly string[];
  /** What a field that is read has to be, where it is not of this shape; null where it is. Absent: any plain value. */
  readonly expectedOf?: (name: string, shape: ValueShape) => string | null;
  /**
   * Shapes one value that is neither null nor a list: a raw scalar, or for an object a record of what `reads` names.
   * Null stays null. Raises CANNOT_SHAPE for a value that it can't shape.
   */
  shapeLeaf(value: unknown, context: ShapingContext): unknown;
}

/** Chooses or orders the elements of a list, whatever they are. */
export interface ListShaper {
  readonly kind: "list";
  readonly output: ValueShape;
  /** 1: it sees the elements; 2: it sees those of the inner lists too, which are waited for. */
  readonly levels: 1 | 2;
  /** An element may be null, a promise or, where it failed, an error, and goes on as it is. */
  shapeList(list: readonly unknown[]): readonly unknown[];
}

/** Says what stands in for null once everything else is done. */
export interface NullShaper {
  readonly kind: "null";
  readonly output: ValueShape;
  readonly replacement: unknown;
  /** The replacement also stands in for a backend's failure. */
  readonly absorbsErrors: boolean;
}

/** One directive that shapes values. `compile` checks the use against the field and its value so far, once, at start. */
export interface ShaperDefinition {
  /** The directive's name. */
  readonly name: string;
  /** Null, with problems reported through the use, where it can't stand on the field. */
  compile(use: DirectiveUse, field: ShapedField, input: ValueShape): Shaper | null;
}

/** A shape as messages name it: `[String]`. */
export function shapeText({ typeName, listDepth }: ValueShape): string {
  return `${"[".repeat(listDepth)}${typeName}${"]".repeat(listDepth)}`;
}
