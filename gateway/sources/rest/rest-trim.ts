import type { BatchDeclaration } from "../../language/call-declaration.ts";
import { plainNamesOf } from "../../language/selection-map.ts";
import type { TrimDeclaration } from "../../language/trim-declaration.ts";
import {
  propertiesAbove,
  propertiesBelow,
  propertiesOf,
  type WantedProperties,
} from "../wanted-properties.ts";

/**
 * Compiles which properties a backend is asked for: the first names of the wanted ones, and of what the batch reads of
 * its rows. Null where that is everything, nothing, or a name that the list could not carry.
 */
export function compileTrim(
  { select }: TrimDeclaration,
  batch: BatchDeclaration | null,
): (wanted: WantedProperties) => readonly string[] | null {
  const at = select === null ? [] : (plainNamesOf(select.map) ?? []);
  const valueAt = batch?.value == null ? [] : (plainNamesOf(batch.value.map) ?? []);
  const own = batch?.match == null ? [] : propertiesOf(batch.match.map);
  return (wanted) => {
    const ofObject = propertiesBelow([...own, ...propertiesAbove(wanted, valueAt)], at);
    if (ofObject === null || ofObject.length === 0) return null;
    const names = [...new Set(ofObject.map((path) => path.split(".", 1)[0] ?? ""))].toSorted();
    return names.some((name) => name === "" || name.includes(",")) ? null : names;
  };
}
