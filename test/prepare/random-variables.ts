import fc from "fast-check";
import {
  buildSchema,
  type DocumentNode,
  GraphQLError,
  type GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  type TypeNode,
} from "graphql";

/** What fast-check hands to a property that makes up its values as it goes. */
export type Make = fc.GeneratorValue;

/** A schema with input types, an operation that declares variables of them, and values for these: some fit. */
export interface RandomVariables {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly values: Readonly<Record<string, unknown>>;
}

const leaves = ["String", "Int", "Float", "Boolean", "ID", "Color", "Odd"] as const;
const inputs = ["First", "Second", "Third"] as const;
const fieldNames = ["a", "b", "c", "d", "toString", "constructor"] as const;
const variableNames = ["v", "w", "x", "y", "hasOwnProperty"] as const;

export function makeVariables(make: Make): RandomVariables {
  const sdl = `
    enum Color { RED GREEN BLUE }
    scalar Odd
    ${inputs.map((name) => makeInput(make, name)).join("\n")}
    type Query { a: String }
  `;
  // An input type may be impossible to fit: the coercion of variables does not ask.
  const schema = buildSchema(sdl, { assumeValid: true });
  Object.assign(schema.getType("Odd") as GraphQLScalarType, { parseValue: parseOdd });
  const names = make(fc.subarray, [...variableNames]);
  const declarations = names.map((name) => {
    const type = makeType(make, make(fc.boolean) ? inputs : leaves);
    return `$${name}: ${type}${makeDefault(make, type)}`;
  });
  const list = declarations.length === 0 ? "" : `(${declarations.join(", ")})`;
  const document = parse(`query ${list} { a }`);
  const [operation] = document.definitions;
  const definitions =
    operation?.kind === Kind.OPERATION_DEFINITION ? (operation.variableDefinitions ?? []) : [];
  const values: Record<string, unknown> = {};
  for (const { variable, type } of definitions)
    if (make(fc.nat, { max: 9 }) > 0) values[variable.name.value] = makeValue(make, schema, type, 0);
  if (make(fc.nat, { max: 9 }) === 0) values["another"] = 1;
  // As it comes in: without undefined, and -0 is 0.
  return { schema, document, values: parseObject(JSON.stringify(values)) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** Of a scalar whose values are no longer what was sent. */
function parseOdd(value: unknown): unknown {
  if (value === "bad") throw new Error("It is bad.");
  if (value === "worse") throw new GraphQLError("It is worse.");
  return value === "none" ? undefined : { odd: value };
}

function makeInput(make: Make, name: string): string {
  const isOneOf = make(fc.nat, { max: 4 }) === 0;
  // The names that every object seems to have are for few schemas.
  const known = fieldNames.slice(0, make(fc.nat, { max: 9 }) === 0 ? 6 : 4);
  const fields = make(fc.subarray, [...known], { minLength: 1 }).map((field) => {
    const type = makeType(make, make(fc.nat, { max: 3 }) === 0 ? inputs : leaves);
    return isOneOf ? `${field}: ${type.replace(/!$/, "")}` : `${field}: ${type}${makeDefault(make, type)}`;
  });
  return `input ${name} ${isOneOf ? "@oneOf" : ""} { ${fields.join(" ")} }`;
}

function makeType(make: Make, names: readonly string[]): string {
  let type = make(fc.constantFrom<string[]>, ...names);
  for (let lists = make(fc.nat, { max: 2 }); lists > 0; lists--)
    type = `[${type}${make(fc.boolean) ? "!" : ""}]`;
  return make(fc.nat, { max: 2 }) === 0 ? `${type}!` : type;
}

const defaults: Readonly<Record<string, string>> = {
  String: '"text"',
  Int: "7",
  Float: "1.5",
  Boolean: "true",
  ID: '"id"',
  Color: "GREEN",
  Odd: "3",
};

function makeDefault(make: Make, type: string): string {
  const literal = defaults[type.replaceAll(/[![\]]/g, "")];
  if (literal === undefined || make(fc.boolean)) return "";
  return ` = ${make(fc.boolean) && !type.endsWith("!") ? "null" : literal}`;
}

function makeValue(make: Make, schema: GraphQLSchema, type: TypeNode, depth: number): unknown {
  const chance = make(fc.nat, { max: 60 });
  if (chance === 0) return make(fc.jsonValue);
  if (chance === 1) return make(fc.constantFrom<unknown[]>, ...hostile);
  if (type.kind === Kind.NON_NULL_TYPE) return makeValue(make, schema, type.type, depth);
  if (chance < 5) return null;
  if (type.kind === Kind.LIST_TYPE) {
    if (chance < 10) return makeValue(make, schema, type.type, depth);
    return Array.from({ length: make(fc.nat, { max: 3 }) }, () => makeValue(make, schema, type.type, depth));
  }
  const { value: name } = type.name;
  const definition = schema.getType(name);
  if (definition !== undefined && "getFields" in definition) {
    if (depth > 4) return null;
    const fields = definition.getFields();
    const isOneOf = "isOneOf" in definition && definition.isOneOf;
    const names = isOneOf
      ? make(fc.subarray, Object.keys(fields), chance === 11 ? {} : { minLength: 1, maxLength: 1 })
      : Object.keys(fields).filter((field) => String(fields[field]?.type).endsWith("!") || make(fc.boolean));
    const entries = names.map((field): [string, unknown] => {
      const node = fields[field]?.astNode?.type;
      return [field, node === undefined ? null : makeValue(make, schema, node, depth + 1)];
    });
    if (chance === 12)
      entries.push([make(fc.constantFrom<string[]>, "unknown", "__proto__", "toString", "A"), 1]);
    return Object.fromEntries(entries);
  }
  switch (name) {
    case "String":
      return make(fc.string, { unit: "binary" });
    case "ID":
      return make(fc.boolean) ? make(fc.string) : make(fc.integer);
    case "Int":
      return make(fc.integer);
    case "Float":
      return make(fc.double, { noNaN: true, noDefaultInfinity: true });
    case "Boolean":
      return make(fc.boolean);
    case "Color":
      return make(fc.constantFrom, "RED", "GREEN", "BLUE", "red", "toString");
    default:
      return make(fc.boolean) ? make(fc.jsonValue) : make(fc.constantFrom, "bad", "worse", "none");
  }
}

const hostile: readonly unknown[] = [
  2 ** 31,
  -(2 ** 31) - 1,
  1e308,
  2 ** 53,
  1.5,
  "\uD800",
  "__proto__",
  "constructor",
  "1",
  "x".repeat(100_000),
  {},
  [],
  [[]],
  [null],
  { length: 1, 0: "a" },
  JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
  nested(80),
];

/** As many objects in each other. */
function nested(depth: number): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level++) value = { a: value };
  return value;
}

/** For the message of a failure. */
export function describeVariables({ document, values }: RandomVariables): string {
  return `${print(document)} ${JSON.stringify(values)}`;
}
