import { OverlockError } from "../core/errors.ts";
import { nextTurn } from "../core/next-turn.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { Place } from "../prepare/plan.ts";
import { LongAssemblyError } from "./assembly-turns.ts";
import { generateInTurns, generateShown, type ShowInTurns, type ShownParts } from "./generate-shown.ts";
import type { PlanRun } from "./plan-run.ts";

/** Assembles what a root shows: an object, or that it failed; a promise of it where that takes more than one turn. */
export type Assemble = (run: PlanRun) => unknown;

/**
 * Compiles the assembly of what a root shows. Nearly every answer is assembled at once. One that takes too long for that
 * is begun again by code that gives others their turns, which is made when it is first needed; then more such answers are
 * expected.
 */
export function compileAssembly(root: Place, parts: ShownParts): Assemble {
  const show = generateShown(root, parts);
  let showInTurns: ShowInTurns | null | undefined;
  let expectedLong = 0;
  const assembleInTurns = async (run: PlanRun): Promise<unknown> => {
    showInTurns ??= generateInTurns(root, parts);
    // Without a list there is nothing to be done in turns.
    if (showInTurns === null) return show(run, null);
    const assembling = showInTurns(run, null);
    let isLong = false;
    for (;;) {
      run.beginPart();
      const { done, value } = assembling.next();
      if (done === true) {
        expectedLong = isLong ? expectedAfterLong : expectedLong - 1;
        return value;
      }
      isLong = true;
      await nextTurn();
      refuseUnwanted(run.scope);
    }
  };
  return (run) => {
    if (expectedLong > 0) return assembleInTurns(run);
    try {
      return run.assembleAtOnce(() => show(run, null));
    } catch (error) {
      if (!(error instanceof LongAssemblyError)) throw error;
    }
    // Its part of this turn is used up.
    expectedLong = expectedAfterLong;
    return nextTurn().then(() => assembleInTurns(run));
  };
}

/** After so many answers of an operation that were short, one is tried at once again. */
const expectedAfterLong = 20;

/** Raises why nobody wants the answer any more, where that is so. */
function refuseUnwanted(scope: RequestScope): void {
  const ended = scope.deadline.expiredBy;
  if (ended?.code === "CANCELLED") throw ended;
  refuseLate(scope);
}

/** What was fetched in time may still be told; a run that its deadline has long overtaken is not. */
export function refuseLate({ deadline }: Pick<RequestScope, "deadline">): void {
  if (performance.now() > deadline.expiresAtMs + graceMs)
    throw new OverlockError("REQUEST_TIMEOUT", "The request's time ran out.");
}

const graceMs = 500;
