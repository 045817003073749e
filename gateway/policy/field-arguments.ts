import {
  type FieldNode,
  type GraphQLField,
  type GraphQLInputType,
  isNonNullType,
  Kind,
  type ValueNode,
  valueFromAST,
} from "graphql";
import { readOwn } from "../language/evaluate-selection.ts";

type Variables = Readonly<Record<string, unknown>>;

/** The arguments of one use of a field, as its execution reads them. */
export interface FieldArguments {
  /** Coerced, defaults included. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The operation itself gives the argument, by a literal or a variable that has a value. */
  isGiven(name: string): boolean;
}

/** How the arguments of one use of a field are read. */
export interface CompiledArguments {
  /** The names of arguments with variables in them. */
  readonly variable: ReadonlySet<string>;
  /** Null where they don't fit their types, which is the field's error. */
  read(variables: Variables): FieldArguments | null;
}

/** For a field of a valid document. */
export function compileFieldArguments(
  { args }: GraphQLField<unknown, unknown>,
  node: FieldNode,
): CompiledArguments {
  if (args.length === 0) return noArguments;
  const given = new Map((node.arguments ?? []).map(({ name, value }) => [name.value, value]));
  const constant: Record<string, unknown> = {};
  const open: OpenArgument[] = [];
  for (const { name, type, defaultValue } of args) {
    const value = given.get(name);
    if (value !== undefined && hasVariables(value)) {
      const isRequired = isNonNullType(type);
      open.push({ name, standard: defaultValue, isRequired, read: compileValue(value, type) });
    } else if (value !== undefined) constant[name] = valueFromAST(value, type);
    else if (defaultValue !== undefined) constant[name] = defaultValue;
  }
  const variable = new Set(open.map(({ name }) => name));
  const names = new Set(given.keys());
  if (open.length === 0) {
    const fixed = new GivenArguments(constant, names, null);
    return { variable, read: () => fixed };
  }
  return {
    variable,
    read(variables) {
      const values = { ...constant };
      let absent: string[] | null = null;
      for (const { name, standard, isRequired, read } of open) {
        let value = read(variables);
        if (value === misfit) return null;
        if (value === undefined) {
          absent ??= [];
          absent.push(name);
          value = standard;
        }
        if (value !== undefined) values[name] = value;
        if (isRequired && (value === undefined || value === null)) return null;
      }
      return new GivenArguments(values, names, absent);
    },
  };
}

class GivenArguments implements FieldArguments {
  readonly values: Readonly<Record<string, unknown>>;
  readonly #names: ReadonlySet<string>;
  /** By variables without a value. */
  readonly #absent: readonly string[] | null;

  constructor(
    values: GivenArguments["values"],
    names: ReadonlySet<string>,
    absent: readonly string[] | null,
  ) {
    this.values = values;
    this.#names = names;
    this.#absent = absent;
  }

  isGiven(name: string): boolean {
    return this.#names.has(name) && this.#absent?.includes(name) !== true;
  }
}

/** For what reads no arguments. */
export const noneGiven: FieldArguments = new GivenArguments({}, new Set(), null);

const noArguments: CompiledArguments = { variable: new Set(), read: () => noneGiven };

/** An argument with variables in it. */
interface OpenArgument {
  readonly name: string;
  readonly standard: unknown;
  readonly isRequired: boolean;
  /** `undefined` where it is a variable without a value. */
  readonly read: (variables: Variables) => unknown;
}

const misfit = Symbol("misfit");

function compileValue(value: ValueNode, type: GraphQLInputType): OpenArgument["read"] {
  if (value.kind !== Kind.VARIABLE)
    return (variables) => {
      const coerced: unknown = valueFromAST(value, type, variables);
      return coerced === undefined ? misfit : coerced;
    };
  const { value: name } = value.name;
  if (name in Object.prototype) return (variables) => readOwn(variables, name);
  return (variables) => variables[name];
}

/** Whether a variable stands in it. Walks without recursion: a literal may be nested as deep as the parser goes. */
export function hasVariables(value: ValueNode): boolean {
  const waiting: ValueNode[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === Kind.VARIABLE) return true;
    if (next.kind === Kind.LIST) waiting.push(...next.values);
    else if (next.kind === Kind.OBJECT) waiting.push(...next.fields.map((field) => field.value));
  }
  return false;
}
