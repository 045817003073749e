import type { BoundArgument } from "./bindings.ts";

/** The arguments of one supergraph field for a client field's coerced ones, those that are absent left out. */
export function readBoundArguments(
  bound: readonly BoundArgument[],
  clientArgs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const argument of bound) {
    const value = argument.value(clientArgs);
    if (value !== undefined) args[argument.name] = value;
  }
  return args;
}
