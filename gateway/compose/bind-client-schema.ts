import {
  buildASTSchema,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type NamedTypeNode,
  type TypeNode,
  validateSchema,
  valueFromAST,
  type ValueNode,
  visit,
} from "graphql";
import { nearestNameHint, type Problems, type SourcePlace } from "../core/problems.ts";
import type { ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { PathSegment, PathSelection } from "../language/selection-map.ts";
import { shapers } from "../shape/registry.ts";
import type { Shaper } from "../shape/shaper.ts";
import type { BoundArgument, BoundClientSchema, BoundStep, FieldBinding } from "./bindings.ts";
import type { ModelField, ModelType, SupergraphModel } from "./supergraph-model.ts";

/**
 * Binds every field of a client schema to the supergraph. Everything that doesn't fit is reported, and for every `!`
 * whose own call can fail there is a warning. The result is complete where nothing was reported.
 */
export function bindClientSchema(
  client: ClientSchema,
  model: SupergraphModel,
  problems: Problems,
): BoundClientSchema {
  const schema = buildASTSchema(client.plainDocument);
  for (const error of validateSchema(schema)) {
    const { line = 0, column = 0 } = error.nodes?.[0]?.loc?.startToken ?? {};
    const place = { file: client.file, line, column };
    problems.error({ place, coordinate: "SDL", expected: "a valid GraphQL schema", found: error.message });
  }
  const binder = new Binder(client, schema, model, problems);
  const fields = new Map<string, ReadonlyMap<string, FieldBinding>>();
  for (const type of client.types.values()) fields.set(type.name, binder.bindType(type));
  binder.checkLeafTypes();
  return { schema, fields };
}

class Binder {
  readonly #client: ClientSchema;
  readonly #schema: GraphQLSchema;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;

  constructor(client: ClientSchema, schema: GraphQLSchema, model: SupergraphModel, problems: Problems) {
    this.#client = client;
    this.#schema = schema;
    this.#model = model;
    this.#problems = problems;
  }

  bindType(type: ClientType): ReadonlyMap<string, FieldBinding> {
    const bindings = new Map<string, FieldBinding>();
    const model = this.#model.types.get(type.boundTo);
    if (model === undefined) {
      const names = [...this.#model.types.keys()];
      const expected =
        type.viewUse === null
          ? `a type of the supergraph of that name, or @view(of:)`
          : "a type of the supergraph";
      this.#error(type.place, type.name, expected, type.boundTo, nearestNameHint(type.boundTo, names));
      return bindings;
    }
    for (const field of type.fields.values()) {
      const binding = this.#bindField(type, field, model);
      if (binding !== null) bindings.set(field.name, binding);
    }
    return bindings;
  }

  /** Enums and scalars of the client schema are the supergraph's; an enum may name fewer values. */
  checkLeafTypes(): void {
    for (const node of this.#client.plainDocument.definitions) {
      if (node.kind !== Kind.ENUM_TYPE_DEFINITION) continue;
      const type = this.#model.leafTypes.get(node.name.value);
      if (!isEnumType(type)) continue;
      const known = type.getValues().map((value) => value.name);
      for (const value of node.values ?? []) {
        if (known.includes(value.name.value)) continue;
        const { line = 0, column = 0 } = value.loc?.startToken ?? {};
        const place = { file: this.#client.file, line, column };
        const hint = nearestNameHint(value.name.value, known);
        this.#error(
          place,
          `${type.name}.${value.name.value}`,
          `one of ${known.join(", ")}`,
          value.name.value,
          hint,
        );
      }
    }
  }

  #bindField(type: ClientType, field: ClientField, model: ModelType): FieldBinding | null {
    const clientField = this.#clientField(type.name, field.name);
    if (clientField === null) return null;
    const target = this.#client.types.get(namedTypeOf(field.node.type));
    const path = this.#pathOf(field);
    if (path === null) return null;
    const isGroup = field.from === null && !model.fields.has(field.name) && target?.boundTo === "Query";
    if (isGroup) return this.#bindGroup(type, field);
    const steps = this.#bindPath(field, path, model, clientField);
    if (steps === null) return null;
    this.#checkArgumentsUsed(field, path);
    if (!this.#checkType(field, clientField, steps, target)) return null;
    const compiled = this.#compileShapers(field, clientField);
    this.#warnOfFailingNonNull(field, clientField, steps, compiled);
    return { kind: "path", coordinate: field.coordinate, steps, shapers: compiled };
  }

  /** A field without a place in the supergraph whose type shows Query: it fetches nothing and is never null. */
  #bindGroup(type: ClientType, field: ClientField): FieldBinding | null {
    if (type.boundTo !== "Query") {
      const expected = "a group under Query or another group only";
      this.#error(
        field.place,
        field.coordinate,
        expected,
        `one under ${type.name}, which shows ${type.boundTo}`,
      );
      return null;
    }
    const isList = unwrap(field.node.type).depth > 0;
    if (isList || (field.node.arguments ?? []).length > 0 || field.shapers.length > 0) {
      this.#error(field.place, field.coordinate, "a group: one object, no arguments, no shapers", "more");
      return null;
    }
    return { kind: "group" };
  }

  #pathOf(field: ClientField): PathSelection | null {
    if (field.from === null) {
      if (field.fromUse !== null) return null;
      const segments = [{ name: field.name, arguments: [], offset: 0 }];
      return { kind: "path", root: "value", segments, then: null, offset: 0 };
    }
    const { map } = field.from;
    if (map.kind === "path" && map.root === "value" && map.then === null) return map;
    const expected = "a path from the supergraph type (what this version enforces in client schemas)";
    const found = map.kind === "path" && map.root !== "value" ? `$${map.root}` : field.from.text;
    field.fromUse?.refuseAt({ place: field.from.placeAt(map.offset), path: ["field"], expected, found });
    return null;
  }

  #bindPath(
    field: ClientField,
    path: PathSelection,
    start: ModelType,
    clientField: GraphQLField<unknown, unknown>,
  ): BoundStep[] | null {
    const steps: BoundStep[] = [];
    let type: ModelType | undefined = start;
    for (const segment of path.segments) {
      const place = field.from?.placeAt(segment.offset) ?? field.place;
      const modelField: ModelField | undefined = type?.fields.get(segment.name);
      if (type === undefined || modelField === undefined) {
        const names = [...(type?.fields.keys() ?? [])];
        const expected =
          type === undefined
            ? "no further path: this is a scalar"
            : `a field of ${type.name} (${names.join(", ")})`;
        this.#error(place, field.coordinate, expected, segment.name, nearestNameHint(segment.name, names));
        return null;
      }
      const args = this.#bindArguments(field, segment, place, type, clientField);
      if (args === null) return null;
      steps.push({ type, field: modelField, args });
      type = this.#model.types.get(namedTypeOf(modelField.type));
    }
    return steps;
  }

  #bindArguments(
    field: ClientField,
    segment: PathSegment,
    place: SourcePlace,
    type: ModelType,
    clientField: GraphQLField<unknown, unknown>,
  ): BoundArgument[] | null {
    const known = type.fields.get(segment.name)?.args ?? [];
    const given = field.from === null ? passedByName(clientField) : segment.arguments;
    let isSound = true;
    const refuse = (expected: string, found: string, hint: string | null = null): void => {
      isSound = false;
      this.#error(place, field.coordinate, expected, found, hint);
    };
    for (const [index, argument] of given.entries()) {
      const names = known.map((one) => one.name);
      if (given.findIndex((one) => one.name === argument.name) !== index)
        refuse(`${argument.name} once`, "it again");
      if (!names.includes(argument.name)) {
        const expected = `an argument of ${type.name}.${segment.name} (${names.join(", ") || "it has none"})`;
        refuse(expected, argument.name, nearestNameHint(argument.name, names));
      }
    }
    const bound: BoundArgument[] = [];
    for (const argument of known) {
      const node = given.find((one) => one.name === argument.name)?.value ?? null;
      if (node === null) {
        if (isNonNullType(argument.type) && argument.defaultValue === undefined) {
          refuse(`a value for the required argument ${argument.name}: ${argument.type.toString()}`, "none");
        }
        const { defaultValue } = argument;
        if (defaultValue !== undefined) bound.push({ name: argument.name, node, value: () => defaultValue });
        continue;
      }
      if (this.#checkVariables(node, argument, clientField, refuse)) bound.push(bindArgument(argument, node));
    }
    return isSound ? bound : null;
  }

  /** Each `$args.x` in an argument's value exists and fits; a value without any is a literal of the argument's type. */
  #checkVariables(
    node: ValueNode,
    argument: GraphQLArgument,
    clientField: GraphQLField<unknown, unknown>,
    refuse: (expected: string, found: string, hint?: string | null) => void,
  ): boolean {
    const names = variablesOf(node);
    if (names.length === 0) {
      if (valueFromAST(node, argument.type) !== undefined) return true;
      refuse(`a value of type ${argument.type.toString()} for ${argument.name}`, describe(node));
      return false;
    }
    const clientNames = clientField.args.map((one) => one.name);
    for (const name of names) {
      const [first = "", ...rest] = name.split(".");
      const clientArgument = clientField.args.find((one) => one.name === first);
      if (clientArgument === undefined) {
        const expected = `an argument of the client field (${clientNames.join(", ") || "it has none"})`;
        refuse(expected, `$args.${first}`, nearestNameHint(first, clientNames));
        return false;
      }
      if (rest.length > 0 || node.kind !== Kind.VARIABLE) continue;
      const mismatch = inputMismatch(
        clientArgument.type,
        argument.type,
        clientArgument.defaultValue !== undefined,
      );
      if (mismatch === null || (argument.defaultValue !== undefined && mismatch === "null")) continue;
      refuse(
        `an argument that fits ${argument.name}: ${argument.type.toString()}`,
        `${first}: ${clientArgument.type.toString()}`,
      );
      return false;
    }
    return true;
  }

  #checkArgumentsUsed(field: ClientField, path: PathSelection): void {
    if (field.from === null) return;
    const used = path.segments.flatMap((segment) =>
      segment.arguments.flatMap((argument) => variablesOf(argument.value)),
    );
    for (const argument of field.node.arguments ?? []) {
      const { value: name } = argument.name;
      if (used.some((variable) => variable === name || variable.startsWith(`${name}.`))) continue;
      const { line = 0, column = 0 } = argument.loc?.startToken ?? {};
      const place = { file: this.#client.file, line, column };
      this.#error(
        place,
        `${field.coordinate}(${name}:)`,
        `every argument used in @from: $args.${name}`,
        "it unused",
      );
    }
  }

  /** The value's list depth and kind are those that the client field promises. */
  #checkType(
    field: ClientField,
    clientField: GraphQLField<unknown, unknown>,
    steps: readonly BoundStep[],
    target: ClientType | undefined,
  ): boolean {
    const last = steps.at(-1)?.field;
    if (last === undefined) return false;
    const depth = steps.reduce((sum, step) => sum + unwrap(step.field.type).depth, 0);
    const clientShape = unwrap(field.node.type);
    if (depth !== clientShape.depth) {
      const hint = steps.length > 1 ? "a path through a list keeps the list" : null;
      this.#error(
        field.place,
        field.coordinate,
        `${depth} levels of lists, as the path has`,
        `${clientShape.depth}`,
        hint,
      );
      return false;
    }
    const sourceName = namedTypeOf(last.type);
    const clientType = getNamedType(clientField.type);
    if (isObjectType(clientType)) {
      if (target?.boundTo === sourceName) return true;
      this.#error(
        field.place,
        field.coordinate,
        `a type that shows ${sourceName}`,
        clientType.name,
        `declare type ${clientType.name} @view(of: "${sourceName}")`,
      );
      return false;
    }
    const sourceType = this.#model.leafTypes.get(sourceName);
    if (leafFits(sourceName, isEnumType(sourceType), clientType.name)) return true;
    const found = this.#model.types.has(sourceName) ? `the object type ${sourceName}` : sourceName;
    this.#error(
      field.place,
      field.coordinate,
      `a type that ${last.coordinate} can be read as`,
      `${clientType.name} for ${found}`,
    );
    return false;
  }

  #compileShapers(field: ClientField, clientField: GraphQLField<unknown, unknown>): Shaper[] {
    const compiled: Shaper[] = [];
    for (const use of field.shapers) {
      const definition = shapers.get(use.node.name.value);
      const shaper = definition?.compile(use, { coordinate: field.coordinate, type: clientField.type });
      if (shaper !== undefined && shaper !== null) compiled.push(shaper);
    }
    return compiled;
  }

  #warnOfFailingNonNull(
    field: ClientField,
    clientField: GraphQLField<unknown, unknown>,
    steps: readonly BoundStep[],
    compiled: readonly Shaper[],
  ): void {
    if (!isNonNullType(clientField.type) || compiled.some((shaper) => shaper.absorbsErrors)) return;
    const called = steps.find((step) => step.field.suppliers.some((supplier) => supplier.call !== null));
    if (called === undefined) return;
    this.#problems.warn({
      place: field.place,
      coordinate: field.coordinate,
      expected: "a nullable type, or @default(onError: true): the call behind it can fail",
      found: `${clientField.type.toString()} from ${called.field.coordinate}`,
      hint: "when the call fails, the whole object around the field is null",
    });
  }

  #clientField(typeName: string, fieldName: string): GraphQLField<unknown, unknown> | null {
    const type = this.#schema.getType(typeName);
    return isObjectType(type) ? (type.getFields()[fieldName] ?? null) : null;
  }

  #error(
    place: SourcePlace,
    coordinate: string,
    expected: string,
    found: string,
    hint: string | null = null,
  ): void {
    this.#problems.error({ place, coordinate, expected, found, hint });
  }
}

/** Without `@from` a client field's arguments are the supergraph field's, by name. */
function passedByName(clientField: GraphQLField<unknown, unknown>): PathSegment["arguments"] {
  return clientField.args.map(({ name }) => ({
    name,
    value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } },
    offset: 0,
  }));
}

function bindArgument(argument: GraphQLArgument, node: ValueNode): BoundArgument {
  const { name, type, defaultValue } = argument;
  const variables = variablesOf(node);
  if (variables.length === 0) {
    const constant: unknown = valueFromAST(node, type);
    return { name, node, value: () => constant };
  }
  if (node.kind === Kind.VARIABLE) {
    const read = compileArgumentPath(node.name.value);
    return {
      name,
      node,
      value: (clientArgs) => read(clientArgs) ?? (read(clientArgs) === null ? null : defaultValue),
    };
  }
  const readers = variables.map((variable) => ({ variable, read: compileArgumentPath(variable) }));
  return {
    name,
    node,
    value(clientArgs) {
      const values = Object.fromEntries(readers.map(({ variable, read }) => [variable, read(clientArgs)]));
      return valueFromAST(node, type, values) ?? defaultValue;
    },
  };
}

function compileArgumentPath(dotted: string): (clientArgs: Readonly<Record<string, unknown>>) => unknown {
  const names = dotted.split(".");
  return (clientArgs) => {
    let value: unknown = clientArgs;
    for (const name of names) {
      if (typeof value !== "object" || value === null) return value === null ? null : undefined;
      value = (value as Record<string, unknown>)[name];
    }
    return value;
  };
}

function variablesOf(node: ValueNode): string[] {
  const names: string[] = [];
  visit(node, { Variable: (variable) => void names.push(variable.name.value) });
  return names;
}

function describe(node: ValueNode): string {
  return "value" in node ? String(node.value).slice(0, 100) : node.kind;
}

function unwrap(type: TypeNode): { readonly depth: number; readonly named: NamedTypeNode } {
  let depth = 0;
  let current = type;
  while (current.kind !== Kind.NAMED_TYPE) {
    if (current.kind === Kind.LIST_TYPE) depth++;
    current = current.type;
  }
  return { depth, named: current };
}

/** Which leaf a client may declare for a supergraph leaf: the same, or one that every value of it is a value of. */
function leafFits(source: string, isEnum: boolean, client: string): boolean {
  if (source === client) return true;
  const wider: Readonly<Record<string, readonly string[]>> = {
    ID: ["String"],
    String: ["ID"],
    Int: ["Float", "ID"],
  };
  return (isEnum && client === "String") || (wider[source] ?? []).includes(client);
}

/** Null where a client value fits; `"null"` where only its nullability is in the way. */
function inputMismatch(
  from: GraphQLInputType,
  to: GraphQLInputType,
  hasDefault: boolean,
): "type" | "null" | null {
  if (isNonNullType(to)) {
    const inner = isNonNullType(from) ? from.ofType : from;
    const mismatch = inputMismatch(inner, to.ofType, false);
    return mismatch ?? (isNonNullType(from) || hasDefault ? null : "null");
  }
  if (isNonNullType(from)) return inputMismatch(from.ofType, to, false);
  if (isListType(to))
    return isListType(from)
      ? inputMismatch(from.ofType, to.ofType, false)
      : inputMismatch(from, to.ofType, false);
  if (isListType(from)) return "type";
  return inputFits(from, to) ? null : "type";
}

function inputFits(from: GraphQLType, to: GraphQLType): boolean {
  if (isScalarType(from) && isScalarType(to))
    return (
      from.name === to.name ||
      (from.name === "Int" && to.name === "Float") ||
      (isText(from.name) && isText(to.name))
    );
  if (isEnumType(from) && isEnumType(to))
    return from
      .getValues()
      .every((value) => to.getValue(value.name) !== undefined && to.getValue(value.name) !== null);
  if (!isInputObjectType(from) || !isInputObjectType(to)) return false;
  const fields = to.getFields();
  const isComplete = Object.values(fields).every(
    (field) =>
      !isNonNullType(field.type) || field.defaultValue !== undefined || field.name in from.getFields(),
  );
  return (
    isComplete &&
    Object.values(from.getFields()).every((field) => {
      const target = fields[field.name];
      return (
        target !== undefined &&
        inputMismatch(field.type, target.type, field.defaultValue !== undefined) === null
      );
    })
  );
}

function isText(name: string): boolean {
  return name === "ID" || name === "String";
}
