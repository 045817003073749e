import {
  type FieldNode,
  getArgumentValues,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  TypeNameMetaFieldDef,
} from "graphql";
import type { BoundClientSchema } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { objectOfKey } from "../compose/key-paths.ts";
import type { Need } from "../compose/need.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import type { AbsorbedError, RequestScope } from "../core/request-scope.ts";
import { collectFields } from "../prepare/collect-fields.ts";
import type { Place, ShownField } from "../prepare/plan.ts";
import type { PlannedOperation } from "../prepare/plan-operation.ts";
import { compilePart } from "./compile-read.ts";
import {
  type Assembly,
  compileLeafItem,
  failed,
  type FieldSite,
  type Note,
  noteError,
  nullError,
} from "./complete-value.ts";
import type { Execution } from "./execution.ts";
import { needOfField } from "./need-of-selection.ts";
import { badArguments } from "./read-client-args.ts";
import type { PlanRun } from "./plan-run.ts";
import type { FieldPath } from "./shape-leaves.ts";

/** A field that is read object by object, with the reference executor's own resolvers. */
export interface ResolvedField {
  /** Reads it of these objects, each of which is there once. */
  start(run: PlanRun, objects: readonly unknown[]): void;
  /** What it came to for an object, its notes taken over by the run. */
  read(run: PlanRun, object: unknown): unknown;
}

export interface ResolvedFieldParts {
  readonly bound: BoundClientSchema;
  readonly model: SupergraphModel;
  readonly operation: PlannedOperation;
  readonly place: Place;
  readonly field: Extract<ShownField, { kind: "resolved" }>;
}

export function compileResolvedField(parts: ResolvedFieldParts): ResolvedField {
  const { field } = parts;
  const entityOf = compileEntity(parts);
  return {
    start(run, objects) {
      const found = new Map<unknown, Resolved>();
      run.resolved.set(field, found);
      for (const object of objects) {
        const absorbed: AbsorbedError[] = [];
        const scope: RequestScope = { ...run.scope, absorbed };
        const reading = new Reading(parts, run, run.execution.within(scope));
        const path = { prev: undefined, key: field.key };
        const value = reading.readField(entityOf(run, object), parts.field.parent, field.nodes, path);
        run.await(value, (completed) => {
          found.set(object, { value: completed, notes: [...reading.notes, ...absorbed.map(noteAbsorbed)] });
        });
      }
    },
    read(run, object) {
      const found = run.resolved.get(field)?.get(object) as Resolved | undefined;
      if (found === undefined) throw new OverlockError("INTERNAL_SERVER_ERROR", `${field.key} was not read`);
      const { value, notes } = found;
      for (const note of notes) run.notes.push({ ...note, path: [...note.path] });
      return value;
    },
  };

  function noteAbsorbed({ path, code, upstreamCode }: AbsorbedError): Note {
    const declared = upstreamCode === undefined ? null : { message: null, code: upstreamCode };
    const error = new OverlockError(code, "absorbed", { declared });
    return { path: path.slice(1).toReversed(), error, field, isAbsorbed: true };
  }
}

interface Resolved {
  readonly value: unknown;
  readonly notes: readonly Note[];
}

/** The object as the reference executor has it, from the value that stands for it in its place. */
function compileEntity({
  bound,
  model,
  operation,
  place,
  field,
}: ResolvedFieldParts): (run: PlanRun, object: unknown) => Entity {
  const { base, type } = place;
  if (base.kind === "root") {
    const name = type.name === "Mutation" ? "Mutation" : "Query";
    return () => Entity.root(model, name);
  }
  const needOf = ({ variables }: PlanRun): Need =>
    needOfField(bound, infoOf(operation, variables), field.parent, field.nodes);
  if (base.kind === "row") {
    const { source } = base;
    return (run, row) => Entity.row(model, type.name, { source, row, need: needOf(run) });
  }
  const parts = [...base.parts].map(([name, path]) => ({ name, read: compilePart(path) }));
  const names = parts.map(({ name }) => name);
  return (run, object) => {
    const values = parts.map(({ read }) => read(run, object));
    return Entity.reference(model, type.name, objectOfKey(names, values), needOf(run));
  };
}

function infoOf(
  { schema, fragments }: PlannedOperation,
  variableValues: Readonly<Record<string, unknown>>,
): Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues"> {
  return { schema, fragments: Object.fromEntries(fragments), variableValues };
}

/** Reads one field of one object, and all that is selected below it. */
class Reading implements Assembly {
  readonly notes: Note[] = [];
  valuesLeft: number;
  readonly #parts: ResolvedFieldParts;
  readonly #run: PlanRun;
  readonly #execution: Execution;

  constructor(parts: ResolvedFieldParts, run: PlanRun, execution: Execution) {
    this.#parts = parts;
    this.#run = run;
    this.#execution = execution;
    this.valuesLeft = run.valuesLeft;
  }

  /** The completed value, or that it failed. Rejects where the run is given up as a whole. */
  async readField(
    source: unknown,
    parentType: GraphQLObjectType,
    nodes: readonly FieldNode[],
    path: FieldPath,
  ): Promise<unknown> {
    const name = nodes[0]?.name.value ?? "";
    if (name === TypeNameMetaFieldDef.name) return parentType.name;
    const definition = parentType.getFields()[name];
    if (definition === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", `${parentType.name} has no ${name}`);
    const { type, resolve } = definition;
    const site: FieldSite = { nodes, definition, type, coordinate: `${parentType.name}.${name}` };
    const at = { site, nodes, path };
    try {
      const args = this.#argumentsOf(definition, nodes[0] as FieldNode);
      const info = this.#infoOf(definition, parentType, at);
      const value: unknown = await resolve?.(source, args, this.#execution, info);
      return await this.#complete(value, type, at);
    } catch (error) {
      return isNonNullType(type) ? this.#note(error, at) : (this.#note(error, at), null);
    }
  }

  async #complete(value: unknown, type: GraphQLOutputType, at: ReadSite): Promise<unknown> {
    if (!isNonNullType(type)) {
      const completed = await this.#completeNullable(value, type, at);
      return completed === failed ? null : completed;
    }
    const completed = await this.#completeNullable(value, type.ofType as GraphQLOutputType, at);
    return completed === null ? this.#note(nullError(at.site), at) : completed;
  }

  async #completeNullable(given: unknown, type: GraphQLOutputType, at: ReadSite): Promise<unknown> {
    try {
      const value = await given;
      if (value instanceof Error) throw value;
      if (value === null || value === undefined) return null;
      if (isListType(type)) return await this.#completeList(value, type.ofType, at);
      if (isLeafType(type)) return compileLeafItem(type, at.site.coordinate)(value);
      return await this.#completeObject(value, type, at);
    } catch (error) {
      return this.#note(error, at);
    }
  }

  async #completeList(value: unknown, type: GraphQLOutputType, at: ReadSite): Promise<unknown> {
    if (!Array.isArray(value))
      throw new OverlockError(
        "INVALID_VALUE",
        `${at.site.coordinate}: expected a list, found ${typeof value}`,
      );
    const elements = value.map((element: unknown, index) =>
      this.#complete(element, type, { ...at, path: { prev: at.path, key: index } }),
    );
    const completed = await Promise.all(elements);
    return completed.includes(failed) ? failed : completed;
  }

  async #completeObject(value: unknown, type: GraphQLOutputType, at: ReadSite): Promise<unknown> {
    const shown = this.#shownType(value, type, at);
    const sets = at.nodes.map((node) => node.selectionSet);
    const fields = [...collectFields(this.#parts.operation, shown, sets)];
    const values = await Promise.all(
      fields.map(([key, nodes]) => this.readField(value, shown, nodes, { prev: at.path, key })),
    );
    if (values.includes(failed)) return failed;
    const completed: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [index, [key]] of fields.entries()) completed[key] = values[index];
    return completed;
  }

  #argumentsOf(definition: FieldSite["definition"], node: FieldNode): Record<string, unknown> {
    try {
      return getArgumentValues(definition, node, this.#run.variables);
    } catch (cause) {
      throw badArguments(cause);
    }
  }

  /** The client type that shows an object. */
  #shownType(value: unknown, type: GraphQLOutputType, at: ReadSite): GraphQLObjectType {
    if (isObjectType(type)) return type;
    const { schema } = this.#parts.operation;
    const info = this.#infoOf(at.site.definition, type, at);
    const name: unknown = isAbstractType(type)
      ? type.resolveType?.(value, this.#execution, info, type)
      : undefined;
    const shown = typeof name === "string" ? schema.getType(name) : undefined;
    if (isObjectType(shown)) return shown;
    throw new OverlockError("INTERNAL_SERVER_ERROR", `${at.site.coordinate}: no type shows the object`);
  }

  #infoOf(
    { name }: Pick<FieldSite["definition"], "name">,
    parentType: unknown,
    { site, nodes, path }: ReadSite,
  ): GraphQLResolveInfo {
    const { operation } = this.#parts;
    return {
      ...infoOf(operation, this.#run.variables),
      fieldName: name,
      fieldNodes: nodes,
      returnType: site.type,
      parentType: parentType as GraphQLObjectType,
      path: path as GraphQLResolveInfo["path"],
      rootValue: undefined,
      operation: operation.operation,
    };
  }

  #note(thrown: unknown, { site, path }: ReadSite): typeof failed {
    noteError(this, thrown, site);
    this.notes.at(-1)?.path.push(...keysBelow(path));
    return failed;
  }
}

/** A field, and where in the answer it is read. */
interface ReadSite {
  readonly site: FieldSite;
  readonly nodes: readonly FieldNode[];
  readonly path: FieldPath;
}

/** The keys of a path in reverse order, without the first. */
function keysBelow(path: FieldPath): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at = path; at.prev !== undefined; at = at.prev) keys.push(at.key);
  return keys;
}
