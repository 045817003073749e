import { baseAt, placeAt } from "./compile-read.ts";
import { compileStands } from "./compile-fetch.ts";
import { droppedElements, mayDropElements } from "./dropped-elements.ts";
import type { ObjectCounters } from "./object-counters.ts";
import type { ObjectsField } from "./row-variables.ts";

/** Counts the objects that a field's shapers leave out: they were received like the others. `counts`: by the index of their counter. */
export type CountDropped = (counts: number[], received: unknown, shown: unknown) => void;

/** Null for a field whose shapers leave out nothing. */
export function compileCountDropped(
  { binding, spot }: ObjectsField,
  counters: ObjectCounters,
): CountDropped | null {
  const base = baseAt(spot);
  if (base === null || !mayDropElements(binding.shapers)) return null;
  const stands = compileStands(spot, base);
  const indexes = new Map(
    [...spot.places.values()].map((place) => [
      place,
      place.shown === null ? null : counters.indexOf(place.shown),
    ]),
  );
  return (counts, received, shown) => {
    for (const element of droppedElements(received, shown)) {
      const place = stands(element) ? placeAt(spot, element) : undefined;
      const index = place === undefined ? null : (indexes.get(place) ?? null);
      if (index !== null) counts[index] = (counts[index] ?? 0) + 1;
    }
  };
}
