import {
  type GraphQLArgument,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type ValueNode,
  valueFromAST,
  type VariableNode,
  visit,
} from "graphql";
import { OverlockError } from "../core/errors.ts";
import { nearestNameHint, type ProblemFacts, type Problems } from "../core/problems.ts";
import type { ClientField } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { readOwn } from "../language/evaluate-selection.ts";
import type { PathSegment } from "../language/selection-map.ts";
import type { Accessibility } from "./accessibility.ts";
import type { BoundArgument } from "./bindings.ts";
import { compileIdConversion, compileInputConversion, type ConvertInput } from "./convert-input.ts";
import type { InputFit } from "./input-fit.ts";
import { findMisfits, type MisfitFacts } from "./literal-fit.ts";
import type { ModelField } from "./supergraph-model.ts";

/** One supergraph field that a client field reads, and what hands arguments to it. */
export interface ArgumentSite {
  readonly file: string;
  readonly field: ClientField;
  readonly clientArgs: readonly GraphQLArgument[];
  readonly modelField: ModelField;
  readonly fit: InputFit;
  readonly accessibility: Accessibility;
  /** The part of the `@from` path; null where the client field has none and arguments pass by name. */
  readonly segment: PathSegment | null;
  readonly problems: Problems;
}

/** Binds the arguments of one step of a path. Null, with problems reported, where one does not fit. */
export function bindArguments(site: ArgumentSite): BoundArgument[] | null {
  const { modelField, segment, clientArgs } = site;
  const hidden = new Map(
    modelField.args.map((one) => [one.name, site.accessibility.reasonForArgument(modelField, one)]),
  );
  const names = modelField.args.map(({ name }) => name).filter((name) => hidden.get(name) === null);
  const given = segment === null ? clientArgs.map(passedByName) : segment.arguments;
  let isSound = true;
  const refuse = (argument: { readonly name: string; readonly offset: number }, facts: MisfitFacts): void => {
    isSound = false;
    site.problems.error({ ...locate(site, argument), ...facts });
  };
  for (const argument of given) {
    if (names.includes(argument.name)) continue;
    const expected = `an argument of ${modelField.coordinate} (${names.join(", ") || "it has none"})`;
    refuse(argument, {
      expected,
      found: hidden.get(argument.name) ?? argument.name,
      hint: nearestNameHint(argument.name, names),
    });
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
    const readers = new Map<VariableNode, ReadVariable>();
    const misfits = findMisfits(written.value, argument.type, (node, type) => {
      const found = resolveArgument(node.name.value, site);
      if ("expected" in found) return found;
      const { globalIdType } = found;
      const convert =
        globalIdType === null
          ? compileInputConversion(found.type, type, site.fit)
          : compileIdConversion(globalIdType);
      readers.set(node, compileReader(node.name.value, convert));
      return checkVariable(node.name.value, type, {
        ...site,
        argument,
        found,
        isWhole: node === written.value,
      });
    });
    for (const misfit of misfits) refuse(written, misfit.facts);
    const inLiteral = site.accessibility.reasonInLiteral(written.value, argument.type);
    if (inLiteral !== null)
      refuse(written, { expected: "a value that client schemas may send", found: inLiteral, hint: null });
    if (misfits.length === 0) bound.push(bindArgument(argument, written.value, readers));
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

interface VariableSite extends Pick<ArgumentSite, "fit"> {
  readonly argument: GraphQLArgument;
  readonly found: ArgumentPath;
  /** The variable is the argument's whole value. */
  readonly isWhole: boolean;
}

/** What a `$args` path finds are values of `type`. */
function checkVariable(
  path: string,
  type: GraphQLInputType | null,
  { argument, found, fit, isWhole }: VariableSite,
): MisfitFacts | null {
  if (type === null) return null;
  const mismatch = fit.findMismatch({ from: found.type, to: type, hasDefault: found.hasDefault });
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
  /** Its values are global ids that name this type. */
  readonly globalIdType: string | null;
}

/** What a `$args` path finds: nullable where anything on the way is. */
function resolveArgument(
  path: string,
  { clientArgs, field: clientField, fit }: ArgumentSite,
): ArgumentPath | MisfitFacts {
  const [first = "", ...rest] = path.split(".");
  const names = clientArgs.map((one) => one.name);
  const argument = clientArgs.find((one) => one.name === first);
  if (argument === undefined) {
    const expected = `an argument of the client field (${names.join(", ") || "it has none"})`;
    return { expected, found: `$args.${first}`, hint: nearestNameHint(first, names) };
  }
  let { type } = argument;
  let hasDefault = argument.defaultValue !== undefined;
  let globalIdType = clientField.globalIds.get(first) ?? null;
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
    globalIdType = fit.globalIdType(object, name);
  }
  if (!isNullable) return { type, hasDefault, globalIdType };
  return { type: isNonNullType(type) ? type.ofType : type, hasDefault: false, globalIdType };
}

/** `readers` are those of the variables in the literal. */
function bindArgument(
  argument: GraphQLArgument,
  node: ValueNode,
  readers: ReadonlyMap<VariableNode, ReadVariable>,
): BoundArgument {
  const { name, type, defaultValue } = argument;
  if (readers.size === 0) {
    const constant: unknown = valueFromAST(node, type);
    return { name, node, value: () => constant };
  }
  const nullable = isNonNullType(type) ? type.ofType : type;
  const whole = node.kind === Kind.VARIABLE ? readers.get(node) : undefined;
  const read = whole ?? compileLiteral(node, nullable, readers);
  return {
    name,
    node,
    value(clientArgs) {
      const value = read(clientArgs);
      if (value !== undefined && (value !== null || !isNonNullType(type))) return value;
      const mayBeLeftOut = whole !== undefined && (defaultValue !== undefined || !isNonNullType(type));
      if (!mayBeLeftOut) throw missingValue(readers, clientArgs);
      return defaultValue;
    },
  };
}

/** A client's argument may be null where it has a default, and of a `@oneOf` absent: neither is a value up there. */
function missingValue(
  readers: ReadonlyMap<VariableNode, ReadVariable>,
  clientArgs: Readonly<Record<string, unknown>>,
): OverlockError {
  const missing = [...readers].filter(([, read]) => (read(clientArgs) ?? null) === null);
  const names = missing.map(([node]) => node.name.value);
  return new OverlockError("BAD_USER_INPUT", `Expected a value for ${names.join(", ")}, found none.`);
}

/** Each place of a variable is a variable of its own: what it becomes depends on the place. */
function compileLiteral(
  node: ValueNode,
  type: GraphQLInputType,
  readers: ReadonlyMap<VariableNode, ReadVariable>,
): ReadVariable {
  const all: ReadVariable[] = [];
  const numbered = visit(node, {
    Variable(variable) {
      const read = readers.get(variable);
      if (read === undefined) return undefined;
      all.push(read);
      return { ...variable, name: { ...variable.name, value: String(all.length - 1) } };
    },
  });
  return (clientArgs) => {
    const values = Object.fromEntries(all.map((read, index) => [String(index), read(clientArgs)]));
    return valueFromAST(numbered, type, values);
  };
}

/** The value of a `$args` path, as the supergraph takes it at the variable's place. */
type ReadVariable = (clientArgs: Readonly<Record<string, unknown>>) => unknown;

function compileReader(dotted: string, convert: ConvertInput | null): ReadVariable {
  const names = dotted.split(".");
  return (clientArgs) => {
    let value: unknown = clientArgs;
    for (const name of names) {
      if (value === null) return null;
      value = readOwn(value, name);
    }
    return convert === null ? value : convert(value);
  };
}
