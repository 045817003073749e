import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { SourceArgument } from "../language/argument-directives.ts";
import { placeOf } from "../language/directive-reader.ts";
import { isSameKey, pathsRead, printKey } from "./key-paths.ts";
import { type EntityLookup, keyPathsOf } from "./entity-lookup.ts";
import type { ModelType } from "./supergraph-model.ts";

/** A lookup's arguments mean exactly the fields of a key of the type that it returns; further ones are optional. */
export function checkLookups(type: ModelType, isSoundSoFar: boolean, problems: Problems): void {
  for (const lookup of type.lookups) {
    const { source, field, key } = lookup;
    const keys = source.schema.types.get(type.name)?.keys ?? [];
    if (keys.some((one) => isSameKey(one, key))) continue;
    // Where keys were refused, that there are none is a consequence.
    if (keys.length === 0 && !isSoundSoFar) continue;
    if ([...field.arguments.values()].some((argument) => argument.is === null && isMapped(argument)))
      continue;
    if (keys.length > 0 && refuseMap(lookup, type, keys)) continue;
    if (keys.length > 0 && refuseArgument(lookup, type, keys, problems)) continue;
    const texts = keys.map((one) => `(${one.join(", ")})`);
    const expected =
      texts.length === 0
        ? `@key on ${type.name} in ${source.schema.file}`
        : `arguments called like a key of ${type.name}: ${texts.join(" or ")}`;
    const found = key.length === 0 ? "no arguments" : `(${key.join(", ")})`;
    problems.error({ place: field.place, coordinate: `${field.coordinate} @lookup`, expected, found });
  }
}

/** The first `@is` that means something which is part of no key. */
function refuseMap({ field }: EntityLookup, type: ModelType, keys: readonly (readonly string[])[]): boolean {
  const known = keys.flat();
  for (const { is } of field.arguments.values()) {
    const wrong = is === null ? undefined : pathsRead(is.selection.map).find((path) => !known.includes(path));
    if (is === null || wrong === undefined) continue;
    const texts = keys.map((one) => `"${printKey(one)}"`);
    is.use.refuse(
      ["field"],
      `a field of a @key of ${type.name} (${texts.join(", ")})`,
      wrong,
      nearestNameHint(wrong, known),
    );
    return true;
  }
  return false;
}

/** The first argument that has to be there and is called like no field of a key. */
function refuseArgument(
  { field, source }: EntityLookup,
  type: ModelType,
  keys: readonly (readonly string[])[],
  problems: Problems,
): boolean {
  const known = keys.flat();
  for (const { name, node, is } of field.arguments.values()) {
    if (is !== null || known.includes(name) || keyPathsOf(field, name, source) === null) continue;
    const others = known.filter((path) => !field.arguments.has(path));
    const texts = keys.map((one) => `(${one.join(", ")})`);
    problems.error({
      place: placeOf(node, source.schema.file),
      coordinate: `${field.coordinate}(${name}:)`,
      expected: `arguments called like a key of ${type.name}: ${texts.join(" or ")}`,
      found: `${name}, which has to be given`,
      hint:
        others.length === 0
          ? "make it optional: a lookup by key leaves it out"
          : `say which field it means, for example ${name}: … @is(field: "${others[0] ?? ""}")`,
    });
    return true;
  }
  return false;
}

/** Whether it was said what the argument means, even where that was refused. */
function isMapped({ node }: SourceArgument): boolean {
  return node.directives?.some(({ name }) => name.value === "is") === true;
}
