import {
  type ConstValueNode,
  DirectiveLocation,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type TypeDefinitionNode,
  type TypeNode,
  valueFromASTUntyped,
} from "graphql";
import { quoted } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import { type DirectiveReader, type DirectiveUse, placeOf } from "./directive-reader.ts";
import { readOwn } from "./evaluate-selection.ts";
import { isListTypeNode, namedTypeOf } from "./sdl-file.ts";

/** What a schema file says of costs, by the [cost specification](https://ibm.github.io/graphql-specs/cost-spec.html). */
export interface CostDeclarations {
  /** By coordinate: `Type`, `Type.field`, `Type.field(argument:)`, `Input.field`; -10^6 to 10^6, of types from 0. */
  readonly weights: ReadonlyMap<string, number>;
  /** By coordinate: `Type.field`. */
  readonly listSizes: ReadonlyMap<string, ListSize>;
}

/** One `@listSize`. */
export interface ListSize {
  /** 0 to 10^6; null where it says none. */
  readonly assumedSize: number | null;
  readonly slicingArguments: readonly SlicingArgument[];
  /** The lists are these fields of the returned object; none: the field itself is the list. */
  readonly sizedFields: readonly string[];
  /** An operation has to give exactly one of the slicing arguments; false where there are none. */
  readonly requiresOne: boolean;
  readonly use: DirectiveUse;
}

/** An argument, or a part of one, that says how long a list is. */
export interface SlicingArgument {
  /** `first`, `page.size`. */
  readonly text: string;
  /** The argument, and the input fields that lead to the number. */
  readonly names: readonly string[];
  /** The number that holds where the argument is left out; null: none does. */
  readonly standard: number | null;
  /** The number in a value of the argument (`undefined`: it was left out), defaults of input fields applied; else null. */
  read(value: unknown): unknown;
}

/** Reads `@cost` and `@listSize` of a file all of whose directives the reader has read. A use with a problem is left out. */
export function readCostDirectives(document: DocumentNode, reader: DirectiveReader): CostDeclarations {
  const types = new Map(
    document.definitions.filter(isTypeDefinitionNode).map((node) => [node.name.value, node]),
  );
  const weights = new Map<string, number>();
  for (const { coordinate, location, use } of reader.found("cost")) {
    const [typeName = ""] = coordinate.split(".");
    if (types.get(typeName)?.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      // On the fields themselves no directive of a value may stand, which was told there.
      if (location === DirectiveLocation.ARGUMENT_DEFINITION)
        use.refuse([], "no @cost in an interface: write it on the types that implement it", "@cost");
      continue;
    }
    const weight = readWeight(use, onTypes.has(location));
    if (weight !== null) weights.set(coordinate, weight);
  }
  const listSizes = new Map<string, ListSize>();
  for (const { coordinate, use } of reader.found("listSize")) {
    const [typeName = "", fieldName] = coordinate.split(".");
    const type = types.get(typeName);
    const field =
      type?.kind === Kind.OBJECT_TYPE_DEFINITION
        ? type.fields?.find(({ name }) => name.value === fieldName)
        : undefined;
    const size = field === undefined ? null : readListSize(use, field, types);
    if (size !== null) listSizes.set(coordinate, size);
  }
  return { weights, listSizes };
}

type Types = ReadonlyMap<string, TypeDefinitionNode>;

const onTypes: ReadonlySet<DirectiveLocation> = new Set([
  DirectiveLocation.OBJECT,
  DirectiveLocation.SCALAR,
  DirectiveLocation.ENUM,
]);
const maxWeight = 1_000_000;
const maxAssumedSize = 1_000_000;

/** A serialised Float, which is what every implementation takes. Objects that weigh less than nothing would hide others. */
function readWeight(use: DirectiveUse, isOfType: boolean): number | null {
  const text = use.text("weight") ?? "";
  const min = isOfType ? 0 : -maxWeight;
  const weight = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (weight >= min && weight <= maxWeight) return weight;
  const expected = `a number from ${min} to ${maxWeight}, such as "2.5"`;
  use.refuse(["weight"], expected, quoted(text));
  return null;
}

/** Checks the rules of [the specification](https://ibm.github.io/graphql-specs/cost-spec.html#sec-List-Size-Directive). */
function readListSize(use: DirectiveUse, field: FieldDefinitionNode, types: Types): ListSize | null {
  const assumedSize =
    use.value("assumedSize") === null ? null : use.integer("assumedSize", 0, maxAssumedSize);
  const slicingNames = readNames(use, "slicingArguments");
  const sizedFields = readNames(use, "sizedFields");
  const slicingArguments = slicingNames.flatMap(
    (name, index) => readSlicingArgument(use, { text: name, index }, field, types) ?? [],
  );
  checkTarget(use, field, sizedFields, types);
  if (!use.isSound) return null;
  if (use.value("assumedSize") === null && slicingNames.length === 0) {
    use.refuse([], "assumedSize, slicingArguments or both", "neither");
    return null;
  }
  const requiresOne = slicingArguments.length > 0 && use.value("requireOneSlicingArgument") !== false;
  if (assumedSize !== null && slicingArguments.length > 0) {
    const defaulted = slicingArguments.find(({ standard }) => standard !== null);
    if (requiresOne) {
      const expected =
        "requireOneSlicingArgument: false beside slicingArguments: where one is required, it says the size";
      use.refuse(["assumedSize"], expected, String(assumedSize));
    } else if (defaulted !== undefined) {
      const expected = `no assumedSize beside ${defaulted.text}, which has a default that says the size`;
      use.refuse(["assumedSize"], expected, String(assumedSize));
    }
  }
  return use.isSound ? { assumedSize, slicingArguments, sizedFields, requiresOne, use } : null;
}

/** The names of a list of them, each once. */
function readNames(use: DirectiveUse, argument: string): readonly string[] {
  const value = use.value(argument);
  const names = Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  for (const [index, name] of names.entries())
    if (names.indexOf(name) !== index)
      refuseElement(use, argument, index, "each name once", `${quoted(name)} again`);
  return [...new Set(names)];
}

function refuseElement(
  use: DirectiveUse,
  argument: string,
  index: number,
  ...[expected, found, hint]: readonly [expected: string, found: string, hint?: string | null]
): void {
  const list = use.nodeAt([argument]);
  const node: ConstValueNode | null | undefined = list?.kind === Kind.LIST ? list.values[index] : list;
  const place = placeOf(node ?? use.node, use.file);
  use.refuseAt({ place, path: [argument], expected, found, hint: hint ?? null });
}

/** The field is a list, or its type has the fields that are. */
function checkTarget(
  use: DirectiveUse,
  { type }: FieldDefinitionNode,
  sizedFields: readonly string[],
  types: Types,
): void {
  const typeName = namedTypeOf(type);
  if (sizedFields.length === 0) {
    if (!isListTypeNode(type))
      use.refuse([], "it on a field that returns a list, or sizedFields that name lists", typeName);
    return;
  }
  const returned = types.get(typeName);
  const fields =
    returned?.kind === Kind.OBJECT_TYPE_DEFINITION || returned?.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? (returned.fields ?? [])
      : [];
  const lists = fields.filter((field) => isListTypeNode(field.type)).map(({ name }) => name.value);
  for (const [index, name] of sizedFields.entries()) {
    if (lists.includes(name)) continue;
    const found = fields.some((field) => field.name.value === name) ? `${name}, which is no list` : name;
    const expected = `a field of ${typeName} that is a list (${lists.join(", ") || "it has none"})`;
    refuseElement(use, "sizedFields", index, expected, found, nearestNameHint(name, lists));
  }
}

/** An argument of the field of type `Int`, or an input field of that type inside of one. */
function readSlicingArgument(
  use: DirectiveUse,
  { text, index }: { readonly text: string; readonly index: number },
  { arguments: values = [] }: FieldDefinitionNode,
  types: Types,
): SlicingArgument | null {
  const names = text.split(".");
  const way: InputValueDefinitionNode[] = [];
  let members: readonly InputValueDefinitionNode[] = values;
  for (const name of names) {
    const member = members.find((one) => one.name.value === name);
    if (member === undefined) {
      const known = members.map((one) => [...names.slice(0, way.length), one.name.value].join("."));
      const what = way.length === 0 ? "an argument of the field" : "a field of the input object";
      const expected = `${what} (${known.join(", ") || "it has none"})`;
      refuseElement(use, "slicingArguments", index, expected, text, nearestNameHint(text, known));
      return null;
    }
    way.push(member);
    const type = bare(member.type);
    const input = type.kind === Kind.NAMED_TYPE ? types.get(type.name.value) : undefined;
    members = input?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? (input.fields ?? []) : [];
  }
  const last = bare(way.at(-1)?.type ?? { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "" } });
  if (last.kind !== Kind.NAMED_TYPE || last.name.value !== "Int") {
    const found = `${text} of type ${textOf(way.at(-1)?.type)}`;
    refuseElement(use, "slicingArguments", index, "an argument of type Int", found);
    return null;
  }
  const defaults = way.map(({ defaultValue }): unknown =>
    defaultValue === undefined ? undefined : valueFromASTUntyped(defaultValue),
  );
  const read = (value: unknown): unknown => {
    let at = value === undefined ? defaults[0] : value;
    for (const [depth, name] of names.entries()) {
      if (depth === 0) continue;
      if (typeof at !== "object" || at === null) return null;
      const member = readOwn(at, name);
      at = member === undefined ? defaults[depth] : member;
    }
    return at ?? null;
  };
  const standard = read(undefined);
  return { text, names, standard: typeof standard === "number" ? standard : null, read };
}

function bare(type: TypeNode): TypeNode {
  return type.kind === Kind.NON_NULL_TYPE ? type.type : type;
}

function textOf(type: TypeNode | undefined): string {
  if (type === undefined) return "";
  if (type.kind === Kind.NAMED_TYPE) return type.name.value;
  return type.kind === Kind.LIST_TYPE ? `[${textOf(type.type)}]` : `${textOf(type.type)}!`;
}
