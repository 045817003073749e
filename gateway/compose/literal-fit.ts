import {
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLNonNull,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type ObjectValueNode,
  print,
  type ValueNode,
  valueFromAST,
  type VariableNode,
  visit,
} from "graphql";
import { shortened } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";

/** What was expected of a value and what it is. */
export interface MisfitFacts {
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;
}

/** A part of a literal that does not fit. */
export interface Misfit {
  readonly node: ValueNode;
  readonly facts: MisfitFacts;
}

/** Null where the variable fits; a null type takes any value. */
export type CheckVariable = (node: VariableNode, type: GraphQLInputType | null) => MisfitFacts | null;

/** Every part of a literal that is no value of its type; none where all of it fits. Constants have no variables. */
export function findMisfits(
  node: ValueNode,
  type: GraphQLInputType,
  checkVariable: CheckVariable = () => null,
): Misfit[] {
  if (node.kind === Kind.VARIABLE) return misfitOf(node, checkVariable(node, type));
  if (isNonNullType(type)) {
    if (node.kind === Kind.NULL) return misfitOf(node, mismatch(node, type));
    return findMisfits(node, type.ofType, checkVariable);
  }
  if (node.kind === Kind.NULL) return [];
  if (isListType(type)) {
    // As everywhere in GraphQL, one element stands for a list of one.
    const elements = node.kind === Kind.LIST ? node.values : [node];
    return elements.flatMap((element) => findMisfits(element, type.ofType, checkVariable));
  }
  if (isInputObjectType(type)) {
    if (node.kind === Kind.OBJECT) return findMisfitsInObject(node, type, checkVariable);
    return misfitOf(node, mismatch(node, type));
  }
  const misfits: Misfit[] = [];
  visit(node, { Variable: (inner) => void misfits.push(...misfitOf(inner, checkVariable(inner, null))) });
  if (misfits.length > 0 || valueFromAST(node, type) !== undefined) return misfits;
  return misfitOf(node, mismatch(node, type));
}

function findMisfitsInObject(
  node: ObjectValueNode,
  type: GraphQLInputObjectType,
  checkVariable: CheckVariable,
): Misfit[] {
  const fields = Object.values(type.getFields());
  const names = fields.map((field) => field.name);
  const misfits = node.fields.flatMap(({ name: { value: name }, value }) => {
    const field = fields.find((candidate) => candidate.name === name);
    if (field !== undefined) return findMisfits(value, memberType(field, type), checkVariable);
    const expected = `a field of ${type.name} (${names.join(", ")})`;
    return misfitOf(value, { expected, found: name, hint: nearestNameHint(name, names) });
  });
  if (type.isOneOf && node.fields.length !== 1) {
    const expected = `exactly one field of ${type.name}, which is @oneOf`;
    misfits.push(...misfitOf(node, { expected, found: written(node), hint: null }));
  }
  for (const field of fields) {
    if (!isNonNullType(field.type) || field.defaultValue !== undefined) continue;
    if (node.fields.some((member) => member.name.value === field.name)) continue;
    const expected = `${field.name}, which ${type.name} requires`;
    misfits.push(...misfitOf(node, { expected, found: written(node), hint: null }));
  }
  return misfits;
}

/** What the one field of a @oneOf type takes is never null. */
function memberType({ type }: GraphQLInputField, { isOneOf }: GraphQLInputObjectType): GraphQLInputType {
  return isOneOf && !isNonNullType(type) ? new GraphQLNonNull(type) : type;
}

function mismatch(node: ValueNode, type: GraphQLInputType): MisfitFacts {
  const names = isEnumType(type) ? type.getValues().map((value) => value.name) : [];
  return {
    expected: names.length > 0 ? `one of ${names.join(", ")}` : `a value of type ${type.toString()}`,
    found: written(node),
    hint: node.kind === Kind.ENUM ? nearestNameHint(node.value, names) : null,
  };
}

/** As it was written: a variable of the literal is an `$args` path. */
function written(node: ValueNode): string {
  const text = print(
    visit(node, {
      Variable: ({ name }) => ({
        kind: Kind.VARIABLE,
        name: { kind: Kind.NAME, value: `args.${name.value}` },
      }),
    }),
  );
  return shortened(text);
}

function misfitOf(node: ValueNode, facts: MisfitFacts | null): Misfit[] {
  return facts === null ? [] : [{ node, facts }];
}
