import { BoundedCache } from "../core/bounded-cache.ts";
import type { SelectionMap } from "../language/selection-map.ts";

/**
 * The properties that will be read of a call's value, or of each of a batch's values, by the names that they have in raw
 * values: `name`, `price.units`. A path stands for all below it, and the empty one for the whole value.
 */
export type WantedProperties = readonly string[];

/** What a map reads of a raw value, as {@link WantedProperties}. */
export function propertiesOf(map: SelectionMap): WantedProperties {
  switch (map.kind) {
    case "path":
      return [map.segments.map(({ name }) => name).join(".")];
    case "object":
      return map.fields.flatMap(({ value }) => propertiesOf(value));
    case "alternatives":
      return map.options.flatMap(propertiesOf);
  }
}

/** The same properties, of an object that has the value at `names`. */
export function propertiesAbove(wanted: WantedProperties, names: readonly string[]): WantedProperties {
  return wanted.map((path) => [...names, ...(path === "" ? [] : [path])].join("."));
}

/** The wanted properties of what stands at `names`; null where all of it is wanted. */
export function propertiesBelow(wanted: WantedProperties, names: readonly string[]): WantedProperties | null {
  const prefix = names.map((name) => `${name}.`).join("");
  if (wanted.some((path) => path === "" || prefix.startsWith(`${path}.`))) return null;
  return wanted.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}

/**
 * The calls that `trim` makes, one for equal properties in whatever order, so that whoever asks for the same gets the
 * same rows.
 */
export function rememberTrimmed<Call extends object>(
  trim: (wanted: WantedProperties) => Call,
): (wanted: WantedProperties) => Call {
  const known = new BoundedCache<Call>({ maxEntries: 256, maxSize: 256 });
  return (wanted) => {
    const sorted = [...new Set(wanted)].toSorted();
    const text = JSON.stringify(sorted);
    const kept = known.get(text);
    if (kept !== undefined) return kept;
    const call = trim(sorted);
    known.set(text, call, 1);
    return call;
  };
}
