import { execute } from "@graphql-tools/executor";
import { collectSubFields } from "@graphql-tools/utils";
import {
  type ExecutionResult,
  getNamedType,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
} from "graphql";
import type { BoundClientSchema, ConnectionPart, FieldBinding } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { Need } from "../compose/need.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { RunTurns } from "../core/run-turns.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import { ConnectionPage } from "./connection-page.ts";
import { denied, deniedObject } from "./denied.ts";
import { readConnectionPart } from "./connection-resolvers.ts";
import { droppedWhenSettled, mayDropElements } from "./dropped-elements.ts";
import { Execution } from "./execution.ts";
import { fetchConnection } from "./fetch-connection.ts";
import { isolateElements, isolateWaitingElements } from "./isolate-elements.ts";
import { needOfConnection, needOfSelection, needOfShapers } from "./need-of-selection.ts";
import { ObjectCounts } from "./object-counts.ts";
import { readMutation } from "./read-mutation.ts";
import { confirmNode, readNodes } from "./read-nodes.ts";
import { readPath } from "./read-path.ts";
import { shapeLeaves, shapeObjects } from "./shape-leaves.ts";

export interface ExecutionLimits {
  /** The most values that one run may resolve: fields, and elements of lists. */
  readonly maxResolvedValues: number;
}

/** Runs prepared operations of one client schema. */
export interface Executor {
  /**
   * Data, errors and their paths exactly as GraphQL says; every error's origin is in `originalError`. `counts` has all
   * objects that were received then.
   */
  execute(
    request: Pick<OperationRequest, "prepared" | "variables" | "denials">,
    scope: RequestScope,
    counts?: ObjectCounts,
  ): Promise<ExecutionResult>;
}

/**
 * The reference executor: the standard executor on the client schema, whose resolvers follow the bindings. Plain and
 * complete; every other way to run an operation must give the same answer. It takes the schema over.
 */
export function createReferenceExecutor(
  bound: BoundClientSchema,
  model: SupergraphModel,
  limits: ExecutionLimits,
): Executor {
  const { schema } = bound;
  for (const [typeName, bindings] of bound.fields) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const binding = bindings.get(field.name);
      if (binding === undefined) continue;
      const read = type === schema.getMutationType() ? readMutation : readPath;
      const resolve = compileResolver(binding, { bound, model, read, type: field.type });
      field.resolve = guarded(typeName, field.name, resolve);
    }
  }
  for (const [name, views] of bound.views) {
    const type = schema.getType(name);
    // What no view shows does not get this far.
    if (isAbstractType(type)) type.resolveType = (entity: Entity) => views.get(entity.type.name);
  }
  return {
    async execute({ prepared: { document, operation, name }, variables, denials }, scope, counts) {
      const execution = Execution.begin(scope, denials, {
        maxResolvedValues: limits.maxResolvedValues,
        counts: counts ?? new ObjectCounts(),
      });
      const isMutation = operation.operation === OperationTypeNode.MUTATION;
      const rootValue = Entity.root(model, isMutation ? "Mutation" : "Query");
      // Not given a signal: the executor would wait for it again for every object.
      const result = execute({
        schema,
        document,
        rootValue,
        contextValue: execution,
        variableValues: variables,
        operationName: name,
      });
      const answer = (await Promise.race([result, execution.givenUp])) as ExecutionResult;
      await execution.counts.settled();
      // What ends now below a field that is null adds its errors to the same list.
      const told = answer.errors === undefined ? answer : { ...answer, errors: [...answer.errors] };
      execution.end();
      return told;
    },
  };
}

type Resolver = GraphQLFieldResolver<unknown, unknown>;

/** Resolves a field for those who may read it. */
function guarded(typeName: string, fieldName: string, resolve: Resolver): Resolver {
  return (parent, args, context, info) => {
    if ((context as Execution).denials?.deniesField(typeName, fieldName) === true)
      throw denied(`${typeName}.${fieldName}`);
    return resolve(parent, args, context, info);
  };
}

interface ResolverSite {
  readonly bound: BoundClientSchema;
  readonly model: SupergraphModel;
  readonly type: GraphQLOutputType;
  /** How the field's path is followed. */
  readonly read: typeof readPath;
}

function compileResolver(
  binding: FieldBinding,
  { bound, model, type, read: follow }: ResolverSite,
): Resolver {
  if (binding.kind === "group") {
    return (_parent, _args, context, info) => {
      const execution = context as Execution;
      execution.countField();
      execution.counts.add(info, getNamedType(info.returnType).name);
      return Entity.root(model);
    };
  }
  if (binding.kind === "page") {
    return async (parent, args, context, info) => {
      const execution = context as Execution;
      execution.countField();
      const need = usesSubqueries(model)
        ? needOfConnection(execution.denials?.visible ?? bound, info)
        : Need.none;
      const request = { field: binding, args: args as Args, need };
      const page = await fetchConnection(objectOf(parent), request, execution.scope);
      if (page !== null) execution.counts.add(info, getNamedType(info.returnType).name);
      return page;
    };
  }
  const leafType = getNamedType(type);
  if (binding.kind === "connection" && (isLeafType(leafType) || !readsItems(binding.part))) {
    return (parent, _args, context, info) => {
      const execution = context as Execution;
      execution.countField();
      const part = readConnectionPart(parent, binding.part);
      if (!isLeafType(leafType))
        execution.counts.add(info, leafType.name, Array.isArray(part) ? part.length : 1);
      return isolateElements(part, execution);
    };
  }
  if (isLeafType(leafType) && binding.kind === "path") {
    const shape = shapeLeaves(binding, leafType);
    const leafNeed = needOfShapers(binding);
    return (parent, args, context, info) => {
      const execution = context as Execution;
      execution.countField();
      const { scope } = execution;
      const { steps } = binding;
      const reading = { steps, clientArgs: args as Args, need: leafNeed };
      const read = (): unknown => {
        const found = follow(objectOf(parent), reading, scope);
        return found instanceof Promise ? RunTurns.inTurn(scope, found) : found;
      };
      return isolateWaitingElements(shape(read, execution, info.path), execution);
    };
  }
  const showing = compileShowing(bound, leafType.name);
  const isRequired = isInnermostNonNull(type);
  const read = compileObjectReader(binding, model, follow);
  return (parent, args, context, info) => {
    const execution = context as Execution;
    execution.countField();
    const { scope } = execution;
    const visible = execution.denials?.visible ?? bound;
    const need = usesSubqueries(model) ? needOfSelection(visible, info) : Need.none;
    const isDenied = (shown: string): boolean =>
      isAbstractType(leafType) && execution.denials?.deniesObject(shown) === true;
    const count = (entity: Entity | null): void => {
      const shown = entity === null ? null : showing(entity);
      if (shown !== null && !isDenied(shown)) execution.counts.add(info, shown);
    };
    // What the run makes of it may have to wait for its turn, and never come to it.
    const countHere = (value: unknown): void => {
      if (Array.isArray(value)) for (const element of value) countHere(element);
      else if (value instanceof Entity && !value.isReference) count(value);
    };
    const onDropped = (dropped: Promise<readonly unknown[]>): void =>
      execution.counts.await(
        dropped.then((elements) => {
          for (const element of elements) if (element instanceof Entity) count(element);
        }),
      );
    const found = read({ parent, clientArgs: args as Args, need, scope, onDropped });
    const selections = new Map<string, readonly string[]>();
    const show = (entity: Entity): unknown => {
      const shown = showing(entity);
      if (shown === null) return notShown(entity, binding.coordinate);
      if (isDenied(shown)) return deniedObject(`${info.parentType.name}.${info.fieldName}`);
      if (!entity.isReference) return entity;
      const selected = selections.get(shown) ?? selectedModelFields(visible, info, shown);
      selections.set(shown, selected);
      const rows = loadRows(entity, selected, scope);
      const confirmed =
        rows.length === 0 && binding.kind === "node"
          ? confirmNode(binding, entity, scope)
          : confirmReference(entity, rows, isRequired);
      return confirmed.then((one) => {
        count(one);
        return one;
      });
    };
    return showEntities(found, execution, { show, onArrival: countHere });
  };
}

/** Sources that send whole rows do not ask what is needed. */
function usesSubqueries(model: SupergraphModel): boolean {
  return model.sources.some((source) => source.subqueries !== null);
}

/** Reads the objects of a field; those of a connection's were read with its page. */
function compileObjectReader(
  binding: Exclude<FieldBinding, { kind: "group" | "page" }>,
  model: SupergraphModel,
  follow: typeof readPath,
): (site: ObjectSite) => unknown {
  if (binding.kind === "node") return ({ clientArgs, need }) => readNodes(binding, clientArgs, model, need);
  if (binding.kind === "connection") return ({ parent }) => readConnectionPart(parent, binding.part);
  const { steps } = binding;
  const shape = shapeObjects(binding);
  const mayDrop = mayDropElements(binding.shapers);
  return ({ parent, clientArgs, need, scope, onDropped }) => {
    const found = follow(objectOf(parent), { steps, clientArgs, need }, scope);
    const shaped = shape(found, scope);
    if (mayDrop) onDropped(droppedWhenSettled(found, shaped));
    return shaped;
  };
}

interface ObjectSite {
  readonly parent: unknown;
  readonly clientArgs: Args;
  readonly need: Need;
  readonly scope: RequestScope;
  /** What was received and is not shown. */
  readonly onDropped: (dropped: Promise<readonly unknown[]>) => void;
}

function readsItems(part: ConnectionPart): boolean {
  return part === "node" || part === "nodes";
}

/** What a connection shows besides its parts are fields of the page. */
function objectOf(parent: unknown): unknown {
  return parent instanceof ConnectionPage ? parent.page : parent;
}

type Args = Readonly<Record<string, unknown>>;

/** The client type that shows an object where a field of this type finds it; null where none does. */
function compileShowing(bound: BoundClientSchema, typeName: string): (entity: Entity) => string | null {
  const views = bound.views.get(typeName);
  return views === undefined ? () => typeName : (entity) => views.get(entity.type.name) ?? null;
}

function notShown({ type }: Entity, coordinate: string): OverlockError {
  return new OverlockError("TYPE_NOT_EXPOSED", `${coordinate}: found a ${type.name}, which no member shows`);
}

function isInnermostNonNull(type: GraphQLOutputType): boolean {
  if (isListType(type)) return isInnermostNonNull(type.ofType);
  if (!isNonNullType(type)) return false;
  return isListType(type.ofType) ? isInnermostNonNull(type.ofType) : true;
}

interface Showing {
  readonly show: (entity: Entity) => unknown;
  /** Told of everything that was found, when it is here. */
  readonly onArrival: (found: unknown) => void;
}

function showEntities(found: unknown, execution: Execution, { show, onArrival }: Showing): unknown {
  const showAny = (value: unknown): unknown => (value instanceof Entity ? show(value) : value);
  const showAll = (value: unknown): unknown =>
    Array.isArray(value) ? isolateElements(value, execution, showAny, onArrival) : handled(showAny(value));
  if (found instanceof Promise)
    return RunTurns.inTurn<unknown>(execution.scope, found, onArrival).then(showAll);
  onArrival(found);
  return showAll(found);
}

/** Where the list around it is given up before it is completed, nobody else handles a rejection. */
function handled(value: unknown): unknown {
  if (value instanceof Promise) value.catch(() => {});
  return value;
}

/** The supergraph fields that the selection on a type reads first, fragments followed and skipped ones left out. */
function selectedModelFields(bound: BoundClientSchema, info: GraphQLResolveInfo, typeName: string): string[] {
  const type = info.schema.getType(typeName);
  if (!isObjectType(type)) return [];
  const variables = { coerced: info.variableValues, sources: {} };
  const { fields } = collectSubFields(info.schema, info.fragments, variables, type, [...info.fieldNodes]);
  const names = new Set<string>();
  for (const [node] of fields.values()) {
    const binding = bound.fields.get(type.name)?.get(node?.name.value ?? "");
    const first = binding?.kind === "path" ? binding.steps[0] : undefined;
    if (first !== undefined) names.add(first.field.name);
  }
  return [...names];
}

/** The rows that the fields which are read of an object first have to be looked up in. Those of one may have others. */
function loadRows(entity: Entity, selected: readonly string[], scope: RequestScope): Promise<unknown>[] {
  const rows: Promise<unknown>[] = [];
  for (const name of selected) {
    const lookup = entity.lookupFor(name);
    if (lookup !== null) rows.push(entity.loadRow(lookup, scope));
  }
  return rows;
}

/**
 * A reference of which no source that was asked has a row is null, or NOT_FOUND_REFERENCE behind a non-null field. A row
 * that could not be fetched costs the fields that are read from it, not the reference.
 */
async function confirmReference(
  entity: Entity,
  asked: readonly Promise<unknown>[],
  isRequired: boolean,
): Promise<Entity | null> {
  if (asked.length === 0) return entity;
  const rows = await Promise.allSettled(asked);
  const isMissing = rows.every(
    (row) => row.status === "fulfilled" && (row.value === null || row.value === undefined),
  );
  if (!isMissing) return entity;
  if (isRequired)
    throw new OverlockError("NOT_FOUND_REFERENCE", `a ${entity.type.name} that is referred to is missing`);
  return null;
}
