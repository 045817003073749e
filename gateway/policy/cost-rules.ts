import {
  type FieldNode,
  type GraphQLField,
  getNamedType,
  type GraphQLObjectType,
  isCompositeType,
  isObjectType,
} from "graphql";
import type { BoundClientSchema, BoundStep, FieldBinding } from "../compose/bindings.ts";
import { compositeTypeOf, type SupergraphModel } from "../compose/supergraph-model.ts";
import type { Problems } from "../core/problems.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { plus, times } from "./cost-arithmetic.ts";
import { compileFieldArguments, noneGiven } from "./field-arguments.ts";
import { compileFieldCost, type FieldCost, type Measured } from "./field-cost.ts";
import { InputWeights } from "./input-weights.ts";
import { SupergraphCosts } from "./supergraph-costs.ts";

/** Type cost and field cost of https://ibm.github.io/graphql-specs/cost-spec.html, each at least 0. */
export interface Cost {
  readonly typeCost: number;
  readonly fieldCost: number;
}

/** What using anything of one client schema costs. */
export interface CostRules {
  /** How many elements a list has of which nobody says anything. */
  readonly assumedListSize: number;
  /** What one object of a client type adds to the type cost by itself. */
  weightOfType(typeName: string): number;
  /** What a field of an object type costs; null where the schema has none of that name, as for `__typename`. */
  fieldOf(typeName: string, fieldName: string): FieldCost | null;
  /**
   * What one object of a type costs of which these fields are shown, one node for each response key: the object itself, the
   * fields, and values of theirs that are no objects. `foundBy` is the field that returned it, which may say how long its lists
   * are; null for what root fields belong to. An estimate is the sum of it over the most objects that there may be,
   * and never less than the sum over those that there are. Compiled once, it is evaluated for each request.
   */
  objectCost(
    typeName: string,
    fields: readonly FieldNode[],
    foundBy: FieldUse | null,
  ): (variables: Variables) => Cost;
}

/** One use of a client field. */
export interface FieldUse {
  /** The object type that has it. */
  readonly typeName: string;
  readonly node: FieldNode;
}

type Variables = Readonly<Record<string, unknown>>;

/** A client schema as it was read and as it was bound. */
export interface CostedClient {
  readonly client: Pick<ClientSchema, "cost" | "types" | "abstractTypes" | "enums">;
  readonly bound: BoundClientSchema;
}

/** Works out what every field and type of a client schema costs. Warns of sizes that are below those of the sources. */
export function compileCostRules(
  { client, bound }: CostedClient,
  model: SupergraphModel,
  assumedListSize: number,
  problems: Problems,
): CostRules {
  const costs = new SupergraphCosts(model, assumedListSize);
  const { weights, listSizes } = client.cost;
  const inputs = new InputWeights((coordinate) => weights.get(coordinate) ?? null);
  const typeWeights = new Map<string, number>();
  const fields = new Map<string, ReadonlyMap<string, FieldCost>>();
  for (const type of Object.values(bound.schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    const shown = client.types.get(type.name)?.boundTo ?? null;
    typeWeights.set(type.name, weightOfShown(weights.get(type.name) ?? null, shown, costs, model));
    const items = itemsOf(type.name, client, model);
    const compile = (field: GraphQLField<unknown, unknown>): FieldCost => {
      const coordinate = `${type.name}.${field.name}`;
      const binding = bound.fields.get(type.name)?.get(field.name) ?? null;
      return compileFieldCost({
        coordinate,
        definition: field,
        binding,
        weight: weights.get(coordinate) ?? null,
        listSize: listSizes.get(coordinate) ?? null,
        inputs,
        costs,
        model,
        items,
        leafWeight: leafWeightOf(field, binding, weights, costs),
        assumedListSize,
      });
    };
    const ofType = new Map(Object.values(type.getFields()).map((field) => [field.name, compile(field)]));
    fields.set(type.name, ofType);
    warnOfSmallSizes(type, ofType, { client, bound, costs, assumedListSize, problems });
  }
  const fieldOf: CostRules["fieldOf"] = (typeName, fieldName) => fields.get(typeName)?.get(fieldName) ?? null;
  const weightOfType = (typeName: string): number => typeWeights.get(typeName) ?? 1;
  return {
    assumedListSize,
    weightOfType,
    fieldOf,
    objectCost: (typeName, nodes, foundBy) =>
      compileObjectCost({ fieldOf, weightOfType }, { typeName, nodes, foundBy }),
  };
}

/** What introspection costs, however much it selects: it is answered without a backend, to whom the BFF lets ask. */
export const introspectionCost: Cost = Object.freeze({ typeCost: 0, fieldCost: 1 });
export const introspectionFields: ReadonlySet<string> = new Set(["__schema", "__type"]);

/** A client's weight only adds to that of what the type shows, which holds where the client says none. */
function weightOfShown(
  declared: number | null,
  shown: string | null,
  costs: SupergraphCosts,
  model: SupergraphModel,
): number {
  const isShown = shown !== null && compositeTypeOf(model, shown) !== null;
  const floor = isShown ? costs.weightOfType(shown) : null;
  return declared === null ? (floor ?? 1) : Math.max(declared, floor ?? 0);
}

function leafWeightOf(
  field: GraphQLField<unknown, unknown>,
  binding: FieldBinding | null,
  weights: ReadonlyMap<string, number>,
  costs: SupergraphCosts,
): number {
  const type = getNamedType(field.type);
  if (isCompositeType(type)) return 0;
  const last = binding?.kind === "path" ? binding.steps.at(-1) : undefined;
  const read = last === undefined ? 0 : (costs.weightOf(namedTypeOf(last.field.type)) ?? 0);
  return Math.max(weights.get(type.name) ?? 0, read);
}

/** The list of items in the pages that a connection shows; null for other types. */
function itemsOf(typeName: string, client: CostedClient["client"], model: SupergraphModel): BoundStep | null {
  const type = client.types.get(typeName);
  const page = model.types.get(type?.boundTo ?? "");
  const field = page?.fields.get(type?.connectionUse?.text("items") ?? "");
  if (type?.connectionUse === undefined || type.connectionUse === null) return null;
  return page === undefined || field === undefined ? null : { type: page, field, args: [], onType: null };
}

interface SizeSite extends CostedClient {
  readonly costs: SupergraphCosts;
  readonly assumedListSize: number;
  readonly problems: Problems;
}

/** Where both sides say a number, the lower one of the client schema means nothing: better said at start. */
function warnOfSmallSizes(
  type: GraphQLObjectType,
  fields: ReadonlyMap<string, FieldCost>,
  { client, bound, costs, problems }: SizeSite,
): void {
  for (const { coordinate, definition } of fields.values()) {
    const size = client.cost.listSizes.get(coordinate);
    const binding = bound.fields.get(type.name)?.get(definition.name);
    if (size === undefined || size.slicingArguments.length > 0 || binding?.kind !== "path") continue;
    const last = binding.steps.at(-1);
    if (last === undefined) continue;
    const step = costs.compileStep(last);
    if (step.readsArguments) continue;
    const said = size.sizedFields.length > 0 ? step.sizesBelow(noneGiven)?.found : step.size(noneGiven);
    if (said === undefined || said === null || said.size <= (size.assumedSize ?? 0)) continue;
    problems.warn({
      place: size.use.place(["assumedSize"]),
      coordinate: `${coordinate} @listSize(assumedSize:)`,
      expected: `at least ${said.size}, which ${last.field.coordinate} may have`,
      found: String(size.assumedSize),
      hint: "the larger one counts; send an argument that bounds the list",
    });
  }
}

interface CostedObject {
  readonly typeName: string;
  readonly nodes: readonly FieldNode[];
  readonly foundBy: FieldUse | null;
}

function compileObjectCost(
  { fieldOf, weightOfType }: Pick<CostRules, "fieldOf" | "weightOfType">,
  { typeName, nodes, foundBy }: CostedObject,
): (variables: Variables) => Cost {
  let fixedTypeCost = weightOfType(typeName);
  let fixedFieldCost = 0;
  const above = compileAbove(fieldOf, foundBy);
  const open: ((variables: Variables, parent: Measured | null) => Cost | null)[] = [];
  for (const node of nodes) {
    if (introspectionFields.has(node.name.value)) fixedFieldCost += introspectionCost.fieldCost;
    const field = fieldOf(typeName, node.name.value);
    if (field === null) continue;
    const args = compileFieldArguments(field.definition, node);
    const measure = (variables: Variables, parent: Measured | null): Cost | null => {
      const values = field.readsArguments ? args.read(variables) : noneGiven;
      return values === null ? null : ownCostOf(field, field.measure(values, parent));
    };
    if ((field.readsArguments && args.variable.size > 0) || (field.readsParent && above?.isOpen === true))
      open.push(measure);
    else {
      const cost = measure({}, above?.isOpen === false ? above.measure({}) : null);
      fixedTypeCost += cost?.typeCost ?? 0;
      fixedFieldCost += cost?.fieldCost ?? 0;
    }
  }
  const fixed = Object.freeze({ typeCost: fixedTypeCost, fieldCost: fixedFieldCost });
  if (open.length === 0) return () => fixed;
  return (variables) => {
    let { typeCost, fieldCost } = fixed;
    const parent = above?.measure(variables) ?? null;
    for (const measure of open) {
      const cost = measure(variables, parent);
      typeCost += cost?.typeCost ?? 0;
      fieldCost += cost?.fieldCost ?? 0;
    }
    return { typeCost, fieldCost };
  };
}

/** What the field that returned an object says of lists in it; null: nothing. */
interface Above {
  /** It depends on variables. */
  readonly isOpen: boolean;
  measure(variables: Variables): Measured | null;
}

function compileAbove(fieldOf: CostRules["fieldOf"], foundBy: FieldUse | null): Above | null {
  if (foundBy === null) return null;
  const { typeName, node } = foundBy;
  const field = fieldOf(typeName, node.name.value);
  if (field === null || !field.sizesBelow) return null;
  const args = compileFieldArguments(field.definition, node);
  return {
    isOpen: field.readsArguments && args.variable.size > 0,
    // What it says of lists below follows from its own arguments only.
    measure(variables) {
      const values = field.readsArguments ? args.read(variables) : noneGiven;
      return values === null ? null : field.measure(values, null);
    },
  };
}

/** What a field adds to the cost of its object, without the objects that it returns. */
export function ownCostOf(
  { leafWeight }: FieldCost,
  { fieldCost, typeCost, count }: ReturnType<FieldCost["measure"]>,
): Cost {
  return { fieldCost, typeCost: plus(typeCost, times(leafWeight, count)) };
}
