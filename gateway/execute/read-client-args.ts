import { getArgumentValues, isNonNullType, Kind } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { PlannedArguments } from "../prepare/plan.ts";
import { withoutAbsent } from "./plan-run.ts";

type Variables = Readonly<Record<string, unknown>>;

/** The coerced arguments of a client field for the variables of a run, or the error that they are. */
export type ReadClientArgs = (variables: Variables) => unknown;

/** Compiles how the arguments of a field are read where variables are in them. */
export function compileClientArgs(planned: PlannedArguments): ReadClientArgs {
  const { definition, node } = planned;
  const standard: ReadClientArgs = (variables) => {
    try {
      return getArgumentValues(definition, node, withoutAbsent(variables));
    } catch (cause) {
      return badArguments(cause);
    }
  };
  const given = new Map((node.arguments ?? []).map(({ name, value }) => [name.value, value]));
  const read: { readonly name: string; readonly variable: string; readonly isRequired: boolean }[] = [];
  const constant: Record<string, unknown> = {};
  for (const { name, type, defaultValue } of definition.args) {
    const value = given.get(name);
    if (defaultValue !== undefined) constant[name] = defaultValue;
    else if (value === undefined && isNonNullType(type)) return standard;
    if (value === undefined) continue;
    if (value.kind !== Kind.VARIABLE) return standard;
    read.push({ name, variable: value.name.value, isRequired: isNonNullType(type) });
  }
  return (variables) => {
    const values: Record<string, unknown> = { ...constant };
    for (const { name, variable, isRequired } of read) {
      const value = variables[variable];
      if (isRequired && (value === null || (value === undefined && constant[name] === undefined)))
        return standard(variables);
      if (value !== undefined) values[name] = value;
    }
    return values;
  };
}

/** What GraphQL says of arguments that do not fit is the client's to know. */
export function badArguments(cause: unknown): OverlockError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new OverlockError("BAD_USER_INPUT", message, { cause });
}
