import { getNamedType, type GraphQLLeafType } from "graphql";
import { toOverlockError } from "../core/errors.ts";
import type { Place, Read, ShownField, Spot } from "../prepare/plan.ts";
import {
  compilePath,
  compilePathInTurns,
  compileRead,
  type Finders,
  placeAt,
  type Reader,
  type ReaderInTurns,
} from "./compile-read.ts";
import {
  compileLeafItem,
  completeInTurns,
  completeValue,
  type CompletionInTurns,
  type FieldSite,
  prefixNotes,
} from "./complete-value.ts";
import { LongAssemblyError } from "./assembly-turns.ts";
import type { PlanRun } from "./plan-run.ts";
import { absorbableError, compileLeafShaping, LeafParts, type LeafShaping } from "./shape-leaves.ts";

export type LeafField = Extract<ShownField, { kind: "leaf" }>;

/** The completed value of a field of leaves, or that it failed; what is to be noted is noted. */
export function compileLeafField(field: LeafField, site: FieldSite, finders: Finders): Reader {
  const { key, type } = field;
  const read = compilePath(field.path, finders, compileParts(field, finders));
  const { shaping, completion, absorb } = compileForm(field, site);
  return (run, object) => {
    const noted = run.notes.length;
    let value: unknown;
    try {
      const found = read(run, object);
      run.foresee(found);
      const shaped = shaping.shape(found, run.scope);
      if (shaping.absorbs) raiseFirst(shaped);
      value = shaping.finish(shaped);
    } catch (thrown) {
      if (thrown instanceof LongAssemblyError) throw thrown;
      value = shaping.absorbs ? absorb(run, thrown) : toOverlockError(thrown);
    }
    const completed = completeValue(run, value, type, completion);
    if (run.notes.length > noted) prefixNotes(run, noted, key);
    return completed;
  };
}

/** The same as {@link compileLeafField}, with turns for others among the elements of lists. */
export function compileLeafFieldInTurns(field: LeafField, site: FieldSite, finders: Finders): ReaderInTurns {
  const { key, type } = field;
  const read = compilePathInTurns(field.path, finders, compileParts(field, finders));
  const { shaping, completion, absorb } = compileForm(field, site);
  return function* readInTurns(run, object) {
    const noted = run.notes.length;
    let value: unknown;
    try {
      const shaped = yield* shaping.shapeInTurns(yield* read(run, object), run.scope, run);
      if (shaping.absorbs) raiseFirst(shaped);
      value = shaping.finish(shaped);
    } catch (thrown) {
      value = shaping.absorbs ? absorb(run, thrown) : toOverlockError(thrown);
    }
    const completed = yield* completeInTurns(run, value, type, completion);
    if (run.notes.length > noted) prefixNotes(run, noted, key);
    return completed;
  };
}

interface LeafForm {
  readonly shaping: LeafShaping;
  readonly completion: CompletionInTurns;
  /** What stands in for a failure, which is noted, or an error where nothing may. */
  readonly absorb: (run: PlanRun, thrown: unknown) => unknown;
}

function compileForm({ binding, type }: LeafField, site: FieldSite): LeafForm {
  const shaping = compileLeafShaping(binding, getNamedType(type) as GraphQLLeafType);
  return {
    shaping,
    completion: { site, complete: compileLeafItem(type, site.coordinate), completeInTurns: null },
    absorb: (run, thrown) => {
      try {
        const error = absorbableError(thrown);
        run.notes.push({ path: [], error, field: site, isAbsorbed: true });
        return shaping.replacement;
      } catch (error) {
        return error;
      }
    },
  };
}

/** Objects at the end of the path become what shapers read of them. */
function compileParts({ parts }: LeafField, finders: Finders): (last: Read) => Reader | null {
  return ({ spot }) => {
    if (spot === null) return null;
    const readers = new Map<Place, ReadonlyMap<string, Reader>>();
    for (const place of spot.places.values()) {
      const reads = parts.get(place) ?? new Map<string, Read>();
      readers.set(place, new Map([...reads].map(([name, one]) => [name, compileRead(one, finders)])));
    }
    return (run, object) => partsOf(run, object, spot, readers);
  };
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
