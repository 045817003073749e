import type { ShaperDefinition } from "./shaper.ts";
import { shapeText } from "./shaper.ts";

/** `@slice(offset:, limit:)`: a part of the outermost list; what is cut off is never waited for. */
export const slice: ShaperDefinition = {
  name: "slice",
  compile(use, _field, input) {
    if (input.listDepth === 0) {
      use.refuse([], "a list", shapeText(input));
      return null;
    }
    const offset = use.integer("offset", 0, 1_000_000);
    const limit = use.integer("limit", 1, 1_000_000);
    if (offset === null || limit === null) return null;
    return {
      kind: "list",
      output: input,
      levels: 1,
      shapeList: (list) => list.slice(offset, offset + limit),
    };
  },
};
