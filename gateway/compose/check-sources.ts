import { print, type TypeNode, visit } from "graphql";
import type { Problems } from "../core/problems.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";
import type { FieldSupplier, ModelField, ModelType, SupergraphModel } from "./supergraph-model.ts";

/** Checks what sources say about the same things against each other. */
export function checkSources(sources: readonly Source[], model: SupergraphModel, problems: Problems): void {
  for (const type of model.types.values()) {
    for (const field of type.fields.values()) checkSharing(type, field, problems);
    checkLookups(type, problems);
    checkReachability(type, problems);
  }
  checkReferences(model, problems);
  checkLeafTypes(sources, problems);
}

/** A field in several sources is a key of each, or @shareable in each; its type is the same in all. */
function checkSharing(type: ModelType, field: ModelField, problems: Problems): void {
  const [first, ...others] = field.suppliers;
  if (first === undefined) return;
  for (const other of others) {
    const facts = { place: other.field.place, coordinate: field.coordinate };
    if (nullableText(other.field.node.type) !== nullableText(first.field.node.type)) {
      const expected = `${print(first.field.node.type)}, as in ${first.field.place.file}`;
      problems.error({
        ...facts,
        expected,
        found: print(other.field.node.type),
        hint: "name the field differently in one",
      });
    }
    const unshared = [first, other].find(
      (supplier) => !isKeyField(supplier, type.name) && !supplier.field.isShareable,
    );
    if (unshared === undefined) continue;
    problems.error({
      ...facts,
      expected: `one source for the field, or @shareable in ${first.field.place.file} and ${other.field.place.file}`,
      found: `it in both, without @shareable in ${unshared.field.place.file}`,
      hint: "remove it from one, rename one, or mark both @shareable",
    });
  }
}

function isKeyField(supplier: FieldSupplier, typeName: string): boolean {
  const keys = supplier.source.schema.types.get(typeName)?.keys ?? [];
  return keys.some((key) => key.includes(supplier.field.name));
}

/** Nullability is the client schema's, so only the names and lists have to agree. */
function nullableText(type: TypeNode): string {
  return print(type).replaceAll("!", "");
}

/** A lookup's arguments are exactly a key of the type it returns. */
function checkLookups(type: ModelType, problems: Problems): void {
  for (const lookup of type.lookups) {
    const field = lookup.source.schema.types.get("Query")?.fields.get(rootFieldName(lookup.call.coordinate));
    const keys = lookup.source.schema.types.get(type.name)?.keys ?? [];
    if (field === undefined || keys.some((key) => sameNames(key, lookup.key))) continue;
    const texts = keys.map((key) => `(${key.join(", ")})`);
    problems.error({
      place: field.place,
      coordinate: `${field.coordinate} @lookup`,
      expected:
        texts.length === 0
          ? `@key on ${type.name}`
          : `arguments named like a key of ${type.name}: ${texts.join(" or ")}`,
      found: `(${lookup.key.join(", ")})`,
    });
  }
}

/** A field of an object that another source may have sent needs a way to it from the object's key. */
function checkReachability(type: ModelType, problems: Problems): void {
  const sources = new Set(
    [...type.fields.values()].flatMap((field) => field.suppliers.map((supplier) => supplier.source)),
  );
  if (type.name === "Query" || sources.size < 2 || type.keys.length === 0) return;
  for (const field of type.fields.values()) {
    const [supplier] = field.suppliers;
    const isReachable = field.suppliers.some((one) => one.call !== null || hasLookup(type, one.source));
    if (supplier === undefined || isReachable || field.suppliers.length === sources.size) continue;
    if (isKeyField(supplier, type.name)) continue;
    const others = [...sources]
      .filter((source) => source !== supplier.source)
      .map((source) => source.schema.file);
    problems.error({
      place: supplier.field.place,
      coordinate: field.coordinate,
      expected: `a @lookup for ${type.name} in ${supplier.field.place.file}: objects of this type also come from ${others.join(", ")}`,
      found: "none",
      hint: `add to Query a field that returns ${type.name} by its key, with @lookup`,
    });
  }
}

/** A type without a key is known only where it was fetched, so no mapping can refer to it from several sources. */
function checkReferences(model: SupergraphModel, problems: Problems): void {
  for (const type of model.types.values()) {
    for (const field of type.fields.values()) {
      for (const supplier of field.suppliers) {
        if (supplier.buildsObjects) checkReference(model, supplier.field, problems);
      }
    }
  }
}

function checkReference(model: SupergraphModel, field: SourceField, problems: Problems): void {
  const target = model.types.get(namedTypeOf(field.node.type));
  const facts = {
    place: field.from?.placeAt(0) ?? field.place,
    coordinate: `${field.coordinate} @from(field:)`,
  };
  if (target === undefined) {
    problems.error({
      ...facts,
      expected: "a path: the field's type has no fields",
      found: field.from?.text ?? "",
    });
    return;
  }
  const names = builtNames(field);
  const unknown = names.find((name) => !target.fields.has(name));
  if (unknown !== undefined) {
    const expected = `fields of ${target.name} (${[...target.fields.keys()].join(", ")})`;
    problems.error({ ...facts, expected, found: unknown });
    return;
  }
  const key = target.keys.find((one) => one.every((name) => names.includes(name)));
  if (target.keys.length > 0 && key === undefined) {
    const expected = `a key of ${target.name}: ${target.keys.map((one) => `{ ${one.join(" ")} }`).join(" or ")}`;
    problems.error({ ...facts, expected, found: field.from?.text ?? "" });
    return;
  }
  const unreachable = [...target.fields.values()].find(
    (one) =>
      !names.includes(one.name) &&
      !one.suppliers.some((supplier) => supplier.call !== null || hasLookup(target, supplier.source)),
  );
  if (unreachable === undefined) return;
  problems.error({
    ...facts,
    expected: `a @lookup for ${target.name} that finds ${unreachable.name}`,
    found: `none in ${unreachable.suppliers.map((supplier) => supplier.source.schema.file).join(", ")}`,
    hint: `add to Query a field that returns ${target.name} by its key, with @lookup`,
  });
}

function builtNames(field: SourceField): string[] {
  const map = field.from?.map;
  if (map === undefined) return [];
  const objects = map.kind === "alternatives" ? map.options : [map];
  return objects.flatMap((one) => {
    if (one.kind === "object") return one.fields.map((entry) => entry.name);
    if (one.kind !== "path" || one.then === null) return [];
    const built = one.then.kind === "object" ? one.then : one.then.element;
    return built.kind === "object" ? built.fields.map((entry) => entry.name) : [];
  });
}

/** Enums and inputs of one name are the same in every source; a name is of one kind everywhere. */
function checkLeafTypes(sources: readonly Source[], problems: Problems): void {
  const known = new Map<string, { readonly text: string; readonly kind: string; readonly file: string }>();
  for (const { schema } of sources) {
    for (const node of schema.plainDocument.definitions) {
      if (!("name" in node) || node.name === undefined || node.name.kind !== "Name") continue;
      const isObject = node.kind === "ObjectTypeDefinition";
      const text = isObject
        ? ""
        : print(
            visit(node, {
              enter: (part) => ("description" in part ? { ...part, description: undefined } : undefined),
            }),
          );
      const earlier = known.get(node.name.value);
      if (earlier === undefined) {
        known.set(node.name.value, { text, kind: node.kind, file: schema.file });
        continue;
      }
      if (earlier.kind === node.kind && earlier.text === text) continue;
      const { line = 0, column = 0 } = node.loc?.startToken ?? {};
      problems.error({
        place: { file: schema.file, line, column },
        coordinate: node.name.value,
        expected: `the same definition as in ${earlier.file}`,
        found: earlier.kind === node.kind ? "another one" : `${node.kind} here, ${earlier.kind} there`,
        hint: "rename one of them, or make them equal",
      });
    }
  }
}

function hasLookup(type: ModelType, source: Source): boolean {
  return type.lookups.some((lookup) => lookup.source === source);
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

function rootFieldName(coordinate: string): string {
  return coordinate.slice(coordinate.indexOf(".") + 1);
}
