import { quoted } from "../core/errors.ts";
import type { ShaperDefinition } from "./shaper.ts";
import { readSegmentedText, textShape } from "./text.ts";

/**
 * `@mask(keepFirst:, keepLast:, with:)`: every character (grapheme cluster) but the first and last ones is replaced. A
 * text that is so short that nothing would be hidden is hidden as a whole.
 */
export const mask: ShaperDefinition = {
  name: "mask",
  compile(use, field, input) {
    const output = textShape(use, input);
    if (output === null) return null;
    const keepFirst = use.integer("keepFirst", 0, 100);
    const keepLast = use.integer("keepLast", 0, 100);
    const replacement = use.text("with") ?? "";
    const length = [...graphemes.segment(replacement)].length;
    if (length !== 1) use.refuse(["with"], "one character", `${quoted(replacement)}, which has ${length}`);
    if (keepFirst === null || keepLast === null || length !== 1) return null;
    return {
      kind: "leaf",
      output,
      reads: [],
      shapeLeaf(value) {
        const text = readSegmentedText(value, field);
        const characters = Array.from(graphemes.segment(text), ({ segment }) => segment);
        const hidden = characters.length - keepFirst - keepLast;
        if (hidden <= 0) return replacement.repeat(characters.length);
        const first = characters.slice(0, keepFirst).join("");
        return first + replacement.repeat(hidden) + characters.slice(keepFirst + hidden).join("");
      },
    };
  },
};

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
