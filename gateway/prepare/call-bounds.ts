import {
  type FieldNode,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  type GraphQLObjectType,
} from "graphql";
import type { BoundClientSchema, BoundStep, FieldBinding } from "../compose/bindings.ts";
import { isSubqueryCall } from "../compose/subquery-call.ts";
import {
  compositeTypeOf,
  fieldAt,
  fieldKeyOf,
  type FieldSupplier,
  type ModelCompositeType,
  type ModelType,
  type SupergraphModel,
} from "../compose/supergraph-model.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { collectFields, type SelectionContext } from "./collect-fields.ts";
import { PlanTooLargeError } from "./plan-numbers.ts";
import { depthOf } from "./plan-place.ts";
import type { PlannedOperation } from "./plan-operation.ts";
import { textOf } from "./way.ts";

/** The most calls that are made for the objects of one place and below them, each object by itself. */
export interface CallBound {
  /** The lists that its objects are in, within those of what is around it. */
  readonly lists: readonly string[];
  /** For each object, by how many lists deep in it: lists of keys, for example, which stand nowhere in the answer. */
  readonly calls: number[];
  readonly below: CallBound[];
}

/** A field, and where it stands. */
interface BoundField {
  readonly type: GraphQLObjectType;
  readonly nodes: readonly FieldNode[];
  /** Response keys and marks, the field's own included. */
  readonly path: readonly string[];
}

/**
 * The most calls that resolvers make for what no plan says: every object asks for itself, wherever something may have to be
 * asked for. Nothing is taken to be batched, shared or known already.
 */
export class CallBounds {
  readonly #bound: BoundClientSchema;
  readonly #model: SupergraphModel;
  readonly #context: SelectionContext;
  readonly #operation: PlannedOperation;
  readonly #known = new Map<string, readonly number[]>();
  /** Of groups, which are read once. */
  readonly #once: CallBound[] = [];
  #selections = 0;

  constructor(bound: BoundClientSchema, model: SupergraphModel, operation: PlannedOperation) {
    this.#bound = bound;
    this.#model = model;
    this.#operation = operation;
    this.#context = {
      ...operation,
      onSelection: () => {
        if (++this.#selections > maxSelections) throw new PlanTooLargeError();
      },
    };
  }

  /** Of the whole operation. Raises PlanTooLargeError where it has more selections than are looked at. */
  ofOperation(): readonly CallBound[] {
    const { schema, operation } = this.#operation;
    const type = schema.getRootType(operation.operation);
    if (!isObjectType(type)) return [];
    const found = [this.#objects([], type, collectFields(this.#context, type, [operation.selectionSet]), [])];
    return [...found, ...this.#once.splice(0)];
  }

  /** Of one field of objects in these lists. Raises the same. */
  ofField(field: BoundField, lists: readonly string[]): readonly CallBound[] {
    const found: CallBound = { lists, calls: [], below: [] };
    this.#field(field, found);
    return [found, ...this.#once.splice(0)];
  }

  #objects(
    lists: readonly string[],
    type: GraphQLObjectType,
    fields: ReadonlyMap<string, readonly FieldNode[]>,
    path: readonly string[],
  ): CallBound {
    const found: CallBound = { lists, calls: [], below: [] };
    const read = new Set<ModelType>();
    for (const [key, nodes] of fields) {
      const binding = this.#bound.fields.get(type.name)?.get(nodes[0]?.name.value ?? "");
      const step = binding?.kind === "path" || binding?.kind === "page" ? binding.steps[0] : undefined;
      for (const one of step === undefined ? [] : this.#typesOf(step.type)) read.add(one);
      this.#field({ type, nodes, path: [...path, key] }, found);
    }
    for (const one of read) addAt(found.calls, 0, one.lookups.length);
    return found;
  }

  #field({ type, nodes, path }: BoundField, into: CallBound): void {
    const name = nodes[0]?.name.value ?? "";
    const binding = this.#bound.fields.get(type.name)?.get(name);
    const definition = type.getFields()[name];
    // Introspection calls nobody, and a resolver that refuses neither.
    if (binding === undefined || definition === undefined) return;
    if (this.#operation.denials?.deniesField(type.name, name) === true) return;
    const shown = getNamedType(definition.type);
    const isList = isListType(getNullableType(definition.type));
    const select = (lists: readonly string[], at: readonly string[], around: CallBound): CallBound => {
      if (isCompositeType(shown))
        around.below.push(...this.#selected(shown.name, nodes, { lists, path: at }));
      return around;
    };
    switch (binding.kind) {
      case "group":
        select([], path, { lists: [], calls: [], below: this.#once });
        return;
      case "node": {
        const lists = isList ? [textOf(path)] : [];
        // Each id is looked up.
        into.below.push({ lists, calls: [1], below: [] });
        select(lists, isList ? [...path, "[]"] : path, into);
        return;
      }
      case "connection":
        select(isList ? [textOf(path)] : [], isList ? [...path, "[]"] : path, into);
        return;
      case "page":
        // A cursor may stand in the middle of a page: then the one behind it is read as well.
        for (let page = 0; page < 2; page++) this.#follow(this.#stepsOf(binding), path, into);
        select(...this.#endOf(binding.steps, path), into);
        return;
      case "path":
        this.#follow(this.#stepsOf(binding), path, into);
        select(...this.#endOf(binding.steps, path), into);
    }
  }

  #selected(
    typeName: string,
    nodes: readonly FieldNode[],
    { lists, path }: { readonly lists: readonly string[]; readonly path: readonly string[] },
  ): CallBound[] {
    const { schema } = this.#operation;
    const type = schema.getType(typeName);
    const types = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
    const sets = nodes.map(({ selectionSet }) => selectionSet);
    return types.map((one) => this.#objects(lists, one, collectFields(this.#context, one, sets), path));
  }

  /** Each step with what shapers read at the end, or what a page is read for. */
  #stepsOf(binding: Extract<FieldBinding, { kind: "path" | "page" }>): readonly (readonly PathStep[])[] {
    const { steps } = binding;
    if (binding.kind === "page") {
      const page = [...binding.rule.items.slice(0, 1), ...binding.rule.nextPageToken.slice(0, 1)];
      return [...steps.map((step) => [step]), page];
    }
    const end = steps.at(-1);
    const type = end === undefined ? null : compositeTypeOf(this.#model, namedTypeOf(end.field.type));
    const names = binding.shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []));
    const reads = names.flatMap((name) => {
      const field = type?.fields.get(name);
      return type === null || field === undefined ? [] : [{ type, field }];
    });
    return [...steps.map((step) => [step]), reads];
  }

  #follow(steps: readonly (readonly PathStep[])[], path: readonly string[], into: CallBound): void {
    let at = into;
    const marked = [...path];
    for (const [index, reads] of steps.entries()) {
      for (const { type, field } of reads) {
        const types = this.#typesOf(type);
        addAll(at.calls, mostOf(types.map((one) => this.#callsOf(one, field.name))));
        // Of the object that the path starts from, rows are counted with all that is read of it.
        if (index > 0) addAll(at.calls, mostOf(types.map((one) => [one.lookups.length])));
      }
      const [read] = reads;
      if (read === undefined || index === steps.length - 1) return;
      const lists: string[] = [];
      for (let depth = depthOf(read.field.type); depth > 0; depth--) {
        lists.push(textOf(marked));
        marked.push("[]");
      }
      const next: CallBound = { lists, calls: [], below: [] };
      at.below.push(next);
      at = next;
    }
  }

  /** In which lists objects stand at the end of a path, and where. */
  #endOf(steps: readonly BoundStep[], path: readonly string[]): [lists: string[], path: string[]] {
    const marked = [...path];
    const lists: string[] = [];
    for (const { field } of steps) {
      for (let depth = depthOf(field.type); depth > 0; depth--) {
        lists.push(textOf(marked));
        marked.push("[]");
      }
    }
    return [lists, marked];
  }

  #typesOf(type: ModelCompositeType): readonly ModelType[] {
    if ("lookups" in type) return [type];
    return [...type.possibleTypes].flatMap((name) => this.#model.types.get(name) ?? []);
  }

  /** The calls that may be made to read a field of one object that is there, with what they are made from. */
  #callsOf(type: ModelType, key: string, depth = 0): readonly number[] {
    const text = `${type.name}.${key} ${depth}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const calls: number[] = [];
    // Whatever is read for itself is counted once.
    this.#known.set(text, calls);
    for (const supplier of fieldAt(type, key)?.suppliers ?? [])
      this.#addSupplier(calls, type, supplier, depth);
    return calls;
  }

  #addSupplier(
    calls: number[],
    type: ModelType,
    { call, source, field }: FieldSupplier,
    depth: number,
  ): void {
    // What is asked of a GraphQL source depends on who reads it, so that rows are asked for again.
    for (const lookup of type.lookups) if (isSubqueryCall(lookup.call)) addAt(calls, depth, 1);
    if (call === null) return;
    if (isSubqueryCall(call)) {
      addAt(calls, depth, 1);
    } else {
      addAt(calls, depth + (call.batch?.isKeyList === true ? 1 : 0), 1);
      const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
      for (const name of inputs.flatMap((input) => input.parentFields))
        addAll(calls, this.#callsOf(type, fieldKeyOf(type, source, name), depth));
    }
    for (const requirement of this.#model.requirements.get(field) ?? []) {
      let within = depth;
      for (const required of requirement.fields) {
        const [ownerName = ""] = required.coordinate.split(".");
        const owner = this.#model.types.get(ownerName) ?? this.#model.abstractTypes.get(ownerName);
        for (const one of owner === undefined ? [] : this.#typesOf(owner)) {
          addAt(calls, within, one.lookups.length);
          addAll(calls, this.#callsOf(one, required.name, within));
        }
        within = Math.min(maxDepth, within + depthOf(required.type));
      }
    }
  }
}

/** Operations of more selections are refused by limits that hold unless somebody raises them. */
const maxSelections = 50_000;
const maxDepth = 4;

type PathStep = Pick<BoundStep, "type" | "field">;

function addAt(calls: number[], depth: number, count: number): void {
  while (calls.length <= depth) calls.push(0);
  calls[depth] = (calls[depth] ?? 0) + count;
}

function addAll(calls: number[], more: readonly number[]): void {
  for (const [depth, count] of more.entries()) addAt(calls, depth, count);
}

/** Of several types an object is one. */
function mostOf(calls: readonly (readonly number[])[]): number[] {
  const most: number[] = [];
  for (const one of calls)
    for (const [depth, count] of one.entries()) addAt(most, depth, Math.max(0, count - (most[depth] ?? 0)));
  return most;
}
