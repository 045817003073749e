import {
  type ArgumentNode,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";

/**
 * How large a document is: of each figure the largest of any of its operations, whichever of them is run. Fragments count
 * as often as they are spread. No figure is above 2^53 − 1, which stands for all that is more.
 */
export interface DocumentFigures {
  /**
   * Lexical tokens of the whole document, and those of the values that fragments repeat: each value, list and object once
   * more for each time that it is spread again.
   */
  readonly tokens: number;
  /** Levels of fields. */
  readonly depth: number;
  readonly aliases: number;
  /** Fields of the root type. */
  readonly rootFields: number;
  readonly directives: number;
  readonly fields: number;
  /** Elements of the longest list that is written out. */
  readonly listLength: number;
  /** Levels of lists and objects in the deepest value that is written out. */
  readonly valueDepth: number;
  /** Variables that stand inside written lists and objects: in how many at most. */
  readonly variableLevels: ReadonlyMap<string, number>;
}

/**
 * Counts in one pass, in time that grows with the document's text and not with what it would become. Neither validity is
 * needed nor stack: fragments may be missing, be there twice, or spread themselves, and a fragment that is on its way round
 * a circle counts nothing again.
 */
export function countFigures(document: DocumentNode): DocumentFigures {
  const values = new ValueFigures();
  const parts = document.definitions.filter(isExecutable).map((node) => countPart(node, values));
  const fragments = new Map(
    parts.flatMap((part) =>
      part.node.kind === Kind.FRAGMENT_DEFINITION ? [[part.node.name.value, part]] : [],
    ),
  );
  const totals = new Totals(fragments);
  const all = parts.map((part) => totals.of(part));
  const largest = (figure: keyof Counts): number =>
    all.reduce((most, counts) => Math.max(most, counts[figure]), 0);
  return {
    tokens: bounded((document.tokenCount ?? 0) + Math.max(0, largest("values") - values.written)),
    depth: largest("depth"),
    aliases: largest("aliases"),
    // What a fragment has there are root fields only where an operation spreads it there.
    rootFields: parts.reduce(
      (most, part, index) =>
        part.node.kind === Kind.OPERATION_DEFINITION ? Math.max(most, all[index]?.rootFields ?? 0) : most,
      0,
    ),
    directives: largest("directives"),
    fields: largest("fields"),
    listLength: values.listLength,
    valueDepth: values.depth,
    variableLevels: values.variableLevels,
  };
}

type ExecutableNode = OperationDefinitionNode | FragmentDefinitionNode;

/** What is added up over the fragments of an operation; `depth` is the deepest of them. */
interface Counts {
  depth: number;
  aliases: number;
  rootFields: number;
  directives: number;
  fields: number;
  /** Values of arguments, those in lists and objects each for themselves. */
  values: number;
}

/** An operation or fragment by itself. */
interface Part extends Counts {
  readonly node: ExecutableNode;
  readonly spreads: Map<string, Spread>;
}

/** What a part spreads of one fragment. */
interface Spread {
  times: number;
  timesAtRoot: number;
  /** The fields around it, at most. */
  depth: number;
}

function isExecutable(node: DefinitionNode): node is ExecutableNode {
  return node.kind === Kind.OPERATION_DEFINITION || node.kind === Kind.FRAGMENT_DEFINITION;
}

function countPart(node: ExecutableNode, values: ValueFigures): Part {
  const part: Part = {
    node,
    spreads: new Map(),
    depth: 0,
    aliases: 0,
    rootFields: 0,
    directives: 0,
    fields: 0,
    values: 0,
  };
  const writtenBefore = values.written;
  countDirectives(part, node.directives, values);
  const variables = node.kind === Kind.OPERATION_DEFINITION ? node.variableDefinitions : undefined;
  for (const { variable, defaultValue, directives } of variables ?? []) {
    countDirectives(part, directives, values);
    if (defaultValue !== undefined) values.addDefault(variable.name.value, defaultValue);
  }
  const open: { readonly set: SelectionSetNode; readonly depth: number }[] = [
    { set: node.selectionSet, depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { set, depth } = next;
    for (const selection of set.selections) {
      countSelection(part, selection, depth);
      countDirectives(part, selection.directives, values);
      if (selection.kind === Kind.FRAGMENT_SPREAD) continue;
      if (selection.kind === Kind.FIELD) addArguments(selection.arguments, values);
      if (selection.selectionSet !== undefined)
        open.push({ set: selection.selectionSet, depth: selection.kind === Kind.FIELD ? depth + 1 : depth });
    }
  }
  part.values = values.written - writtenBefore;
  return part;
}

function countSelection(part: Part, selection: SelectionNode, depth: number): void {
  if (selection.kind === Kind.FIELD) {
    part.fields += 1;
    if (depth === 0) part.rootFields += 1;
    if (selection.alias !== undefined) part.aliases += 1;
    part.depth = Math.max(part.depth, depth + 1);
  } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
    const { value: name } = selection.name;
    const spread = part.spreads.get(name) ?? { times: 0, timesAtRoot: 0, depth: 0 };
    spread.times += 1;
    if (depth === 0) spread.timesAtRoot += 1;
    spread.depth = Math.max(spread.depth, depth);
    part.spreads.set(name, spread);
  }
}

function countDirectives(
  part: Part,
  directives: readonly DirectiveNode[] | undefined,
  values: ValueFigures,
): void {
  if (directives === undefined) return;
  part.directives += directives.length;
  for (const directive of directives) addArguments(directive.arguments, values);
}

function addArguments(args: readonly ArgumentNode[] | undefined, values: ValueFigures): void {
  if (args !== undefined) for (const { value } of args) values.add(value);
}

/** What parts are with their fragments in them; each fragment is reckoned once. */
class Totals {
  readonly #fragments: ReadonlyMap<string, Part>;
  readonly #known = new Map<Part, Counts>();

  constructor(fragments: ReadonlyMap<string, Part>) {
    this.#fragments = fragments;
  }

  of(part: Part): Counts {
    const known = this.#known.get(part);
    if (known !== undefined) return known;
    // Chains of fragments may be longer than the stack.
    const open = [part];
    const underWay = new Set<Part>();
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      if (this.#known.has(next)) {
        open.pop();
      } else if (underWay.has(next)) {
        this.#known.set(next, this.#add(next));
        open.pop();
      } else {
        underWay.add(next);
        for (const name of next.spreads.keys()) {
          const fragment = this.#fragments.get(name);
          if (fragment !== undefined && !underWay.has(fragment) && !this.#known.has(fragment))
            open.push(fragment);
        }
      }
    }
    return this.#known.get(part) ?? part;
  }

  #add({ depth, aliases, rootFields, directives, fields, values, spreads }: Part): Counts {
    const total: Counts = { depth, aliases, rootFields, directives, fields, values };
    for (const [name, spread] of spreads) {
      const fragment = this.#fragments.get(name);
      const counts = fragment === undefined ? undefined : this.#known.get(fragment);
      if (counts === undefined) continue;
      total.depth = Math.max(total.depth, spread.depth + counts.depth);
      total.aliases = bounded(total.aliases + spread.times * counts.aliases);
      total.rootFields = bounded(total.rootFields + spread.timesAtRoot * counts.rootFields);
      total.directives = bounded(total.directives + spread.times * counts.directives);
      total.fields = bounded(total.fields + spread.times * counts.fields);
      total.values = bounded(total.values + spread.times * counts.values);
    }
    return total;
  }
}

function bounded(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

/** The values that are written out in a document. */
class ValueFigures {
  listLength = 0;
  /** Those that were met, the members of lists and objects each for themselves. */
  written = 0;
  readonly variableLevels = new Map<string, number>();
  #depth = 0;
  readonly #defaults = new Map<string, number>();

  add(value: ValueNode): void {
    this.#depth = Math.max(this.#depth, this.#measure(value));
  }

  addDefault(variable: string, value: ValueNode): void {
    this.#defaults.set(variable, Math.max(this.#defaults.get(variable) ?? 0, this.#measure(value)));
  }

  /** A default stands where its variable does. */
  get depth(): number {
    let most = this.#depth;
    for (const [variable, depth] of this.#defaults)
      most = Math.max(most, depth + (this.variableLevels.get(variable) ?? 0));
    return most;
  }

  #measure(root: ValueNode): number {
    this.written += 1;
    if (root.kind !== Kind.LIST && root.kind !== Kind.OBJECT) return 0;
    let deepest = 0;
    const open: { readonly value: ValueNode; readonly depth: number }[] = [{ value: root, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { value } = next;
      const depth = next.depth + 1;
      if (value.kind === Kind.LIST) {
        this.listLength = Math.max(this.listLength, value.values.length);
        for (const element of value.values) this.#meet(element, depth, open);
      } else if (value.kind === Kind.OBJECT) {
        for (const field of value.fields) this.#meet(field.value, depth, open);
      }
      deepest = Math.max(deepest, depth);
    }
    return deepest;
  }

  #meet(
    value: ValueNode,
    depth: number,
    open: { readonly value: ValueNode; readonly depth: number }[],
  ): void {
    this.written += 1;
    if (value.kind === Kind.LIST || value.kind === Kind.OBJECT) open.push({ value, depth });
    else if (value.kind === Kind.VARIABLE) {
      const { value: name } = value.name;
      this.variableLevels.set(name, Math.max(this.variableLevels.get(name) ?? 0, depth));
    }
  }
}
