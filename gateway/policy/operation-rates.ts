import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { canonicalJson } from "../core/canonical-json.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { RateLimit } from "../language/rate-limits.ts";
import type { Denials } from "./access-rules.ts";
import { type CompiledArguments, compileFieldArguments } from "./field-arguments.ts";
import { always, type Condition, holds, narrow } from "./guarded-selections.ts";
import type { FieldLimit, RateRules } from "./rate-rules.ts";

/** What one request uses of one limit. */
export interface RateUse {
  readonly limit: RateLimit;
  /** Tells apart what has a limit of its own: the limit, and the values of its identity arguments. */
  readonly id: string;
  /** The client field that uses it, the first of several. */
  readonly coordinate: string;
  /** At least 1. */
  readonly count: number;
}

/** What an operation uses of the limits on its fields. */
export interface OperationRates {
  /** For these variables, of what the caller may read (null: everything): each limit and identity once. */
  usesFor(variables: Variables, denials: Pick<Denials, "deniesField"> | null): readonly RateUse[];
}

/** Coerced; what was left out is `undefined`. */
type Variables = Readonly<Record<string, unknown>>;
type Arguments = Readonly<Record<string, unknown>>;

/**
 * Finds the limited fields of an operation of a valid document; null: there are none. Fields count as execution collects
 * them: each occurrence under another name of the answer, or in a fragment that is spread elsewhere, is one of its own;
 * what is merged into one is one. How many rows have the field does not matter. Refuses with LIMIT_EXCEEDED what spreads
 * its fragments so often that counting would take long. Raises RangeError where the document is nested beyond the stack.
 */
export function findOperationRates(
  rules: RateRules,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): OperationRates | null {
  if (rules.isEmpty) return null;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const root = schema.getRootType(operation.operation) ?? null;
  if (root === null) return null;
  const finder = new Finder({ rules, schema, fragments });
  if (!finder.namesLimited(operation.selectionSet, root)) return null;
  const occurrences = finder.find(operation.selectionSet, root);
  return { usesFor: (variables, denials) => countUses(occurrences, variables, denials) };
}

/** A limited field at one place of the answer. */
interface Occurrence {
  readonly fieldName: string;
  readonly args: CompiledArguments;
  /** The object types that the field may be of, with its limits there. */
  readonly ofTypes: readonly { readonly typeName: string; readonly limits: readonly FieldLimit[] }[];
  /** The field is selected where one of these holds. */
  readonly alternatives: readonly Condition[];
}

/** A selection set, and under which conditions it is selected. */
interface ConditionalSet {
  readonly set: SelectionSetNode;
  readonly type: GraphQLCompositeType;
  readonly when: Condition;
}

class Finder {
  readonly #rules: RateRules;
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  #visited = 0;

  constructor(parts: {
    readonly rules: RateRules;
    readonly schema: GraphQLSchema;
    readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  }) {
    this.#rules = parts.rules;
    this.#schema = parts.schema;
    this.#fragments = parts.fragments;
  }

  /** Whether a limited field is named at all. Looks at each fragment once: most operations end here. */
  namesLimited(operationSet: SelectionSetNode, root: GraphQLCompositeType): boolean {
    const spread = new Set<string>();
    const visit = (set: SelectionSetNode, type: GraphQLCompositeType): boolean =>
      set.selections.some((selection) => {
        if (selection.kind === Kind.FIELD) {
          const definition = fieldOf(type, selection);
          if (definition === null) return false;
          if (this.#limitsOf(type, definition.name).length > 0) return true;
          const returned = getNamedType(definition.type);
          return (
            selection.selectionSet !== undefined &&
            isCompositeType(returned) &&
            visit(selection.selectionSet, returned)
          );
        }
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          if (spread.has(selection.name.value)) return false;
          spread.add(selection.name.value);
        }
        const fragment = this.#fragmentOf(selection, type);
        return fragment !== null && visit(fragment.set, fragment.type);
      });
    return visit(operationSet, root);
  }

  find(operationSet: SelectionSetNode, root: GraphQLCompositeType): readonly Occurrence[] {
    const occurrences: Occurrence[] = [];
    const visit = (sets: readonly ConditionalSet[]): void => {
      for (const { type, definition, nodes } of this.#collect(sets).values()) {
        const ofTypes = this.#limitsOf(type, definition.name);
        const [first] = nodes;
        if (first !== undefined && ofTypes.length > 0) {
          const alternatives = nodes.map(({ when }) => when);
          const args = compileFieldArguments(definition, first.node);
          occurrences.push({ fieldName: definition.name, args, ofTypes, alternatives });
        }
        const returned = getNamedType(definition.type);
        if (!isCompositeType(returned)) continue;
        visit(
          nodes.flatMap(({ node: { selectionSet }, when }) =>
            selectionSet === undefined ? [] : [{ set: selectionSet, type: returned, when }],
          ),
        );
      }
    };
    visit([{ set: operationSet, type: root, when: always }]);
    return occurrences;
  }

  /** The fields at one place of the answer, those together that are merged: https://spec.graphql.org/September2025/#CollectFields(). */
  #collect(sets: readonly ConditionalSet[]): ReadonlyMap<string, CollectedField> {
    const fields = new Map<string, CollectedField>();
    // What is selected anyway is not selected once more under a condition.
    const seen = new Map<SelectionSetNode, Condition[]>();
    const visit = ({ set, type, when: outer }: ConditionalSet): void => {
      const earlier = seen.get(set) ?? [];
      if (earlier.some((one) => isWeaker(one, outer))) return;
      seen.set(set, [...earlier, outer]);
      for (const selection of set.selections) {
        this.#countVisit();
        const when = narrow(outer, selection);
        if (when === null) continue;
        if (selection.kind === Kind.FIELD) {
          const definition = fieldOf(type, selection);
          if (definition === null) continue;
          const key = `${selection.alias?.value ?? selection.name.value} ${type.name}`;
          const field = fields.get(key);
          if (field === undefined) fields.set(key, { type, definition, nodes: [{ node: selection, when }] });
          else field.nodes.push({ node: selection, when });
          continue;
        }
        const fragment = this.#fragmentOf(selection, type);
        if (fragment !== null) visit({ ...fragment, when });
      }
    };
    for (const set of sets) visit(set);
    return fields;
  }

  #fragmentOf(
    selection: Exclude<SelectionNode, FieldNode>,
    type: GraphQLCompositeType,
  ): Omit<ConditionalSet, "when"> | null {
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value);
    if (fragment === undefined) return null;
    const condition = fragment.typeCondition?.name.value;
    const narrowed = condition === undefined ? type : this.#schema.getType(condition);
    return isCompositeType(narrowed) ? { set: fragment.selectionSet, type: narrowed } : null;
  }

  #limitsOf(type: GraphQLCompositeType, fieldName: string): Occurrence["ofTypes"] {
    const types = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type];
    return types.flatMap(({ name: typeName }) => {
      const limits = this.#rules.limitsOfField(typeName, fieldName);
      return limits.length === 0 ? [] : [{ typeName, limits }];
    });
  }

  #countVisit(): void {
    this.#visited += 1;
    if (this.#visited <= maxVisited) return;
    throw new RequestRefusal("LIMIT_EXCEEDED", [
      {
        message: `The operation has fields with a @rateLimit and selects more than ${maxVisited} fields, all fragments spread; at most so many are counted.`,
        locations: [],
        extensions: { limit: "maxFields", max: maxVisited, found: maxVisited + 1 },
      },
    ]);
  }
}

/** Ten times what operations may have by default; counting them takes some 30 ms. */
const maxVisited = 20_000;

interface CollectedField {
  readonly type: GraphQLCompositeType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly nodes: { readonly node: FieldNode; readonly when: Condition }[];
}

function fieldOf(type: GraphQLCompositeType, node: FieldNode): GraphQLField<unknown, unknown> | null {
  if (!isObjectType(type) && !isInterfaceType(type)) return null;
  return type.getFields()[node.name.value] ?? null;
}

/** Whether a condition holds wherever the other does. */
function isWeaker({ terms }: Condition, { terms: others }: Condition): boolean {
  return terms.every(({ variable, wanted }) =>
    others.some((other) => other.variable === variable && other.wanted === wanted),
  );
}

function countUses(
  occurrences: readonly Occurrence[],
  variables: Variables,
  denials: Pick<Denials, "deniesField"> | null,
): readonly RateUse[] {
  const uses = new Map<string, { limit: RateLimit; id: string; coordinate: string; count: number }>();
  for (const { fieldName, args: compiled, ofTypes, alternatives } of occurrences) {
    if (!alternatives.some((when) => holds(when, variables))) continue;
    const args = compiled.read(variables)?.values ?? null;
    // Of whichever type the object is, it is one use of a limit that its types share.
    const counted = new Set<string>();
    for (const { typeName, limits } of ofTypes) {
      if (denials?.deniesField(typeName, fieldName) === true) continue;
      for (const { limit, id: limitId, readArguments: convert } of limits) {
        const limited = args === null ? noArguments : convertOr(convert, args);
        const id = identify(limitId, limit, limited);
        if (counted.has(id)) continue;
        counted.add(id);
        const count = countOf(limit, limited);
        const use = uses.get(id);
        if (use === undefined) uses.set(id, { limit, id, coordinate: `${typeName}.${fieldName}`, count });
        else use.count += count;
      }
    }
  }
  return [...uses.values()];
}

/** Arguments that do not fit are an error of their field, which nothing is sent for: it is one use of no name. */
const noArguments: Arguments = Object.freeze({});

function convertOr(convert: FieldLimit["readArguments"], args: Arguments): Arguments {
  try {
    return convert(args);
  } catch {
    return noArguments;
  }
}

function identify(limitId: string, { identityArguments }: RateLimit, args: Arguments): string {
  return identityArguments.length === 0
    ? limitId
    : `${limitId} ${canonicalJson(identityArguments.map(({ read }) => read(args)))}`;
}

function countOf({ lengthArgument }: RateLimit, args: Arguments): number {
  const list = lengthArgument?.read(args);
  return Array.isArray(list) ? Math.max(1, list.length) : 1;
}
