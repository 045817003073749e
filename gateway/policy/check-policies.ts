import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { AccessRules } from "./access-rules.ts";

/** Reports policies that something reachable names and the BFF does not define: they would let nobody. */
export function checkPolicies(
  { guards }: Pick<AccessRules, "guards">,
  { file, defined }: { readonly file: string; readonly defined: readonly string[] },
  problems: Problems,
): void {
  const named = guards.flatMap((guard) => (guard.kind === "policies" ? guard.anyOf.flat() : []));
  for (const name of new Set(named)) {
    if (defined.includes(name)) continue;
    problems.error({
      place: { file, line: 0, column: 0 },
      coordinate: `policies.${name}`,
      expected: "a function: @policy names it on something that this client schema reads",
      found: "nothing",
      hint: nearestNameHint(name, defined),
    });
  }
}
