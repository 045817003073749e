import type { Caller } from "../core/caller.ts";
import type { Guard } from "../language/guards.ts";
import type { AccessRules, Denials } from "./access-rules.ts";

/** Whether one policy lets the caller. Does not reject: what fails lets nobody. */
export type AskPolicy = (name: string) => boolean | Promise<boolean>;

/**
 * What a caller may not read, of the guards that an operation contains; null: nothing. A promise only where a policy has
 * to be waited for; each is asked once.
 */
export function decideAccess(
  rules: AccessRules,
  guards: readonly number[],
  caller: Caller,
  ask: AskPolicy,
): Denials | null | Promise<Denials | null> {
  let names: Set<string> | null = null;
  for (const index of guards) {
    const guard = rules.guards[index];
    if (guard?.kind !== "policies") continue;
    names ??= new Set();
    for (const name of guard.anyOf.flat()) names.add(name);
  }
  if (names === null) return denialsOf(rules, guards, caller, nobody);
  const answers = [...names].map((name) => [name, ask(name)] as const);
  if (answers.every(([, answer]) => typeof answer === "boolean")) {
    const allowed = answers.filter(([, answer]) => answer === true).map(([name]) => name);
    return denialsOf(rules, guards, caller, new Set(allowed));
  }
  return Promise.all(answers.map(async ([name, answer]) => ((await answer) ? [name] : []))).then((allowed) =>
    denialsOf(rules, guards, caller, new Set(allowed.flat())),
  );
}

const nobody: ReadonlySet<string> = new Set();

function denialsOf(
  rules: AccessRules,
  guards: readonly number[],
  caller: Caller,
  allowedBy: ReadonlySet<string>,
): Denials | null {
  let failed: number[] | null = null;
  for (const index of guards) {
    const guard = rules.guards[index];
    if (guard !== undefined && holds(guard, caller, allowedBy)) continue;
    failed ??= [];
    failed.push(index);
  }
  return failed === null ? null : rules.denialsFor(failed);
}

function holds(guard: Guard, { kind, scopes }: Caller, allowedBy: ReadonlySet<string>): boolean {
  if (guard.kind === "authenticated") return kind !== "anonymous";
  const has = guard.kind === "scopes" ? scopes : allowedBy;
  return guard.anyOf.some((all) => all.every((name) => has.has(name)));
}
