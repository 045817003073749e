import type { ReceivedCost } from "../../gateway/core/request-scope.ts";
import { callsAllowed } from "./calls-allowed.ts";
import { differenceOf } from "./compare-answers.ts";
import { excusedCalls } from "./excused-calls.ts";
import { type Disagreement, findDisagreement } from "./find-disagreement.ts";
import type { OperationGenerator } from "./generate-operation.ts";
import type { RandomOperation } from "./operation.ts";
import type { CountedAnswer, TwoExecutors } from "./two-executors.ts";

export interface ExecutorComparison extends TwoExecutors {
  readonly generator: OperationGenerator;
  readonly count: number;
  readonly from: number;
  readonly concurrency?: number;
  /** Shows a disagreement otherwise, in fewer words. */
  readonly simplify?: (
    operation: RandomOperation,
    fails: (candidate: RandomOperation) => Promise<boolean>,
  ) => Promise<RandomOperation>;
}

/** What the operations were about, and what they took. */
export interface ComparedOperations {
  /** What the executors differ on first, in words; `none` where they never do. */
  readonly report: string;
  /** How many errors of each code the reference told; of what was refused as a whole under `refused`. */
  readonly codes: ReadonlyMap<string, number>;
  readonly absorbed: number;
  /** Operations that were run by code made for them. */
  readonly compiled: number;
  /** Operations of which their caller may not read all. */
  readonly denied: number;
  /** Scalars and enum values that are not null. */
  readonly leaves: number;
  /** Upstream calls of all operations. */
  readonly calls: { readonly reference: number; readonly compiled: number };
  /**
   * Seeds of operations for which the compiled executor makes more calls of some kind, however often both are asked, but
   * for those that are excused. At most {@link maxCostlier}.
   */
  readonly costlier: readonly number[];
  /**
   * Seeds of operations that were answered without any error, and for which the executors count other costs, or other ones
   * where nobody gets the answer; and of those with errors for which the compiled one counts less. At most {@link maxCostlier}.
   */
  readonly miscounted: readonly string[];
  /** Operations that were answered without any error. */
  readonly whole: number;
  /** Answers for which more calls were begun than the operation's formula allows. At most {@link maxCostlier}. */
  readonly underestimated: readonly string[];
  /** Calls of all answers, and what was allowed for them. */
  readonly begun: { readonly calls: number; readonly allowed: number };
}

/** Asks both executors the same operations, until they differ on one. */
export async function compareExecutors(comparison: ExecutorComparison): Promise<ComparedOperations> {
  const { generator, count, from, concurrency = 16, reference, compiled } = comparison;
  const codes = new Map<string, number>();
  const takeNote = (code: string): void => void codes.set(code, (codes.get(code) ?? 0) + 1);
  const known = new Map<number, CountedAnswer>();
  const suspects: RandomOperation[] = [];
  const calls = { reference: 0, compiled: 0 };
  const miscounted: string[] = [];
  let whole = 0;
  const underestimated: string[] = [];
  const begun = { calls: 0, allowed: 0 };
  const checkCalls = (tier: string, { seed }: RandomOperation, answer: CountedAnswer): void => {
    if (answer.data === undefined) return;
    const allowed = callsAllowed(answer, shortestList);
    begun.calls += answer.startedCalls;
    begun.allowed += allowed[0] ?? 0;
    if (allowed.some((most) => most < answer.startedCalls) && underestimated.length < maxCostlier)
      underestimated.push(`seed ${seed}: ${tier} began ${answer.startedCalls}, allowed ${allowed.join(" ")}`);
  };
  let leaves = 0;
  let absorbed = 0;
  let compiledCount = 0;
  let denied = 0;
  const disagreement = await findDisagreement({
    generator,
    count,
    from,
    concurrency,
    async left(operation) {
      const answer = await reference(operation);
      known.set(operation.seed, answer);
      checkCalls("reference", operation, answer);
      if (answer.data === undefined) takeNote("refused");
      else for (const { code } of answer.errors) takeNote(String(code).split(" ")[0] ?? "");
      leaves += leavesOf(answer.data);
      absorbed += answer.absorbed.length;
      calls.reference += sumOf(answer.calls);
      return answer;
    },
    async right(operation) {
      const answer = await compiled(operation);
      if (answer.isCompiled === true) compiledCount++;
      checkCalls("compiled", operation, answer);
      if (answer.isDenied) denied++;
      const other = known.get(operation.seed);
      known.delete(operation.seed);
      if (other !== undefined && isWhole(answer) && isWhole(other)) {
        whole++;
        const costs = [other.actual, other.received, answer.actual, answer.received].map(textOf);
        if (new Set(costs).size > 1 && miscounted.length < maxCostlier)
          miscounted.push(
            `seed ${operation.seed}: reference ${costs[0]}, received ${costs[1]}, compiled ${costs[2]}, received ${costs[3]}`,
          );
      } else if (isLess(answer.actual, other?.actual ?? null) && miscounted.length < maxCostlier)
        miscounted.push(
          `seed ${operation.seed}: reference received ${textOf(other?.actual ?? null)}, compiled ${textOf(answer.actual)}`,
        );
      if (other !== undefined && takesMore(answer, other)) suspects.push(operation);
      calls.compiled += sumOf(answer.calls);
      return answer;
    },
  });
  const report = disagreement === null ? "none" : await explain(comparison, disagreement);
  const costlier: number[] = [];
  for (const operation of suspects) {
    if (costlier.length === maxCostlier) break;
    if (await isCostlier(comparison, operation)) costlier.push(operation.seed);
  }
  return {
    report,
    codes,
    absorbed,
    compiled: compiledCount,
    denied,
    leaves,
    calls,
    costlier,
    miscounted,
    whole,
    underestimated,
    begun,
  };
}

/** Backends of random operations send lists that are no longer, where answers do not show it. */
const shortestList = 5;

function isWhole({ data, errors, absorbed }: CountedAnswer): boolean {
  return data !== undefined && errors.length === 0 && absorbed.length === 0;
}

/** The reference asks for nothing more below what an error has made null; the compiled executor has fetched all by then. */
function isLess(cost: ReceivedCost | null, other: ReceivedCost | null): boolean {
  if (cost === null || other === null) return false;
  return cost.typeCost < other.typeCost || cost.fieldCost < other.fieldCost;
}

function textOf(cost: ReceivedCost | null): string {
  return `${cost?.typeCost} ${cost?.fieldCost}`;
}

/** More say no more. */
const maxCostlier = 10;

async function explain(
  { reference, compiled, simplify }: ExecutorComparison,
  { operation, report }: Disagreement,
): Promise<string> {
  const fails = async (candidate: RandomOperation): Promise<boolean> => {
    const answers = [await reference(candidate), await compiled(candidate)] as const;
    return differenceOf(...answers) !== null;
  };
  const simple = (await simplify?.(operation, fails)) ?? operation;
  return simple.seed === operation.seed ? report : `It also shows with seed ${simple.seed}.\n\n${report}`;
}

/** What is known in one turn of the event loop, and so what shares a call, depends on time: only what is always so counts. */
async function isCostlier(
  { reference, compiled }: TwoExecutors,
  operation: RandomOperation,
): Promise<boolean> {
  for (let round = 0; round < 5; round++) {
    const one = await reference(operation);
    if (!takesMore(await compiled(operation), one)) return false;
  }
  return true;
}

function takesMore(answer: CountedAnswer, other: CountedAnswer): boolean {
  const more = [...answer.calls].filter(([name, count]) => count > (other.calls.get(name) ?? 0));
  const plan = more.length === 0 ? null : (answer.describePlan?.() ?? null);
  const excused = plan === null ? new Map<string, number>() : excusedCalls(plan, answer);
  return more.some(([name, count]) => count > (other.calls.get(name) ?? 0) + (excused.get(name) ?? 0));
}

function sumOf(calls: ReadonlyMap<string, number>): number {
  return [...calls.values()].reduce((sum, count) => sum + count, 0);
}

function leavesOf(data: unknown): number {
  if (data === null || data === undefined) return 0;
  if (typeof data !== "object") return 1;
  return Object.values(data).reduce((sum: number, value: unknown) => sum + leavesOf(value), 0);
}
