import { type Answer, differenceOf } from "./compare-answers.ts";
import type { OperationGenerator } from "./generate-operation.ts";
import { describeOperation, type RandomOperation } from "./operation.ts";
import { shrinkOperation } from "./shrink-operation.ts";

/** Somebody who answers operations. Whatever `Request` says beside the operation (who asks, say) follows from the seed. */
export type Answerer = (operation: RandomOperation) => Promise<Answer>;

export interface Comparison {
  readonly generator: OperationGenerator;
  /** How many operations, from seed `from` on. */
  readonly count: number;
  readonly from?: number;
  readonly left: Answerer;
  readonly right: Answerer;
  /** How many operations are under way at once. Default 1. */
  readonly concurrency?: number;
}

/** Operations on which two answerers differ, and how many were asked before. */
export interface Disagreement {
  /** As small as it gets. */
  readonly operation: RandomOperation;
  readonly difference: string;
  /** All of it for people: seed, document, variables and both answers. */
  readonly report: string;
}

/** Asks both the same random operations; the first on which they differ, made small, or null where they never do. */
export async function findDisagreement(comparison: Comparison): Promise<Disagreement | null> {
  const { generator, count, from = 0, concurrency = 1 } = comparison;
  const end = from + count;
  let next = from;
  const failing: FoundDifference[] = [];
  const work = async (): Promise<void> => {
    while (next < end && failing.length === 0) {
      const operation = generator.operation(next++);
      const answers = await askBoth(comparison, operation);
      const difference = differenceOf(answers.left, answers.right);
      if (difference !== null) failing.push({ operation, difference, answers });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  // Of several that were under way at once always the same.
  const [first] = failing.toSorted((one, other) => one.operation.seed - other.operation.seed);
  return first === undefined ? null : explain(comparison, first);
}

/** As it was seen first: what depends on time may never be seen again. */
interface FoundDifference {
  readonly operation: RandomOperation;
  readonly difference: string;
  readonly answers: Answers;
}

async function explain(
  comparison: Comparison,
  { operation: failing, difference: first, answers }: FoundDifference,
): Promise<Disagreement> {
  const { schema } = comparison.generator.index;
  const differs = async (candidate: RandomOperation): Promise<boolean> => {
    const { left, right } = await askBoth(comparison, candidate);
    return differenceOf(left, right) !== null;
  };
  const operation = await shrinkOperation(schema, failing, differs);
  const { left, right } = await askBoth(comparison, operation);
  const difference = differenceOf(left, right) ?? "none when asked again: it depends on time";
  const report = [
    `Different answers: ${difference}`,
    describeOperation(operation),
    describeAnswers({ left, right }),
    `Before it was made small: ${first}`,
    describeOperation(failing),
    describeAnswers(answers),
  ].join("\n\n");
  return { operation, difference, report };
}

interface Answers {
  readonly left: Answer;
  readonly right: Answer;
}

function describeAnswers({ left, right }: Answers): string {
  return `left   ${JSON.stringify(left, null, 2)}\n\nright  ${JSON.stringify(right, null, 2)}`;
}

async function askBoth({ left, right }: Comparison, operation: RandomOperation): Promise<Answers> {
  const [leftAnswer, rightAnswer] = await Promise.all([left(operation), right(operation)]);
  return { left: leftAnswer, right: rightAnswer };
}
