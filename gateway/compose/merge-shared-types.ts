import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type GraphQLArgument,
  type GraphQLInputType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  type InputObjectTypeDefinitionNode,
  type InputValueDefinitionNode,
  isCompositeType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  Kind,
  type ScalarTypeDefinitionNode,
  type TypeNode,
  valueFromAST,
} from "graphql";
import { defineOwn } from "../language/evaluate-selection.ts";

/**
 * Enums, input types and scalars of all sources together, as the Composite Schemas draft merges them: an enum has the
 * values of all, an input type the fields that all have. What may not be merged is reported elsewhere.
 * (https://graphql.github.io/composite-schemas-spec/draft/#sec-Merge)
 */
export function mergeLeafTypes(documents: readonly DocumentNode[]): ReadonlyMap<string, GraphQLNamedType> {
  const merged = new Map<string, LeafDefinition>();
  for (const node of documents.flatMap(({ definitions }) => definitions)) {
    if (!isLeafDefinition(node)) continue;
    const known = merged.get(node.name.value);
    merged.set(node.name.value, known === undefined ? node : mergeDefinitions(known, node));
  }
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [...merged.values()] };
  const types = Object.values(buildASTSchema(document, { assumeValid: true }).getTypeMap());
  return new Map(types.filter((type) => !isCompositeType(type)).map((type) => [type.name, type]));
}

type LeafDefinition = EnumTypeDefinitionNode | InputObjectTypeDefinitionNode | ScalarTypeDefinitionNode;

function isLeafDefinition(node: DefinitionNode): node is LeafDefinition {
  return (
    node.kind === Kind.ENUM_TYPE_DEFINITION ||
    node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ||
    node.kind === Kind.SCALAR_TYPE_DEFINITION
  );
}

/** Of two kinds the first one stays. */
function mergeDefinitions(first: LeafDefinition, other: LeafDefinition): LeafDefinition {
  if (first.kind === Kind.ENUM_TYPE_DEFINITION && other.kind === first.kind) {
    const names = new Set(first.values?.map((value) => value.name.value));
    const added = other.values?.filter((value) => !names.has(value.name.value)) ?? [];
    return { ...first, values: [...(first.values ?? []), ...added] };
  }
  if (first.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && other.kind === first.kind) {
    const fields = (first.fields ?? []).flatMap((field) => {
      const same = other.fields?.find((one) => one.name.value === field.name.value);
      return same === undefined ? [] : [{ ...field, type: stricterNode(field.type, same.type) }];
    });
    return { ...first, fields };
  }
  return first;
}

/** What one of them takes as null and the other doesn't is never null. */
function stricterNode(first: TypeNode, other: TypeNode): TypeNode {
  if (first.kind === Kind.NON_NULL_TYPE) {
    const bare = stricterNode(first.type, other.kind === Kind.NON_NULL_TYPE ? other.type : other);
    return bare.kind === Kind.NON_NULL_TYPE ? bare : { kind: Kind.NON_NULL_TYPE, type: bare };
  }
  if (other.kind === Kind.NON_NULL_TYPE) return stricterNode(other, first);
  if (first.kind !== Kind.LIST_TYPE || other.kind !== Kind.LIST_TYPE) return first;
  return { kind: Kind.LIST_TYPE, type: stricterNode(first.type, other.type) };
}

/** The arguments that a field has in every source, with the merged types. `lists` has those of each source. */
export function mergeArguments(
  lists: readonly (readonly GraphQLArgument[])[],
  leafTypes: ReadonlyMap<string, GraphQLNamedType>,
): GraphQLArgument[] {
  const [first = [], ...others] = lists;
  return first.flatMap((argument) => {
    const same = others.map((list) => list.find(({ name }) => name === argument.name));
    const found = same.filter((one) => one !== undefined);
    if (found.length < same.length) return [];
    const strict = found.reduce<GraphQLInputType>((type, one) => stricter(type, one.type), argument.type);
    const type = withTypesOf(strict, leafTypes);
    const literal = argument.astNode?.defaultValue;
    const defaultValue = literal === undefined ? argument.defaultValue : valueFromAST(literal, type);
    return [{ ...argument, type, defaultValue }];
  });
}

function stricter(first: GraphQLInputType, other: GraphQLInputType): GraphQLInputType {
  if (isNonNullType(first)) {
    const bare = stricter(first.ofType, isNonNullType(other) ? other.ofType : other);
    return isNonNullType(bare) ? bare : new GraphQLNonNull(bare);
  }
  if (isNonNullType(other)) return stricter(other, first);
  if (!isListType(first) || !isListType(other)) return first;
  return new GraphQLList(stricter(first.ofType, other.ofType));
}

function withTypesOf(
  type: GraphQLInputType,
  leafTypes: ReadonlyMap<string, GraphQLNamedType>,
): GraphQLInputType {
  if (isNonNullType(type)) {
    const bare = withTypesOf(type.ofType, leafTypes);
    return isNonNullType(bare) ? bare : new GraphQLNonNull(bare);
  }
  if (isListType(type)) return new GraphQLList(withTypesOf(type.ofType, leafTypes));
  const merged = leafTypes.get(type.name);
  return merged !== undefined && isInputType(merged) ? merged : type;
}

/** Adds to arguments what only one source knows of them. */
export type CompleteArguments = (
  args: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>>;

/**
 * What the supergraph does not have of a source's arguments is never given, and keeps the default that the source says.
 * Null where there is none.
 */
export function compileOwnDefaults(
  own: readonly GraphQLArgument[],
  merged: readonly GraphQLArgument[],
): CompleteArguments | null {
  return compileMembers(own, merged, new Map());
}

interface Member {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly defaultValue?: unknown;
}

type Complete = (value: unknown) => unknown;

function compileMembers(
  own: readonly Member[],
  merged: readonly Member[],
  known: Map<string, CompleteArguments | null>,
): CompleteArguments | null {
  const added: Member[] = [];
  const inner: { readonly name: string; readonly complete: Complete }[] = [];
  for (const member of own) {
    const same = merged.find(({ name }) => name === member.name);
    if (same === undefined) {
      if (member.defaultValue !== undefined) added.push(member);
      continue;
    }
    const complete = compileValue(member.type, same.type, known);
    if (complete !== null) inner.push({ name: member.name, complete });
  }
  if (added.length + inner.length === 0) return null;
  return (object) => {
    const completed: Record<string, unknown> = {};
    for (const { name, defaultValue } of added) defineOwn(completed, name, defaultValue);
    for (const [name, value] of Object.entries(object)) defineOwn(completed, name, value);
    for (const { name, complete } of inner)
      if (Object.hasOwn(completed, name)) defineOwn(completed, name, complete(completed[name]));
    return completed;
  };
}

function compileValue(
  own: GraphQLInputType,
  merged: GraphQLInputType,
  known: Map<string, CompleteArguments | null>,
): Complete | null {
  if (isNonNullType(own)) return compileValue(own.ofType, merged, known);
  if (isNonNullType(merged)) return compileValue(own, merged.ofType, known);
  if (isListType(own) && isListType(merged)) {
    const complete = compileValue(own.ofType, merged.ofType, known);
    if (complete === null) return null;
    return (value) => (Array.isArray(value) ? value.map((element: unknown) => complete(element)) : value);
  }
  if (!isInputObjectType(own) || !isInputObjectType(merged)) return null;
  if (!known.has(own.name)) {
    // A type may have fields of itself: what they become is known when it is.
    known.set(own.name, (object) => known.get(own.name)?.(object) ?? object);
    const members = compileMembers(Object.values(own.getFields()), Object.values(merged.getFields()), known);
    known.set(own.name, members);
  }
  if (known.get(own.name) === null) return null;
  return (value) =>
    typeof value === "object" && value !== null
      ? (known.get(own.name)?.(value as Readonly<Record<string, unknown>>) ?? value)
      : value;
}

/** Whether a value for it has to be given. */
export function isRequired({ type, defaultValue }: InputValueDefinitionNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined;
}
