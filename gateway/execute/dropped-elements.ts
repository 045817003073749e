import type { Shaper } from "../shape/shaper.ts";

/** Whether shapers may leave out objects that were received. */
export function mayDropElements(shapers: readonly Shaper[]): boolean {
  return shapers.some((shaper) => shaper.kind === "list");
}

/** What stood somewhere in the received lists and does not stand in those that are shown, as often as it is missing. */
export function droppedElements(received: unknown, shown: unknown): readonly unknown[] {
  const all = elementsOf(received, []);
  const kept = elementsOf(shown, []);
  if (kept.length === all.length) return [];
  const left = new Map<unknown, number>();
  for (const element of kept) left.set(element, (left.get(element) ?? 0) + 1);
  return all.filter((element) => {
    const count = left.get(element) ?? 0;
    if (count > 0) left.set(element, count - 1);
    return count === 0;
  });
}

/** The same where lists and their elements may be promises. What fails is nobody's object. Does not reject. */
export async function droppedWhenSettled(received: unknown, shown: unknown): Promise<readonly unknown[]> {
  const [all, kept] = await Promise.all([settled(received), settled(shown)]);
  return droppedElements(all, kept);
}

function elementsOf(value: unknown, found: unknown[]): unknown[] {
  if (value === null || value === undefined || value instanceof Error) return found;
  if (Array.isArray(value)) for (const element of value) elementsOf(element, found);
  else found.push(value);
  return found;
}

async function settled(value: unknown): Promise<unknown> {
  try {
    const found = await value;
    return Array.isArray(found) ? await Promise.all(found.map(settled)) : found;
  } catch {
    return null;
  }
}
