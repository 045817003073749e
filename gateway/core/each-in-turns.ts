import { nextTurn } from "./next-turn.ts";

/** Lists up to this length are gone through at once. */
export const maxAtOnce = 1000;

/**
 * Calls `each` with a list's elements in their order, some milliseconds at a time, and gives everybody else a turn of the
 * event loop in between. Rejects with what `each` raises.
 */
export async function eachInTurns<Element>(
  list: readonly Element[],
  each: (element: Element) => void,
): Promise<void> {
  let endsAtMs = performance.now() + maxPartMs;
  for (const [index, element] of list.entries()) {
    if (index % elementsPerLook === 0 && performance.now() >= endsAtMs) {
      await nextTurn();
      endsAtMs = performance.now() + maxPartMs;
    }
    each(element);
  }
}

const maxPartMs = 10;
const elementsPerLook = 64;
