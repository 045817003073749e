import { Kind } from "graphql";
import type { DirectiveUse } from "./directive-reader.ts";

/** A field of `Mutation` is one call for each use, made by one source: nothing that says otherwise may stand on it. */
export function checkMutation(uses: ReadonlyMap<string, readonly DirectiveUse[]>): void {
  refuseSharedMutation(uses);
  for (const use of [...uses.values()].flat()) {
    const safe = use.nodeAt(["safe"]);
    if (use.nodeAt(["batch"]) !== null)
      use.refuse(["batch"], "no batch on a mutation: each use of it is a call of its own", "batch");
    if (safe?.kind === Kind.BOOLEAN && safe.value)
      use.refuse(
        ["safe"],
        "no safe on a mutation: equal calls of it are made as often as they are asked for",
        "true",
      );
  }
}

/** Two sources of one mutation would leave open which of them is called. `uses` stand on the field or on `Mutation`. */
export function refuseSharedMutation(uses: ReadonlyMap<string, readonly DirectiveUse[]>): void {
  const [shareable] = uses.get("shareable") ?? [];
  shareable?.refuse([], "no @shareable on a mutation: one source makes its call", "it");
}
