import { setTimeout as sleep } from "node:timers/promises";
import { hashOf } from "./world.ts";

/**
 * How long a backend takes for a request in a world, 0 to 3 ms: mostly nothing, so that now this backend answers first and
 * now that one. It follows from the seed and from the request, as the answer does.
 */
export function latencyMs(world: string, request: string): number {
  const hash = hashOf(`${Number.parseInt(world, 10)} takes ${request}`);
  return hash % 4 === 0 ? 1 + ((hash >>> 4) % 3) : 0;
}

/** Runs `answer` after that time, at once where there is none. */
export function answerAfter(ms: number, answer: () => void): void {
  if (ms === 0) answer();
  else void sleep(ms).then(answer);
}
