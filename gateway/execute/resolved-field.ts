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
import { keyedKnown, type SupergraphModel } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import type { AbsorbedError, RequestScope } from "../core/request-scope.ts";
import { collectFields } from "../prepare/collect-fields.ts";
import type { Place, ShownField } from "../prepare/plan.ts";
import type { PlannedOperation } from "../prepare/plan-operation.ts";
import { compilePart } from "./compile-read.ts";
import {
  type Assembly,
  type CompleteItem,
  compileLeafItem,
  failed,
  type FieldSite,
  type Note,
  noteError,
  RunTooLargeError,
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
  const { field, operation } = parts;
  const entityOf = compileEntity(parts);
  const selected = new SelectedField(operation, field.parent, field.key, field.nodes);
  return {
    start(run, objects) {
      const found = new Map<unknown, Resolved>();
      run.resolved.set(field, found);
      const info = infoOf(operation, run.variables);
      const readOne = async (object: unknown): Promise<void> => {
        const absorbed: AbsorbedError[] = [];
        const scope: RequestScope = { ...run.scope, absorbed };
        const reading = new Reading(info, run.execution.within(scope));
        const value = await reading.readField(entityOf(run, object), selected, undefined);
        found.set(object, { value, notes: [...reading.notes, ...absorbed.map(noteAbsorbed)] });
      };
      const { promise, resolve, reject } = Promise.withResolvers<null>();
      let left = objects.length;
      run.execution.inTurn(objects.length, (index) => {
        readOne(objects[index]).then(() => {
          if (--left === 0) resolve(null);
        }, reject);
      });
      run.await(promise, () => {});
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
  if (base.kind === "built") {
    const { source, within } = base;
    return (run, object) => {
      const known = within.length > 0 ? object : keyedKnown(type, source, object as object);
      return Entity.reference(model, type.name, known as Readonly<Record<string, unknown>>, needOf(run));
    };
  }
  const parts = [...base.parts].map(([name, path]) => ({ name, read: compilePart(path) }));
  const names = parts.map(({ name }) => name);
  return (run, object) => {
    const values = parts.map(({ read }) => read(run, object));
    return Entity.reference(model, type.name, objectOfKey(names, values), needOf(run));
  };
}

/** What resolvers are told that is the same all over a run. */
type RunInfo = Pick<
  GraphQLResolveInfo,
  "schema" | "fragments" | "variableValues" | "rootValue" | "operation"
>;

function infoOf(
  { schema, fragments, operation }: PlannedOperation,
  variableValues: Readonly<Record<string, unknown>>,
): RunInfo {
  return {
    schema,
    fragments: Object.fromEntries(fragments),
    variableValues,
    rootValue: undefined,
    operation,
  };
}

/** A field of one type in the operation: what is the same for all objects that it is read of. */
class SelectedField {
  readonly parent: GraphQLObjectType;
  readonly key: string;
  readonly nodes: readonly FieldNode[];
  /** Null: `__typename`. */
  readonly site: FieldSite | null;
  /** Of a field of leaves. */
  readonly completeLeaf: CompleteItem;
  readonly #operation: PlannedOperation;
  readonly #below = new Map<GraphQLObjectType, readonly SelectedField[]>();

  constructor(
    operation: PlannedOperation,
    parent: GraphQLObjectType,
    key: string,
    nodes: readonly FieldNode[],
  ) {
    this.#operation = operation;
    this.parent = parent;
    this.key = key;
    this.nodes = nodes;
    this.site = siteOf(parent, nodes);
    this.completeLeaf = this.site === null ? String : compileLeafItem(this.site.type, this.site.coordinate);
  }

  /** What is selected of the objects of this field that a type shows. */
  below(type: GraphQLObjectType): readonly SelectedField[] {
    let fields = this.#below.get(type);
    if (fields === undefined) {
      const sets = this.nodes.map((node) => node.selectionSet);
      fields = [...collectFields(this.#operation, type, sets)].map(
        ([key, nodes]) => new SelectedField(this.#operation, type, key, nodes),
      );
      this.#below.set(type, fields);
    }
    return fields;
  }
}

function siteOf(parent: GraphQLObjectType, nodes: readonly FieldNode[]): FieldSite | null {
  const name = nodes[0]?.name.value ?? "";
  if (name === TypeNameMetaFieldDef.name) return null;
  const definition = parent.getFields()[name];
  if (definition === undefined)
    throw new OverlockError("INTERNAL_SERVER_ERROR", `${parent.name} has no ${name}`);
  return { nodes, definition, type: definition.type, coordinate: `${parent.name}.${name}` };
}

/** Reads one field of one object, and all that is selected below it. */
class Reading implements Assembly {
  readonly notes: Note[] = [];
  /** Values are counted where they are resolved. */
  valuesLeft = Infinity;
  readonly #info: RunInfo;
  readonly #execution: Execution;

  constructor(info: RunInfo, execution: Execution) {
    this.#info = info;
    this.#execution = execution;
  }

  overdraw(): void {
    throw new RunTooLargeError();
  }

  /** The completed value, or that it failed. Does not reject. */
  async readField(source: unknown, field: SelectedField, prev: FieldPath | undefined): Promise<unknown> {
    const { site } = field;
    if (site === null) return field.parent.name;
    const at: ReadSite = { field, site, path: { prev, key: field.key } };
    const { resolve, type } = site.definition;
    try {
      const value: unknown = await resolve?.(
        source,
        this.#argumentsOf(at),
        this.#execution,
        this.#infoOf(at),
      );
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
      if (isLeafType(type)) return at.field.completeLeaf(value);
      return await this.#completeObject(value, type, at);
    } catch (error) {
      return this.#note(error, at);
    }
  }

  async #completeList(value: unknown, type: GraphQLOutputType, at: ReadSite): Promise<unknown> {
    const { field, site, path } = at;
    if (!Array.isArray(value))
      throw new OverlockError("INVALID_VALUE", `${site.coordinate}: expected a list, found ${typeof value}`);
    const elements = value.map((element: unknown, index) =>
      this.#complete(element, type, { field, site, path: { prev: path, key: index } }),
    );
    const completed = await Promise.all(elements);
    return completed.includes(failed) ? failed : completed;
  }

  async #completeObject(value: unknown, type: GraphQLOutputType, at: ReadSite): Promise<unknown> {
    const fields = at.field.below(this.#shownType(value, type, at));
    const values = await Promise.all(fields.map((field) => this.readField(value, field, at.path)));
    if (values.includes(failed)) return failed;
    const completed: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [index, { key }] of fields.entries()) completed[key] = values[index];
    return completed;
  }

  #argumentsOf({ site, field }: ReadSite): Record<string, unknown> {
    if (site.definition.args.length === 0) return {};
    try {
      return getArgumentValues(site.definition, field.nodes[0] as FieldNode, this.#info.variableValues);
    } catch (cause) {
      throw badArguments(cause);
    }
  }

  /** The client type that shows an object. */
  #shownType(value: unknown, type: GraphQLOutputType, at: ReadSite): GraphQLObjectType {
    if (isObjectType(type)) return type;
    const name: unknown = isAbstractType(type)
      ? type.resolveType?.(value, this.#execution, this.#infoOf(at), type)
      : undefined;
    const shown = typeof name === "string" ? this.#info.schema.getType(name) : undefined;
    if (isObjectType(shown)) return shown;
    throw new OverlockError("INTERNAL_SERVER_ERROR", `${at.site.coordinate}: no type shows the object`);
  }

  #infoOf({ field, site, path }: ReadSite): GraphQLResolveInfo {
    const { schema, fragments, variableValues, rootValue, operation } = this.#info;
    return {
      schema,
      fragments,
      variableValues,
      rootValue,
      operation,
      fieldName: site.definition.name,
      fieldNodes: field.nodes,
      returnType: site.type,
      parentType: field.parent,
      path: path as GraphQLResolveInfo["path"],
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
  readonly field: SelectedField;
  readonly site: FieldSite;
  readonly path: FieldPath;
}

/** The keys of a path in reverse order, without the first. */
function keysBelow(path: FieldPath): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at = path; at.prev !== undefined; at = at.prev) keys.push(at.key);
  return keys;
}
