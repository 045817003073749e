import { getNamedType, Kind, type SelectionSetNode } from "graphql";
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
import type { DeclaredCall } from "../sources/declared-call.ts";
import type { Denials } from "../policy/access-rules.ts";
import type { SelectionContext } from "./collect-fields.ts";
import type { ShownField } from "./plan.ts";

type ResolvedField = Extract<ShownField, { kind: "resolved" }>;

/** An operation, and what its callers may not read. */
type ReachContext = SelectionContext & { readonly denials: Denials | null };

/**
 * Every call that resolvers may make for fields that are read object by object. They make them as they are declared, so
 * that a call of the plan shares its rows with them only as long as it is left as it is. It may have some that are never
 * made: which of several ways to a field is taken is found out object by object.
 */
export function findReachedCalls(
  bound: BoundClientSchema,
  model: SupergraphModel,
  context: ReachContext,
  fields: readonly ResolvedField[],
): ReadonlySet<DeclaredCall> {
  const search = new Search(bound, model, context);
  for (const { binding, nodes, definition } of fields) {
    search.visitBinding(binding);
    for (const { selectionSet } of nodes) search.visitSet(getNamedType(definition.type).name, selectionSet);
  }
  return search.calls;
}

class Search {
  readonly calls = new Set<DeclaredCall>();
  readonly #bound: BoundClientSchema;
  readonly #model: SupergraphModel;
  readonly #context: ReachContext;
  readonly #sets = new Set<string>();
  readonly #setNumbers = new Map<SelectionSetNode, number>();
  readonly #fields = new Set<string>();
  readonly #types = new Set<ModelType>();

  constructor(bound: BoundClientSchema, model: SupergraphModel, context: ReachContext) {
    this.#bound = bound;
    this.#model = model;
    this.#context = context;
  }

  /** Each set once for each client type, however often fragments repeat it. */
  visitSet(typeName: string, set: SelectionSetNode | undefined): void {
    if (set === undefined) return;
    const number = this.#setNumbers.get(set) ?? this.#setNumbers.size;
    this.#setNumbers.set(set, number);
    if (this.#sets.has(`${typeName} ${number}`)) return;
    this.#sets.add(`${typeName} ${number}`);
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = this.#context.fragments.get(selection.name.value);
        this.#visitFragment(typeName, fragment?.typeCondition.name.value, fragment?.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT)
        this.#visitFragment(typeName, selection.typeCondition?.name.value, selection.selectionSet);
      else {
        for (const shown of [typeName, ...(this.#bound.views.get(typeName)?.values() ?? [])])
          this.#visitField(shown, selection.name.value, selection.selectionSet);
      }
    }
  }

  visitBinding(binding: FieldBinding): void {
    switch (binding.kind) {
      case "connection":
      case "group":
        // Of what was read already, and of nothing.
        return;
      case "path":
        this.#visitSteps(binding.steps);
        this.#visitShaped(binding);
        return;
      case "page":
        this.#visitSteps([...binding.steps, ...binding.rule.items, ...binding.rule.nextPageToken]);
        return;
      case "node":
        for (const { type } of binding.types.values()) this.#visitType(type);
    }
  }

  /** What is shown through one type is read where objects are of another, too. */
  #visitFragment(typeName: string, condition: string | undefined, set: SelectionSetNode | undefined): void {
    for (const name of new Set([typeName, condition ?? typeName])) this.visitSet(name, set);
  }

  #visitField(typeName: string, name: string, set: SelectionSetNode | undefined): void {
    // A resolver that refuses makes no call.
    if (this.#context.denials?.deniesField(typeName, name) === true) return;
    const binding = this.#bound.fields.get(typeName)?.get(name);
    const type = this.#context.schema.getType(typeName);
    if (binding !== undefined) this.visitBinding(binding);
    if (type === undefined || !("getFields" in type)) return;
    const definition = type.getFields()[name];
    if (definition !== undefined) this.visitSet(getNamedType(definition.type).name, set);
  }

  #visitSteps(steps: readonly BoundStep[]): void {
    for (const { type, field } of steps)
      for (const one of this.#typesOf(type)) this.#visitModelField(one, field.name);
  }

  /** What shapers read of the objects at the end of a path. */
  #visitShaped({ steps, shapers }: Extract<FieldBinding, { kind: "path" }>): void {
    const end = steps.at(-1);
    const type = end === undefined ? null : compositeTypeOf(this.#model, namedTypeOf(end.field.type));
    if (type === null) return;
    const names = shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []));
    for (const one of this.#typesOf(type)) for (const name of names) this.#visitModelField(one, name);
  }

  /** A row of it may be looked up, whichever field it is for. */
  #visitType(type: ModelType): void {
    if (this.#types.has(type)) return;
    this.#types.add(type);
    for (const { call, key } of type.lookups) {
      if (!isSubqueryCall(call)) this.calls.add(call);
      for (const path of key) this.#visitModelField(type, path.split(".")[0] ?? "");
    }
  }

  #typesOf(type: ModelCompositeType): readonly ModelType[] {
    if ("lookups" in type) return [type];
    return [...type.possibleTypes]
      .map((name) => this.#model.types.get(name))
      .filter((found) => found !== undefined);
  }

  #visitModelField(type: ModelType, key: string): void {
    const text = `${type.name}.${key}`;
    if (this.#fields.has(text)) return;
    this.#fields.add(text);
    this.#visitType(type);
    for (const supplier of fieldAt(type, key)?.suppliers ?? []) this.#visitSupplier(type, supplier);
  }

  #visitSupplier(type: ModelType, { call, source, field }: FieldSupplier): void {
    if (call === null || isSubqueryCall(call)) return;
    this.calls.add(call);
    const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
    for (const name of inputs.flatMap((input) => input.parentFields))
      this.#visitModelField(type, fieldKeyOf(type, source, name));
    for (const requirement of this.#model.requirements.get(field) ?? []) {
      for (const required of requirement.fields) {
        const [owner = ""] = required.coordinate.split(".");
        const ownerType = this.#model.types.get(owner) ?? this.#model.abstractTypes.get(owner);
        for (const one of ownerType === undefined ? [] : this.#typesOf(ownerType))
          this.#visitModelField(one, required.name);
      }
    }
  }
}
