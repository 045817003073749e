import { OverlockError } from "../core/errors.ts";
import type { DirectiveUse } from "../language/directive-reader.ts";
import { type ShapedField, shapeText, type ValueShape } from "./shaper.ts";

/** The most UTF-16 code units of a text of which every character is looked at. */
const maxSegmentedLength = 100_000;

/** The shape that a shaper of texts makes; null, with a problem reported, where there is no text to shape. */
export function textShape(use: DirectiveUse, input: ValueShape): ValueShape | null {
  if (input.kind === "enum" || input.typeName === "String" || input.typeName === "ID") return textOf(input);
  use.refuse([], "a field of type String, or a list of them", shapeText(input));
  return null;
}

/** A text in place of each value. */
export function textOf({ listDepth }: ValueShape): ValueShape {
  return { typeName: "String", kind: "scalar", listDepth };
}

/** Numbers, and texts that write one out, custom scalars among them. */
export function canHoldNumber({ kind, typeName }: ValueShape): boolean {
  return kind === "scalar" && typeName !== "Boolean" && typeName !== "ID";
}

/** The value, which has to be a text. Raises CANNOT_SHAPE; what was found is not told, because it may be a secret. */
export function readText(value: unknown, field: ShapedField): string {
  if (typeof value === "string") return value;
  throw cannotShape(field, "a text", typeof value);
}

/** A text short enough to look at every character of it. Raises CANNOT_SHAPE. */
export function readSegmentedText(value: unknown, field: ShapedField): string {
  const text = readText(value, field);
  if (text.length <= maxSegmentedLength) return text;
  throw cannotShape(field, `a text of at most ${maxSegmentedLength} code units`, `${text.length}`);
}

/** For a value that can't be shaped: what was expected, and what kind of thing came. */
export function cannotShape(field: ShapedField, expected: string, found: string): OverlockError {
  return new OverlockError("CANNOT_SHAPE", `${field.coordinate}: expected ${expected}, found ${found}`);
}
