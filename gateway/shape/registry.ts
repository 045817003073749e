import { defaultValue } from "./default.ts";
import type { ShaperDefinition } from "./shaper.ts";
import { truncate } from "./truncate.ts";

/** Every shaper by its directive's name. */
export const shapers: ReadonlyMap<string, ShaperDefinition> = new Map(
  [defaultValue, truncate].map((definition) => [definition.name, definition]),
);
