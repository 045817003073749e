import { getNullableType, type GraphQLOutputType, isListType } from "graphql";
import type { Place, ShownField, ShownObject, Spot, Step } from "../prepare/plan.ts";
import type { ConnectionField, RowConnection } from "./compile-connection.ts";
import { compileStands } from "./compile-fetch.ts";
import type { NodesField } from "./compile-nodes.ts";
import { baseAt, compilePath, compileRead, type Finder, placeAt, type Reader } from "./compile-read.ts";
import { compileCountDropped } from "./count-dropped.ts";
import type { ShownParts } from "./generate-shown.ts";
import type { PlanRun } from "./plan-run.ts";
import type { NodeReference, readNodeIds } from "./read-nodes.ts";
import type { CountReceived, ReceivedWalk } from "./received-walk.ts";
import type { ObjectsField } from "./row-variables.ts";
import { shapeObjects } from "./shape-leaves.ts";

export type ReceivedParts = Pick<ShownParts, "finders" | "connections" | "counters">;

/**
 * Compiles how the objects are counted that stand below a root in what a run has received: the same ones that assembling
 * the answer counts, however much of them the answer shows in the end, and as far as they are here. What is read object by
 * object is counted by those who read it.
 */
export function compileReceived(root: Place, parts: ReceivedParts): CountReceived {
  const below = compileBelow(root.shown, parts);
  return (walk, objects) => {
    for (const count of below) count(walk, objects);
  };
}

function compilePlace(place: Place, parts: ReceivedParts): CountReceived | null {
  const { shown, denied, confirm } = place;
  if (shown === null || denied !== null) return null;
  const index = parts.counters.indexOf(shown);
  const below = compileBelow(shown, parts);
  const isThere = compileIsThere(confirm, parts);
  return (walk, objects) => {
    const there = isThere === null ? objects : objects.filter((object) => isThere(walk.run, object));
    walk.add(index, there.length);
    for (const count of below) count(walk, there);
  };
}

/** Whether something has come for a reference; null where nothing has to. */
function compileIsThere(
  steps: readonly Step[],
  { finders }: ReceivedParts,
): ((run: PlanRun, object: unknown) => boolean) | null {
  if (steps.length === 0) return null;
  const finds = steps.map((step) => finders(step));
  return (run, object) => finds.some((find) => find(run, object) !== null);
}

function compileBelow(shown: ShownObject | null, parts: ReceivedParts): CountReceived[] {
  return (shown?.fields ?? []).flatMap((field) => compileField(field, parts) ?? []);
}

function compileField(field: ShownField, parts: ReceivedParts): CountReceived | null {
  switch (field.kind) {
    case "group": {
      const count = compilePlace(field.place, parts);
      if (count === null) return null;
      return (walk, objects) =>
        walk.push(
          count,
          objects.map(() => null),
        );
    }
    case "objects":
      return compileObjects(field, parts);
    case "nodes":
      return compileNodes(field, parts);
    case "connection":
      return compileConnection(field, parts);
    case "edges":
    case "pageInfo":
    case "items":
    case "fact":
    case "typename":
    case "leaf":
    case "denied":
    case "resolved":
      return null;
  }
}

function compileObjects(field: ObjectsField, parts: ReceivedParts): CountReceived | null {
  const { binding, path, spot, type } = field;
  const count = compileSpot(spot, parts);
  if (count === null) return null;
  const [first, ...rest] = path;
  const read = rest.length === 0 ? compileRead(first, parts.finders) : compilePath(path, parts.finders);
  const shape = binding.shapers.length === 0 ? null : shapeObjects(binding);
  const countDropped = compileCountDropped(field, parts.counters);
  const depth = depthOf(type);
  return (walk, objects) => {
    const found: unknown[] = [];
    for (const object of objects) {
      const received = attempt(read, walk.run, object);
      const shown =
        shape === null ? received : attempt((run) => shape(received, run.scope), walk.run, object);
      countDropped?.(walk.counts, received, shown);
      addElements(shown, depth, found);
      if (walk.isEnough(found.length)) break;
    }
    count(walk, found);
  };
}

/** What fails is told where the answer shows it, where there is one: it is no object. */
function attempt(read: Reader, run: PlanRun, object: unknown): unknown {
  try {
    return read(run, object);
  } catch {
    return null;
  }
}

function addElements(value: unknown, levels: number, found: unknown[]): void {
  if (levels === 0) found.push(value);
  else if (Array.isArray(value)) for (const element of value) addElements(element, levels - 1, found);
}

/** Counts those of these values that stand for objects. */
function compileSpot(spot: Spot, parts: ReceivedParts): CountReceived | null {
  const base = baseAt(spot);
  if (base === null) return null;
  const stands = compileStands(spot, base);
  const counts = new Map([...spot.places.values()].map((place) => [place, compilePlace(place, parts)]));
  const [only] = spot.places.values();
  const placeOf = (object: unknown): Place | undefined =>
    base.kind === "reference" ? only : placeAt(spot, object);
  return (walk, values) => {
    for (const [place, group] of Map.groupBy(values.filter(stands), placeOf)) {
      const count = place === undefined ? null : (counts.get(place) ?? null);
      if (count !== null) walk.push(count, group);
    }
  };
}

function compileNodes(field: NodesField, parts: ReceivedParts): CountReceived {
  const counts = new Map(
    [...field.places].map(([typeName, place]) => [typeName, compileNodePlace(place, parts)]),
  );
  return (walk) => {
    const nodes = readableNodes(walk.run.resolved.get(field)?.get(null) as FoundNodes | undefined);
    for (const [typeName, group] of Map.groupBy(nodes, (node) => node.typeName)) {
      const count = counts.get(typeName) ?? null;
      if (count !== null) walk.push(count, group);
    }
  };
}

type FoundNodes = ReturnType<typeof readNodeIds>;

function readableNodes(found: FoundNodes | undefined): readonly NodeReference[] {
  if (found === undefined || found instanceof Error) return [];
  const all = "typeName" in found ? [found] : found;
  return all.filter((node): node is NodeReference => !(node instanceof Error));
}

function compileNodePlace(place: Place, parts: ReceivedParts): CountReceived | null {
  const count = compilePlace(place, parts);
  if (count === null || place.existence === null) return count;
  const find = parts.finders(place.existence);
  return (walk, nodes) =>
    count(
      walk,
      nodes.filter((node) => isRow(find(walk.run, node))),
    );
}

function isRow(found: ReturnType<Finder>): boolean {
  return found !== null && !(found instanceof Error);
}

/** A page, its edges and items. */
function compileConnection(field: ConnectionField, parts: ReceivedParts): CountReceived | null {
  const connection = parts.connections(field);
  const countPage = compilePlace(field.place, parts);
  if (countPage === null) return null;
  const members = compileMembers(field.place.shown, parts);
  const countAll: CountReceived = (walk, connections) => {
    const pages = connections as readonly RowConnection[];
    countPage(
      walk,
      pages.map(({ page }) => page),
    );
    for (const count of members) count(walk, pages);
  };
  return (walk, objects) => {
    const found = objects.map((object) => connection.read(walk.run, object));
    walk.push(
      countAll,
      found.filter((one) => one !== null && !(one instanceof Error)),
    );
  };
}

type CountConnections = (walk: ReceivedWalk, connections: readonly RowConnection[]) => void;

/** What a connection shows besides the fields of its page. Each of its edges has one of its items. */
function compileMembers(shown: ShownObject | null, parts: ReceivedParts): CountConnections[] {
  return (shown?.fields ?? []).flatMap((field): CountConnections[] => {
    switch (field.kind) {
      case "pageInfo": {
        const index = parts.counters.indexOf(field.shown);
        return [(walk, connections) => walk.add(index, connections.length)];
      }
      case "edges": {
        const index = parts.counters.indexOf(field.edge);
        const countEdges: CountConnections = (walk, connections) => {
          for (const { nodes } of connections) walk.add(index, nodes.length);
        };
        return [countEdges, ...compileMembers(field.edge, parts)];
      }
      case "items": {
        const count = compileSpot(field.spot, parts);
        if (count === null) return [];
        const countItems: CountConnections = (walk, connections) => {
          for (const { nodes } of connections) count(walk, nodes);
        };
        return [countItems];
      }
      default:
        return [];
    }
  });
}

function depthOf(type: GraphQLOutputType): number {
  const nullable = getNullableType(type);
  return isListType(nullable) ? depthOf(nullable.ofType) + 1 : 0;
}
