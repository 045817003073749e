import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { Environment } from "./environment.ts";
import type { ReportVariable } from "./pem-files.ts";

/** Reports what is wrong with variables of the environment. */
export function reportVariablesTo(problems: Problems): ReportVariable {
  return (variable, expected, found, hint = null) =>
    problems.error({
      place: { file: "environment", line: 0, column: 0 },
      coordinate: variable,
      expected,
      found,
      hint,
    });
}

/** Reports variables that begin with `prefix` and are none: a misspelt name would leave out what was meant to protect. */
export function reportUnknownVariables(
  { prefix, suffixes }: { readonly prefix: string; readonly suffixes: readonly string[] },
  environment: Environment,
  report: ReportVariable,
): void {
  const known = suffixes.map((suffix) => prefix + suffix);
  for (const variable of Object.keys(environment)) {
    // `books-tls` may be a source too.
    if (!variable.startsWith(prefix) || variable === `${prefix}URL` || known.includes(variable)) continue;
    const expected = `a variable that the gateway reads (${known.join(", ")})`;
    report(variable, expected, variable, nearestNameHint(variable, known));
  }
}
