import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLNamedInputType,
  type GraphQLSchema,
  GraphQLString,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type ValueNode,
  valueFromAST,
} from "graphql";

/** The values of an operation's variables: a member of its own for each of them, undefined for one that is absent. */
export type CoercedVariables = Readonly<Record<string, unknown>>;

/**
 * Coerces what a request sends for the variables of one operation, as JSON has it. Null where a value does not fit, or is
 * of a kind too rare to be quick about: the standard coercion is to decide then, and to word the errors.
 */
export type CoerceVariables = (values: Readonly<Record<string, unknown>>) => CoercedVariables | null;

/**
 * Builds the coercion of variables for operations of one schema. Wherever it has an answer, it is that of GraphQL's own
 * [coercion](https://spec.graphql.org/draft/#sec-Coercing-Variable-Values); objects that it returns have one shape for
 * each operation.
 */
export class VariableCompiler {
  readonly #schema: GraphQLSchema;
  readonly #coercers = new Map<GraphQLNamedInputType, Coercer>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** For a valid operation. */
  compile({ variableDefinitions = [] }: OperationDefinitionNode): CoerceVariables {
    const variables = variableDefinitions.map(({ variable, type: typeNode, defaultValue }) => {
      const { value: name } = variable.name;
      const type = typeFromAST(this.#schema, typeNode);
      if (!isInputType(type)) return { name, isInherited: false, coerce: giveUp, absent: misfit };
      const absent = defaultValue === undefined ? absentOf(type) : readDefault(defaultValue, type);
      return { name, isInherited: name in Object.prototype, coerce: this.#coercerOf(type), absent };
    });
    // Copied, it has the members in place, so that no object passes through the shapes of incomplete ones.
    const blank = Object.fromEntries(variables.map(({ name }) => [name, undefined]));
    return (values) => {
      const coerced: Record<string, unknown> = { ...blank };
      for (const { name, isInherited, coerce, absent } of variables) {
        const value = isInherited && !Object.hasOwn(values, name) ? undefined : values[name];
        const result = value === undefined ? absent : coerce(value, 0);
        if (result === misfit) return null;
        coerced[name] = result;
      }
      return coerced;
    };
  }

  #coercerOf(type: GraphQLInputType): Coercer {
    const isRequired = isNonNullType(type);
    const nullable = isRequired ? type.ofType : type;
    const coerce = isListType(nullable)
      ? coerceList(this.#coercerOf(nullable.ofType))
      : this.#namedCoercerOf(nullable);
    const ofNull = isRequired ? misfit : null;
    return (value, depth) => (value === null ? ofNull : coerce(value, depth));
  }

  #namedCoercerOf(type: GraphQLNamedInputType): Coercer {
    const known = this.#coercers.get(type);
    if (known !== undefined) return known;
    const coercer = isInputObjectType(type) ? this.#coerceInputObject(type) : coerceLeaf(type);
    this.#coercers.set(type, coercer);
    return coercer;
  }

  #coerceInputObject(type: GraphQLInputObjectType): Coercer {
    const names = Object.keys(type.getFields());
    // Every object would seem to have them.
    if (names.some((name) => name in Object.prototype)) return giveUp;
    let compiled: readonly InputField[] | null = null;
    return (value, depth) => {
      if (typeof value !== "object" || value === null || Array.isArray(value) || depth === maxDepth)
        return misfit;
      // Not before there is a value: a type may contain itself.
      compiled ??= this.#compileFields(type);
      const members = value as Readonly<Record<string, unknown>>;
      const coerced: Record<string, unknown> = {};
      let present = 0;
      for (const { name, coerce, absent } of compiled) {
        const member = members[name];
        const result = member === undefined ? absent : coerce(member, depth + 1);
        if (result === misfit) return misfit;
        if (member !== undefined) present += 1;
        if (result !== undefined) coerced[name] = result;
      }
      if (present !== Object.keys(members).length) return misfit;
      if (type.isOneOf && (present !== 1 || Object.values(coerced)[0] === null)) return misfit;
      return coerced;
    };
  }

  #compileFields(type: GraphQLInputObjectType): readonly InputField[] {
    return Object.values(type.getFields()).map(({ name, type: fieldType, defaultValue }) => ({
      name,
      coerce: this.#coercerOf(fieldType),
      absent: defaultValue === undefined ? absentOf(fieldType) : defaultValue,
    }));
  }
}

/** `depth`: the input objects around the value. */
type Coercer = (value: unknown, depth: number) => unknown;

interface InputField {
  readonly name: string;
  readonly coerce: Coercer;
  /** What an absent one is: its default, undefined, or a misfit. */
  readonly absent: unknown;
}

const misfit = Symbol("misfit");
const giveUp: Coercer = () => misfit;

/** Of input objects in each other. Beyond it the stack could end, which the standard coercion knows how to tell. */
const maxDepth = 64;
const maxInt = 2 ** 31 - 1;
const minInt = -(2 ** 31);

function absentOf(type: GraphQLInputType): unknown {
  return isNonNullType(type) ? misfit : undefined;
}

function readDefault(node: ValueNode, type: GraphQLInputType): unknown {
  const value: unknown = valueFromAST(node, type);
  return value === undefined ? misfit : value;
}

function coerceList(coerceItem: Coercer): Coercer {
  return (value, depth) => {
    if (!Array.isArray(value)) {
      // Whatever else can be iterated over is no JSON.
      if (typeof value === "object" && value !== null && Symbol.iterator in value) return misfit;
      const only = coerceItem(value, depth);
      return only === misfit ? misfit : [only];
    }
    const coerced: unknown[] = [];
    for (const item of value) {
      const result = coerceItem(item, depth);
      if (result === misfit) return misfit;
      coerced.push(result);
    }
    return coerced;
  };
}

function coerceLeaf(type: GraphQLLeafType): Coercer {
  if (isEnumType(type)) {
    const values = new Map(type.getValues().map(({ name, value }) => [name, value as unknown]));
    return (value) => (typeof value === "string" && values.has(value) ? values.get(value) : misfit);
  }
  switch (type) {
    case GraphQLString:
      return (value) => (typeof value === "string" ? value : misfit);
    case GraphQLBoolean:
      return (value) => (typeof value === "boolean" ? value : misfit);
    case GraphQLFloat:
      return (value) => (Number.isFinite(value) ? value : misfit);
    case GraphQLInt:
      return (value) =>
        Number.isInteger(value) && (value as number) <= maxInt && (value as number) >= minInt
          ? value
          : misfit;
    case GraphQLID:
      return (value) =>
        typeof value === "string" ? value : Number.isInteger(value) ? String(value) : misfit;
    default:
      return (value) => {
        try {
          const parsed: unknown = type.parseValue(value);
          return parsed === undefined ? misfit : parsed;
        } catch {
          // The standard coercion asks again, and tells why.
          return misfit;
        }
      };
  }
}
