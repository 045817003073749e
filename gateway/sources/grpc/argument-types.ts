import {
  type DocumentNode,
  type InputObjectTypeDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  print,
  type TypeDefinitionNode,
  type TypeNode,
} from "graphql";
import { namedTypeOf } from "../../language/sdl-file.ts";
import { findProtoField, type ProtoField, type ProtoMessage } from "./proto-files.ts";

/** A source's own types by name. */
export function typesOf(document: DocumentNode): ReadonlyMap<string, TypeDefinitionNode> {
  return new Map(
    document.definitions.filter((node) => isTypeDefinitionNode(node)).map((node) => [node.name.value, node]),
  );
}

/**
 * What is expected and found where no value of an argument's type, or not every one, can be sent as a request field;
 * null where it can. Custom scalars are known at run time only.
 */
export function argumentMisfit(
  type: TypeNode,
  field: ProtoField,
  types: ReadonlyMap<string, TypeDefinitionNode>,
): [expected: string, found: string] | null {
  return new Comparison(types).misfit(type, field, field.name);
}

class Comparison {
  readonly #types: ReadonlyMap<string, TypeDefinitionNode>;
  readonly #compared = new Set<string>();

  constructor(types: ReadonlyMap<string, TypeDefinitionNode>) {
    this.#types = types;
  }

  /** `at`: where the field is in the request, for the message. */
  misfit(type: TypeNode, field: ProtoField, at: string): [expected: string, found: string] | null {
    const refused: [string, string] = [
      `a type that fits the request field ${at}: ${describe(field)}`,
      print(type),
    ];
    const definition = this.#types.get(namedTypeOf(type));
    if (definition?.kind === Kind.SCALAR_TYPE_DEFINITION) return null;
    const element = elementOf(type);
    if (field.isMap || element === null || (element !== bare(type)) !== field.isRepeated) return refused;
    if (field.type.kind === "message") {
      if (definition?.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) return refused;
      return this.#messageMisfit(definition, field.type.message, at);
    }
    if (definition?.kind === Kind.ENUM_TYPE_DEFINITION) {
      const names = (definition.values ?? []).map((value) => value.name.value);
      const { type: target } = field;
      const isKnown = (name: string): boolean => target.kind === "enum" && target.values.has(name);
      return names.every(isKnown) || isText(field) ? null : refused;
    }
    if (definition !== undefined) return refused;
    return (fitting.get(namedTypeOf(type)) ?? []).includes(scalarOf(field)) ? null : refused;
  }

  #messageMisfit(
    input: InputObjectTypeDefinitionNode,
    message: ProtoMessage,
    at: string,
  ): [expected: string, found: string] | null {
    const pair = `${input.name.value} ${message.name}`;
    if (this.#compared.has(pair)) return null;
    this.#compared.add(pair);
    for (const member of input.fields ?? []) {
      const name = member.name.value;
      const field = findProtoField(message, name);
      if (field === null) {
        const names = [...message.fields.keys()].join(", ") || "it has none";
        return [`fields of ${message.name} (${names}) in ${input.name.value}, for ${at}`, name];
      }
      const misfit = this.misfit(member.type, field, `${at}.${field.name}`);
      if (misfit !== null) return misfit;
    }
    return null;
  }
}

/** Which scalars of protobuf take every value of a scalar of GraphQL; text is checked when it is sent. */
const integers = "int32 sint32 sfixed32 int64 sint64 sfixed64 uint32 fixed32 uint64 fixed64".split(" ");
const fitting: ReadonlyMap<string, readonly string[]> = new Map([
  ["Int", [...integers, "double", "float", "string"]],
  ["Float", ["double", "float"]],
  ["Boolean", ["bool"]],
  ["ID", ["string", "bytes", "enum", ...integers]],
  ["String", ["string", "bytes", "enum", ...integers]],
]);

function scalarOf(field: ProtoField): string {
  return field.type.kind === "scalar" ? field.type.name : field.type.kind;
}

function isText(field: ProtoField): boolean {
  return scalarOf(field) === "string";
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

function describe(field: ProtoField): string {
  const { type } = field;
  const name =
    type.kind === "message"
      ? type.message.name
      : type.kind === "enum"
        ? `${type.name} (${[...type.values].join(", ")})`
        : type.name;
  if (field.isMap) return `a map of ${name}`;
  return field.isRepeated ? `repeated ${name}` : name;
}
