import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { BoundedCache } from "../core/bounded-cache.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { type RefusalReason, RequestRefusal } from "../core/request-refusal.ts";
import type { Denials } from "./access-rules.ts";
import { maxCost, plus, times } from "./cost-arithmetic.ts";
import {
  type Cost,
  type CostRules,
  introspectionCost,
  introspectionFields,
  ownCostOf,
} from "./cost-rules.ts";
import { type CompiledArguments, compileFieldArguments, noneGiven } from "./field-arguments.ts";
import type { FieldCost, Measured } from "./field-cost.ts";
import {
  always,
  collectGuarded,
  type Condition,
  type Guarded,
  holds,
  type SelectionSite,
} from "./guarded-selections.ts";

type Variables = Readonly<Record<string, unknown>>;

/** What an operation costs at most with the variables of one request, for what its caller may read. */
export interface CostEstimate extends Cost {
  /**
   * The most elements of a list, by its response path as plans name lists (`PlanDescription`): `viewer.orders.items`, and
   * `a[]` for the lists in the list `a`. Of a list that stands nowhere in the answer, such as one of keys, it is as much as
   * can be said.
   */
  lengthOf(list: string): number;
  /** Of the lists in the answer the longest, by its response path, the first of several; null: there is none. */
  longestList(): ListLength | null;
}

/** A list, and how many elements it has at most. */
export interface ListLength {
  readonly path: string;
  readonly length: number;
}

/** The cost of an operation, compiled once. */
export interface CostFormula {
  /** What it takes in memory. */
  readonly estimatedBytes: number;
  /**
   * For coerced variables (an absent one is undefined) and what the caller may not read (null: nothing). Refuses the request
   * with BAD_USER_INPUT where a variable gives a list no size that it can have, or too many of them. Where nobody who may
   * read just as much has asked of late, the formula is compiled for that: `spend` does the work, or refuses to.
   */
  estimate(variables: Variables, denials: Denials | null, spend?: Spend): CostEstimate;
}

/** Does work at somebody's expense. */
export type Spend = <Value>(work: () => Value) => Value;

/**
 * Compiles what an operation of a valid document costs. Refuses it with GRAPHQL_VALIDATION_FAILED where its text gives a
 * list no size that it can have. An operation of more selections than are looked at costs {@link maxCost}. Raises RangeError
 * where the document is nested beyond the stack.
 */
export function compileCost(
  rules: CostRules,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CostFormula {
  const compile = (denials: Denials | null): Formula =>
    new Compiler(rules, schema, document, denials).compile(operation);
  const whole = compile(null);
  const reduced = new BoundedCache<Formula>({ maxEntries: maxReduced, maxSize: maxReduced });
  return {
    estimatedBytes: whole.estimatedBytes,
    estimate(variables, denials, spend = (work) => work()) {
      if (denials === null) return whole.estimate(variables);
      let formula = reduced.get(denials.key);
      if (formula === undefined) {
        formula = spend(() => compile(denials));
        reduced.set(denials.key, formula, 1);
      }
      return formula.estimate(variables);
    },
  };
}

/** Callers who may read less differ in few ways. */
const maxReduced = 8;
/** Selections are looked at for each type that may have them: a document within the usual limits needs some thousands. */
const maxSelections = 200_000;
/** Of them, fields that a type has. */
const maxFields = 20_000;

interface Formula {
  readonly estimatedBytes: number;
  estimate(variables: Variables): CostEstimate;
}

/** One field of objects of one type, merged from all selections of its response key. */
interface FieldEntry {
  readonly node: FieldNode;
  readonly field: FieldCost;
  readonly args: CompiledArguments;
  /** The field that returned its object; null for root fields. */
  readonly parent: FieldEntry | null;
  /** It is selected where one of them holds. */
  readonly when: readonly Condition[];
  /** The objects that it returns, one for each type that they may be of. */
  objects: readonly ObjectEntry[];
  /** Where what it measures depends on variables; -1: {@link fixed} holds. */
  readonly slot: number;
  readonly fixed: Measured | null;
}

/** All objects of one type at one place of the answer of which the same is selected. */
interface ObjectEntry {
  readonly weight: number;
  readonly fields: FieldEntry[];
  /** What one of them costs, whatever the variables are; null: it depends on them. */
  fixed: Cost | null;
  /** What each costs of which that depends on variables, is kept there. */
  slot: number;
}

class TooManySelections extends Error {}

class Compiler {
  readonly #rules: CostRules;
  readonly #schema: GraphQLSchema;
  readonly #denials: Denials | null;
  readonly #site: SelectionSite;
  readonly #known = new Map<string, readonly ObjectEntry[]>();
  readonly #ids = new Map<object, number>();
  readonly #lists = new Map<string, ListPlace[]>();
  readonly #reasons: RefusalReason[] = [];
  #selections = 0;
  #fields = 0;
  #fieldSlots = 0;
  #objectSlots = 0;

  constructor(rules: CostRules, schema: GraphQLSchema, document: DocumentNode, denials: Denials | null) {
    this.#rules = rules;
    this.#schema = schema;
    this.#denials = denials;
    this.#site = {
      schema,
      fragments: new Map(
        document.definitions.flatMap((node) =>
          node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
        ),
      ),
      onWork: (amount) => {
        this.#selections += amount;
        if (this.#selections > maxSelections) throw new TooManySelections();
      },
    };
  }

  compile(operation: OperationDefinitionNode): Formula {
    const { assumedListSize } = this.#rules;
    const type = this.#schema.getRootType(operation.operation);
    let root: ObjectEntry;
    try {
      if (type === undefined || type === null) return unmeasured(assumedListSize);
      root = this.#compileObject(type, [{ item: operation.selectionSet, when: always }], {
        parent: null,
        path: "",
      });
    } catch (error) {
      if (error instanceof TooManySelections) return unmeasured(assumedListSize);
      throw error;
    }
    if (this.#reasons.length > 0)
      throw new RequestRefusal("GRAPHQL_VALIDATION_FAILED", this.#reasons.slice(0, maxReasons));
    return new CompiledFormula({
      root,
      lists: this.#lists,
      assumedListSize,
      estimatedBytes: this.#fields * bytesPerField,
    });
  }

  #compileObject(
    type: GraphQLObjectType,
    sets: readonly Guarded<SelectionSetNode>[],
    { parent, path }: Place,
  ): ObjectEntry {
    const object: ObjectEntry = {
      weight: this.#rules.weightOfType(type.name),
      fields: [],
      fixed: null,
      slot: -1,
    };
    let introspected = 0;
    for (const [name, nodes] of collectGuarded(this.#site, type, sets)) {
      const [first] = nodes;
      if (first === undefined) continue;
      const fieldName = first.item.name.value;
      if (introspectionFields.has(fieldName) && type === this.#schema.getQueryType()) introspected += 1;
      const field = this.#rules.fieldOf(type.name, fieldName);
      if (field === null || this.#denials?.deniesField(type.name, fieldName) === true) continue;
      const at = path === "" ? name : `${path}.${name}`;
      object.fields.push(this.#compileField({ field, node: first.item, nodes }, { parent, path: at }));
    }
    this.#settle(object, introspected);
    return object;
  }

  #compileField({ field, node, nodes }: MergedField, { parent, path }: Place): FieldEntry {
    if (++this.#fields > maxFields) throw new TooManySelections();
    const args = compileFieldArguments(field.definition, node);
    const when = conditionsOf(nodes);
    const depends =
      (field.readsArguments && args.variable.size > 0) ||
      (parent !== null && parent.slot >= 0 && parent.field.sizesBelow && field.readsParent);
    let fixed: Measured | null = null;
    if (!depends) {
      const values = field.readsArguments ? args.read({}) : noneGiven;
      fixed = values === null ? null : field.measure(values, parent?.fixed ?? null);
      this.#refuseFixed(field, node, fixed);
    }
    const slot = depends ? this.#fieldSlots++ : -1;
    const entry: FieldEntry = { node, field, args, parent, when, objects: [], slot, fixed };
    for (let level = 0; level < field.listDepth; level++)
      this.#addList(`${path}${"[]".repeat(level)}`, entry, level);
    if (!field.isLeaf) {
      const below = { parent: entry, path: `${path}${"[]".repeat(field.listDepth)}` };
      const sets = this.#setsOf(nodes);
      entry.objects = this.#compileObjects(getNamedType(field.definition.type), sets, below);
    }
    return entry;
  }

  /** What several types have in common leads to the same objects, which are looked at once. */
  #compileObjects(
    type: GraphQLNamedType,
    sets: readonly Guarded<SelectionSetNode>[],
    place: Place,
  ): readonly ObjectEntry[] {
    const { parent, path } = place;
    const above = parent?.field.sizesBelow === true ? this.#idOf(parent) : "";
    const selected = sets.map(({ item, when }) => `${this.#idOf(item)}:${when.key}`).join();
    const key = `${type.name} ${above} ${path} ${selected}`;
    let objects = this.#known.get(key);
    if (objects === undefined) {
      objects = this.#possibleTypes(type).map((one) => this.#compileObject(one, sets, place));
      this.#known.set(key, objects);
    }
    return objects;
  }

  /** Where all nodes stand under one condition, that of the field, what is below stands under none of its own. */
  #setsOf(nodes: readonly Guarded<FieldNode>[]): readonly Guarded<SelectionSetNode>[] {
    const isOne = nodes.every(({ when }) => when.key === nodes[0]?.when.key);
    const sets = new Map<string, Guarded<SelectionSetNode>>();
    for (const { item, when } of nodes) {
      if (item.selectionSet === undefined) continue;
      const condition = isOne ? always : when;
      sets.set(`${this.#idOf(item.selectionSet)} ${condition.key}`, {
        item: item.selectionSet,
        when: condition,
      });
    }
    return [...sets.values()];
  }

  #possibleTypes(type: GraphQLNamedType): readonly GraphQLObjectType[] {
    if (isObjectType(type)) return [type];
    if (!isAbstractType(type)) return [];
    return this.#schema
      .getPossibleTypes(type)
      .filter((one) => this.#denials?.deniesObject(one.name) !== true);
  }

  #addList(path: string, entry: FieldEntry, level: number): void {
    const places = this.#lists.get(path);
    if (places === undefined) this.#lists.set(path, [{ entry, level }]);
    else places.push({ entry, level });
  }

  #refuseFixed({ coordinate }: FieldCost, node: FieldNode, measured: Measured | null): void {
    const problem = measured?.problem ?? null;
    if (problem !== null) this.#reasons.push(reasonOf(coordinate, node, problem));
  }

  /** Adds up what does not depend on variables. */
  #settle(object: ObjectEntry, introspected: number): void {
    const open = object.fields.filter((entry) => !isFixed(entry));
    let typeCost = object.weight;
    let fieldCost = introspected * introspectionCost.fieldCost;
    for (const entry of object.fields) {
      if (open.includes(entry)) continue;
      const cost = costOfField(entry, entry.fixed, fixedCostOf);
      typeCost = plus(typeCost, cost.typeCost);
      fieldCost = plus(fieldCost, cost.fieldCost);
    }
    object.fixed = { typeCost, fieldCost };
    if (open.length === 0) {
      object.fields.length = 0;
      return;
    }
    object.fields.splice(0, object.fields.length, ...open);
    object.slot = this.#objectSlots++;
  }

  #idOf(item: object): number {
    const known = this.#ids.get(item);
    if (known !== undefined) return known;
    this.#ids.set(item, this.#ids.size);
    return this.#ids.size - 1;
  }
}

/** All selections of one response key, which are equal but for their selection sets. */
interface MergedField {
  readonly field: FieldCost;
  /** The first of them. */
  readonly node: FieldNode;
  readonly nodes: readonly Guarded<FieldNode>[];
}

/** Where something stands: below a field, at a response path. */
interface Place {
  readonly parent: FieldEntry | null;
  readonly path: string;
}

interface ListPlace {
  readonly entry: FieldEntry;
  readonly level: number;
}

/** Measured: 400 to 700 for what stays of a field, its place among the lists included. */
const bytesPerField = 700;
const maxReasons = 20;

/** None: it is always selected. */
function conditionsOf(nodes: readonly Guarded<FieldNode>[]): readonly Condition[] {
  if (nodes.some(({ when }) => when === always)) return [];
  return [...new Map(nodes.map(({ when }) => [when.key, when])).values()];
}

function isFixed({ when, slot, objects }: FieldEntry): boolean {
  return when.length === 0 && slot === -1 && objects.every((object) => object.slot === -1);
}

function fixedCostOf(object: ObjectEntry): Cost {
  return object.fixed ?? noCost;
}

const noCost: Cost = Object.freeze({ typeCost: 0, fieldCost: 0 });

/** What a field adds to the cost of its object: of several types that it may return the most expensive. */
function costOfField(
  { field, objects }: FieldEntry,
  measured: Measured | null,
  costOf: (object: ObjectEntry) => Cost,
): Cost {
  // Arguments that don't fit are the field's error.
  if (measured === null) return noCost;
  const own = ownCostOf(field, measured);
  let typeCost = 0;
  let fieldCost = 0;
  for (const object of objects) {
    const cost = costOf(object);
    typeCost = Math.max(typeCost, cost.typeCost);
    fieldCost = Math.max(fieldCost, cost.fieldCost);
  }
  return {
    typeCost: plus(own.typeCost, times(measured.count, typeCost)),
    fieldCost: plus(own.fieldCost, times(measured.count, fieldCost)),
  };
}

function reasonOf(
  coordinate: string,
  node: FieldNode,
  { expected, found }: NonNullable<Measured["problem"]>,
): RefusalReason {
  const { line, column } = node.loc?.startToken ?? {};
  const locations = line === undefined || column === undefined ? [] : [{ line, column }];
  return { message: `${coordinate}: expected ${expected}, found ${found}.`, locations };
}

function unmeasured(assumedListSize: number): Formula {
  const lengths = { lengthOf: () => assumedListSize, longestList: () => null };
  const estimate = Object.freeze({ typeCost: maxCost, fieldCost: maxCost, ...lengths });
  return { estimatedBytes: 0, estimate: () => estimate };
}

interface FormulaParts {
  readonly root: ObjectEntry;
  readonly lists: ReadonlyMap<string, readonly ListPlace[]>;
  readonly assumedListSize: number;
  readonly estimatedBytes: number;
}

class CompiledFormula implements Formula {
  readonly estimatedBytes: number;
  readonly #parts: FormulaParts;
  /** Where the operation costs the same whatever its variables are. */
  readonly #fixed: CostEstimate | null;

  constructor(parts: FormulaParts) {
    this.estimatedBytes = parts.estimatedBytes;
    this.#parts = parts;
    this.#fixed = parts.root.slot === -1 ? new Evaluation(parts, {}) : null;
  }

  estimate(variables: Variables): CostEstimate {
    return this.#fixed ?? new Evaluation(this.#parts, variables);
  }
}

/** A list of keys, `a.(ids)`, is as long as the list beside it that is fetched by it. */
function placesOfKeys(lists: FormulaParts["lists"], path: string): readonly ListPlace[] {
  const end = path.lastIndexOf("(");
  if (end === -1) return [];
  const place = path.slice(0, end).replace(/\.$/, "");
  const isBeside = (other: string): boolean => {
    if (other === place) return true;
    const name = place === "" ? other : other.startsWith(`${place}.`) ? other.slice(place.length + 1) : "";
    return name !== "" && !name.includes(".");
  };
  return [...lists].flatMap(([other, places]) => (isBeside(other) ? places : []));
}

/** One evaluation of a formula. */
class Evaluation implements CostEstimate {
  readonly typeCost: number;
  readonly fieldCost: number;
  readonly #parts: FormulaParts;
  readonly #variables: Variables;
  /** By slots. */
  readonly #measured: (Measured | null)[] = [];
  readonly #costs: Cost[] = [];

  constructor(parts: FormulaParts, variables: Variables) {
    this.#parts = parts;
    this.#variables = variables;
    const { typeCost, fieldCost } = this.#costOf(parts.root);
    this.typeCost = typeCost;
    this.fieldCost = fieldCost;
  }

  lengthOf(list: string): number {
    const { lists, assumedListSize } = this.#parts;
    // Types at one place may have lists of one name: the longest counts.
    const path = list.includes("<") ? list.replaceAll(/<\w+>/g, "") : list;
    const places = lists.get(path) ?? placesOfKeys(lists, path);
    return places.length === 0 ? assumedListSize : this.#longestOf(places);
  }

  longestList(): ListLength | null {
    let longest: ListLength | null = null;
    for (const [path, places] of this.#parts.lists) {
      const length = this.#longestOf(places);
      if (longest === null || length > longest.length) longest = { path, length };
    }
    return longest;
  }

  #longestOf(places: readonly ListPlace[]): number {
    let length = 0;
    for (const { entry, level } of places) {
      const measured = entry.slot === -1 ? entry.fixed : this.#measured[entry.slot];
      length = Math.max(length, measured?.sizes[level] ?? 0);
    }
    return length;
  }

  #costOf(object: ObjectEntry): Cost {
    const fixed = object.fixed ?? noCost;
    if (object.slot === -1) return fixed;
    const known = this.#costs[object.slot];
    if (known !== undefined) return known;
    let { typeCost, fieldCost } = fixed;
    for (const entry of object.fields) {
      if (entry.when.length > 0 && !entry.when.some((when) => holds(when, this.#variables))) continue;
      const cost = costOfField(entry, this.#measure(entry), (one) => this.#costOf(one));
      typeCost = plus(typeCost, cost.typeCost);
      fieldCost = plus(fieldCost, cost.fieldCost);
    }
    const cost = { typeCost, fieldCost };
    this.#costs[object.slot] = cost;
    return cost;
  }

  #measure(entry: FieldEntry): Measured | null {
    if (entry.slot === -1) return entry.fixed;
    const known = this.#measured[entry.slot];
    if (known !== undefined) return known;
    const { field, args, parent } = entry;
    const values = args.read(this.#variables);
    const measured =
      values === null ? null : field.measure(values, parent === null ? null : this.#measure(parent));
    this.#measured[entry.slot] = measured;
    const problem = measured?.problem ?? null;
    if (problem !== null) throw this.#refusal(entry, problem);
    return measured;
  }

  /** What the document says is its own mistake; what a variable says is the request's. */
  #refusal({ field, node, args }: FieldEntry, problem: NonNullable<Measured["problem"]>): RequestRefusal {
    const isOfVariables = problem.clientArguments.some((name) => args.variable.has(name));
    const code: ErrorCode = isOfVariables ? "BAD_USER_INPUT" : "GRAPHQL_VALIDATION_FAILED";
    return new RequestRefusal(code, [reasonOf(field.coordinate, node, problem)]);
  }
}
