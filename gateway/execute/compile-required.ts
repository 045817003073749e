import { elementsOf, leafOf, membersOf } from "../compose/required-value.ts";
import type { Path, Place, PlannedRest, PlannedValue, Read, Spot } from "../prepare/plan.ts";
import { depthOf } from "../prepare/plan-place.ts";
import { compileRead, type Finders, placeAt, type Reader } from "./compile-read.ts";

/**
 * Compiles how the value of an argument is put together from an object, as readRequired does it for an Entity:
 * `undefined` where a part of it is absent. Raises the first error that stands in the place of one.
 */
export function compileRequired(value: PlannedValue, finders: Finders): Reader {
  switch (value.kind) {
    case "path":
      return compileRequiredPath(value, finders);
    case "object": {
      const readers = value.fields.map((field) => compileRequired(field.value, finders));
      return (run, object) =>
        membersOf(
          value.fields,
          readers.map((read) => read(run, object)),
        );
    }
    case "alternatives": {
      const readers = value.options.map((option) => compileRequired(option, finders));
      return (run, object) => {
        for (const read of readers) {
          const found = read(run, object);
          if (found !== undefined) return found;
        }
        return undefined;
      };
    }
  }
}

function compileRequiredPath(value: RequiredPath, finders: Finders): Reader {
  const [first, ...rest] = value.path;
  const readFirst = compileRead(first, finders);
  const last = rest.at(-1) ?? first;
  const { next } = last;
  const finish = next === null ? compileEnd(value, finders) : compileNext(value, last, next, finders);
  const onward = rest.reduceRight<Reader>((after, one, index) => {
    const read = compileRead(one, finders);
    const levels = depthOf((rest[index - 1] ?? first).type);
    return (run, found) => throughLists(found, levels, (object) => after(run, read(run, object)));
  }, finish);
  return (run, object) => onward(run, readFirst(run, object));
}

type RequiredPath = Extract<PlannedValue, { kind: "path" }>;

function compileEnd({ path, then, toLeaf }: RequiredPath, finders: Finders): Reader {
  return then === null ? (_run, value) => leafOf(value, toLeaf) : compileRest(then, path, finders);
}

/** The rest of a path, another one for each place that its objects may stand in. */
function compileNext(
  value: RequiredPath,
  { spot, type }: Read,
  next: ReadonlyMap<Place, Path>,
  finders: Finders,
): Reader {
  const readers = new Map(
    [...next].map(([place, path]) => [place, compileRequiredPath({ ...value, path }, finders)]),
  );
  const levels = depthOf(type);
  return (run, found) =>
    throughLists(found, levels, (object) => {
      const place = spot === null ? undefined : placeAt(spot, object);
      return place === undefined ? undefined : readers.get(place)?.(run, object);
    });
}

/** Through lists element by element; what stands for an object may be a list, too. */
function throughLists(value: unknown, levels: number, read: (object: unknown) => unknown): unknown {
  if (value instanceof Error) throw value;
  if (value === null || value === undefined) return undefined;
  if (levels === 0 || !Array.isArray(value)) return read(value);
  return elementsOf(value.map((element: unknown) => throughLists(element, levels - 1, read)));
}

function compileRest({ isList, values }: PlannedRest, path: Path, finders: Finders): Reader {
  const spot: Spot | null = path.at(-1)?.spot ?? null;
  const readers = new Map([...values].map(([place, value]) => [place, compileRequired(value, finders)]));
  const readOne: Reader = (run, object) => {
    if (object instanceof Error) throw object;
    const place =
      spot === null || object === null || object === undefined ? undefined : placeAt(spot, object);
    const read = place === undefined ? undefined : readers.get(place);
    return read?.(run, object);
  };
  if (!isList) return readOne;
  return (run, list) => {
    if (list instanceof Error) throw list;
    return Array.isArray(list) ? elementsOf(list.map((one: unknown) => readOne(run, one))) : undefined;
  };
}
