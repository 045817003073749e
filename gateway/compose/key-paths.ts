import { readOwn } from "../language/evaluate-selection.ts";
import type { ObjectSelection, SelectionMap } from "../language/selection-map.ts";

/*
 * A key is a list of paths to single scalars: `id`, or `organization.id` where the key is nested. Most have one segment.
 */

/** The value at a path of an object that a mapping built; `undefined` where there is none. */
export function readKnown(known: Readonly<Record<string, unknown>>, path: string): unknown {
  if (!path.includes(".")) return readOwn(known, path);
  return path.split(".").reduce<unknown>((value, name) => readOwn(value, name), known);
}

/** An object with these values at the paths of a key. */
export function objectOfKey(key: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [index, path] of key.entries()) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let at = result;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = values[index];
  }
  return result;
}

/** The paths that a map without lists and alternatives reads. */
export function pathsRead(map: SelectionMap, prefix: readonly string[] = []): string[] {
  if (map.kind === "alternatives") return [];
  if (map.kind === "object") return map.fields.flatMap((field) => pathsRead(field.value, prefix));
  const path = [...prefix, ...map.segments.map((segment) => segment.name)];
  if (map.then === null) return [path.join(".")];
  return map.then.kind === "object" ? pathsRead(map.then, path) : [];
}

/** The paths that an object which a map builds has, those of objects inside it included. */
export function pathsBuilt(object: ObjectSelection, prefix = ""): string[] {
  return object.fields.flatMap(({ name, value }) =>
    value.kind === "object" ? pathsBuilt(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

/** Two keys of the same fields, in whatever order. */
export function isSameKey(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((path) => right.includes(path));
}

/** As in a selection set: `id organization { id }`. */
export function printKey(key: readonly string[]): string {
  const names = [...new Set(key.map((path) => path.split(".")[0] ?? ""))];
  return names
    .map((name) => {
      const below = key
        .filter((path) => path.startsWith(`${name}.`))
        .map((path) => path.slice(name.length + 1));
      return below.length === 0 ? name : `${name} { ${printKey(below)} }`;
    })
    .join(" ");
}
