import { type ShaperDefinition, shapeText } from "./shaper.ts";

/**
 * `@flatten`: the two outermost lists become one, in order. A null inner list has no elements; one that failed is its
 * error, as one element.
 */
export const flatten: ShaperDefinition = {
  name: "flatten",
  compile(use, _field, input) {
    if (input.listDepth < 2) {
      use.refuse([], "a list of lists", shapeText(input));
      return null;
    }
    return {
      kind: "list",
      output: { ...input, listDepth: input.listDepth - 1 },
      levels: 2,
      shapeList: (list) =>
        list.flatMap((inner) => (inner === null || inner === undefined ? [] : (inner as unknown[]))),
    };
  },
};
