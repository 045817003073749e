import { isListType, isNonNullType } from "graphql";
import type { BoundArgument, BoundStep } from "../compose/bindings.ts";
import { variablesOf } from "../compose/bind-arguments.ts";
import { isSubqueryCall } from "../compose/subquery-call.ts";
import {
  compositeTypeOf,
  type FieldSupplier,
  type ModelCompositeType,
  type ModelField,
  type SupergraphModel,
} from "../compose/supergraph-model.ts";
import type { ListSize } from "../language/cost-directives.ts";
import { listsAround, namedTypeOf } from "../language/sdl-file.ts";
import type { FieldArguments } from "./field-arguments.ts";
import { InputWeights, type ValueWeight } from "./input-weights.ts";
import { compileSize, type FoundSize, largestOf, type SizedArgument, type SizeRules } from "./list-length.ts";

/** What a step of a client field's path costs for each object that it is read of. */
export interface StepCost {
  readonly fieldName: string;
  /** How many lists the field has around it. */
  readonly listDepth: number;
  /** A source says what the field weighs. */
  readonly isWeighed: boolean;
  /** What one object that the step finds adds to the type cost; 0 for leaves. */
  readonly objectWeight: number;
  readonly readsArguments: boolean;
  /** Its sources say how long lists in the objects are that it finds. */
  readonly sizesLists: boolean;
  /** At least 0. */
  fieldCost(args: FieldArguments): number;
  /** What its sources say of its own list, or what is a list of keys; null: nothing. */
  size(args: FieldArguments): FoundSize | null;
  /** What its sources say of lists in the objects that it finds; null: nothing. */
  sizesBelow(args: FieldArguments): { readonly fields: readonly string[]; readonly found: FoundSize } | null;
}

/** What the sources say of costs, all of them together: of several weights and sizes the largest. */
export class SupergraphCosts {
  readonly #model: SupergraphModel;
  readonly #assumedListSize: number;
  readonly #inputs = new InputWeights((coordinate) => this.weightOf(coordinate));

  constructor(model: SupergraphModel, assumedListSize: number) {
    this.#model = model;
    this.#assumedListSize = assumedListSize;
  }

  /** What sources declare at a coordinate; null where none does. */
  weightOf(coordinate: string): number | null {
    const weights = this.#model.sources.flatMap(({ schema }) => schema.cost.weights.get(coordinate) ?? []);
    return weights.length === 0 ? null : Math.max(...weights);
  }

  /** What one object of a type, or one value of a leaf type, adds to the type cost. */
  weightOfType(name: string): number {
    const type = compositeTypeOf(this.#model, name);
    if (type === null) return this.weightOf(name) ?? 0;
    if ("lookups" in type) return this.weightOf(name) ?? 1;
    return Math.max(0, ...[...type.possibleTypes].map((possible) => this.weightOf(possible) ?? 1));
  }

  /** What one value of a field adds to the field cost. */
  weightOfField(type: ModelCompositeType, field: ModelField): number {
    return this.#declaredOf(type, field) ?? (this.#isLeaf(field) ? 0 : 1);
  }

  compileStep({ type, field, args, onType }: BoundStep): StepCost {
    const coordinates = this.#fieldsOf(type, field).map(({ owner }) => `${owner}.${field.name}`);
    const declared = this.#declaredOf(type, field);
    const weight = this.weightOfField(type, field);
    const bound = args.flatMap((argument) => this.#weighArgument(argument, field, coordinates));
    const sizes = this.#fieldsOf(type, field).flatMap((one) => one.suppliers.flatMap(declaredSizeOf));
    const sized = new Map(args.map((argument) => [argument.name, sizedArgument(argument)]));
    const compile = ({ declared: size, zeroIsAbsent }: DeclaredSize) =>
      compileSize(size, sized, { assumedListSize: this.#assumedListSize, zeroIsAbsent });
    const own = sizes.filter((one) => one.declared.sizedFields.length === 0).map(compile);
    const below = sizes.filter((one) => one.declared.sizedFields.length > 0);
    const ofBelow = below.map(compile);
    const namesBelow = [...new Set(below.flatMap((one) => one.declared.sizedFields))];
    const keyLists = listsAround(field.type) > 0 ? keyListsOf(field, args) : [];
    return {
      fieldName: field.name,
      listDepth: listsAround(field.type),
      isWeighed: declared !== null,
      objectWeight:
        this.#isLeaf(field) && onType === null ? 0 : this.weightOfType(onType ?? namedTypeOf(field.type)),
      readsArguments:
        bound.length > 0 ||
        sizes.some((one) => one.declared.slicingArguments.length > 0) ||
        keyLists.length > 0,
      sizesLists: below.length > 0,
      fieldCost(values) {
        let cost = weight;
        for (const argument of bound) cost += argument.cost(values);
        return Math.max(0, cost);
      },
      size: (values) => {
        if (own.length > 0) return largestOf(own.map((read) => read(values)));
        const lengths = keyLists.map((argument) => lengthOf(readBound(argument, values)));
        return lengths.length === 0 ? null : { size: Math.max(...lengths), problem: null };
      },
      sizesBelow: (values) => {
        const found = ofBelow.length === 0 ? null : largestOf(ofBelow.map((read) => read(values)));
        return found === null ? null : { fields: namesBelow, found };
      },
    };
  }

  #isLeaf(field: ModelField): boolean {
    return compositeTypeOf(this.#model, namedTypeOf(field.type)) === null;
  }

  #declaredOf(type: ModelCompositeType, field: ModelField): number | null {
    const weights = this.#fieldsOf(type, field).flatMap(
      ({ owner }) => this.weightOf(`${owner}.${field.name}`) ?? [],
    );
    return weights.length === 0 ? null : Math.max(...weights);
  }

  /** The field of each type that an object may be of. */
  #fieldsOf(type: ModelCompositeType, field: ModelField) {
    const owners = "possibleTypes" in type ? [...type.possibleTypes] : [type.name];
    return owners.flatMap((owner) => {
      const own = "possibleTypes" in type ? this.#model.types.get(owner)?.fields.get(field.name) : field;
      return own === undefined ? [] : [{ owner, suppliers: own.suppliers }];
    });
  }

  /** What an argument that the path gives adds; none where that is nothing. */
  #weighArgument(argument: BoundArgument, field: ModelField, coordinates: readonly string[]) {
    const definition = field.args.find(({ name }) => name === argument.name);
    // What nobody wrote is not used.
    if (definition === undefined || argument.node === null) return [];
    const { type } = definition;
    const weights = coordinates.map((owner) => this.#inputs.weightOf(`${owner}(${argument.name}:)`, type));
    const weight = Math.max(...weights);
    const inner: ValueWeight | null = this.#inputs.valueWeightOf(type);
    if (weight === 0 && inner === null) return [];
    const roots = rootsOf(argument);
    const cost = (args: FieldArguments): number => {
      if (roots.length > 0 && !roots.some((root) => args.isGiven(root))) return 0;
      const value = readBound(argument, args);
      return value === undefined || value === null ? 0 : weight + (inner?.(value) ?? 0);
    };
    return [{ cost }];
  }
}

/** The client arguments that the value of a bound argument is made of. */
function rootsOf({ node }: BoundArgument): readonly string[] {
  return node === null ? [] : [...new Set(variablesOf(node).map((path) => path.split(".")[0] ?? ""))];
}

function sizedArgument(argument: BoundArgument): SizedArgument {
  const clientArguments = rootsOf(argument);
  return {
    clientArguments,
    read: (args) => readBound(argument, args),
    isGiven: (args) =>
      argument.node !== null &&
      (clientArguments.length === 0 || clientArguments.some((name) => args.isGiven(name))),
  };
}

/** `undefined` where the argument is left out, and where its value does not fit, which is the field's error. */
function readBound(argument: BoundArgument, { values }: FieldArguments): unknown {
  try {
    return argument.value(values);
  } catch {
    return undefined;
  }
}

/** What one source says of a list. */
interface DeclaredSize extends Pick<SizeRules, "zeroIsAbsent"> {
  readonly declared: ListSize;
}

function declaredSizeOf({ source: { schema }, field }: FieldSupplier): DeclaredSize[] {
  const declared = schema.cost.listSizes.get(field.coordinate);
  return declared === undefined ? [] : [{ declared, zeroIsAbsent: schema.kind === "grpc" }];
}

/** The arguments whose lists of keys say how long the field's list is. */
function keyListsOf(
  { suppliers, args }: ModelField,
  bound: readonly BoundArgument[],
): readonly BoundArgument[] {
  const names = suppliers.flatMap(({ call, field }) => {
    if (call === null) return [];
    if (!isSubqueryCall(call)) return call.batch?.isKeyList === true ? call.batch.key.argumentNames : [];
    if (!field.isLookup) return [];
    return args
      .filter(({ type }) => isListType(isNonNullType(type) ? type.ofType : type))
      .map(({ name }) => name);
  });
  return bound.filter(({ name }) => names.includes(name));
}

function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value === undefined || value === null ? 0 : 1;
}
