import { maxCost, plus, times } from "../policy/cost-arithmetic.ts";
import type { CallBound } from "./call-bounds.ts";
import type { PlanDescription } from "./describe-plan.ts";
import type { DescribedStep } from "./describe-step.ts";

/** How many upstream calls an operation makes at most. Compiled once; evaluated in microseconds. */
export interface CallFormula {
  /** What it takes in memory. */
  readonly estimatedBytes: number;
  /**
   * `lengthOf` has the most elements of a list by its response path, as plans name lists, and of a list that stands nowhere
   * in the answer. At most {@link maxCost}, which is that of an operation that is too large for anybody to say.
   */
  upstreamCalls(lengthOf: (list: string) => number): number;
}

/** For operations that are too large. */
export const unboundedCalls: CallFormula = { estimatedBytes: 0, upstreamCalls: () => maxCost };

/**
 * Counts the calls of a plan's steps, and those of what is read object by object.
 *
 * Keys that are known at one time share calls. A plan knows the keys of all objects of a place at one time; resolvers know
 * them as soon as one of the calls is answered that they wait for. So the formula has one more call for each further
 * answer, which is right for both, and exact where what comes before is one call.
 */
export function compileCallFormula(
  plan: Pick<PlanDescription, "steps" | "places">,
  bounds: readonly CallBound[],
): CallFormula {
  const lists = new ListNumbers();
  const groups = groupSteps(plan, lists);
  const others = bounds.map((bound) => numberLists(bound, lists));
  const names = [...lists.names];
  const evaluate = (lengths: readonly number[], unnamed: number): number => {
    const counting = { groups, lengths, calls: [] as number[] };
    let sum = 0;
    for (let index = 0; index < groups.length; index++) sum = plus(sum, callsOf(index, counting));
    for (const bound of others) sum = plus(sum, boundOf(bound, lengths, unnamed));
    return sum;
  };
  const estimatedBytes =
    200 + groups.length * bytesPerGroup + countBounds(bounds) * bytesPerBound + names.join("").length;
  if (names.length === 0 && others.every(isFlat)) {
    const constant = evaluate([], 0);
    return { estimatedBytes, upstreamCalls: () => constant };
  }
  return {
    estimatedBytes,
    upstreamCalls: (lengthOf) => evaluate(names.map(lengthOf), lengthOf("")),
  };
}

/** Measured by the heap of many formulas. */
const bytesPerGroup = 400;
const bytesPerBound = 150;

/** Lists by their number in one formula. */
class ListNumbers {
  readonly names = new Set<string>();
  readonly #numbers = new Map<string, number>();

  of(list: string): number {
    const number = this.#numbers.get(list) ?? this.#numbers.size;
    this.#numbers.set(list, number);
    this.names.add(list);
    return number;
  }

  all(lists: readonly string[]): readonly number[] {
    return lists.map((list) => this.of(list));
  }
}

/** Steps that are asked for together. */
interface StepGroup {
  /** The lists that the objects of each step are in, keys included. */
  readonly keys: readonly (readonly number[])[];
  /** Of one call; infinite: one call has them all. */
  readonly maxKeys: number;
  /** Each object has a list of keys, which share calls among themselves only. */
  readonly keyList: number | null;
  /** Groups whose answers may bring keys. */
  readonly after: readonly number[];
  /** Some are known from the start. */
  readonly startsAtOnce: boolean;
}

function groupSteps(
  { steps, places }: Pick<PlanDescription, "steps" | "places">,
  lists: ListNumbers,
): StepGroup[] {
  const leaders = steps.filter(({ joins }) => joins === null);
  const numbers = new Map(leaders.map(({ id }, index) => [id, index]));
  const groupOf = new Map(steps.map(({ id, joins }) => [id, numbers.get(joins ?? id) ?? 0]));
  const references = new Set(places.filter(({ base }) => base === "reference").map(({ id }) => id));
  const lookups = Map.groupBy(
    steps.filter(({ id, kind, place, fields }) => references.has(place) && isLookup({ id, kind, fields })),
    ({ place }) => place,
  );
  return leaders.map((leader, index): StepGroup => {
    const members = steps.filter(({ id }) => groupOf.get(id) === index);
    const waits = members.map((step) => {
      // A resolver finds out first whether the object that is referred to is there.
      const confirming = lookups.get(step.place) ?? [];
      const own = confirming.some(({ id }) => id === step.id) ? [] : confirming.map(({ id }) => id);
      return own.length > 0 ? own : step.after;
    });
    const after = new Set(waits.flat().map((id) => groupOf.get(id) ?? 0));
    after.delete(index);
    const { batch } = leader;
    const keyList = batch?.isPerObject === true && batch.keyList !== null ? lists.of(batch.keyList) : null;
    return {
      keys: members.map(({ lists: own, batch: rule }) =>
        lists.all(rule?.isPerObject === true ? own.filter((list) => list !== rule.keyList) : own),
      ),
      maxKeys: maxKeysOf(leader, members),
      keyList,
      after: [...after],
      startsAtOnce: waits.some((ids) => ids.length === 0),
    };
  });
}

function isLookup({ kind, fields }: Pick<DescribedStep, "id" | "kind" | "fields">): boolean {
  return kind.endsWith("lookup") || (kind === "subquery" && fields.length === 0);
}

function maxKeysOf(leader: DescribedStep, members: readonly DescribedStep[]): number {
  if (leader.batch?.isPerObject === true) return leader.batch.maxSize;
  if (leader.kind !== "subquery") return leader.batch?.maxSize ?? 1;
  const sizes = members.flatMap(({ batch }) => batch?.maxSize ?? []);
  if (sizes.length > 0) return Math.min(...sizes);
  return members.every(({ lists }) => lists.length === 0) ? Infinity : 1;
}

interface Counting {
  readonly groups: readonly StepGroup[];
  readonly lengths: readonly number[];
  /** Those that are counted already. */
  readonly calls: (number | undefined)[];
}

function callsOf(index: number, counting: Counting): number {
  const { groups, lengths, calls } = counting;
  const known = calls[index];
  const group = groups[index];
  if (known !== undefined || group === undefined) return known ?? 0;
  // Steps of one place may wait for each other, in different executors.
  calls[index] = 0;
  const count = countGroup(group, lengths, (other) => callsOf(other, counting));
  calls[index] = count;
  return count;
}

function countGroup(
  { keys, maxKeys, keyList, after, startsAtOnce }: StepGroup,
  lengths: readonly number[],
  callsBefore: (group: number) => number,
): number {
  let count = 0;
  for (const lists of keys) count = plus(count, elementsOf(lists, lengths));
  if (keyList !== null) return times(count, Math.ceil((lengths[keyList] ?? 0) / maxKeys));
  let moments = startsAtOnce ? 1 : 0;
  for (const group of after) moments += callsBefore(group);
  const pieces = Math.max(1, Math.ceil(count / maxKeys));
  return Math.min(count, pieces + Math.max(0, moments - 1));
}

function elementsOf(lists: readonly number[], lengths: readonly number[]): number {
  let count = 1;
  for (const list of lists) count = times(count, lengths[list] ?? 0);
  return count;
}

interface NumberedBound {
  readonly lists: readonly number[];
  readonly calls: readonly number[];
  readonly below: readonly NumberedBound[];
}

function numberLists({ lists: names, calls, below }: CallBound, lists: ListNumbers): NumberedBound {
  return { lists: lists.all(names), calls, below: below.map((inner) => numberLists(inner, lists)) };
}

function boundOf(
  { lists, calls, below }: NumberedBound,
  lengths: readonly number[],
  unnamed: number,
): number {
  const objects = elementsOf(lists, lengths);
  if (objects === 0) return 0;
  let each = 0;
  for (let depth = 0, factor = 1; depth < calls.length; depth++, factor = times(factor, unnamed))
    each = plus(each, times(calls[depth] ?? 0, factor));
  for (const inner of below) each = plus(each, boundOf(inner, lengths, unnamed));
  return times(objects, each);
}

function isFlat({ calls, below }: NumberedBound): boolean {
  return calls.length < 2 && below.every(isFlat);
}

function countBounds(bounds: readonly CallBound[]): number {
  return bounds.reduce((sum, { below }) => sum + 1 + countBounds(below), 0);
}
