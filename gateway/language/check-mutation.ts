import { Kind } from "graphql";
import type { DirectiveUse } from "./directive-reader.ts";
import type { RestDeclaration } from "./rest-declaration.ts";

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

/** Queries may be repeated, joined and sent by GET: what they call may change nothing. */
export function checkChangesNothing(call: RestDeclaration): void {
  if (call.isSafe) return;
  const expected = "a call that changes nothing (GET, HEAD, or POST with safe: true), or a field of Mutation";
  call.use.refuse([call.method], expected, call.method);
}

/** Two sources of one mutation would leave open which of them is called. `uses` stand on the field or on `Mutation`. */
export function refuseSharedMutation(uses: ReadonlyMap<string, readonly DirectiveUse[]>): void {
  const [shareable] = uses.get("shareable") ?? [];
  shareable?.refuse([], "no @shareable on a mutation: one source makes its call", "it");
}
