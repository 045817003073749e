import {
  type ArgumentNode,
  type ASTVisitor,
  type FieldNode,
  getNamedType,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  typeFromAST,
  type ValidationContext,
  type ValueNode,
} from "graphql";

/**
 * Overlapping fields can be merged: fields with one name in an answer are the same field with the same arguments, unless
 * their objects are of different types; and what they return has the same shape all the same. The rule of graphql-js with
 * its words, but for one error for each name, in time that grows with the fields and not with the pairs of them: what is
 * merged is merged first, and then each field is compared with one other.
 *
 * https://spec.graphql.org/September2025/#sec-Field-Selection-Merging
 */
export function overlappingFieldsCanBeMerged(context: ValidationContext): ASTVisitor {
  // Fragments are seen where they are spread; those that are spread nowhere have another rule.
  return {
    OperationDefinition(operation) {
      new MergedSelections(context).check(operation);
      return false;
    },
    FragmentDefinition: () => false,
  };
}

/**
 * How many fields are looked at for one operation, at most: each counts once for each way in which it is merged with others,
 * of which there can be very many where fragments stand in fragments.
 */
const maxVisits = 20_000;
/** And so many more for each token of the document. */
const maxVisitsPerToken = 5;

/** A field where its selections are merged with those of others. */
interface FieldUse {
  readonly node: FieldNode;
  readonly parent: GraphQLNamedType | undefined;
  readonly definition: GraphQLField<unknown, unknown> | undefined;
  /** Whose selections hold it; null for the operation's own. */
  readonly within: FieldUse | null;
}

/** Selections that are merged into one object of the answer. */
interface MergedSet {
  readonly parts: readonly SelectionPart[];
  /** They belong to objects of different types, of which each answer has one: only shapes have to be alike. */
  readonly isShape: boolean;
}

interface SelectionPart {
  readonly set: SelectionSetNode;
  readonly type: GraphQLNamedType | undefined;
  readonly within: FieldUse | null;
}

class MergedSelections {
  readonly #context: ValidationContext;
  readonly #maxVisits: number;
  readonly #waiting: MergedSet[] = [];
  readonly #known = new Set<string>();
  readonly #ids = new Map<SelectionSetNode, number>();
  readonly #arguments = new WrittenArguments();
  #visits = 0;

  constructor(context: ValidationContext) {
    this.#context = context;
    this.#maxVisits = maxVisits + maxVisitsPerToken * (context.getDocument().tokenCount ?? 0);
  }

  check({ operation, selectionSet: set }: OperationDefinitionNode): void {
    const type = this.#context.getSchema().getRootType(operation) ?? undefined;
    this.#waiting.push({ parts: [{ set, type, within: null }], isShape: false });
    // Further sets are added while it goes on.
    for (const next of this.#waiting) {
      for (const [name, uses] of this.#collectFields(next)) this.#checkUses(name, uses, next.isShape);
      if (this.#visits > this.#maxVisits) {
        this.#context.reportError(new GraphQLError(tooManyFields));
        return;
      }
    }
  }

  /** By their names in the answer, in the order of the document. */
  #collectFields({ parts }: MergedSet): ReadonlyMap<string, FieldUse[]> {
    const byName = new Map<string, FieldUse[]>();
    const spread = new Set<string>();
    const open = parts.toReversed();
    for (let part = open.pop(); part !== undefined; part = open.pop()) {
      const { set, type, within } = part;
      const inner: SelectionPart[] = [];
      for (const selection of set.selections) {
        this.#visits += 1;
        if (selection.kind === Kind.FIELD) {
          const definition = findField(type, selection.name.value);
          const use: FieldUse = { node: selection, parent: type, definition, within };
          const name = nameOf(use);
          const uses = byName.get(name);
          if (uses === undefined) byName.set(name, [use]);
          else uses.push(use);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          inner.push({ set: selection.selectionSet, type: this.#typeOf(selection, type), within });
        } else if (!spread.has(selection.name.value)) {
          spread.add(selection.name.value);
          const fragment = this.#context.getFragment(selection.name.value);
          if (fragment != null)
            inner.push({ set: fragment.selectionSet, type: this.#typeOf(fragment, type), within });
        }
      }
      for (const next of inner.toReversed()) open.push(next);
    }
    return byName;
  }

  #typeOf(
    { typeCondition }: { readonly typeCondition?: Parameters<typeof typeFromAST>[1] | undefined },
    outer: GraphQLNamedType | undefined,
  ): GraphQLNamedType | undefined {
    if (typeCondition === undefined) return outer;
    return getNamedType(typeFromAST(this.#context.getSchema(), typeCondition));
  }

  #checkUses(name: string, uses: readonly FieldUse[], isShape: boolean): void {
    const groups = isShape || uses.length === 1 ? [uses] : groupByObject(uses);
    if (groups.length > 1) for (const group of groups) this.#visits += group.length;
    const conflict =
      uses.length === 1 ? null : ((isShape ? null : this.#findDifference(groups)) ?? findShapeConflict(uses));
    if (conflict !== null) {
      this.#report(name, conflict);
      return;
    }
    if (groups.length > 1) this.#descend(uses, true);
    for (const group of groups) this.#descend(group, isShape);
  }

  /** What fields select that are merged is merged as well. */
  #descend(uses: readonly FieldUse[], isShape: boolean): void {
    const parts: SelectionPart[] = [];
    for (const use of uses) {
      const { selectionSet: set } = use.node;
      if (set !== undefined) parts.push({ set, type: getNamedType(use.definition?.type), within: use });
    }
    if (parts.length === 0) return;
    const key = parts
      .map(({ set }) => this.#idOf(set))
      .toSorted((one, other) => one - other)
      .join();
    // What has been checked to be the same has the same shape.
    if (this.#known.has(key) || (isShape && this.#known.has(`shape ${key}`))) return;
    this.#known.add(isShape ? `shape ${key}` : key);
    this.#waiting.push({ parts, isShape });
  }

  #findDifference(groups: readonly (readonly FieldUse[])[]): Conflict | null {
    for (const group of groups) {
      const conflict = findDifference(group, this.#arguments);
      if (conflict !== null) return conflict;
    }
    return null;
  }

  #idOf(set: SelectionSetNode): number {
    const known = this.#ids.get(set);
    if (known !== undefined) return known;
    this.#ids.set(set, this.#ids.size);
    return this.#ids.size - 1;
  }

  /** Says it of the outermost fields that need not have been merged. */
  #report(name: string, conflict: Conflict): void {
    let { one, other, reason } = conflict;
    let outermost = name;
    const nodes: readonly [FieldNode[], FieldNode[]] = [[one.node], [other.node]];
    while (one.within !== null && other.within !== null && one.within.node !== other.within.node) {
      reason = `subfields "${outermost}" conflict because ${reason}`;
      [one, other] = [one.within, other.within];
      nodes[0].unshift(one.node);
      nodes[1].unshift(other.node);
      outermost = nameOf(one);
    }
    this.#context.reportError(
      new GraphQLError(
        `Fields "${outermost}" conflict because ${reason}. Use different aliases on the fields to fetch both if this was intentional.`,
        { nodes: nodes.flatMap((side) => side.slice(-maxLocations)) },
      ),
    );
  }
}

const tooManyFields =
  "The document has so many fields in fragments that it can't be told whether they can be merged. Select each of them once, or by names of their own.";
/** Of each of two fields, with those around it. */
const maxLocations = 20;

interface Conflict {
  readonly one: FieldUse;
  readonly other: FieldUse;
  readonly reason: string;
}

function nameOf({ node }: FieldUse): string {
  return (node.alias ?? node.name).value;
}

/** As in graphql-js, fields about the schema and the type are not looked up, and nothing is said of their shapes. */
function findField(
  parent: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

/** Those that an object of one type can have together, for each type that is named: fields of interfaces are in each. */
function groupByObject(uses: readonly FieldUse[]): readonly (readonly FieldUse[])[] {
  const [first] = uses;
  if (uses.every(({ parent }) => parent === first?.parent)) return [uses];
  const groups = new Map<GraphQLNamedType, FieldUse[]>();
  const shared: FieldUse[] = [];
  for (const use of uses) {
    const { parent } = use;
    if (isObjectType(parent)) {
      const group = groups.get(parent);
      if (group === undefined) groups.set(parent, [...shared, use]);
      else group.push(use);
    } else {
      shared.push(use);
      for (const group of groups.values()) group.push(use);
    }
  }
  return groups.size < 2 ? [uses] : [...groups.values()];
}

/** Both halves of the comparison are equivalences, so that one field stands for all that were like it. */
function findDifference([one, ...others]: readonly FieldUse[], written: WrittenArguments): Conflict | null {
  if (one === undefined) return null;
  const name = one.node.name.value;
  for (const other of others) {
    const otherName = other.node.name.value;
    if (otherName !== name)
      return { one, other, reason: `"${name}" and "${otherName}" are different fields` };
    if (written.idOf(one.node) !== written.idOf(other.node))
      return { one, other, reason: "they have differing arguments" };
  }
  return null;
}

/** Fields that were not found have no shape. */
function findShapeConflict(uses: readonly FieldUse[]): Conflict | null {
  let one: FieldUse | null = null;
  let type: GraphQLOutputType | null = null;
  for (const other of uses) {
    const otherType = other.definition?.type;
    if (otherType === undefined) continue;
    if (one === null || type === null) {
      one = other;
      type = otherType;
    } else if (!areShapedAlike(type, otherType)) {
      const reason = `they return conflicting types "${type.toString()}" and "${otherType.toString()}"`;
      return { one, other, reason };
    }
  }
  return null;
}

/** The selections of composite types are compared by themselves. */
function areShapedAlike(one: GraphQLOutputType, other: GraphQLOutputType): boolean {
  if (one === other) return true;
  if (isListType(one) || isListType(other))
    return isListType(one) && isListType(other) && areShapedAlike(one.ofType, other.ofType);
  if (isNonNullType(one) || isNonNullType(other))
    return isNonNullType(one) && isNonNullType(other) && areShapedAlike(one.ofType, other.ofType);
  return !isLeafType(one) && !isLeafType(other);
}

/**
 * Numbers for the arguments of fields, the same for those that are the same: neither their order counts nor that of an
 * object's fields. A field's are written once, however often it is merged with others.
 */
class WrittenArguments {
  readonly #ids = new Map<string, number>();
  readonly #known = new Map<FieldNode, number>();

  idOf(node: FieldNode): number {
    if (node.arguments === undefined || node.arguments.length === 0) return 0;
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const text = writeArguments(node.arguments);
    const id = this.#ids.get(text) ?? this.#ids.size + 1;
    this.#ids.set(text, id);
    this.#known.set(node, id);
    return id;
  }
}

function writeArguments(args: readonly ArgumentNode[]): string {
  return JSON.stringify(args.map(({ name, value }) => [name.value, plainValue(value)]).toSorted(byFirst));
}

function plainValue(value: ValueNode): unknown {
  switch (value.kind) {
    case Kind.VARIABLE:
      return [value.kind, value.name.value];
    case Kind.LIST:
      return [value.kind, value.values.map(plainValue)];
    case Kind.OBJECT:
      return [
        value.kind,
        value.fields.map((field) => [field.name.value, plainValue(field.value)]).toSorted(byFirst),
      ];
    case Kind.NULL:
      return [value.kind];
    case Kind.STRING:
      return [value.kind, value.value, value.block === true];
    default:
      return [value.kind, value.value];
  }
}

function byFirst([one]: readonly unknown[], [other]: readonly unknown[]): number {
  const [a, b] = [String(one), String(other)];
  return a === b ? 0 : a < b ? -1 : 1;
}
