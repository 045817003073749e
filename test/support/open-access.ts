import type { AccessRules } from "../../gateway/policy/access-rules.ts";

/** Rules of a schema on which nothing is guarded. */
export const openAccess: Pick<AccessRules, "guards" | "guardsOfField" | "guardsOfObject"> = {
  guards: [],
  guardsOfField: () => [],
  guardsOfObject: () => [],
};
