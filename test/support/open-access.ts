import type { ReadingRules } from "../../gateway/prepare/prepare-operation.ts";

/** Rules of a schema on which nothing is guarded or limited. */
export const openAccess: ReadingRules = {
  guards: [],
  guardsOfField: () => [],
  guardsOfObject: () => [],
  rates: { isEmpty: true, limitsOfField: () => [] },
};
