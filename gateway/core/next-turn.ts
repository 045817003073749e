/** Resolves in the next turn of the event loop, so that others get theirs in the middle of long work. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
