import type { ShaperDefinition } from "./shaper.ts";
import { readSegmentedText, readText, textShape } from "./text.ts";

/** `@case(to:)`: the text in upper, lower or title case, by the rules of the answer's language. */
export const letterCase: ShaperDefinition = {
  name: "case",
  compile(use, field, input) {
    const output = textShape(use, input);
    if (output === null) return null;
    const to = use.text("to");
    if (to === "TITLE") {
      const segmenters = new Map<string, Intl.Segmenter>();
      return {
        kind: "leaf",
        output,
        reads: [],
        shapeLeaf(value, { locale }) {
          const text = readSegmentedText(value, field);
          const segmenter = segmenters.get(locale) ?? new Intl.Segmenter(locale, { granularity: "word" });
          segmenters.set(locale, segmenter);
          return toTitleCase(text, locale, segmenter);
        },
      };
    }
    return {
      kind: "leaf",
      output,
      reads: [],
      shapeLeaf(value, { locale }) {
        const text = readText(value, field);
        return to === "UPPER" ? text.toLocaleUpperCase(locale) : text.toLocaleLowerCase(locale);
      },
    };
  },
};

/** Each word with a capital first letter, the rest in lower case; what is between words stays. */
function toTitleCase(text: string, locale: string, segmenter: Intl.Segmenter): string {
  let title = "";
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    title += isWordLike === true ? capitalize(segment, locale) : segment;
  }
  return title;
}

function capitalize(word: string, locale: string): string {
  const [first = ""] = word;
  // One letter may become several in upper case, such as ß and ﬁ: only the first of them is the capital.
  const [capital = "", ...others] = first.toLocaleUpperCase(locale);
  return (
    capital + others.join("").toLocaleLowerCase(locale) + word.slice(first.length).toLocaleLowerCase(locale)
  );
}
