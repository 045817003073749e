import {
  type FieldNode,
  type GraphQLField,
  isNonNullType,
  Kind,
  type ValueNode,
  valueFromAST,
} from "graphql";

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
  const given = new Map((node.arguments ?? []).map(({ name, value }) => [name.value, value]));
  const variable = new Set([...given].flatMap(([name, value]) => (hasVariables(value) ? [name] : [])));
  const constant = new Map<string, unknown>();
  for (const { name, type, defaultValue } of args) {
    const value = given.get(name);
    if (value === undefined) {
      if (defaultValue !== undefined) constant.set(name, defaultValue);
    } else if (!variable.has(name)) constant.set(name, valueFromAST(value, type));
  }
  const read = (variables: Variables): FieldArguments | null => {
    const values: Record<string, unknown> = Object.fromEntries(constant);
    const absent = new Set<string>();
    for (const { name, type, defaultValue } of args) {
      const value = given.get(name);
      if (value === undefined || !variable.has(name)) continue;
      let coerced: unknown;
      if (value.kind === Kind.VARIABLE) {
        coerced = variables[value.name.value];
        if (coerced === undefined) {
          absent.add(name);
          coerced = defaultValue;
        }
      } else {
        coerced = valueFromAST(value, type, variables);
        if (coerced === undefined) return null;
      }
      if ((coerced === undefined || coerced === null) && isNonNullType(type)) return null;
      if (coerced !== undefined) values[name] = coerced;
    }
    return { values, isGiven: (name) => given.has(name) && !absent.has(name) };
  };
  const fixed = variable.size === 0 ? read({}) : null;
  return { variable, read: variable.size === 0 ? () => fixed : read };
}

/** Walks without recursion: a literal may be nested as deep as the parser goes. */
function hasVariables(value: ValueNode): boolean {
  const waiting: ValueNode[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === Kind.VARIABLE) return true;
    if (next.kind === Kind.LIST) waiting.push(...next.values);
    else if (next.kind === Kind.OBJECT) waiting.push(...next.fields.map((field) => field.value));
  }
  return false;
}
