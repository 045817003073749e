import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import type { CountedAnswer } from "./two-executors.ts";

/**
 * What declares calls that the compiled executor may make more of, and how many more.
 *
 * Any number of those for objects where the answer has null: it asks for the objects of a whole list at once, and for what
 * is read of an object beside the row that tells whether it exists; the reference learns first what is missing, or what a
 * null took along, and asks for less below it.
 *
 * Of those that several steps make, one more for each step of a reference: the reference executor makes them once the
 * object is known to exist, by when keys of other steps may be known which then share the call.
 */
export function excusedCalls(
  plan: PlanDescription,
  { data }: Pick<CountedAnswer, "data">,
): ReadonlyMap<string, number> {
  const nulls = new Set<string>();
  findNulls(data, "", nulls);
  const places = new Map(plan.places.map(({ id, path }) => [id, plainPath(path)]));
  const references = new Set(
    plan.places.filter(({ base }) => base === "reference").map(({ path }) => plainPath(path)),
  );
  const excused = new Map<string, number>();
  for (const name of new Set(plan.steps.flatMap(({ source, coordinate }) => [source, coordinate]))) {
    const paths = plan.steps
      .filter(({ source, coordinate }) => source === name || coordinate === name)
      .map(({ place }) => places.get(place) ?? "");
    const early = paths.length < 2 ? 0 : paths.filter((path) => isBelow(path, references)).length;
    const more = paths.some((path) => isBelow(path, nulls)) ? Infinity : early;
    if (more > 0) excused.set(name, more);
  }
  return excused;
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

/** Whether a path is one of these, or leads on from one. */
function isBelow(path: string, others: ReadonlySet<string>): boolean {
  if (others.has("") || others.has(path)) return true;
  for (const { index } of path.matchAll(/\.|\[/g)) if (others.has(path.slice(0, index))) return true;
  return false;
}
