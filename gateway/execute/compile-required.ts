import { elementsOf, leafOf, membersOf } from "../compose/required-value.ts";
import type { Path, Place, PlannedRest, PlannedValue, Spot } from "../prepare/plan.ts";
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
  const { next, spot } = rest.at(-1) ?? first;
  const finish = next === null ? compileEnd(value, finders) : compileNext(value, spot, next, finders);
  const onward = rest.reduceRight<Reader>((after, one) => {
    const read = compileRead(one, finders);
    return (run, found) => throughLists(found, (object) => after(run, read(run, object)));
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
  spot: Spot | null,
  next: ReadonlyMap<Place, Path>,
  finders: Finders,
): Reader {
  const readers = new Map(
    [...next].map(([place, path]) => [place, compileRequiredPath({ ...value, path }, finders)]),
  );
  return (run, found) =>
    throughLists(found, (object) => {
      const place = spot === null ? undefined : placeAt(spot, object);
      return place === undefined ? undefined : readers.get(place)?.(run, object);
    });
}

/** Through lists element by element. */
function throughLists(value: unknown, read: (object: unknown) => unknown): unknown {
  if (value instanceof Error) throw value;
  if (Array.isArray(value)) return elementsOf(value.map((element: unknown) => throughLists(element, read)));
  return value === null || value === undefined ? undefined : read(value);
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
