import type { DeclaredCall } from "../sources/declared-call.ts";
import { propertiesOf } from "../sources/wanted-properties.ts";
import type { Access, Spot } from "./plan.ts";
import type { DraftPlace, DraftStep } from "./plan-numbers.ts";

/**
 * Lets the calls of a plan ask for no more than the plan reads of what they bring. Steps of one call ask for what all of
 * them read together, so that their rows are the same and none is asked for twice. `whole`: calls that are made
 * elsewhere as they are declared.
 */
export function trimCalls(
  steps: readonly DraftStep[],
  places: readonly DraftPlace[],
  whole: ReadonlySet<DeclaredCall>,
): void {
  const wanted = new Map<DeclaredCall, Set<string>>();
  for (const place of places) {
    for (const [access, spot] of place.accesses) {
      if (access.kind !== "step" || access.step.kind !== "call") continue;
      const { call } = access.step;
      let paths = wanted.get(call);
      if (paths === undefined) {
        paths = new Set<string>();
        wanted.set(call, paths);
      }
      for (const path of readOf(access, spot)) paths.add(path);
    }
  }
  for (const step of steps) {
    if (step.kind !== "call") continue;
    const { call } = step;
    if (whole.has(call)) continue;
    const paths = [...(wanted.get(call) ?? [])];
    if (!call.isSafe || call.trimmed === null || paths.length === 0 || paths.includes("")) continue;
    step.call = call.trimmed(paths);
  }
}

/** The paths that are read of what an access finds, from where it starts; the empty one: everything. */
function readOf(access: Exclude<Access, { kind: "nowhere" }>, spot: Spot | null): readonly string[] {
  const { supplier } = access;
  const isValue = access.kind === "step" && supplier.read === null;
  // What does more than its map says reads whatever it likes.
  if (!isValue && supplier.read?.map === undefined) return [""];
  const starts = supplier.read?.map === undefined ? [""] : propertiesOf(supplier.read.map);
  const below = spot === null || supplier.buildsObjects ? null : readOfSpot(spot);
  if (below === null) return starts;
  return starts.flatMap((start) => below.map((path) => joined(start, path)));
}

/**
 * Null where all of its objects is wanted: what tells their type is known to the source alone, and what is read object by
 * object is read of whole rows.
 */
function readOfSpot({ places, readType }: Spot): readonly string[] | null {
  const [place, ...others] = places.values();
  if (readType !== null || place === undefined || others.length > 0) return null;
  if (place.shown?.fields.some(({ kind }) => kind === "resolved") === true) return null;
  const accesses = "accesses" in place ? (place as DraftPlace).accesses : new Map<Access, Spot | null>();
  const paths = [...accesses].flatMap(([access, spot]) =>
    access.kind === "row" ? readOf(access, spot) : [],
  );
  return paths.length === 0 ? null : paths;
}

function joined(start: string, path: string): string {
  if (start === "") return path;
  return path === "" ? start : `${start}.${path}`;
}
