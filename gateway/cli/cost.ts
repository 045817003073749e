import { RequestRefusal } from "../core/request-refusal.ts";
import type { FanOut } from "../prepare/fan-out.ts";
import { type CostedOperation, costProject, type RefusedOperation } from "../server/cost-project.ts";
import { formatRefusal } from "./plan.ts";
import { MisuseError, readDocument } from "./read-document.ts";

export interface CostOptions {
  readonly root: string;
  readonly bff: string;
  readonly tier?: string;
  /** JSON, or a file of it. */
  readonly variables?: string;
  readonly json?: boolean;
}

/** What is printed of the costs of files. */
export interface PrintedCosts {
  readonly text: string;
  /** Of the files and the operations that the BFF would not take. */
  readonly refusals: string;
  /** 0; 1 where a limit that is enforced is broken; 2 where a file or an operation is none that the BFF takes. */
  readonly status: 0 | 1 | 2;
}

/** What the operations of files cost, as text. Raises what costProject raises, and MisuseError for a file that can't be read. */
export async function costFiles(files: readonly string[], options: CostOptions): Promise<PrintedCosts> {
  const { root, bff, tier = null, json = false } = options;
  const documents = files.map(readDocument);
  const variables = options.variables === undefined ? {} : readVariables(options.variables);
  // Whoever asks has the schema at hand: messages may suggest names.
  const environment = { ...process.env, NODE_ENV: "development" };
  const costs = await costProject(root, environment, { bff, tier, documents, variables });
  const results = files.map((file, index) => ({ file, costed: costs[index] ?? [] }));
  const status = Math.max(0, ...results.map(({ costed }) => statusOf(costed)));
  return {
    text: json
      ? `${JSON.stringify(results.flatMap(jsonOf), null, 2)}\n`
      : results.map(textOf).filter(Boolean).join("\n"),
    refusals: results.map(refusalsOf).join(""),
    status: status === 2 ? 2 : status === 1 ? 1 : 0,
  };
}

type Costed = readonly (CostedOperation | RefusedOperation)[] | RequestRefusal;
interface Result {
  readonly file: string;
  readonly costed: Costed;
}

function readVariables(text: string): Readonly<Record<string, unknown>> {
  const isInline = text.trimStart().startsWith("{");
  let reason = "";
  try {
    // Some editors begin files with a byte order mark, which is no JSON.
    const value: unknown = JSON.parse(isInline ? text : readDocument(text).replace(/^\uFEFF/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    reason = `: ${error.message}`;
  }
  throw new MisuseError(
    `expected a JSON object as --variables${isInline ? "" : `, in ${text.slice(0, 100)}`}${reason}`,
  );
}

function statusOf(costed: Costed): 0 | 1 | 2 {
  if (costed instanceof RequestRefusal) return limitCodes.has(costed.code) ? 1 : 2;
  const statuses = costed.map((cost): number => {
    if ("refusal" in cost) return statusOf(cost.refusal);
    const { exceeded, rateLimits } = cost;
    return exceeded.some(({ isEnforced }) => isEnforced) || rateLimits.some(({ uses, max }) => uses > max)
      ? 1
      : 0;
  });
  const worst = Math.max(0, ...statuses);
  return worst === 2 ? 2 : worst === 1 ? 1 : 0;
}

const limitCodes = new Set<string>(["LIMIT_EXCEEDED", "COST_LIMIT_EXCEEDED"]);

function refusalsOf({ file, costed }: Result): string {
  if (costed instanceof RequestRefusal) return formatRefusal(file, costed);
  return costed
    .map((cost) => {
      if (!("refusal" in cost)) return "";
      const { operation, refusal } = cost;
      const of = operation === null ? "" : `operation ${operation}: `;
      const hint = refusal.code === "BAD_USER_INPUT" ? " Its variables are those of --variables." : "";
      const told = refusal.reasons.map((reason) => ({ ...reason, message: `${of}${reason.message}${hint}` }));
      return formatRefusal(file, { reasons: told });
    })
    .join("");
}

function jsonOf({ file, costed }: Result): readonly object[] {
  if (costed instanceof RequestRefusal) return [{ file, errors: errorsOf(costed) }];
  return costed.map((cost) =>
    "refusal" in cost
      ? { file, operation: cost.operation, errors: errorsOf(cost.refusal) }
      : { file, ...cost },
  );
}

function errorsOf({ code, reasons }: RequestRefusal): readonly object[] {
  return reasons.map(({ message, locations, extensions }) => ({
    message,
    locations,
    extensions: { code, ...extensions },
  }));
}

function textOf({ file, costed }: Result): string {
  if (costed instanceof RequestRefusal) return "";
  const name = file === "-" ? "stdin" : file;
  return costed
    .filter((cost): cost is CostedOperation => !("refusal" in cost))
    .map((cost) => `${name}  ${titleOf(cost)}\n${figuresOf(cost)}${usesOf(cost)}${stepsOf(cost.plan)}`)
    .join("\n");
}

function titleOf({ kind, operation }: CostedOperation): string {
  return operation === null ? kind : `${kind} ${operation}`;
}

function figuresOf({ estimate, limits, exceeded }: CostedOperation): string {
  const rows = [
    ["type cost", estimate.typeCost, limits.maxTypeCost, "maxTypeCost"],
    ["field cost", estimate.fieldCost, limits.maxFieldCost, "maxFieldCost"],
    ["upstream calls", estimate.upstreamCalls, limits.maxUpstreamCalls, "maxUpstreamCalls"],
  ] as const;
  const width = (column: 1 | 2): number => Math.max(...rows.map((row) => String(row[column]).length));
  const [found, max] = [width(1), width(2)];
  return rows
    .map(([title, estimated, limit, name]) => {
      const excess = exceeded.find((one) => one.limit === name);
      const verdict =
        excess === undefined ? "" : excess.isEnforced ? "  too much" : "  too much, only measured";
      return `  ${title.padEnd(14)}  ${String(estimated).padStart(found)} of ${String(limit).padStart(max)}${verdict}\n`;
    })
    .join("");
}

function usesOf({ rateLimits }: CostedOperation): string {
  return rateLimits
    .map(({ coordinate, max, window, uses }) => {
      const verdict = uses > max ? "  too much" : "";
      return `  uses of ${coordinate}  ${uses} of ${max} in ${window}${verdict}\n`;
    })
    .join("");
}

function stepsOf(plan: FanOut | null): string {
  if (plan === null) return "    not planned\n";
  const steps = plan.steps.filter(({ calls }) => calls > 0);
  const width = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
  const [names, sources, counts] = [
    width(steps.map(({ id, coordinate }) => `#${id} ${coordinate}`)),
    width(steps.map(({ source }) => source)),
    width(steps.map(({ calls }) => String(calls))),
  ];
  const lines = steps.map(({ id, coordinate, source, calls, after }) => {
    const waits = after.length === 0 ? "" : `  after ${after.map((other) => `#${other}`).join(", ")}`;
    return `    ${`#${id} ${coordinate}`.padEnd(names)}  ${source.padEnd(sources)}  ${String(calls).padStart(counts)}${waits}\n`;
  });
  const resolved = plan.resolved.map(
    ({ path, objects }) => `    ${path}  object by object, for ${objects}\n`,
  );
  return [...lines, ...resolved].join("");
}
