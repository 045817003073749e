import { print } from "graphql";
import { shortened } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { type ObjectSelection, pathsOf, type SelectionMap } from "../language/selection-map.ts";
import type { Source } from "../sources/source.ts";
import { pathsBuilt, printKey } from "./key-paths.ts";
import {
  compositeTypeOf,
  type FieldSupplier,
  type ModelType,
  objectOf,
  type SupergraphModel,
} from "./supergraph-model.ts";

/**
 * An object that a mapping builds holds scalars that its type has, among them a key; of an interface or a union it also
 * holds what tells its type.
 */
export function checkMapping(model: SupergraphModel, supplier: FieldSupplier, problems: Problems): void {
  const { field, source } = supplier;
  const { from } = field;
  if (from === null) return;
  const refuse: Refuse = (offset, expected, found) =>
    problems.error({
      place: from.placeAt(offset),
      coordinate: `${field.coordinate} @from(field:)`,
      expected,
      found,
    });
  const typeName = namedTypeOf(field.node.type);
  const abstractType = source.schema.abstractTypes.get(typeName);
  const targets = (abstractType?.possibleTypes ?? [typeName])
    .map((name) => model.types.get(name))
    .filter((type) => type !== undefined)
    .map((type) => asSeenBy(type, source));
  if (targets.length === 0) {
    if (abstractType === undefined)
      refuse(0, `a path, because ${typeName} has no fields`, shortened(from.text));
    return;
  }
  const tellers = abstractType === undefined ? [] : tellersOf(abstractType.discriminator?.field?.map ?? null);
  const options = from.map.kind === "alternatives" ? from.map.options : [from.map];
  for (const option of options) {
    const object = objectOf(option);
    if (object === null) refuse(option.offset, "alternatives that all build objects", shortened(from.text));
    else checkObject({ model, object, typeName, targets, tellers, refuse });
  }
}

/** With the source's own internal fields under their names. */
function asSeenBy(type: ModelType, source: Source): ModelType {
  const own = [...type.internalFields.values()].filter((field) => field.suppliers[0]?.source === source);
  if (own.length === 0) return type;
  return { ...type, fields: new Map([...type.fields, ...own.map((field) => [field.name, field] as const)]) };
}

type Refuse = (offset: number, expected: string, found: string) => void;

/** The names of a built object of which one tells its type. */
function tellersOf(map: SelectionMap | null): string[] {
  if (map === null) return ["__typename"];
  return pathsOf(map).map((path) => path.segments[0]?.name ?? "");
}

interface BuiltObject {
  readonly model: SupergraphModel;
  readonly object: ObjectSelection;
  readonly typeName: string;
  /** The object types that it can be of. */
  readonly targets: readonly ModelType[];
  readonly tellers: readonly string[];
  readonly refuse: Refuse;
}

function checkObject({ model, object, typeName, targets, tellers, refuse }: BuiltObject): void {
  const scalars = targets.flatMap((target) =>
    [...target.fields.values()].filter((one) => compositeTypeOf(model, namedTypeOf(one.type)) === null),
  );
  const scalarNames = [...new Set(scalars.map((scalar) => scalar.name))];
  for (const { name, value, offset } of object.fields) {
    if (tellers.includes(name) || scalarNames.includes(name)) continue;
    const nested = value.kind === "object" ? nestedTarget(model, targets, name) : null;
    if (nested !== null && value.kind === "object") {
      const inside = { ...nested, keys: [] };
      checkObject({ model, object: value, typeName: nested.name, targets: [inside], tellers: [], refuse });
      continue;
    }
    const found = targets.map((target) => target.fields.get(name)).find((one) => one !== undefined);
    const expected = `a scalar field of ${typeName} (${scalarNames.join(", ")})`;
    refuse(offset, expected, found === undefined ? name : `${name}: ${print(found.type)}`);
    return;
  }
  const names = pathsBuilt(object);
  const found = `{ ${printKey(names)} }`;
  if (tellers.length > 0 && !tellers.some((teller) => names.includes(teller)))
    refuse(object.offset, `${tellers.join(" or ")}, which tells which ${typeName} it is`, found);
  for (const target of targets) {
    if (target.keys.length === 0) continue;
    if (target.keys.some((key) => key.every((name) => names.includes(name)))) continue;
    const keys = target.keys.map((key) => `{ ${printKey(key)} }`);
    refuse(object.offset, `a key of ${target.name}: ${keys.join(" or ")}`, found);
  }
}

/** The type of an object inside, where a nested key goes through the field; null where none does. */
function nestedTarget(model: SupergraphModel, targets: readonly ModelType[], name: string): ModelType | null {
  for (const { keys, fields } of targets) {
    if (!keys.flat().some((path) => path.startsWith(`${name}.`))) continue;
    const field = fields.get(name);
    return field === undefined ? null : (model.types.get(namedTypeOf(field.type)) ?? null);
  }
  return null;
}
