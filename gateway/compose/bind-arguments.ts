import {
  type GraphQLArgument,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  Kind,
  type ValueNode,
  valueFromAST,
  visit,
} from "graphql";
import { nearestNameHint, type ProblemFacts, type Problems } from "../core/problems.ts";
import type { ClientField } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { readOwn } from "../language/evaluate-selection.ts";
import type { PathSegment } from "../language/selection-map.ts";
import type { BoundArgument } from "./bindings.ts";
import { findMisfits, type MisfitFacts } from "./literal-fit.ts";
import type { ModelField } from "./supergraph-model.ts";

/** One supergraph field that a client field reads, and what hands arguments to it. */
export interface ArgumentSite {
  readonly file: string;
  readonly field: ClientField;
  readonly clientArgs: readonly GraphQLArgument[];
  readonly modelField: ModelField;
  /** The part of the `@from` path; null where the client field has none and arguments pass by name. */
  readonly segment: PathSegment | null;
  readonly problems: Problems;
}

/** Binds the arguments of one step of a path. Null, with problems reported, where one does not fit. */
export function bindArguments(site: ArgumentSite): BoundArgument[] | null {
  const { modelField, segment, clientArgs } = site;
  const names = modelField.args.map((argument) => argument.name);
  const given = segment === null ? clientArgs.map(passedByName) : segment.arguments;
  let isSound = true;
  const refuse = (argument: { readonly name: string; readonly offset: number }, facts: MisfitFacts): void => {
    isSound = false;
    site.problems.error({ ...locate(site, argument), ...facts });
  };
  for (const argument of given) {
    if (names.includes(argument.name)) continue;
    const expected = `an argument of ${modelField.coordinate} (${names.join(", ") || "it has none"})`;
    refuse(argument, { expected, found: argument.name, hint: nearestNameHint(argument.name, names) });
  }
  const bound: BoundArgument[] = [];
  for (const argument of modelField.args) {
    const written = given.find((one) => one.name === argument.name);
    if (written === undefined) {
      if (isNonNullType(argument.type) && argument.defaultValue === undefined) {
        const expected = `a value for ${argument.name}: ${argument.type.toString()}, which ${modelField.coordinate} requires`;
        refuse(
          { name: "", offset: segment?.offset ?? 0 },
          { expected, found: "none", hint: howToPass(site, argument) },
        );
      }
      const { defaultValue } = argument;
      if (defaultValue !== undefined)
        bound.push({ name: argument.name, node: null, value: () => defaultValue });
      continue;
    }
    const misfits = findMisfits(written.value, argument.type, (node, type) =>
      checkVariable(node.name.value, type, { argument, isWhole: node === written.value, clientArgs }),
    );
    for (const misfit of misfits) refuse(written, misfit.facts);
    if (misfits.length === 0) bound.push(bindArgument(argument, written.value));
  }
  return isSound ? bound : null;
}

/** The `$args` paths in a value: `first`, `filter.kind`. */
export function variablesOf(node: ValueNode): string[] {
  const names: string[] = [];
  visit(node, { Variable: (variable) => void names.push(variable.name.value) });
  return names;
}

function passedByName({ name }: GraphQLArgument): PathSegment["arguments"][number] {
  return { name, value: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } }, offset: 0 };
}

/** A place in the path, or at the client field's own argument where it passes by name. */
function locate(
  { file, field, segment }: ArgumentSite,
  argument: { readonly name: string; readonly offset: number },
): Pick<ProblemFacts, "place" | "coordinate"> {
  if (segment !== null && field.from !== null) {
    return { place: field.from.placeAt(argument.offset), coordinate: `${field.coordinate} @from(field:)` };
  }
  const node = field.node.arguments?.find((one) => one.name.value === argument.name);
  if (node === undefined) return { place: field.place, coordinate: field.coordinate };
  return { place: placeOf(node, file), coordinate: `${field.coordinate}(${argument.name}:)` };
}

function howToPass({ segment, field }: ArgumentSite, { name, type }: GraphQLArgument): string {
  if (segment !== null) return `for example ${segment.name}(${name}: $args.${name})`;
  return `add the argument: ${field.name}(${name}: ${type.toString()})`;
}

interface VariableSite {
  readonly argument: GraphQLArgument;
  /** The variable is the argument's whole value. */
  readonly isWhole: boolean;
  readonly clientArgs: readonly GraphQLArgument[];
}

/** A `$args` path exists in the client field's arguments and its values are values of `type`. */
function checkVariable(
  path: string,
  type: GraphQLInputType | null,
  { argument, isWhole, clientArgs }: VariableSite,
): MisfitFacts | null {
  const found = resolveArgument(path, clientArgs);
  if ("expected" in found) return found;
  if (type === null) return null;
  const mismatch = findMismatch(found.type, type, found.hasDefault);
  if (mismatch === null) return null;
  // A null or absent value then means the supergraph argument's own default.
  if (mismatch.kind === "null" && isWhole && argument.defaultValue !== undefined) return null;
  const wanted = isWhole
    ? `a value for ${argument.name}: ${argument.type.toString()}`
    : `a value of type ${type.toString()}`;
  return {
    expected: `${wanted}${mismatch.detail}`,
    found: `$args.${path}: ${found.type.toString()}`,
    hint:
      isListInput(type) && !isListInput(found.type) ? `[$args.${path}] in @from is a list of the one` : null,
  };
}

function isListInput(type: GraphQLInputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

interface ArgumentPath {
  readonly type: GraphQLInputType;
  readonly hasDefault: boolean;
}

/** What a `$args` path finds: nullable where anything on the way is. */
function resolveArgument(path: string, clientArgs: readonly GraphQLArgument[]): ArgumentPath | MisfitFacts {
  const [first = "", ...rest] = path.split(".");
  const names = clientArgs.map((one) => one.name);
  const argument = clientArgs.find((one) => one.name === first);
  if (argument === undefined) {
    const expected = `an argument of the client field (${names.join(", ") || "it has none"})`;
    return { expected, found: `$args.${first}`, hint: nearestNameHint(first, names) };
  }
  let { type } = argument;
  let hasDefault = argument.defaultValue !== undefined;
  let isNullable = false;
  for (const name of rest) {
    isNullable ||= !isNonNullType(type);
    const object = isNonNullType(type) ? type.ofType : type;
    if (!isInputObjectType(object)) {
      return { expected: `no further path: ${object.toString()} has no fields`, found: name, hint: null };
    }
    const fields = object.getFields();
    const field = fields[name];
    if (field === undefined) {
      const expected = `a field of ${object.name} (${Object.keys(fields).join(", ")})`;
      return { expected, found: name, hint: nearestNameHint(name, Object.keys(fields)) };
    }
    ({ type } = field);
    hasDefault = field.defaultValue !== undefined;
  }
  if (!isNullable) return { type, hasDefault };
  return { type: isNonNullType(type) ? type.ofType : type, hasDefault: false };
}

/** How values of one type are no values of another; `null`: only their nullability is in the way. */
interface Mismatch {
  readonly kind: "type" | "null";
  /** What exactly, where the names of the types do not tell. */
  readonly detail: string;
}

/** As GraphQL has it for variables: a list takes lists only. `pairs` are the input types that are being compared. */
function findMismatch(
  from: GraphQLInputType,
  to: GraphQLInputType,
  hasDefault: boolean,
  pairs: readonly string[] = [],
): Mismatch | null {
  if (isNonNullType(to)) {
    const mismatch = findMismatch(isNonNullType(from) ? from.ofType : from, to.ofType, false, pairs);
    return mismatch ?? (isNonNullType(from) || hasDefault ? null : { kind: "null", detail: "" });
  }
  if (isNonNullType(from)) return findMismatch(from.ofType, to, false, pairs);
  if (isListType(from) && isListType(to)) {
    const mismatch = findMismatch(from.ofType, to.ofType, false, pairs);
    return mismatch === null ? null : { ...mismatch, kind: "type" };
  }
  if (isInputObjectType(from) && isInputObjectType(to)) return findMismatchInObject(from, to, pairs);
  if (isEnumType(from) && isEnumType(to)) {
    const names = to.getValues().map((value) => value.name);
    const unknown = from.getValues().find((value) => !names.includes(value.name));
    return unknown === undefined ? null : { kind: "type", detail: `, which has no ${unknown.name}` };
  }
  return scalarFits(from, to) ? null : { kind: "type", detail: "" };
}

function findMismatchInObject(
  from: GraphQLInputObjectType,
  to: GraphQLInputObjectType,
  pairs: readonly string[],
): Mismatch | null {
  const pair = `${from.name} ${to.name}`;
  if (pairs.includes(pair)) return null;
  const targets = to.getFields();
  const fields = from.getFields();
  for (const field of Object.values(fields)) {
    const target = targets[field.name];
    if (target === undefined) return { kind: "type", detail: `, which has no field ${field.name}` };
    const hasDefault = field.defaultValue !== undefined;
    const mismatch = findMismatch(field.type, target.type, hasDefault, [...pairs, pair]);
    if (mismatch === null) continue;
    if (mismatch.detail !== "") return { ...mismatch, kind: "type" };
    const detail = `, whose ${field.name} is ${target.type.toString()} and not ${field.type.toString()}`;
    return { kind: "type", detail };
  }
  const missing = Object.values(targets).find(
    (target) =>
      isNonNullType(target.type) && target.defaultValue === undefined && !Object.hasOwn(fields, target.name),
  );
  return missing === undefined ? null : { kind: "type", detail: `, which requires ${missing.name}` };
}

function scalarFits(from: GraphQLInputType, to: GraphQLInputType): boolean {
  if (!isScalarType(from) || !isScalarType(to)) return false;
  if (from.name === to.name) return true;
  return (from.name === "Int" && to.name === "Float") || (isText(from.name) && isText(to.name));
}

function isText(name: string): boolean {
  return name === "ID" || name === "String";
}

function bindArgument(argument: GraphQLArgument, node: ValueNode): BoundArgument {
  const { name, type, defaultValue } = argument;
  const variables = variablesOf(node);
  if (variables.length === 0) {
    const constant: unknown = valueFromAST(node, type);
    return { name, node, value: () => constant };
  }
  const nullable = isNonNullType(type) ? type.ofType : type;
  const readers = variables.map((variable) => ({ variable, read: compileArgumentPath(variable) }));
  return {
    name,
    node,
    value(clientArgs) {
      const values = Object.fromEntries(readers.map(({ variable, read }) => [variable, read(clientArgs)]));
      const value: unknown =
        node.kind === Kind.VARIABLE ? values[node.name.value] : valueFromAST(node, nullable, values);
      if (value === undefined || (value === null && isNonNullType(type))) return defaultValue;
      return value;
    },
  };
}

function compileArgumentPath(dotted: string): (clientArgs: Readonly<Record<string, unknown>>) => unknown {
  const names = dotted.split(".");
  return (clientArgs) => {
    let value: unknown = clientArgs;
    for (const name of names) {
      if (value === null) return null;
      value = readOwn(value, name);
    }
    return value;
  };
}
