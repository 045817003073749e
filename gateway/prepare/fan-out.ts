import type { PlanDescription } from "./describe-plan.ts";
import { countCalls } from "./estimate-calls.ts";

/** A step of a plan with the calls that it makes at most. */
export interface FanOutStep {
  readonly id: number;
  /** Where what it brings stands in the answer. */
  readonly path: string;
  readonly source: string;
  readonly coordinate: string;
  /** The steps that it waits for. */
  readonly after: readonly number[];
  /** 0 where it is asked for together with an earlier step, whose calls these are. */
  readonly calls: number;
}

/** What is read object by object, with calls that are found out while it runs. */
export interface FanOutField {
  readonly path: string;
  /** For how many objects, at most. */
  readonly objects: number;
}

/** To how many calls one operation leads, where each of its lists is as long as `lengthOf` says, by its response path. */
export interface FanOut {
  readonly steps: readonly FanOutStep[];
  readonly resolved: readonly FanOutField[];
}

/** Counts the calls of a plan step by step. */
export function fanOut(plan: PlanDescription, lengthOf: (list: string) => number): FanOut {
  const calls = countCalls(plan, lengthOf);
  return {
    steps: plan.steps.map(({ id, path, source, coordinate, after }, index) => ({
      id,
      path,
      source,
      coordinate,
      after,
      calls: calls[index] ?? 0,
    })),
    resolved: plan.resolved.map(({ path, lists }) => ({
      path,
      objects: lists.reduce((count, list) => count * lengthOf(list), 1),
    })),
  };
}
