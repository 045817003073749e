import type { Problems, SourcePlace } from "../core/problems.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { Source } from "../sources/source.ts";
import { parentKeysOf } from "./select-rows.ts";
import type { FieldSupplier, ModelField, ModelType, SupergraphModel } from "./supergraph-model.ts";

/**
 * Every property of an object can be read wherever the object comes from: it is in the row that came, in the mapping
 * that built a reference, or in a row that lookups find, one after the other, by keys that are known by then.
 */
export function checkReachability(model: SupergraphModel, problems: Problems): void {
  const origins = findOrigins(model);
  for (const type of model.types.values()) {
    const gaps = findGaps(model, type, origins.get(type.name) ?? []);
    for (const gap of gaps.values()) {
      if (type.keys.length > 0) reportMissingLookup(type, gap, problems);
      else reportMissingProperties(type, gap, problems);
    }
  }
}

/** A field whose values are objects of a type, and which of their properties it brings. */
interface Origin {
  readonly supplier: FieldSupplier;
  readonly known: ReadonlySet<string>;
}

/** What one source has of a type and an object from elsewhere can't get. */
interface Gap {
  readonly source: Source;
  readonly place: SourcePlace;
  readonly names: Set<string>;
  readonly origins: Set<Origin>;
}

function findOrigins(model: SupergraphModel): Map<string, Origin[]> {
  const origins = new Map<string, Origin[]>();
  for (const field of [...model.types.values()].flatMap((type) => [
    ...type.fields.values(),
    ...type.internalFields.values(),
  ])) {
    for (const supplier of field.suppliers) {
      // It adds a row to an object that came from elsewhere, and nobody asks it for anything else.
      if (supplier.field.isLookup && supplier.field.internalUse !== null) continue;
      for (const type of typesFrom(supplier, model)) {
        const paths = supplier.buildsObjects
          ? [...supplier.builtPaths, ...supplier.builtPaths.map((path) => path.split(".")[0] ?? "")]
          : pathsIn(type, supplier.source);
        const origin = { supplier, known: new Set(paths) };
        origins.set(type.name, [...(origins.get(type.name) ?? []), origin]);
      }
    }
  }
  return origins;
}

/** The object types that a field's values can be of; those of an interface or a union that its own source lists. */
function typesFrom({ source, field }: FieldSupplier, model: SupergraphModel): ModelType[] {
  const name = namedTypeOf(field.node.type);
  const names = source.schema.abstractTypes.get(name)?.possibleTypes ?? [name];
  return names.map((one) => model.types.get(one)).filter((type) => type !== undefined);
}

/** Whether a field, by its key, is read of what an origin brings. */
type IsRead = (key: string, field: ModelField, origin: Origin) => boolean;

/** Clients read what is public of what is public; calls read what they need, of their own source's internal fields too. */
function readersOf(model: SupergraphModel, type: ModelType): IsRead {
  const all = [...type.fields.values(), ...type.internalFields.values()];
  const needed = new Set(all.flatMap((field) => field.suppliers.flatMap((one) => parentKeysOf(type, one))));
  const required = new Set(
    [...model.requirements.values()].flatMap((some) => some.flatMap((requirement) => requirement.fields)),
  );
  return (key, field, { supplier }) => {
    if (type.fields.has(key)) return supplier.field.internalUse === null || required.has(field);
    if (needed.has(key)) return true;
    // Without a key there is no way from one source's objects to another's.
    return required.has(field) && (type.keys.length > 0 || field.suppliers[0]?.source === supplier.source);
  };
}

function findGaps(model: SupergraphModel, type: ModelType, origins: readonly Origin[]): Map<Source, Gap> {
  const isRead = readersOf(model, type);
  const gaps = new Map<Source, Gap>();
  for (const origin of origins) {
    const reachable = reachableFrom(type, origin.known);
    for (const [key, field] of [...type.fields, ...type.internalFields]) {
      const [first] = field.suppliers;
      if (first === undefined || reachable.has(key) || !isRead(key, field, origin)) continue;
      if (field.suppliers.some((supplier) => supplier.call !== null)) continue;
      const { source } = first;
      const place = source.schema.types.get(type.name)?.place ?? first.field.place;
      const gap = gaps.get(source) ?? { source, place, names: new Set(), origins: new Set() };
      gap.names.add(field.name);
      gap.origins.add(origin);
      gaps.set(source, gap);
    }
  }
  return gaps;
}

/** The properties that are known, and those of every row that a lookup finds by properties that are. */
function reachableFrom(type: ModelType, known: ReadonlySet<string>): ReadonlySet<string> {
  const reachable = new Set(known);
  let before = -1;
  while (before < reachable.size) {
    before = reachable.size;
    for (const lookup of type.lookups) {
      if (!lookup.key.every((name) => reachable.has(name))) continue;
      for (const path of pathsIn(type, lookup.source)) reachable.add(path);
    }
  }
  return reachable;
}

/** What can be read from a row of the type that a source sends: its properties, and the paths of keys through them. */
function pathsIn(type: ModelType, source: Source): string[] {
  const { fields, internalFields, keys } = type;
  return [...fields.keys(), ...internalFields.keys(), ...keys.flat()].filter((path) =>
    type.rowHolds(source, path),
  );
}

/** An object without a key is what came, and nothing can be added to it. */
function reportMissingProperties(type: ModelType, { place, names, origins }: Gap, problems: Problems): void {
  const found = `no ${[...names].join(", ")}`;
  for (const { supplier } of origins) {
    const { field, source } = supplier;
    if (supplier.buildsObjects) {
      const expected = `all of ${type.name} built here, because it has no key to ask for the rest by`;
      const at = field.from?.placeAt(0) ?? field.place;
      problems.error({ place: at, coordinate: `${field.coordinate} @from(field:)`, expected, found });
      continue;
    }
    const expected = `all of ${type.name} in ${source.schema.file} too, which sends it as ${field.coordinate}, or a @key and a @lookup`;
    problems.error({ place, coordinate: type.name, expected, found });
  }
}

function reportMissingLookup(type: ModelType, gap: Gap, problems: Problems): void {
  const { source, place, names, origins } = gap;
  const { file } = source.schema;
  const from = [...origins].map(
    ({ supplier }) => `${supplier.field.coordinate} in ${supplier.source.schema.file}`,
  );
  const usable = type.keys.filter((key) =>
    [...origins].every(({ known }) => key.every((name) => reachableFrom(type, known).has(name))),
  );
  const keys = (usable.length > 0 ? usable : type.keys).map((key) => key.join(" and "));
  problems.error({
    place,
    coordinate: type.name,
    expected: `a @lookup in ${file} that finds ${type.name} by ${keys.join(" or by ")}`,
    found: `no way to ${[...names].join(", ")} of what comes from ${[...new Set(from)].join(", ")}`,
    hint: `add to Query in ${file} a field that returns ${type.name}, with @lookup and that key as its arguments`,
  });
}
