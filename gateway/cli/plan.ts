import { InvalidArgumentError } from "commander";
import type { RequestRefusal } from "../core/request-refusal.ts";
import { estimateCalls } from "../prepare/estimate-calls.ts";
import { estimatedListSizes, printPlan } from "../prepare/print-plan.ts";
import { type PlannedOperation, planProject } from "../server/plan-project.ts";
import type { PlannedCaller } from "../server/planned-caller.ts";
import { MisuseError, readDocument } from "./read-document.ts";

export interface PlanOptions {
  readonly root: string;
  readonly bff: string;
  readonly operation?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly json?: boolean;
  /** For a caller who has these scopes only. */
  readonly scopes?: readonly string[];
  /** For a caller whom these policies let only. */
  readonly policies?: readonly string[];
  /** For a caller without a credential. */
  readonly anonymous?: boolean;
}

/** A plan to be printed. */
export interface PrintedPlan {
  readonly text: string;
  /** What may be meant otherwise than it is said. */
  readonly hints: readonly string[];
}

/**
 * The plan of an operation in a file (`-`: standard input), as text. Raises what planProject raises, and MisuseError for
 * a file that can't be read, and for a caller that can't be.
 */
export async function planFile(file: string, options: PlanOptions): Promise<PrintedPlan> {
  const { root, bff, operation = null, variables = {} } = options;
  const document = readDocument(file);
  const caller = readCaller(options);
  const question = { bff, document, operationName: operation, variables, caller };
  // Whoever plans has the schema at hand: messages may suggest names.
  const environment = { ...process.env, NODE_ENV: "development" };
  const { plan, hints } = await planProject(root, environment, question);
  return { text: textOf(plan, options), hints };
}

/** A refused document as a compiler would say it: `file:line:column  message`. */
export function formatRefusal(file: string, { reasons }: Pick<RequestRefusal, "reasons">): string {
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

/** Reads a list of names with commas between them; an empty text is no name. */
export function parseNames(text: string): readonly string[] {
  if (text.trim() === "") return [];
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("Expected names with commas between them.");
  return names;
}

function textOf(plan: PlannedOperation["plan"], { json = false }: PlanOptions): string {
  if ("reason" in plan)
    return json
      ? `${JSON.stringify(plan, null, 2)}\n`
      : `not planned, run by the reference executor: ${plan.reason}\n`;
  if (!json) return printPlan(plan);
  const estimates = estimatedListSizes.map((size) => estimateCalls(plan, size));
  return `${JSON.stringify({ ...plan, estimates }, null, 2)}\n`;
}

/** Where nothing is said of the caller it may read everything. */
function readCaller({ scopes, policies, anonymous = false }: PlanOptions): PlannedCaller | null {
  if (scopes === undefined && policies === undefined && !anonymous) return null;
  if (anonymous && scopes !== undefined)
    throw new MisuseError(
      "expected --scopes or --anonymous, found both: without a credential there are no scopes",
    );
  return { isAnonymous: anonymous, scopes: scopes ?? [], policies: policies ?? [] };
}
