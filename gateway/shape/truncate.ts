import { quoted } from "../core/errors.ts";
import type { ShaperDefinition } from "./shaper.ts";
import { readText, textShape } from "./text.ts";

/**
 * `@truncate(length:, ellipsis:)`: at most `length` grapheme clusters, the ellipsis included; what is cut off never
 * splits a character that a person sees as one.
 */
export const truncate: ShaperDefinition = {
  name: "truncate",
  compile(use, field, input) {
    const output = textShape(use, input);
    if (output === null) return null;
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
      kind: "leaf",
      output,
      reads: [],
      shapeLeaf: (value) => truncateText(readText(value, field), length, ellipsis, ellipsisLength),
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
