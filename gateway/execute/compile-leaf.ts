import { getNamedType, type GraphQLLeafType } from "graphql";
import { toOverlockError } from "../core/errors.ts";
import type { Place, Read, ShownField, Spot } from "../prepare/plan.ts";
import { compilePath, compileRead, type Finders, placeAt, type Reader } from "./compile-read.ts";
import { compileLeafItem, completeValue, type FieldSite, prefixNotes } from "./complete-value.ts";
import type { PlanRun } from "./plan-run.ts";
import { absorbableError, compileLeafShaping, LeafParts } from "./shape-leaves.ts";

export type LeafField = Extract<ShownField, { kind: "leaf" }>;

/** The completed value of a field of leaves, or that it failed; what is to be noted is noted. */
export function compileLeafField(field: LeafField, site: FieldSite, finders: Finders): Reader {
  const { binding, key, type } = field;
  const read = compileLeafRead(field, finders);
  const shaping = compileLeafShaping(binding, getNamedType(type) as GraphQLLeafType);
  const completion = { site, complete: compileLeafItem(type, site.coordinate) };
  const absorb = (run: PlanRun, thrown: unknown): unknown => {
    try {
      const error = absorbableError(thrown);
      run.notes.push({ path: [], error, field: site, isAbsorbed: true });
      return shaping.replacement;
    } catch (error) {
      return error;
    }
  };
  return (run, object) => {
    const noted = run.notes.length;
    let value: unknown;
    try {
      const shaped = shaping.shape(read(run, object), run.scope);
      if (shaping.absorbs) raiseFirst(shaped);
      value = shaping.finish(shaped);
    } catch (thrown) {
      value = shaping.absorbs ? absorb(run, thrown) : toOverlockError(thrown);
    }
    const completed = completeValue(run, value, type, completion);
    if (run.notes.length > noted) prefixNotes(run, noted, key);
    return completed;
  };
}

/** Objects at the end of the path become what shapers read of them. */
function compileLeafRead({ path, parts }: LeafField, finders: Finders): Reader {
  return compilePath(path, finders, ({ spot }) => {
    if (spot === null) return null;
    const readers = new Map<Place, ReadonlyMap<string, Reader>>();
    for (const place of spot.places.values()) {
      const reads = parts.get(place) ?? new Map<string, Read>();
      readers.set(place, new Map([...reads].map(([name, one]) => [name, compileRead(one, finders)])));
    }
    return (run, object) => partsOf(run, object, spot, readers);
  });
}

function partsOf(
  run: PlanRun,
  object: unknown,
  spot: Spot,
  readers: ReadonlyMap<Place, ReadonlyMap<string, Reader>>,
): LeafParts | null {
  const place = placeAt(spot, object);
  const reads = place === undefined ? undefined : readers.get(place);
  if (reads === undefined) return null;
  return new LeafParts((name) => reads.get(name)?.(run, object) ?? null);
}

/** Raises the first error in a value, in the order of its lists. */
function raiseFirst(value: unknown): void {
  if (value instanceof Error) throw value;
  if (Array.isArray(value)) for (const element of value) raiseFirst(element);
}
