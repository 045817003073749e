import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import type { CountedAnswer } from "./two-executors.ts";

/**
 * What declares calls that the compiled executor may make more of: those for objects where the answer has null. It asks
 * for the objects of a whole list at once, and for what is read of an object beside the row that tells whether it exists;
 * the reference learns first what is missing, or what a null took along, and asks for less below it.
 */
export function excusedCalls(
  plan: PlanDescription,
  { data }: Pick<CountedAnswer, "data">,
): ReadonlySet<string> {
  const nulls = new Set<string>();
  findNulls(data, "", nulls);
  const places = new Map(plan.places.map(({ id, path }) => [id, plainPath(path)]));
  const excused = plan.steps.filter(({ place }) => isBelow(places.get(place) ?? "", nulls));
  return new Set(excused.flatMap(({ source, coordinate }) => [source, coordinate]));
}

/** Without types, and with lists in lists as one: the client's may be flattened. */
function plainPath(path: string): string {
  return path.replaceAll(/<\w+>/g, "").replaceAll(/(?:\[\])+/g, "[]");
}

/** Where null stands, as plans write it: `products.items[].stock`. */
function findNulls(value: unknown, path: string, found: Set<string>): void {
  if (value === null || value === undefined) found.add(path);
  else if (Array.isArray(value))
    for (const element of value) findNulls(element, plainPath(`${path}[]`), found);
  else if (typeof value === "object")
    for (const [key, member] of Object.entries(value))
      findNulls(member, path === "" ? key : `${path}.${key}`, found);
}

function isBelow(path: string, nulls: ReadonlySet<string>): boolean {
  if (nulls.has("") || nulls.has(path)) return true;
  for (const { index } of path.matchAll(/\.|\[/g)) if (nulls.has(path.slice(0, index))) return true;
  return false;
}
