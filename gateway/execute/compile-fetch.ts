import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import type {
  Base,
  Follow,
  Place,
  Plan,
  Read,
  ShownField,
  ShownObject,
  Spot,
  Step,
} from "../prepare/plan.ts";
import { depthOf } from "../prepare/plan-place.ts";
import type { TypeReader } from "../sources/type-reader.ts";
import { type CompiledConnection, compileConnection, type ConnectionField } from "./compile-connection.ts";
import {
  baseAt,
  compileAccess,
  compileHasKey,
  compilePath,
  type Finders,
  isPlainObject,
  placeAt,
  type Reader,
} from "./compile-read.ts";
import { type NodesField, readNodesOf } from "./compile-nodes.ts";
import { type CompiledStep, compileStep } from "./compile-step.ts";
import type { PlanRun } from "./plan-run.ts";
import type { ResolvedField } from "./resolved-field.ts";
import { shapeObjects } from "./shape-leaves.ts";
import { noRows } from "./step-tables.ts";

/** Begins everything that is fetched for the objects of a place and below them. Each is there once. */
export type FetchPlace = (run: PlanRun, objects: readonly unknown[]) => void;

type ItemsField = Extract<ShownField, { kind: "items" }>;

/** The compiled steps of a plan, and how its places are fetched. */
export interface CompiledFetch {
  readonly steps: ReadonlyMap<Step, CompiledStep>;
  readonly finders: Finders;
  readonly connections: Connections;
  fetchRoot(place: Place): FetchPlace;
}

export type ResolvedFields = (
  place: Place,
  field: Extract<ShownField, { kind: "resolved" }>,
) => ResolvedField;

/** A connection, by its field; each is compiled once. */
export type Connections = (field: ConnectionField) => CompiledConnection;

/** Compiles the steps of a plan, those that others read from first. */
export function compileFetch(
  plan: Plan,
  model: SupergraphModel,
  resolvedFields: ResolvedFields,
): CompiledFetch {
  const steps = new Map<Step, CompiledStep>();
  const finders: Finders = (step) => {
    const compiled = steps.get(step);
    if (compiled === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", "a step reads from a later one");
    return compiled.find;
  };
  for (const step of plan.steps) steps.set(step, compileStep(step, model, finders));
  const known = new Map<ConnectionField, CompiledConnection>();
  const connections: Connections = (field) => {
    let compiled = known.get(field);
    if (compiled === undefined) known.set(field, (compiled = compileConnection(field, steps, finders)));
    return compiled;
  };
  const context = { steps, finders, resolvedFields, connections };
  return { steps, finders, connections, fetchRoot: (place) => compilePlace(place, context) };
}

interface FetchContext {
  readonly connections: Connections;
  readonly steps: ReadonlyMap<Step, CompiledStep>;
  readonly finders: Finders;
  readonly resolvedFields: ResolvedFields;
}

/** `isAwaited`: where there are no objects, its steps are done all the same. */
function compilePlace(place: Place, context: FetchContext, isAwaited = false): FetchPlace {
  const parts: FetchPlace[] = place.steps.map((step) => {
    const compiled = context.steps.get(step);
    if (compiled === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", "a step that is not compiled");
    return (run, objects) => {
      if (objects.length === 0) run.finish(step.id, noRows);
      else startWhenReady(compiled, run, objects);
    };
  });
  for (const follow of place.follows) parts.push(compileFollow(follow, context));
  for (const field of place.shown?.fields ?? []) {
    if (field.kind === "group" && field.place.needsRows) {
      const fetchGroup = compilePlace(field.place, context);
      parts.push((run) => fetchGroup(run, [null]));
    } else if (field.kind === "resolved") {
      const resolved = context.resolvedFields(place, field);
      parts.push((run, objects) => resolved.start(run, objects));
    } else if (field.kind === "connection") parts.push(compileConnectionFetch(field, context));
    else if (field.kind === "nodes") parts.push(compileNodesFetch(field, context));
  }
  return (run, objects) => {
    if (objects.length === 0 && !isAwaited) return;
    for (const part of parts) part(run, objects);
  };
}

/** Starts a step as soon as those are done that it reads from. */
function startWhenReady(step: CompiledStep, run: PlanRun, objects: readonly unknown[]): void {
  for (const before of step.after)
    if (!run.isDone(before)) {
      run.whenDone(before, () => startWhenReady(step, run, objects));
      return;
    }
  step.start(run, objects);
}

/** Reads the ids of a field, and fetches for what they lead to. */
function compileNodesFetch(field: NodesField, context: FetchContext): FetchPlace {
  const fetches = [...field.places]
    .filter(([, place]) => place.needsRows)
    .map(([typeName, place]) => ({ typeName, fetchPlace: compilePlace(place, context) }));
  return (run) => {
    const groups = Map.groupBy(readNodesOf(field, run), (node) => node.typeName);
    for (const { typeName, fetchPlace } of fetches) fetchPlace(run, groups.get(typeName) ?? []);
  };
}

/** Fetches the pages of a connection, and then for what is shown of them and of their items. */
function compileConnectionFetch(field: ConnectionField, context: FetchContext): FetchPlace {
  const { path, place } = field;
  const connection = context.connections(field);
  const fetchPage = place.needsRows ? compilePlace(place, context) : null;
  const fetchItems = itemsShownBy(place.shown).flatMap(({ spot }) => compileSpot(spot, context) ?? []);
  const last = path[path.length - 1] ?? path[0];
  const step = last.access.kind === "step" ? last.access.step.id : null;
  const begin: FetchPlace = (run, objects) => {
    const proceed = (): void =>
      connection.start(run, objects, (pages) => {
        if (pages.length === 0) return;
        fetchPage?.(run, [...new Set(pages.map(({ page }) => page))]);
        if (fetchItems.length === 0) return;
        const items = new Set<unknown>();
        for (const { nodes } of pages) addObjects(nodes, items);
        const found = [...items];
        for (const fetchFor of fetchItems) fetchFor(run, found);
      });
    if (step === null) proceed();
    else run.whenDone(step, proceed);
  };
  return path.slice(0, -1).reduceRight((then, read) => compileStage(read, then, context), begin);
}

/** Fetches for what one read on the way finds, and goes on from there. */
function compileStage(read: Read, then: FetchPlace, context: FetchContext): FetchPlace {
  const collect = compileCollect(read, context.finders);
  const fetch = read.spot === null ? null : compileSpot(read.spot, context);
  const step = read.access.kind === "step" ? read.access.step.id : null;
  return (run, objects) => {
    const proceed = (): void => {
      const found = collect(run, objects);
      fetch?.(run, found);
      if (found.length > 0) then(run, found);
    };
    if (step === null) proceed();
    else run.whenDone(step, proceed);
  };
}

function itemsShownBy(shown: ShownObject | null): ItemsField[] {
  return (shown?.fields ?? []).flatMap((field) => {
    if (field.kind === "items") return [field];
    return field.kind === "edges" ? itemsShownBy(field.edge) : [];
  });
}

/** Fetches what a path goes through, read after read, and then for what stands at its end. */
function compileFollow({ path, binding, isAwaited }: Follow, context: FetchContext): FetchPlace {
  const { finders } = context;
  const hasLists = binding?.shapers.some((shaper) => shaper.kind === "list") === true;
  const shaped =
    binding !== null && hasLists ? collectShaped(compilePath(path, finders), shapeObjects(binding)) : null;
  // The places on the way are there for this path alone.
  const stages = path.map((read) => ({
    step: read.access.kind === "step" ? read.access.step.id : null,
    collect: compileCollect(read, finders),
    fetch: read.spot === null ? null : compileSpot(read.spot, context, isAwaited),
  }));
  const { spot = null, next = null } = path.at(-1) ?? {};
  const branches = [...(next ?? [])].map(([place, rest]) => {
    return { place, fetch: compileFollow({ path: rest, binding: null, isAwaited }, context) };
  });
  const along = (
    run: PlanRun,
    origins: readonly unknown[],
    index: number,
    objects: readonly unknown[],
  ): void => {
    const stage = stages[index];
    if (stage === undefined || (objects.length === 0 && !isAwaited)) return;
    if (stage.step === null || run.isDone(stage.step)) proceed(run, origins, index, objects);
    else run.whenDone(stage.step, () => proceed(run, origins, index, objects));
  };
  const proceed: typeof along = (run, origins, index, objects) => {
    const stage = stages[index];
    const isEnd = index === stages.length - 1;
    if (stage === undefined || (isEnd && stage.fetch === null && branches.length === 0)) return;
    const found = isEnd && shaped !== null ? shaped(run, origins) : stage.collect(run, objects);
    stage.fetch?.(run, found);
    if (!isEnd) along(run, origins, index + 1, found);
    else if (spot !== null && branches.length > 0) {
      const groups = Map.groupBy(found, (object) => placeAt(spot, object));
      for (const branch of branches) {
        const group = groups.get(branch.place) ?? [];
        if (group.length > 0 || isAwaited) branch.fetch(run, group);
      }
    }
  };
  return (run, origins) => along(run, origins, 0, origins);
}

function compileSpot(spot: Spot, context: FetchContext, isAwaited = false): FetchPlace | null {
  const fetches = new Map<Place, FetchPlace>();
  for (const place of spot.places.values())
    if (place.needsRows) fetches.set(place, compilePlace(place, context, isAwaited));
  if (fetches.size === 0) return null;
  const [only] = fetches.values();
  if (spot.readType === null && spot.places.size === 1 && only !== undefined) return only;
  return (run, objects) => {
    const groups = Map.groupBy(objects, (object) => placeAt(spot, object));
    for (const [place, fetchGroup] of fetches) fetchGroup(run, groups.get(place) ?? []);
  };
}

/** The objects that a field of these objects holds, each once; errors and nulls are told where the field is shown. */
type Collect = (run: PlanRun, objects: readonly unknown[]) => unknown[];

/** Of a field that is read and nothing else. */
function compileCollect({ access, type, spot }: Read, finders: Finders): Collect {
  const base = baseAt(spot);
  if (access.kind === "nowhere" || spot === null || base === null) return () => [];
  const raw = compileAccess(access, base, finders);
  const stands = compileStands(spot, base);
  const depth = depthOf(type);
  const add = (value: unknown, levels: number, found: unknown[]): void => {
    if (levels === 0) {
      if (stands(value)) found.push(value);
    } else if (Array.isArray(value)) for (const element of value) add(element, levels - 1, found);
  };
  // What sources sent is there once; what a step has found may be found for several.
  const mayRepeat = access.kind === "step";
  return (run, objects) => {
    const found: unknown[] = [];
    for (const object of objects) {
      try {
        add(raw(run, object), depth, found);
      } catch {
        // Told where the field is shown.
      }
    }
    return mayRepeat && objects.length > 1 ? [...new Set(found)] : found;
  };
}

/** Whether a raw value stands for an object of a place. */
export function compileStands(spot: Spot, base: Base): (raw: unknown) => boolean {
  const { readType, places } = spot;
  if (base.kind === "reference") return compileHasKey(base);
  if (base.kind === "built")
    return (raw) => isPlainObject(raw) && !(raw instanceof Error) && placeAt(spot, raw) !== undefined;
  if (readType === null) return (raw) => isPlainObject(raw) && !(raw instanceof Error);
  return (raw) =>
    isPlainObject(raw) && !(raw instanceof Error) && places.has(tryReadType(readType, raw) ?? "");
}

/** What an object is of that does not say it is told where it is shown. */
function tryReadType(readType: TypeReader, raw: object): string | null {
  try {
    return readType(raw);
  } catch {
    return null;
  }
}

/** Of any path, shaped in any way. */
function collectShaped(read: Reader, shape: ReturnType<typeof shapeObjects>): Collect {
  return (run, objects) => {
    const found = new Set<unknown>();
    for (const object of objects) {
      try {
        addObjects(shape(read(run, object), run.scope), found);
      } catch {
        // Told where the field is shown.
      }
    }
    return [...found];
  };
}

function addObjects(value: unknown, found: Set<unknown>): void {
  if (value === null || value === undefined || value instanceof Error) return;
  if (Array.isArray(value)) for (const element of value) addObjects(element, found);
  else found.add(value);
}
