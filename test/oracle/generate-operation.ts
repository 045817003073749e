import {
  type ArgumentNode,
  type DefinitionNode,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLNonNull,
  GraphQLString,
  isNonNullType,
  Kind,
  type NamedTypeNode,
  type NameNode,
  type OperationDefinitionNode,
  OperationTypeNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { SeededRandom } from "../backends/seeded-random.ts";
import { type Aim, aimAt } from "./aim.ts";
import type { RandomOperation } from "./operation.ts";
import { RandomValues, type ValuePools } from "./random-values.ts";
import { RandomVariables } from "./random-variables.ts";
import { reachedFrom } from "./reached-from.ts";
import type { IndexedField, IndexedType, SchemaIndex } from "./schema-index.ts";

/** How large operations get, and what they ask for. */
export interface GeneratorOptions {
  readonly pools?: ValuePools;
  /** The most selection sets inside each other, from the operation's own on. Default 6. */
  readonly maxDepth?: number;
  /** About how many fields one document selects. Default 40. */
  readonly maxFields?: number;
  /** The most values that one field may stand for, by `fanOut`. Default 400. */
  readonly maxFanOut?: number;
  /** How many objects a field finds, at most; undefined where `defaultFanOut` has it right. */
  fanOut?(coordinate: string, args: Readonly<Record<string, unknown>>): number | undefined;
  /** Fields with selections, and optional arguments, that are there more often than others, by their coordinates. */
  readonly favourites?: ReadonlySet<string>;
  /** How often a root selection is introspection, 0 to 1. Default 0.02. */
  readonly introspectionShare?: number;
  /** How many documents are about mutations, 0 to 1. Default 0. */
  readonly mutationShare?: number;
  /** How often a variable has a value of another type, so that most of these operations are refused, 0 to 1. Default 0. */
  readonly misfitShare?: number;
}

/** Makes valid operations of one schema: for one seed always the same. */
export class OperationGenerator {
  readonly index: SchemaIndex;
  readonly #options: GeneratorOptions;
  readonly #aims = new Map<string, Aim>();

  constructor(index: SchemaIndex, options: GeneratorOptions = {}) {
    this.index = index;
    this.#options = options;
  }

  /**
   * `seed`: an integer from 0. `aims`: fields of object types by their coordinates, of which the operation selects one, on
   * whatever way: under an alias, in a fragment, on an interface. Those that no way leads to are left alone; where there
   * are no others, it is an operation like any other.
   */
  operation(seed: number, aims: readonly string[] = []): RandomOperation {
    const random = new SeededRandom(seed);
    const wanted = aims.map((coordinate) => this.#aimAt(coordinate));
    for (let tries = 1; ; tries++) {
      const builder = new DocumentBuilder(this.index, this.#options, random, wanted);
      const operation = builder.build(seed);
      // On some ways too much would be found.
      if (!builder.hasMissed || tries === maxTries) return operation;
    }
  }

  #aimAt(coordinate: string): Aim {
    let aim = this.#aims.get(coordinate);
    if (aim === undefined) this.#aims.set(coordinate, (aim = aimAt(this.index, coordinate)));
    return aim;
  }
}

const maxTries = 20;

/** Where selections are made: what they are made from, and how much more there may be. */
interface Site {
  readonly parent: IndexedType;
  /** Selection sets that may still be inside this one. */
  readonly levels: number;
  /** How many objects each selection here stands for. */
  readonly fanOut: number;
}

interface Fragment extends Site {
  readonly node: FragmentDefinitionNode;
}

const chances = {
  fragment: 0.22,
  named: 0.5,
  reused: 0.5,
  typename: 0.08,
  branch: 0.55,
  again: 0.1,
  alias: 0.2,
  directive: 0.1,
  optionalArgument: 0.5,
  favouriteArgument: 0.85,
  severalOperations: 0.15,
} as const;

/** How many other fields a favourite stands for. */
const favouriteWeight = 4;

class DocumentBuilder {
  readonly #index: SchemaIndex;
  readonly #options: GeneratorOptions;
  readonly #random: SeededRandom;
  readonly #variables: RandomVariables;
  readonly #fragments: Fragment[] = [];
  /**
   * What each response name stands for, in the whole document: the field, its arguments and its type. So no two
   * selections can be in each other's way, wherever fragments bring them together.
   */
  readonly #meanings = new Map<string, string>();
  #fieldsLeft: number;
  readonly #aims: readonly Aim[];
  /** A field that was to be selected is not. */
  hasMissed = false;

  constructor(index: SchemaIndex, options: GeneratorOptions, random: SeededRandom, aims: readonly Aim[]) {
    this.#index = index;
    this.#options = options;
    this.#random = random;
    this.#aims = aims;
    const values = new RandomValues(random, options.pools ?? new Map());
    this.#variables = new RandomVariables(index.schema, random, values);
    const { maxFields = 40 } = options;
    // Small operations are the better part.
    this.#fieldsLeft = 1 + Math.floor(maxFields * random.next() ** 1.5);
  }

  build(seed: number): RandomOperation {
    const count = this.#happens("severalOperations") ? this.#random.integer(2, 3) : 1;
    const isNamed = count > 1 || this.#random.next() < 0.6;
    const { maxDepth = 6 } = this.#options;
    const root = this.#root();
    const aims = this.#aims.filter((aim) => isWithin(aim.levelsFrom(root), maxDepth - 1));
    const operation = root === this.#index.mutation ? OperationTypeNode.MUTATION : OperationTypeNode.QUERY;
    const site = { parent: root, levels: maxDepth - 1, fanOut: 1 };
    const drafts = Array.from({ length: count }, (_, index): OperationDefinitionNode => {
      const aim = aims.length === 0 ? null : this.#random.pick(aims);
      const selectionSet = this.#selectionSet(site, aim);
      const node = { kind: Kind.OPERATION_DEFINITION, operation, selectionSet } as const;
      return isNamed ? { ...node, name: nameNode(`Op${index + 1}`) } : node;
    });
    const fragments = new Map(this.#fragments.map(({ node }) => [node.name.value, node]));
    const operations = drafts.map((node) => {
      const { variableNames } = reachedFrom(node, fragments);
      const variableDefinitions = [...variableNames].map((name) => this.#variables.definitionOf(name));
      return variableDefinitions.length === 0 ? node : { ...node, variableDefinitions };
    });
    const chosen = this.#random.pick(operations);
    const { variableNames } = reachedFrom(chosen, fragments);
    const definitions: DefinitionNode[] = [...operations, ...fragments.values()];
    // A fragment may stand before what uses it.
    const ordered = this.#random.next() < 0.3 ? definitions.toReversed() : definitions;
    const mayBeNull = count === 1 && this.#random.next() < 0.5;
    return {
      seed,
      document: { kind: Kind.DOCUMENT, definitions: ordered },
      variables: this.#withMisfit(this.#variables.given(variableNames)),
      operationName: mayBeNull ? null : (chosen.name?.value ?? null),
    };
  }

  #withMisfit(variables: Record<string, unknown>): Record<string, unknown> {
    const { misfitShare = 0 } = this.#options;
    const names = Object.keys(variables);
    if (misfitShare === 0 || names.length === 0 || this.#random.next() >= misfitShare) return variables;
    return { ...variables, [this.#random.pick(names)]: this.#random.pick(misfits) };
  }

  #root(): IndexedType {
    const { query, mutation } = this.#index;
    const { mutationShare = 0 } = this.#options;
    const isMutation = mutation !== null && mutationShare > 0 && this.#random.next() < mutationShare;
    if (mutation === null || this.#aims.length === 0) return isMutation ? mutation : query;
    const roots = isMutation ? [mutation, query] : [query, mutation];
    const leads = (root: IndexedType): boolean => this.#aims.some((aim) => aim.levelsFrom(root) !== null);
    return mutationShare > 0 ? (roots.find(leads) ?? query) : query;
  }

  #happens(what: keyof typeof chances): boolean {
    return this.#random.next() < chances[what];
  }

  /** `aim`: a field that is to be selected here or further inside. */
  #selectionSet(site: Site, aim: Aim | null = null): SelectionSetNode {
    const count = this.#random.integer(1, 5);
    const selections: SelectionNode[] = [];
    const aimed = aim === null ? null : this.#aimed(site, aim);
    if (aimed !== null) selections.push(aimed);
    else if (aim !== null) this.hasMissed = true;
    while (selections.length < count) {
      if (aimed !== null && this.#fieldsLeft <= 0) break;
      selections.push(this.#selection(site, selections));
      if (this.#fieldsLeft <= 0) break;
    }
    return { kind: Kind.SELECTION_SET, selections: aimed === null ? selections : this.#mixed(selections) };
  }

  #mixed(selections: readonly SelectionNode[]): readonly SelectionNode[] {
    return selections.length > 1 && this.#random.next() < 0.5 ? selections.toReversed() : selections;
  }

  /** A field on the way to a wanted one, that one itself, or a fragment with such a field. Null where there is none. */
  #aimed(site: Site, aim: Aim): SelectionNode | null {
    const { parent, levels } = site;
    const own = aim.fieldOn(parent);
    if (own !== null && (levels === 0 || this.#random.next() < 0.75))
      return this.#field(own, site, this.#argumentsOf(own));
    const ways = [
      ...parent.branches.flatMap((field) =>
        field.selectedType === null ? [] : [{ field, to: field.selectedType }],
      ),
      ...parent.conditions.map((to) => ({ field: null, to })),
    ].filter(({ to }) => isWithin(aim.levelsFrom(to), levels - 1));
    const shortest = Math.min(...ways.map(({ to }) => aim.levelsFrom(to) ?? Infinity));
    const isStraight = this.#random.next() < 0.85;
    const straight = ways.filter(({ to }) => aim.levelsFrom(to) === shortest);
    // A way that finds too much is none.
    for (const { field, to } of this.#random.shuffle(isStraight ? straight : ways)) {
      if (field === null) return this.#aimedFragment(site, to, aim);
      const found = this.#field(field, site, this.#argumentsOf(field), aim);
      if (found !== null) return found;
    }
    return null;
  }

  #aimedFragment(site: Site, parent: IndexedType, aim: Aim): SelectionNode {
    if (this.#happens("named")) {
      const { node } = this.#newFragment(site, { parent, aim });
      return { kind: Kind.FRAGMENT_SPREAD, name: node.name, ...this.#directives() };
    }
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: typeNode(parent),
      ...this.#directives(),
      selectionSet: this.#selectionSet({ ...site, parent, levels: site.levels - 1 }, aim),
    };
  }

  #selection(site: Site, earlier: readonly SelectionNode[]): SelectionNode {
    const { parent, levels } = site;
    const isUnion = parent.leaves.length + parent.branches.length === 0;
    if (
      levels > 0 &&
      this.#fieldsLeft > 0 &&
      (this.#happens("fragment") || (isUnion && !this.#happens("typename")))
    )
      return this.#fragment(site);
    if (isUnion || this.#happens("typename")) return this.#field(typenameField, site, []) ?? this.#typename();
    if (this.#happens("again")) {
      const again = this.#again(site, earlier);
      if (again !== null) return again;
    }
    const { introspectionShare = 0.02 } = this.#options;
    const isRoot = parent === this.#index.query;
    const field =
      isRoot && this.#random.next() < introspectionShare
        ? this.#random.pick(this.#index.introspection)
        : this.#pickField(site);
    return this.#field(field, site, this.#argumentsOf(field)) ?? this.#leafOf(parent, site);
  }

  #pickField({ parent: { leaves, branches }, levels }: Site): IndexedField {
    const mayBranch = branches.length > 0 && levels > 0 && this.#fieldsLeft > 0;
    if (mayBranch && (leaves.length === 0 || this.#happens("branch"))) return this.#pickBranch(branches);
    return leaves.length === 0 ? typenameField : this.#random.pick(leaves);
  }

  #pickBranch(branches: readonly IndexedField[]): IndexedField {
    const { favourites } = this.#options;
    if (favourites === undefined) return this.#random.pick(branches);
    const weighted = branches.flatMap((field) => {
      return favourites.has(field.coordinate) ? Array<IndexedField>(favouriteWeight).fill(field) : [field];
    });
    return this.#random.pick(weighted);
  }

  /** Where a branch would find too much. */
  #leafOf({ leaves }: IndexedType, site: Site): FieldNode {
    const field = leaves.length === 0 ? typenameField : this.#random.pick(leaves);
    return this.#field(field, site, this.#argumentsOf(field)) ?? this.#typename();
  }

  #typename(): FieldNode {
    return { kind: Kind.FIELD, name: nameNode("__typename") };
  }

  /** Null where it would find too much. */
  #field(
    field: IndexedField,
    site: Site,
    args: readonly PlacedArgument[],
    aim: Aim | null = null,
  ): FieldNode | null {
    const values = Object.fromEntries(args.map(({ node, value }) => [node.name.value, value]));
    const fanOut = site.fanOut * this.#fanOutOf(field, values);
    const { maxFanOut = 400 } = this.#options;
    if (field.selectedType !== null && (fanOut > maxFanOut || site.levels === 0)) return null;
    this.#fieldsLeft -= 1;
    const nodes = args.map(({ node }) => node);
    const alias = this.#aliasFor(field, nodes);
    const selected = field.selectedType;
    return {
      kind: Kind.FIELD,
      name: nameNode(field.name),
      ...(alias !== null && { alias: nameNode(alias) }),
      ...(nodes.length > 0 && { arguments: nodes }),
      ...this.#directives(),
      ...(selected !== null && {
        selectionSet: this.#selectionSet({ parent: selected, levels: site.levels - 1, fanOut }, aim),
      }),
    };
  }

  /** An earlier field of the same selection set once more, with other directives and other selections inside. */
  #again(site: Site, earlier: readonly SelectionNode[]): FieldNode | null {
    const fields = earlier.filter((node) => node.kind === Kind.FIELD && !node.name.value.startsWith("__"));
    if (fields.length === 0) return null;
    const node = this.#random.pick(fields) as FieldNode;
    const { leaves, branches } = site.parent;
    const field = [...leaves, ...branches].find(({ name }) => name === node.name.value);
    if (field === undefined) return null;
    this.#fieldsLeft -= 1;
    const { kind, name, alias, arguments: args } = node;
    const again = {
      kind,
      name,
      ...(alias && { alias }),
      ...(args && { arguments: args }),
      ...this.#directives(),
    };
    if (field.selectedType === null) return again;
    // What it finds was within bounds the first time.
    const inside = { parent: field.selectedType, levels: site.levels - 1, fanOut: site.fanOut * 10 };
    return { ...again, selectionSet: this.#selectionSet(inside) };
  }

  #fragment(site: Site): SelectionNode {
    if (this.#happens("named")) {
      const fitting = this.#fragments.filter(
        ({ parent, levels, fanOut }) =>
          levels <= site.levels && fanOut >= site.fanOut && site.parent.conditions.includes(parent),
      );
      const fragment =
        fitting.length > 0 && this.#happens("reused") ? this.#random.pick(fitting) : this.#newFragment(site);
      return { kind: Kind.FRAGMENT_SPREAD, name: fragment.node.name, ...this.#directives() };
    }
    const parent = this.#random.next() < 0.25 ? null : this.#random.pick(site.parent.conditions);
    const inside = { ...site, parent: parent ?? site.parent, levels: site.levels - 1 };
    return {
      kind: Kind.INLINE_FRAGMENT,
      ...(parent !== null && { typeCondition: typeNode(parent) }),
      ...this.#directives(),
      selectionSet: this.#selectionSet(inside),
    };
  }

  #newFragment(
    site: Site,
    aimed: { readonly parent: IndexedType; readonly aim: Aim } | null = null,
  ): Fragment {
    const parent = aimed?.parent ?? this.#random.pick(site.parent.conditions);
    const inside = { ...site, parent, levels: site.levels - 1 };
    const selectionSet = this.#selectionSet(inside, aimed?.aim);
    const node: FragmentDefinitionNode = {
      kind: Kind.FRAGMENT_DEFINITION,
      name: nameNode(`F${this.#fragments.length + 1}`),
      typeCondition: typeNode(parent),
      selectionSet,
    };
    const fragment = { ...site, parent, node };
    this.#fragments.push(fragment);
    return fragment;
  }

  #argumentsOf(field: IndexedField): PlacedArgument[] {
    const placed = field.args.flatMap(({ name, type, defaultValue }): PlacedArgument[] => {
      const isRequired = isNonNullType(type) && defaultValue === undefined;
      const coordinate = `${field.coordinate}(${name}:)`;
      const isFavourite = this.#options.favourites?.has(coordinate) === true;
      if (!isRequired && !this.#happens(isFavourite ? "favouriteArgument" : "optionalArgument")) return [];
      const { node, value } = this.#variables.place({
        type,
        coordinate,
        hasDefault: defaultValue !== undefined,
      });
      return [
        { node: { kind: Kind.ARGUMENT, name: nameNode(name), value: node }, value: value ?? defaultValue },
      ];
    });
    return this.#random.next() < 0.2 ? placed.toReversed() : placed;
  }

  #fanOutOf(field: IndexedField, args: Readonly<Record<string, unknown>>): number {
    return this.#options.fanOut?.(field.coordinate, args) ?? defaultFanOut(field);
  }

  #directives(): { directives?: readonly DirectiveNode[] } {
    const names = (["skip", "include"] as const).filter(() => this.#happens("directive"));
    if (names.length === 0) return {};
    return {
      directives: names.map((name) => {
        // Mostly such that the selection stays.
        const stays = this.#random.next() < 0.75;
        const value = name === "skip" ? !stays : stays;
        const node = this.#variables.placeBoolean(value);
        const argument = { kind: Kind.ARGUMENT, name: nameNode("if"), value: node } as const;
        return { kind: Kind.DIRECTIVE, name: nameNode(name), arguments: [argument] };
      }),
    };
  }

  /** Null where the field goes by its own name. */
  #aliasFor(field: IndexedField, args: readonly ArgumentNode[]): string | null {
    const meaning = `${field.name}(${args.map(print).join(", ")}): ${field.typeText}`;
    const wanted = this.#happens("alias") ? this.#aliasWord(field) : field.name;
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted}_${number}`;
      const known = this.#meanings.get(name);
      if (known !== undefined && known !== meaning) continue;
      this.#meanings.set(name, meaning);
      return name === field.name ? null : name;
    }
  }

  /** Names of other fields are the most likely to be mixed up with them. */
  #aliasWord(field: IndexedField): string {
    if (this.#random.next() < 0.3) return this.#random.pick(aliases);
    const type = this.#random.pick([this.#index.query, field.selectedType ?? this.#index.query]);
    const names = [...type.leaves, ...type.branches].map(({ name }) => name);
    return names.length === 0 ? "alias" : this.#random.pick(names);
  }
}

function isWithin(levels: number | null, most: number): boolean {
  return levels !== null && levels <= most;
}

interface PlacedArgument {
  readonly node: ArgumentNode;
  readonly value: unknown;
}

/** Each fits some type; lists and objects of one member are what single values are taken for. */
const misfits: readonly unknown[] = [
  null,
  "text",
  "",
  7,
  1.5,
  -0,
  2 ** 31,
  2 ** 53,
  true,
  [],
  [null],
  ["s1", 3],
  [[1], [[2]]],
  {},
  { day: "one" },
  { row: 1, number: null, extra: 1 },
  { card: "1", points: 2 },
];

const aliases = ["a", "b", "id", "name", "data", "errors", "constructor", "toString", "hasOwnProperty", "_x"];

const typenameField: IndexedField = {
  name: "__typename",
  coordinate: "__typename",
  args: [],
  type: new GraphQLNonNull(GraphQLString),
  typeText: "String!",
  selectedType: null,
  listDepth: 0,
};

/** How many objects a field finds where nothing is known about it. */
export function defaultFanOut({ listDepth, typeText }: IndexedField): number {
  // Introspection's lists are as long as the schema is wide.
  return (typeText.includes("__") ? 8 : 3) ** listDepth;
}

function nameNode(value: string): NameNode {
  return { kind: Kind.NAME, value };
}

function typeNode({ name }: IndexedType): NamedTypeNode {
  return { kind: Kind.NAMED_TYPE, name: nameNode(name) };
}
