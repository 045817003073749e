import type { CountedAnswer } from "./two-executors.ts";

/**
 * The calls that each formula allows an operation, where its lists are as long as in its answer. What the answer does not
 * show of lists (those that are empty where others are not, joined, cut off, or of keys) is `atLeast` so long.
 */
export function callsAllowed(
  { data, estimates }: Pick<CountedAnswer, "data" | "estimates">,
  atLeast: number,
): number[] {
  const longest = new Map<string, number>();
  measure(data, "", longest);
  const lengthOf = (list: string): number =>
    Math.max(atLeast, longest.get(list.replaceAll(/<\w+>/g, "")) ?? 0);
  return estimates.map((formula) => formula.upstreamCalls(lengthOf));
}

function measure(value: unknown, path: string, longest: Map<string, number>): void {
  if (Array.isArray(value)) {
    longest.set(path, Math.max(longest.get(path) ?? 0, value.length));
    for (const element of value) measure(element, `${path}[]`, longest);
  } else if (typeof value === "object" && value !== null)
    for (const [key, member] of Object.entries(value))
      measure(member, path === "" ? key : `${path}.${key}`, longest);
}
