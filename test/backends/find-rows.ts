import { SeededRandom } from "./seeded-random.ts";

/**
 * The rows of `ids` as a careless but honest backend returns them: each once, unknown ids left out, in an order that
 * is the same every time and never that of the ids (unless there is one row only).
 */
export function findRows<Row>(rowById: ReadonlyMap<string, Row>, ids: readonly string[]): Row[] {
  const found = [...new Set(ids)].flatMap((id) => rowById.get(id) ?? []);
  return new SeededRandom(found.length).shuffle(found);
}
