import { z } from "zod";
import type { Environment } from "./environment.ts";

/** A text that a deployment decides about: the value of an environment variable. {@link env} makes it. */
export interface EnvironmentReference {
  readonly environmentVariable: string;
  /** What holds where the variable is not set; null: it has to be. */
  readonly default: string | null;
}

/**
 * For `bff.config.ts`: the value of an environment variable, read when the gateway starts. Without a default, a start
 * without the variable is refused. Secrets are stated in no other way.
 */
export function env(variable: string, defaultValue?: string): EnvironmentReference {
  return { environmentVariable: variable, default: defaultValue ?? null };
}

const variablePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Parses what {@link env} makes. */
export function referenceOption(expected: string) {
  return z.strictObject(
    {
      environmentVariable: z.string(expected).regex(variablePattern, expected),
      default: z.string(expected).nullable(),
    },
    expected,
  );
}

/** The text that a reference stands for; null where the variable is not set and has no default. */
export function readReference(value: string | EnvironmentReference, environment: Environment): string | null {
  if (typeof value === "string") return value;
  const text = environment[value.environmentVariable];
  return text === undefined || text === "" ? value.default : text;
}
