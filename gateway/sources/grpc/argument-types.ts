import {
  type DocumentNode,
  type InputObjectTypeDefinitionNode,
  type InputValueDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  print,
  type TypeDefinitionNode,
  type TypeNode,
} from "graphql";
import { namedTypeOf } from "../../language/sdl-file.ts";
import {
  describeField,
  fieldNames,
  findProtoField,
  type ProtoField,
  type ProtoMessage,
} from "./proto-model.ts";
import { entryMessage } from "./value-form.ts";
import { type WellKnownType, wellKnownTypeOf } from "./well-known-types.ts";

/** A source's own types by name. */
export function typesOf(document: DocumentNode): ReadonlyMap<string, TypeDefinitionNode> {
  return new Map(
    document.definitions.filter((node) => isTypeDefinitionNode(node)).map((node) => [node.name.value, node]),
  );
}

type Misfit = [expected: string, found: string];

/**
 * What is expected and found where no value of an argument's type, or not every one, can be sent as a request field;
 * null where it can. Custom scalars are known at run time only.
 */
export function argumentMisfit(
  type: TypeNode,
  field: ProtoField,
  types: ReadonlyMap<string, TypeDefinitionNode>,
): Misfit | null {
  return new Comparison(types).misfit(type, field, field.name);
}

/** It is in every request: required, or with a default that is not null. */
export function isAlwaysThere({ type, defaultValue }: InputValueDefinitionNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE || (defaultValue !== undefined && defaultValue.kind !== Kind.NULL);
}

class Comparison {
  readonly #types: ReadonlyMap<string, TypeDefinitionNode>;
  readonly #compared = new Set<string>();

  constructor(types: ReadonlyMap<string, TypeDefinitionNode>) {
    this.#types = types;
  }

  /** `at`: where the field is in the request, for the message. */
  misfit(type: TypeNode, field: ProtoField, at: string): Misfit | null {
    const refused: Misfit = [
      `a type that fits the request field ${at}: ${describeField(field)}`,
      print(type),
    ];
    const definition = this.#types.get(namedTypeOf(type));
    if (definition?.kind === Kind.SCALAR_TYPE_DEFINITION) return null;
    const element = elementOf(type);
    const isList = element !== bare(type);
    const input = definition?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? definition : null;
    if (field.isMap) {
      const isEntries = element !== null && isList && input !== null;
      return isEntries ? this.#entryMisfit(input, field, at) : refused;
    }
    const message = field.type.kind === "message" ? field.type.message : null;
    const known = message === null ? null : wellKnownTypeOf(message);
    if (known !== null && !field.isRepeated && takesLists(known, isList, definition)) return null;
    if (element === null || isList !== field.isRepeated) return refused;
    if (message !== null && input !== null) {
      if (known?.kind === "struct" || known?.kind === "value") return null;
      const hasFields = known === null || known.kind === "timestamp" || known.kind === "duration";
      return hasFields || known.kind === "any" ? this.#messageMisfit(input, message, at) : refused;
    }
    return leafFits(namedTypeOf(type), definition, field) ? null : refused;
  }

  #entryMisfit(input: InputObjectTypeDefinitionNode, field: ProtoField, at: string): Misfit | null {
    const names = (input.fields ?? []).map((member) => member.name.value);
    const missing = ["key", "value"].find((name) => !names.includes(name));
    if (missing !== undefined)
      return [`entries with key and value in ${input.name.value}, for ${at}`, `no ${missing}`];
    return this.#messageMisfit(input, entryMessage(field), at);
  }

  #messageMisfit(input: InputObjectTypeDefinitionNode, message: ProtoMessage, at: string): Misfit | null {
    const pair = `${input.name.value} ${message.name}`;
    if (this.#compared.has(pair)) return null;
    this.#compared.add(pair);
    const filled = new Map<ProtoField, InputValueDefinitionNode>();
    for (const member of input.fields ?? []) {
      const name = member.name.value;
      const field = findProtoField(message, name);
      if (field === null)
        return [`fields of ${message.name} (${fieldNames(message)}) in ${input.name.value}, for ${at}`, name];
      const earlier = filled.get(field);
      if (earlier !== undefined)
        return [
          `one value for ${at}.${field.name} in ${input.name.value}`,
          `${earlier.name.value} and ${name}`,
        ];
      filled.set(field, member);
      const misfit = this.misfit(member.type, field, `${at}.${field.name}`);
      if (misfit !== null) return misfit;
    }
    return demandMisfit(message, filled, { input: input.name.value, at });
  }
}

/** What the message demands of the input that fills it: its required fields, and one member of each oneof. */
function demandMisfit(
  message: ProtoMessage,
  filled: ReadonlyMap<ProtoField, InputValueDefinitionNode>,
  { input, at }: { readonly input: string; readonly at: string },
): Misfit | null {
  for (const field of message.fields.values()) {
    if (!field.isRequired) continue;
    const member = filled.get(field);
    const expected = `the required field ${field.name} of ${message.name} in ${input}, for ${at}`;
    if (member === undefined) return [expected, "nothing that fills it"];
    if (!isAlwaysThere(member))
      return [expected, `${member.name.value}: ${print(member.type)}, which may be absent`];
  }
  for (const oneof of message.oneofs.values()) {
    const both = oneof.members
      .map((one) => filled.get(one))
      .filter((one) => one !== undefined && isAlwaysThere(one));
    if (both.length < 2) continue;
    const names = both.map((one) => one?.name.value).join(" and ");
    return [
      `one member of the oneof ${oneof.name} in ${input}, for ${at}`,
      `${names}, which are all always there`,
    ];
  }
  return null;
}

/** Values that protobuf JSON writes as lists, or as anything. */
function takesLists(
  known: WellKnownType,
  isList: boolean,
  definition: TypeDefinitionNode | undefined,
): boolean {
  if (!isList) return false;
  if (known.kind === "fieldMask") return definition === undefined;
  return known.kind === "value" || known.kind === "listValue";
}

/** Which scalars of protobuf take every value of a scalar of GraphQL; text is checked when it is sent. */
const integers = "int32 sint32 sfixed32 int64 sint64 sfixed64 uint32 fixed32 uint64 fixed64".split(" ");
const textual = ["string", "bytes", "enum", "text", "value", ...integers];
const fitting: ReadonlyMap<string, readonly string[]> = new Map([
  ["Int", [...integers, "double", "float", "string", "value"]],
  ["Float", ["double", "float", "value"]],
  ["Boolean", ["bool", "value"]],
  ["ID", textual],
  ["String", [...textual, "double", "float"]],
]);

function leafFits(typeName: string, definition: TypeDefinitionNode | undefined, field: ProtoField): boolean {
  const target = targetOf(field);
  if (definition?.kind === Kind.ENUM_TYPE_DEFINITION) {
    const names = (definition.values ?? []).map((value) => value.name.value);
    const { type } = field;
    if (type.kind === "enum") return names.every((name) => type.enum.numbers.has(name));
    return target === "string" || target === "value";
  }
  return definition === undefined && (fitting.get(typeName) ?? []).includes(target);
}

/** Wrappers take what is in them; times and field masks take text. */
function targetOf({ type }: ProtoField): string {
  if (type.kind !== "message") return type.kind === "scalar" ? type.name : type.kind;
  const known = wellKnownTypeOf(type.message);
  switch (known?.kind) {
    case "wrapper":
      return known.scalar;
    case "timestamp":
    case "duration":
    case "fieldMask":
      return "text";
    case "value":
      return "value";
    default:
      return "message";
  }
}

/** The type of a list's elements, or the type itself; null for lists of lists, which protobuf does not have. */
function elementOf(type: TypeNode): TypeNode | null {
  const outer = bare(type);
  if (outer.kind !== Kind.LIST_TYPE) return outer;
  const inner = bare(outer.type);
  return inner.kind === Kind.LIST_TYPE ? null : inner;
}

function bare(type: TypeNode): Exclude<TypeNode, { kind: Kind.NON_NULL_TYPE }> {
  return type.kind === Kind.NON_NULL_TYPE ? type.type : type;
}
