import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import type { RequestRefusal } from "../core/request-refusal.ts";
import { estimateCalls } from "../prepare/estimate-calls.ts";
import { estimatedListSizes, printPlan } from "../prepare/print-plan.ts";
import { planProject } from "../server/plan-project.ts";

export interface PlanOptions {
  readonly root: string;
  readonly bff: string;
  readonly operation?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly json?: boolean;
}

/** The command line says something that can't be done. */
export class MisuseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MisuseError";
  }
}

/**
 * The plan of an operation in a file (`-`: standard input), as text. Raises what planProject raises, and MisuseError for
 * a file that can't be read.
 */
export async function planFile(file: string, options: PlanOptions): Promise<string> {
  const { root, bff, operation = null, variables = {}, json = false } = options;
  const document = readDocument(file);
  const plan = await planProject(root, process.env, { bff, document, operationName: operation, variables });
  if ("reason" in plan)
    return json
      ? `${JSON.stringify(plan, null, 2)}\n`
      : `not planned, run by the reference executor: ${plan.reason}\n`;
  if (!json) return printPlan(plan);
  const estimates = estimatedListSizes.map((size) => estimateCalls(plan, size));
  return `${JSON.stringify({ ...plan, estimates }, null, 2)}\n`;
}

/** A refused document as a compiler would say it: `file:line:column  message`. */
export function formatRefusal(file: string, { reasons }: RequestRefusal): string {
  const name = file === "-" ? "stdin" : file;
  return reasons
    .map(({ message, locations }) => {
      const [place] = locations;
      return `${place === undefined ? name : `${name}:${place.line}:${place.column}`}  ${message}\n`;
    })
    .join("");
}

/** Reads the value of `--variables`. */
export function parseVariables(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError("Expected a JSON object.");
}

function readDocument(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new MisuseError(`expected a readable file, found ${code} at ${file.slice(0, 100)}`);
  }
}
