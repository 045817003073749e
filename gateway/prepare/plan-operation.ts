import {
  BREAK,
  type FieldNode,
  getArgumentValues,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
  OperationTypeNode,
  print,
  TypeNameMetaFieldDef,
  visit,
} from "graphql";
import type { EntityLookup } from "../compose/entity-lookup.ts";
import type { BoundClientSchema, ConnectionPart, FieldBinding } from "../compose/bindings.ts";
import type { ModelType, SupergraphModel } from "../compose/supergraph-model.ts";
import type { Denials } from "../policy/access-rules.ts";
import { collectFields, type SelectionContext } from "./collect-fields.ts";
import {
  type BoundPath,
  type CollectedFields,
  type FieldPlanner,
  type FieldSite,
  type PageArgs,
  planConnection,
  useOf,
  type PlannedEnd,
} from "./plan-connection.ts";
import type {
  FieldArgs,
  Path,
  Place,
  Plan,
  PageBinding,
  PlannedArguments,
  PlannedPage,
  Read,
  ShownField,
  ShownObject,
} from "./plan.ts";
import type { FieldUse } from "../policy/cost-rules.ts";
import { findReachedCalls } from "./reached-calls.ts";
import { planNodes, type NodesSite } from "./plan-nodes.ts";
import { trimCalls } from "./trim-calls.ts";
import { PlanNumbers } from "./plan-numbers.ts";
import { NotPlannedError, PlaceBuilder, type ReadSite } from "./plan-place.ts";

type PathBinding = Extract<FieldBinding, { kind: "path" }>;

export interface PlannedOperation extends SelectionContext {
  readonly operation: OperationDefinitionNode;
  /** What its callers may not read; null: nothing. It is not fetched, and neither is what only it needs. */
  readonly denials: Denials | null;
}

/** Plans one variant of a valid operation of a client schema. */
export function planOperation(
  bound: BoundClientSchema,
  model: SupergraphModel,
  operation: PlannedOperation,
): Plan {
  return new Planner(bound, model, operation).plan();
}

class Planner implements FieldPlanner {
  /** What may be read. */
  readonly #bound: BoundClientSchema;
  /** Those that the caller may not see included. */
  readonly #views: BoundClientSchema["views"];
  readonly #model: SupergraphModel;
  readonly #context: PlannedOperation;
  readonly numbers = new PlanNumbers();
  readonly #arguments: PlannedArguments[] = [];
  readonly #argumentIndexes = new Map<string, number>();
  readonly #pages: PlannedPage[] = [];
  #resolvedFields = 0;
  readonly #pageArgs = new Map<string, PageArgs>();
  readonly #argumentsByNode = new Map<
    FieldNode,
    { readonly definition: GraphQLField<unknown, unknown>; readonly args: FieldArgs }
  >();

  constructor(bound: BoundClientSchema, model: SupergraphModel, operation: PlannedOperation) {
    this.#views = bound.views;
    this.#bound = operation.denials?.visible ?? bound;
    this.#model = model;
    this.#context = { ...operation, onSelection: () => this.numbers.countSelection() };
  }

  plan(): Plan {
    const { operation, schema } = this.#context;
    const kind = operation.operation === OperationTypeNode.MUTATION ? "mutation" : "query";
    const rootType = kind === "mutation" ? schema.getMutationType() : schema.getQueryType();
    if (!isObjectType(rootType)) throw new NotPlannedError(`no type for a ${kind}`);
    const fields = collectFields(this.#context, rootType, [operation.selectionSet]);
    const roots =
      kind === "mutation"
        ? [...fields].map((field) => this.#planRoot("Mutation", rootType, new Map([field]), null))
        : [this.#planRoot("Query", rootType, fields, null)];
    const { steps, places, fields: count } = this.numbers;
    const resolved = places
      .flatMap(({ shown }) => shown?.fields ?? [])
      .filter((field) => field.kind === "resolved");
    trimCalls(steps, places, findReachedCalls(this.#bound, this.#model, this.#context, resolved));
    let responseKeys = 0;
    for (const step of steps) {
      if (step.kind !== "subquery") continue;
      if (step.lookup?.keyList != null) step.rows?.selectPaths(step.lookup.key);
      step.rows?.nameFields(() => responseKeys++);
    }
    const totals = {
      places: places.length,
      responseKeys,
      resolvedFields: this.#resolvedFields,
      fields: count,
    };
    return { kind, roots, arguments: this.#arguments, pages: this.#pages, steps, ...totals };
  }

  #planRoot(
    typeName: string,
    shown: GraphQLObjectType,
    fields: CollectedFields,
    foundBy: FieldUse | null,
  ): Place {
    const type = this.#model.types.get(typeName);
    if (type === undefined) throw new NotPlannedError(`the supergraph has no ${typeName}`);
    const place = this.#placeOf(type, { kind: "root" });
    place.shown = this.#show(place, shown, fields, foundBy);
    return place;
  }

  #placeOf(type: ModelType, base: Place["base"], existence: EntityLookup | null = null): PlaceBuilder {
    return new PlaceBuilder(this.#model, this.numbers, type, { base, existence });
  }

  #show(
    place: PlaceBuilder,
    type: GraphQLObjectType,
    fields: CollectedFields,
    foundBy: FieldUse | null,
  ): ShownObject {
    const shown = [...fields].map(([key, nodes]) => this.planField(place, type, key, nodes));
    return { type, fields: shown, foundBy };
  }

  planField(
    place: PlaceBuilder,
    parent: GraphQLObjectType,
    key: string,
    nodes: readonly FieldNode[],
  ): ShownField {
    const [node] = nodes;
    if (node === undefined) throw new NotPlannedError("a field without a node");
    this.numbers.countField();
    const name = node.name.value;
    const definition = definitionOf(parent, name);
    const site = { key, nodes, parent, definition, type: definition.type };
    if (definition === TypeNameMetaFieldDef) return { ...site, kind: "typename", name: parent.name };
    const args = this.#argumentsOf(definition, node);
    if (this.#context.denials?.deniesField(parent.name, name) === true)
      return { ...site, kind: "denied", coordinate: `${parent.name}.${name}`, args };
    const binding = this.#bound.fields.get(parent.name)?.get(name);
    if (binding === undefined) throw new NotPlannedError(`${parent.name}.${name} has no binding`);
    return place.attempt<ShownField>(
      () => {
        if (binding.kind === "group") return { ...site, kind: "group", place: this.#planGroup(site) };
        if (binding.kind === "page") return planConnection(this, place, { ...site, binding, args });
        if (binding.kind === "node") return this.#planNodes({ ...site, binding, args });
        if (binding.kind !== "path") throw new NotPlannedError("a part of a connection");
        return isLeafType(getNamedType(definition.type))
          ? this.#planLeaf(place, { ...site, binding, args })
          : this.#planObjects(place, { ...site, binding, args });
      },
      (reason) => {
        // What resolvers read they have to ask for: the whole subquery is theirs.
        if (place.isSelected) throw new NotPlannedError(reason);
        this.#resolvedFields++;
        return { ...site, kind: "resolved", reason, binding, args };
      },
    );
  }

  #planGroup(site: FieldSite): Place {
    const type = getNamedType(site.definition.type);
    if (!isObjectType(type)) throw new NotPlannedError("a group is an object");
    return this.#planRoot("Query", type, this.collect(type, site.nodes), useOf(site));
  }

  #planLeaf(place: PlaceBuilder, site: PathSite): ShownField {
    const { binding } = site;
    const names = new Set(binding.shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : [])));
    const parts = new Map<Place, ReadonlyMap<string, Read>>();
    const path = this.planPath(place, site, (end) => {
      const reads = [...names].map((name) => [name, end.read({ name, args: null })] as const);
      parts.set(end, new Map(reads));
    });
    place.follow(path);
    return { ...site, kind: "leaf", path, parts };
  }

  #planObjects(place: PlaceBuilder, site: PathSite): ShownField {
    const { binding } = site;
    const { views, planEnd } = this.endOf(site);
    const path = this.planPath(place, site, planEnd);
    const { spot = null, next = null } = path.at(-1) ?? {};
    if (next !== null)
      throw new NotPlannedError(`${binding.coordinate} goes through objects of several types`);
    if (spot === null) throw new NotPlannedError(`${binding.coordinate} finds leaves`);
    place.follow(path, { binding });
    return { ...site, kind: "objects", path, spot, views };
  }

  #planNodes(site: NodesSite): ShownField {
    const { planEnd } = this.endOf(site);
    return planNodes({ placeOf: (...parts) => this.#placeOf(...parts), planEnd }, site);
  }

  endOf(site: FieldSite): PlannedEnd {
    const { definition, nodes } = site;
    const clientType = getNamedType(definition.type);
    const views = this.#views.get(clientType.name) ?? null;
    const isRequired = isInnermostNonNull(definition.type);
    const { schema, denials } = this.#context;
    const planEnd = (end: PlaceBuilder): void => {
      const shown = schema.getType(views === null ? clientType.name : (views.get(end.type.name) ?? ""));
      if (!isObjectType(shown)) return;
      if (isAbstractType(clientType) && denials?.deniesObject(shown.name) === true) {
        end.denied = shown.name;
        return;
      }
      const fields = this.collect(shown, nodes);
      if (end.isReference) this.#confirm(end, shown, fields);
      end.isRequired = isRequired;
      end.shown = this.#show(end, shown, fields, useOf(site));
    };
    return { views, planEnd };
  }

  connectionPart(type: GraphQLObjectType, name: string): ConnectionPart | null {
    const binding = this.#bound.fields.get(type.name)?.get(name);
    return binding?.kind === "connection" ? binding.part : null;
  }

  pageOf(binding: PageBinding, args: FieldArgs): PageArgs {
    const text = `${binding.coordinate} ${args.kind === "run" ? args.index : JSON.stringify(args.values)}`;
    let known = this.#pageArgs.get(text);
    if (known === undefined) {
      known = { kind: "page", index: this.#pages.push({ binding, args }) - 1 };
      this.#pageArgs.set(text, known);
    }
    return known;
  }

  /** The lookups of which one has to find a row, where an object is known by its key only. */
  #confirm(place: PlaceBuilder, type: GraphQLObjectType, fields: CollectedFields): void {
    const names = new Set<string>();
    for (const [node] of fields.values()) {
      const binding = this.#bound.fields.get(type.name)?.get(node?.name.value ?? "");
      const first = binding?.kind === "path" ? binding.steps[0] : undefined;
      if (first !== undefined) names.add(first.field.name);
    }
    for (const name of names) {
      // The row that one field is looked up in may have the next.
      const lookup = place.lookupFor(name);
      if (lookup !== null) place.confirm.push(place.lookUp(lookup));
    }
    if (place.confirm.length === 0) place.confirmExistence();
  }

  planPath(place: PlaceBuilder, { binding, args }: BoundPath, planEnd: (end: PlaceBuilder) => void): Path {
    const sites = binding.steps.map((step): ReadSite => {
      return { name: step.field.name, args: { client: args, bound: step.args }, onType: step.onType };
    });
    return place.readPath(sites, planEnd);
  }

  collect(type: GraphQLObjectType, nodes: readonly FieldNode[]): CollectedFields {
    return collectFields(
      this.#context,
      type,
      nodes.map((node) => node.selectionSet),
    );
  }

  /** Read at once where no variable is in them; what does not fit is the run's to tell. */
  #argumentsOf(definition: GraphQLField<unknown, unknown>, node: FieldNode): FieldArgs {
    if (definition.args.length === 0) return noArgs;
    // A fragment's fields are planned for each of its uses.
    const known = this.#argumentsByNode.get(node);
    if (known?.definition === definition) return known.args;
    const args = this.#readArguments(definition, node);
    this.#argumentsByNode.set(node, { definition, args });
    return args;
  }

  #readArguments(definition: GraphQLField<unknown, unknown>, node: FieldNode): FieldArgs {
    if (!hasVariables(node)) {
      try {
        return { kind: "constant", values: getArgumentValues(definition, node, {}) };
      } catch {
        // Told by each run, at each place.
      }
    }
    const text = `${definition.name} ${definition.args.map((arg) => arg.name).join()} ${(node.arguments ?? []).map(print).join()}`;
    let index = this.#argumentIndexes.get(text);
    if (index === undefined || this.#arguments[index]?.definition !== definition) {
      index = this.#arguments.push({ definition, node }) - 1;
      this.#argumentIndexes.set(text, index);
    }
    return { kind: "run", index };
  }
}

const noArgs: FieldArgs = { kind: "constant", values: Object.freeze({}) };

interface PathSite extends BoundPath {
  readonly key: string;
  readonly parent: GraphQLObjectType;
  readonly nodes: readonly FieldNode[];
  readonly definition: GraphQLField<unknown, unknown>;
  readonly type: GraphQLOutputType;
  readonly binding: PathBinding;
}

function hasVariables(node: FieldNode): boolean {
  let isFound = false;
  for (const argument of node.arguments ?? [])
    visit(argument, {
      Variable() {
        isFound = true;
        return BREAK;
      },
    });
  return isFound;
}

function definitionOf(parent: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> {
  const definition = name === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : parent.getFields()[name];
  // Introspection is left to the reference executor, wherever it stands: in a group of a payload too.
  if (definition === undefined) throw new NotPlannedError(`${parent.name} has no ${name}`, true);
  return definition;
}

function isInnermostNonNull(type: GraphQLOutputType): boolean {
  if (isListType(type)) return isInnermostNonNull(type.ofType);
  if (!isNonNullType(type)) return false;
  return isListType(type.ofType) ? isInnermostNonNull(type.ofType) : true;
}
