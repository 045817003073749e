import {
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** Under which values of the variables of `@skip` and `@include` something is selected: all terms have to hold. */
export interface Condition {
  /** Equal for equal conditions. */
  readonly key: string;
  readonly terms: readonly { readonly variable: string; readonly wanted: boolean }[];
}

export const always: Condition = Object.freeze({ key: "", terms: [] });

/** Something of an operation, and when it is selected. */
export interface Guarded<Item> {
  readonly item: Item;
  readonly when: Condition;
}

/** What selections mean in one operation. */
export interface SelectionSite {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Told of the work of each selection that is looked at; it may raise. */
  readonly onWork: (amount: number) => void;
}

/** What a value that is no Boolean decides is an error where it stands, which costs at most what the field does. */
export function holds({ terms }: Condition, variables: Readonly<Record<string, unknown>>): boolean {
  return terms.every(({ variable, wanted }) => variables[variable] !== !wanted);
}

/**
 * The fields that selection sets ask of an object of a type, by their response key, as
 * https://spec.graphql.org/September2025/#CollectFields() has it, for all values of the conditions at once.
 */
export function collectGuarded(
  site: SelectionSite,
  type: GraphQLObjectType,
  sets: readonly Guarded<SelectionSetNode>[],
): ReadonlyMap<string, readonly Guarded<FieldNode>[]> {
  const fields = new Map<string, Guarded<FieldNode>[]>();
  const visited = new Set<string>();
  const visit = (set: SelectionSetNode, outer: Condition): void => {
    for (const selection of set.selections) {
      const when = narrow(outer, selection);
      site.onWork(when === outer ? 1 : workOfCondition);
      if (when === null) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const nodes = fields.get(key);
        if (nodes === undefined) fields.set(key, [{ item: selection, when }]);
        else nodes.push({ item: selection, when });
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(site, selection.typeCondition?.name.value ?? null, type))
          visit(selection.selectionSet, when);
      } else {
        const name = selection.name.value;
        const fragment = site.fragments.get(name);
        // What is selected anyway is not selected once more under a condition.
        if (fragment === undefined || visited.has(name) || visited.has(`${name} ${when.key}`)) continue;
        visited.add(when === always ? name : `${name} ${when.key}`);
        if (applies(site, fragment.typeCondition.name.value, type)) visit(fragment.selectionSet, when);
      }
    }
  };
  for (const { item, when } of sets) visit(item, when);
  return fields;
}

/** A condition of its own is written down, and told from others by its text. */
const workOfCondition = 20;

function applies({ schema }: SelectionSite, condition: string | null, type: GraphQLObjectType): boolean {
  if (condition === null || condition === type.name) return true;
  const conditional = schema.getType(condition);
  return isAbstractType(conditional) && schema.isSubType(conditional, type);
}

/** When a selection inside of something is selected; null where it never is, whatever the variables are. */
export function narrow(outer: Condition, { directives = [] }: SelectionNode): Condition | null {
  let when: Condition | null = outer;
  for (const directive of directives) if (when !== null) when = narrowBy(when, directive);
  return when;
}

function narrowBy(outer: Condition, { name, arguments: values = [] }: DirectiveNode): Condition | null {
  if (name.value !== "skip" && name.value !== "include") return outer;
  const wanted = name.value === "include";
  const value = values.find((one) => one.name.value === "if")?.value;
  if (value?.kind === Kind.BOOLEAN) return value.value === wanted ? outer : null;
  if (value?.kind !== Kind.VARIABLE) return outer;
  const { value: variable } = value.name;
  const known = outer.terms.find((term) => term.variable === variable);
  if (known !== undefined) return known.wanted === wanted ? outer : null;
  const terms = [...outer.terms, { variable, wanted }].toSorted((one, other) =>
    one.variable < other.variable ? -1 : 1,
  );
  return { key: terms.map((term) => `${term.wanted ? "" : "!"}${term.variable}`).join("&"), terms };
}
