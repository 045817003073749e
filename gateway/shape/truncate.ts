import { getNamedType } from "graphql";
import { OverlockError, quoted } from "../core/errors.ts";
import type { ShaperDefinition } from "./shaper.ts";

/**
 * `@truncate(length:, ellipsis:)`: at most `length` grapheme clusters, the ellipsis included; what is cut off never
 * splits a character that a person sees as one.
 */
export const truncate: ShaperDefinition = {
  name: "truncate",
  compile(use, field) {
    if (getNamedType(field.type).name !== "String") {
      use.refuse([], "a field of type String, or a list of them", field.type.toString());
      return null;
    }
    const length = use.integer("length", 1, 1_000_000);
    if (length === null) return null;
    const ellipsis = use.text("ellipsis") ?? "";
    const ellipsisLength = [...graphemes.segment(ellipsis)].length;
    if (ellipsisLength > length) {
      const found = `${quoted(ellipsis)}, which has ${ellipsisLength}`;
      use.refuse(["ellipsis"], `at most ${length} characters, the length of the whole`, found);
      return null;
    }
    return {
      replacement: undefined,
      absorbsErrors: false,
      shapeLeaf(value) {
        if (typeof value !== "string") {
          throw new OverlockError(
            "CANNOT_SHAPE",
            `${field.coordinate}: expected a text, found ${typeof value}`,
          );
        }
        return truncateText(value, length, ellipsis, ellipsisLength);
      },
    };
  },
};

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

function truncateText(text: string, length: number, ellipsis: string, ellipsisLength: number): string {
  // A grapheme cluster is at least one code unit, so a text this short fits.
  if (text.length <= length) return text;
  let count = 0;
  let cutAt = 0;
  for (const { index } of graphemes.segment(text)) {
    if (count === length - ellipsisLength) cutAt = index;
    if (count === length) return text.slice(0, cutAt) + ellipsis;
    count++;
  }
  return text;
}
