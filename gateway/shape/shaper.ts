import type { GraphQLOutputType } from "graphql";
import type { DirectiveUse } from "../language/directive-reader.ts";

/** The client field that a shaper stands on. */
export interface ShapedField {
  readonly coordinate: string;
  readonly type: GraphQLOutputType;
}

/** What a directive makes of a field's value. Pure. */
export interface Shaper {
  /** Shapes one value that is neither null nor a list. Raises CANNOT_SHAPE for a value that it can't shape. */
  shapeLeaf(value: unknown): unknown;
  /** What stands in for null; `undefined`: null stays null. */
  readonly replacement: unknown;
  /** The replacement also stands in for a backend's failure. */
  readonly absorbsErrors: boolean;
}

/** One directive that shapes values. `compile` checks the use against the field, once, at start. */
export interface ShaperDefinition {
  /** The directive's name. */
  readonly name: string;
  /** Null, with problems reported through the use, where it can't stand on the field. */
  compile(use: DirectiveUse, field: ShapedField): Shaper | null;
}
