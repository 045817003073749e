import {
  type FieldNode,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isObjectType,
  Kind,
} from "graphql";
import type { BoundStep, ConnectionPart } from "../compose/bindings.ts";
import type { FieldUse } from "../policy/cost-rules.ts";
import type { PlanNumbers } from "./plan-numbers.ts";
import { NotPlannedError, type PlaceBuilder } from "./plan-place.ts";
import type {
  ClientArgs,
  FieldArgs,
  PageBinding,
  Path,
  Read,
  ShownField,
  ShownObject,
  Step,
} from "./plan.ts";

/** What plans the fields of an operation, as far as a connection needs it for what it is made of. */
export interface FieldPlanner {
  readonly numbers: PlanNumbers;
  planField(
    place: PlaceBuilder,
    parent: GraphQLObjectType,
    key: string,
    nodes: readonly FieldNode[],
  ): ShownField;
  planPath(place: PlaceBuilder, path: BoundPath, planEnd: (end: PlaceBuilder) => void): Path;
  /** How what stands at the end of a field's path is planned. */
  endOf(site: FieldSite): PlannedEnd;
  collect(type: GraphQLObjectType, nodes: readonly FieldNode[]): CollectedFields;
  /** What of a connection a field of a type is; null for every other field. */
  connectionPart(type: GraphQLObjectType, fieldName: string): ConnectionPart | null;
  /** Equal for equal pages. */
  pageOf(binding: PageBinding, args: FieldArgs): PageArgs;
}

/** A field of an operation. */
export type FieldSite = Pick<ShownField, "parent" | "definition" | "nodes">;

/** What the objects that a field returns were found by. */
export function useOf({ parent, nodes: [node] }: FieldSite): FieldUse | null {
  return node === undefined ? null : { typeName: parent.name, node };
}

export type CollectedFields = ReadonlyMap<string, readonly FieldNode[]>;

export type PageArgs = Extract<ClientArgs, { kind: "page" }>;

export interface BoundPath {
  readonly binding: { readonly steps: readonly BoundStep[]; readonly coordinate: string };
  readonly args: ClientArgs;
}

export interface PlannedEnd {
  readonly views: ReadonlyMap<string, string> | null;
  readonly planEnd: (end: PlaceBuilder) => void;
}

interface ConnectionSite {
  readonly key: string;
  readonly parent: GraphQLObjectType;
  readonly nodes: readonly FieldNode[];
  readonly definition: GraphQLField<unknown, unknown>;
  readonly type: GraphQLOutputType;
  readonly binding: PageBinding;
  readonly args: FieldArgs;
}

/**
 * Plans a connection: its page is found by a path like any other, with the arguments of a page in place of `first` and
 * `after`; everything else is made of the page's row. Raises NotPlannedError where pages come otherwise.
 */
export function planConnection(
  planner: FieldPlanner,
  place: PlaceBuilder,
  { binding, args, ...site }: ConnectionSite,
): ShownField {
  const type = getNamedType(site.definition.type);
  const page = planner.pageOf(binding, args);
  const pages: PlaceBuilder[] = [];
  const path = planner.planPath(place, { binding, args: page }, (end) => void pages.push(end));
  const [pagePlace, ...others] = pages;
  const isOfOneType = others.length === 0 && path.every(({ next }) => next === null);
  if (!isObjectType(type) || pagePlace?.base.kind !== "row" || !isOfOneType)
    throw new NotPlannedError(`${binding.coordinate} has no page that is a row of one type`);
  if (pagePlace.isSelected) throw new NotPlannedError(`${binding.coordinate} has pages of a subquery`);
  const read = ([step]: readonly BoundStep[], planEnd: PlannedEnd["planEnd"] | null = null): Read =>
    readOfRow(pagePlace.read({ name: step?.field.name ?? "", args: null }, planEnd));
  const nextPageToken = read(binding.rule.nextPageToken);
  const items: Read[] = [];
  const readItems: PageSite["readItems"] = (planEnd) => {
    const found = read(binding.rule.items, planEnd);
    items.push(found);
    return found;
  };
  pagePlace.shown = showConnection({ planner, page: pagePlace, readItems }, type, site);
  return {
    ...site,
    kind: "connection",
    binding,
    page: page.index,
    path,
    place: pagePlace,
    // Read for nothing else only where no node is selected: a call would be told to bring all of them.
    items: items[0] ?? read(binding.rule.items),
    nextPageToken,
    pageBehind: mayGoOn(site, args) ? planPageBehind(planner, path, binding) : null,
  };
}

/** Whatever had to be fetched for a page would have to be fetched for the one behind it, too, when that is there. */
function readOfRow(read: Read): Read {
  if (read.access.kind !== "row")
    throw new NotPlannedError(`${read.field.coordinate} is not in the page's row`);
  const places = [...(read.spot?.places.values() ?? [])];
  if (places.some(({ base }) => base.kind === "built"))
    throw new NotPlannedError(`${read.field.coordinate} has items of more than a key`);
  return read;
}

/** Behind a cursor, which may be in the middle of a page. */
function mayGoOn(
  { nodes, definition }: Pick<ConnectionSite, "nodes" | "definition">,
  args: FieldArgs,
): boolean {
  if (args.kind === "constant") return (args.values["after"] ?? null) !== null;
  const given = nodes[0]?.arguments?.find(({ name }) => name.value === "after");
  if (given !== undefined) return given.value.kind !== Kind.NULL;
  return (definition.args.find(({ name }) => name === "after")?.defaultValue ?? null) !== null;
}

function planPageBehind(planner: FieldPlanner, path: Path, binding: PageBinding): Step {
  const { access } = path.at(-1) ?? path[0];
  const bound = binding.steps.at(-1)?.args ?? [];
  if (access.kind !== "step" || access.step.lookup !== null || access.step.kind !== "call")
    throw new NotPlannedError(`${binding.coordinate} has pages that no call of its own brings`);
  return planner.numbers.repeat(access.step, bound);
}

interface PageSite {
  readonly planner: FieldPlanner;
  readonly page: PlaceBuilder;
  readonly readItems: (planEnd: (end: PlaceBuilder) => void) => Read;
}

/** What a connection, an edge of it or its PageInfo shows. */
function showConnection(site: PageSite, type: GraphQLObjectType, found: FieldSite): ShownObject {
  const { planner, page, readItems } = site;
  const fields = [...planner.collect(type, found.nodes)].map(([key, selected]): ShownField => {
    const name = selected[0]?.name.value ?? "";
    const part = planner.connectionPart(type, name);
    const definition = type.getFields()[name];
    // A part that the caller may not read has no binding, and is planned like any such field.
    if (part === null || definition === undefined) return planner.planField(page, type, key, selected);
    planner.numbers.countField();
    const shown = { key, nodes: selected, parent: type, definition, type: definition.type };
    const below = (): ShownObject => {
      const inner = getNamedType(definition.type);
      if (!isObjectType(inner)) throw new NotPlannedError(`${type.name}.${name} is no object`);
      return showConnection(site, inner, shown);
    };
    switch (part) {
      case "edges":
        return { ...shown, kind: "edges", edge: below() };
      case "pageInfo":
        return { ...shown, kind: "pageInfo", shown: below() };
      case "node":
      case "nodes": {
        const { views, planEnd } = planner.endOf(shown);
        const { spot } = readItems(planEnd);
        if (spot === null) throw new NotPlannedError(`${type.name}.${name} holds leaves`);
        return { ...shown, kind: "items", spot, views, isOfEdge: part === "node" };
      }
      default:
        return { ...shown, kind: "fact", part };
    }
  });
  return { type, fields, foundBy: useOf(found) };
}
