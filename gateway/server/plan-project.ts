import { Kind, type OperationDefinitionNode } from "graphql";
import type { Environment } from "../config/environment.ts";
import { nearestNameHint } from "../core/problems.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { UnplannedOperation } from "../execute/executor.ts";
import { refuseDenied } from "../pipeline/admit.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import type { Denials } from "../policy/access-rules.ts";
import { decideAccess } from "../policy/decide-access.ts";
import type { PlanDescription } from "../prepare/describe-plan.ts";
import type { PreparedOperation } from "../prepare/prepared-operation.ts";
import { UnknownNameError, withRuntime } from "./open-runtime.ts";
import { callerWith, type PlannedCaller } from "./planned-caller.ts";

/** Which plan is asked for. */
export interface PlanQuestion {
  readonly bff: string;
  readonly document: string;
  /** Null: the document's only operation. */
  readonly operationName: string | null;
  /** Only those count that `@skip` and `@include` read. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Null: somebody who may read everything. */
  readonly caller: PlannedCaller | null;
}

export interface PlannedOperation {
  readonly plan: PlanDescription | UnplannedOperation;
  /** What of the question makes no difference, though it is no mistake. */
  readonly hints: readonly string[];
}

/**
 * Does all of a start but listening, calls nobody, and plans an operation of one BFF. Raises StartupError, UnknownNameError,
 * or RequestRefusal where the document is none of this BFF's, or refused of that caller as a whole.
 */
export function planProject(
  root: string,
  environment: Environment,
  { bff, document, operationName, variables, caller }: PlanQuestion,
): Promise<PlannedOperation> {
  return withRuntime(root, environment, bff, async (runtime) => {
    if (caller !== null) refuseUnknownPolicies(runtime, caller);
    const prepared = runtime.preparer.prepare(document, operationName);
    const conditions = readConditions(prepared, variables);
    const denials = caller === null ? null : await denialsOf(runtime, prepared, caller);
    const plan = runtime.executor.describe({ prepared, conditions, denials });
    return { plan, hints: hintsFor(runtime, caller?.scopes ?? []) };
  });
}

/** Raises UnknownNameError for a policy that the BFF does not have: it lets nobody. */
function refuseUnknownPolicies(
  { settings }: Pick<BffRuntime, "settings">,
  { policies }: PlannedCaller,
): void {
  const defined = Object.keys(settings.policies);
  const unknown = policies.find((name) => !defined.includes(name));
  if (unknown === undefined) return;
  const { name } = settings;
  const expected =
    defined.length === 0
      ? `no policy, as ${name} has none`
      : `${defined.join(" or ")} as a policy of ${name}`;
  throw new UnknownNameError(expected, unknown);
}

/** A scope may be none of this BFF's business; it may be misspelt, too. */
function hintsFor(
  { access, settings }: Pick<BffRuntime, "access" | "settings">,
  scopes: readonly string[],
): readonly string[] {
  const asked = new Set(
    access.guards.flatMap((guard) => (guard.kind === "scopes" ? guard.anyOf.flat() : [])),
  );
  return [...new Set(scopes)]
    .filter((scope) => !asked.has(scope))
    .map((scope) => {
      const near = nearestNameHint(scope, asked);
      return `nothing of ${settings.name} asks for the scope ${scope.slice(0, 100)}${near === null ? "" : `; ${near}`}`;
    });
}

/** Raises RequestRefusal where the BFF refuses the operation of such a caller as a whole. */
async function denialsOf(
  { access, settings }: Pick<BffRuntime, "access" | "settings">,
  prepared: PreparedOperation,
  planned: PlannedCaller,
): Promise<Denials | null> {
  const caller = callerWith(planned);
  const { guards } = prepared.guards;
  const denials = await decideAccess(access, guards, caller, (name) => planned.policies.includes(name));
  if (denials !== null && settings.denied === "reject")
    refuseDenied(prepared, { denials, kind: caller.kind });
  return denials;
}

function readConditions(
  { operation, conditions }: PreparedOperation,
  variables: PlanQuestion["variables"],
): ReadonlyMap<string, boolean> {
  return new Map(
    conditions.map((name) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : defaultOf(operation, name);
      if (typeof value === "boolean") return [name, value];
      const definition = definitionOf(operation, name);
      const { line, column } = definition?.loc?.startToken ?? { line: 1, column: 1 };
      const message = `Expected true or false for $${name}, on which @skip or @include depends, found ${
        value === undefined ? "nothing" : JSON.stringify(value).slice(0, 100)
      }.`;
      throw new RequestRefusal("BAD_USER_INPUT", [{ message, locations: [{ line, column }] }]);
    }),
  );
}

function defaultOf(operation: OperationDefinitionNode, name: string): boolean | undefined {
  const value = definitionOf(operation, name)?.defaultValue;
  return value?.kind === Kind.BOOLEAN ? value.value : undefined;
}

function definitionOf({ variableDefinitions = [] }: OperationDefinitionNode, name: string) {
  return variableDefinitions.find(({ variable }) => variable.name.value === name);
}
