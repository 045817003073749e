import {
  getNamedType,
  type GraphQLField,
  isCompositeType,
  isListType,
  isNonNullType,
  type GraphQLOutputType,
} from "graphql";
import type { BoundStep, FieldBinding } from "../compose/bindings.ts";
import { isSizedByCursor, peekCursor } from "../compose/cursor.ts";
import { compositeTypeOf, type SupergraphModel } from "../compose/supergraph-model.ts";
import type { ListSize } from "../language/cost-directives.ts";
import { readOwn } from "../language/evaluate-selection.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { plus, times } from "./cost-arithmetic.ts";
import type { FieldArguments } from "./field-arguments.ts";
import type { InputWeights, ValueWeight } from "./input-weights.ts";
import { compileSize, type FoundSize, type SizedArgument, type SizeProblem } from "./list-length.ts";
import type { StepCost, SupergraphCosts } from "./supergraph-costs.ts";

/** What one use of a client field costs. */
export interface FieldCost {
  readonly coordinate: string;
  readonly definition: GraphQLField<unknown, unknown>;
  /** It returns no objects, and so has no fields below. */
  readonly isLeaf: boolean;
  /** What one of its values adds to the type cost, where it is a leaf. */
  readonly leafWeight: number;
  /** How many lists lead to what it returns, those among them that `@flatten` removes. */
  readonly listDepth: number;
  readonly readsArguments: boolean;
  /** It says how long lists in the objects are that it returns. */
  readonly sizesBelow: boolean;
  /** What it measures depends on the field that returned its object, where that one `sizesBelow`. */
  readonly readsParent: boolean;
  /** `parent`: of the field that returned the object. */
  measure(args: FieldArguments, parent: Measured | null): Measured;
}

/** One use of a client field with its arguments. */
export interface Measured {
  /** What the field costs, its arguments and everything on its path included. At least 0. */
  readonly fieldCost: number;
  /** What objects add to the type cost that it reads on its way and does not show. */
  readonly typeCost: number;
  /** The lists that lead to what it returns, the outermost first. */
  readonly sizes: readonly number[];
  /** How many values it returns at most. */
  readonly count: number;
  /** Lists in the objects that it returns, by the names of the client's fields. */
  readonly clientSizes: SizedLists | null;
  /** The same, by the names of the supergraph's fields. */
  readonly sourceSizes: SizedLists | null;
  readonly problem: SizeProblem | null;
}

/** Lists in an object, all of one size. */
export interface SizedLists {
  readonly names: readonly string[];
  readonly size: number;
}

/** A client field, and what is said of it. */
export interface FieldCostSite {
  readonly coordinate: string;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly binding: FieldBinding | null;
  /** The client schema's `@cost` on it. */
  readonly weight: number | null;
  /** The client schema's `@listSize` on it. */
  readonly listSize: ListSize | null;
  readonly inputs: InputWeights;
  readonly costs: SupergraphCosts;
  readonly model: SupergraphModel;
  /** For the parts of a connection: the supergraph field that is the list of items. */
  readonly items: BoundStep | null;
  readonly leafWeight: number;
  readonly assumedListSize: number;
}

/** Compiles what one use of a client field costs. */
export function compileFieldCost(site: FieldCostSite): FieldCost {
  const { coordinate, definition, listSize, assumedListSize } = site;
  const isLeaf = !isCompositeType(getNamedType(definition.type));
  const own = compileOwnCost(site);
  const read = compileRead(site);
  const readSize =
    listSize === null
      ? null
      : compileSize(listSize, sizedArguments(definition), { assumedListSize, zeroIsAbsent: false });
  const namesBelow = listSize?.sizedFields ?? [];
  const readsArguments =
    own.readsArguments || read.readsArguments || (listSize?.slicingArguments.length ?? 0) > 0;
  const measure = (args: FieldArguments, parent: Measured | null): Measured => {
    const found = read.measure(args, parent);
    const said = readSize === null ? null : readSize(args);
    const fromAbove = sizeIn(parent?.clientSizes ?? null, definition.name);
    const bound = said === null || namesBelow.length > 0 ? fromAbove : said.size;
    const { sizes, count } = applyClientSize(found, bound);
    return {
      sizes,
      count,
      fieldCost: Math.max(own.cost(args), found.fieldCost),
      typeCost: found.typeCost,
      clientSizes: said === null || namesBelow.length === 0 ? null : { names: namesBelow, size: said.size },
      sourceSizes: found.sourceSizes,
      // What the client schema says itself is what its operations are held to.
      problem: said?.problem ?? (said !== null && found.problem?.isChoice === true ? null : found.problem),
    };
  };
  // Most fields cost the same wherever they are selected.
  let fixed: Measured | null = null;
  return {
    coordinate,
    definition,
    isLeaf,
    leafWeight: site.leafWeight,
    listDepth: read.listDepth,
    readsArguments,
    readsParent: read.listDepth > 0,
    sizesBelow: read.sizesBelow || namesBelow.length > 0,
    measure(args, parent) {
      const isSized = parent !== null && (parent.clientSizes !== null || parent.sourceSizes !== null);
      if (readsArguments || (isSized && read.listDepth > 0)) return measure(args, parent);
      fixed ??= measure(args, null);
      return fixed;
    },
  };
}

/** What reading a field upstream costs. */
interface ReadCost {
  readonly listDepth: number;
  readonly readsArguments: boolean;
  readonly sizesBelow: boolean;
  measure(args: FieldArguments, parent: Measured | null): ReadMeasured;
}

interface ReadMeasured {
  readonly fieldCost: number;
  readonly typeCost: number;
  readonly sizes: readonly number[];
  /** Nobody upstream says how long the outermost list is. */
  readonly isAssumed: boolean;
  readonly sourceSizes: SizedLists | null;
  readonly problem: SizeProblem | null;
}

/** A client's own size stands in for one that nobody knows, and otherwise can only be larger. */
function applyClientSize(
  { sizes, isAssumed }: ReadMeasured,
  bound: number | null,
): Pick<Measured, "sizes" | "count"> {
  const [outermost, ...inner] = sizes;
  if (bound === null || outermost === undefined) return { sizes, count: countOf(sizes) };
  if (inner.length === 0 || isAssumed) {
    const size = isAssumed ? bound : Math.max(outermost, bound);
    const known = [size, ...inner];
    return { sizes: known, count: countOf(known) };
  }
  return { sizes, count: Math.max(countOf(sizes), bound) };
}

/** What the client schema says of the field and its arguments. */
function compileOwnCost({ coordinate, definition, weight, inputs, binding, costs }: FieldCostSite) {
  const isComposite = isCompositeType(getNamedType(definition.type));
  const steps = binding?.kind === "path" || binding?.kind === "page" ? binding.steps : [];
  const last = steps.at(-1);
  const isSaidBySource = last !== undefined && costs.compileStep(last).isWeighed;
  const base = weight ?? (isComposite && !isSaidBySource ? 1 : 0);
  const weighed = definition.args.flatMap(({ name, type }) => {
    const own = inputs.weightOf(`${coordinate}(${name}:)`, type);
    const inner: ValueWeight | null = inputs.valueWeightOf(type);
    return own === 0 && inner === null ? [] : [{ name, own, inner }];
  });
  const cost = (args: FieldArguments): number => {
    let sum = base;
    for (const { name, own, inner } of weighed) {
      const value = args.isGiven(name) ? readOwn(args.values, name) : undefined;
      if (value !== undefined && value !== null) sum += own + (inner?.(value) ?? 0);
    }
    return Math.max(0, sum);
  };
  return { readsArguments: weighed.length > 0, cost };
}

function compileRead(site: FieldCostSite): ReadCost {
  const { binding } = site;
  switch (binding?.kind) {
    case "path":
      return readOfPath(site, binding);
    case "page":
      return readOfPage(site, binding);
    case "connection":
      return readOfPart(site);
    case "node":
      return readOfNodes(site, binding);
    case "group":
    case undefined:
      return constantRead(Array.from({ length: depthOf(site.definition.type) }, () => site.assumedListSize));
  }
}

function constantRead(sizes: readonly number[]): ReadCost {
  const measured = { fieldCost: 0, typeCost: 0, sizes, isAssumed: true, sourceSizes: null, problem: null };
  return { listDepth: sizes.length, readsArguments: false, sizesBelow: false, measure: () => measured };
}

type PathBinding = Extract<FieldBinding, { kind: "path" | "page" }>;

function readOfPath(site: FieldCostSite, binding: PathBinding): ReadCost {
  const steps = binding.steps.map((step) => site.costs.compileStep(step));
  const shows = isCompositeType(getNamedType(site.definition.type));
  const shaped = binding.kind === "path" ? weightOfShaped(site, binding) : 0;
  return {
    listDepth: steps.reduce((sum, { listDepth }) => sum + listDepth, 0),
    readsArguments: steps.some((step) => step.readsArguments),
    sizesBelow: steps.at(-1)?.sizesLists === true,
    measure: (args, parent) => measureSteps(steps, { args, parent, shows, shaped, ...site }),
  };
}

interface StepsSite {
  readonly args: FieldArguments;
  readonly parent: Measured | null;
  /** The objects at the end are the client field's own. */
  readonly shows: boolean;
  /** What is read of each object at the end to make one value of it. */
  readonly shaped: number;
  readonly assumedListSize: number;
}

function measureSteps(
  steps: readonly StepCost[],
  { args, parent, shows, shaped, assumedListSize }: StepsSite,
): ReadMeasured {
  const sizes: number[] = [];
  let isAssumed = true;
  let problem: SizeProblem | null = null;
  let objects = 1;
  let fieldCost = 0;
  let typeCost = 0;
  let sized = parent?.sourceSizes ?? null;
  for (const [index, step] of steps.entries()) {
    fieldCost = plus(fieldCost, times(step.fieldCost(args), objects));
    for (let level = 0; level < step.listDepth; level++) {
      const known = level > 0 ? null : knownSize(step, sized, args);
      problem ??= known?.problem ?? null;
      const size = known?.size ?? assumedListSize;
      if (sizes.length === 0) isAssumed = known === null;
      sizes.push(size);
      objects = times(objects, size);
    }
    if (index < steps.length - 1 || !shows) typeCost = plus(typeCost, times(step.objectWeight, objects));
    const below = step.sizesBelow(args);
    problem ??= below?.found.problem ?? null;
    sized = below === null ? null : { names: below.fields, size: below.found.size };
  }
  return {
    fieldCost: plus(fieldCost, times(shaped, objects)),
    typeCost,
    sizes,
    isAssumed,
    sourceSizes: sized,
    problem,
  };
}

/** What the field that found the object says of the list comes before what the list says of itself. */
function knownSize(step: StepCost, sized: SizedLists | null, args: FieldArguments): FoundSize | null {
  const fromAbove = sizeIn(sized, step.fieldName);
  return fromAbove === null ? step.size(args) : { size: fromAbove, problem: null };
}

function sizeIn(lists: SizedLists | null, name: string): number | null {
  return lists?.names.includes(name) === true ? lists.size : null;
}

/** How many values lists in lists hold. */
function countOf(sizes: readonly number[]): number {
  let count = 1;
  for (const size of sizes) count = times(count, size);
  return count;
}

/** What a shaper reads of an object that it makes a plain value of. */
function weightOfShaped(
  { model, costs }: FieldCostSite,
  { steps, shapers }: Extract<FieldBinding, { kind: "path" }>,
): number {
  const last = steps.at(-1);
  const end = last === undefined ? null : compositeTypeOf(model, last.onType ?? namedTypeOf(last.field.type));
  if (end === null) return 0;
  return shapers
    .flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []))
    .reduce((sum, name) => {
      const field = end.fields.get(name);
      return sum + (field === undefined ? 0 : Math.max(0, costs.weightOfField(end, field)));
    }, 0);
}

/**
 * A connection's items are as many as `first` says, where nobody says anything else of the page. A cursor may say how long the
 * page is that is asked for: what is received of it, or of the one behind it, and not shown, counts as objects on the way.
 */
function readOfPage(site: FieldCostSite, binding: Extract<FieldBinding, { kind: "page" }>): ReadCost {
  const path = readOfPath(site, binding);
  const [items] = binding.rule.items;
  const itemsName = items?.field.name ?? "";
  const itemWeight = items === undefined ? 0 : site.costs.compileStep(items).objectWeight;
  const takes = (name: string): boolean => site.definition.args.some((one) => one.name === name);
  const takesFirst = takes("first");
  const takesAfter = takes("after");
  const measureFirst = (args: FieldArguments, parent: Measured | null): ReadMeasured => {
    const measured = path.measure(args, parent);
    if (sizeIn(measured.sourceSizes, itemsName) !== null) return measured;
    const first = readOwn(args.values, "first");
    if (typeof first !== "number") return measured;
    const problem: SizeProblem | null =
      first < 0
        ? {
            clientArguments: ["first"],
            isChoice: false,
            expected: "at least 0 as first",
            found: String(first),
          }
        : null;
    const sourceSizes = { names: [itemsName], size: Math.max(0, first) };
    return { ...measured, sourceSizes, problem: measured.problem ?? problem };
  };
  const itemsOf = ({ sourceSizes }: ReadMeasured): number =>
    sizeIn(sourceSizes, itemsName) ?? site.assumedListSize;
  return {
    ...path,
    readsArguments: path.readsArguments || takesFirst || takesAfter,
    sizesBelow: path.sizesBelow || takesFirst || takesAfter,
    measure(args, parent) {
      const measured = measureFirst(args, parent);
      const after = takesAfter ? readOwn(args.values, "after") : null;
      const place = typeof after === "string" ? peekCursor(after) : null;
      if (place === null || !isSizedByCursor(place, binding.keepsPageSize)) return measured;
      const page = itemsOf(measureFirst(withFirst(args, place.size), parent));
      const isWhole = typeof readOwn(args.values, "first") !== "number";
      const shown = isWhole ? Math.max(page, itemsOf(measured)) : itemsOf(measured);
      // Where the rest of the page is not enough, the one behind it is asked for as well.
      const behind = isWhole ? 0 : binding.keepsPageSize ? page : shown;
      const passedOver = Math.max(0, plus(page, behind) - shown);
      return {
        ...measured,
        typeCost: plus(measured.typeCost, times(itemWeight, passedOver)),
        sourceSizes: {
          names: [...new Set([...(measured.sourceSizes?.names ?? []), itemsName])],
          size: shown,
        },
      };
    },
  };
}

/** The arguments with which a page is asked for that is so long; null: as long as the backend likes. */
function withFirst(args: FieldArguments, first: number | null): FieldArguments {
  const { first: _asked, ...values } = args.values;
  return {
    values: first === null ? values : { ...values, first },
    isGiven: (name) => (name === "first" ? first !== null : args.isGiven(name)),
  };
}

/** Edges and nodes are the items of the page. */
function readOfPart({ definition, items, costs, assumedListSize }: FieldCostSite): ReadCost {
  const depth = depthOf(definition.type);
  if (depth === 0 || items === null) return constantRead([]);
  const step = costs.compileStep(items);
  return {
    listDepth: 1,
    readsArguments: false,
    sizesBelow: false,
    measure(args, parent) {
      const known = knownSize(step, parent?.sourceSizes ?? null, args);
      const size = known?.size ?? assumedListSize;
      const fieldCost = step.fieldCost(args);
      return {
        fieldCost,
        typeCost: 0,
        sizes: [size],
        isAssumed: known === null,
        sourceSizes: null,
        problem: null,
      };
    },
  };
}

/** One lookup for each id. */
function readOfNodes(
  site: FieldCostSite,
  { argument, types }: Extract<FieldBinding, { kind: "node" }>,
): ReadCost {
  const lookups = [...types.values()].map(({ lookup }) => site.costs.weightOf(lookup.field.coordinate) ?? 1);
  const weight = Math.max(0, ...lookups);
  const isList = depthOf(site.definition.type) > 0;
  return {
    listDepth: isList ? 1 : 0,
    readsArguments: isList,
    sizesBelow: false,
    measure({ values }) {
      const ids = readOwn(values, argument);
      const count = Array.isArray(ids) ? ids.length : 1;
      const sizes = isList ? [count] : [];
      return {
        fieldCost: times(weight, count),
        typeCost: 0,
        sizes,
        isAssumed: false,
        sourceSizes: null,
        problem: null,
      };
    },
  };
}

/** The client's own arguments, as its `@listSize` names them. */
function sizedArguments({ args }: GraphQLField<unknown, unknown>): ReadonlyMap<string, SizedArgument> {
  return new Map(
    args.map(({ name }) => [
      name,
      {
        clientArguments: [name],
        read: ({ values }) => readOwn(values, name),
        isGiven: (given) => given.isGiven(name),
      },
    ]),
  );
}

function depthOf(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return depthOf(type.ofType);
  return isListType(type) ? 1 + depthOf(type.ofType) : 0;
}
