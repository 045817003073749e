import {
  DirectiveLocation,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type InputObjectTypeDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  print,
} from "graphql";
import type { SourcePlace } from "../core/problems.ts";
import { namedTypeOf } from "./sdl-file.ts";
import { type DirectiveReader, type DirectiveUse, placeOf } from "./directive-reader.ts";

/** An enum or an input type of a client schema. */
interface ClientLeafType {
  readonly name: string;
  readonly place: SourcePlace;
  /** The supergraph type: what `@view` names, or the type's own name; null where its `@view` was refused. */
  readonly boundTo: string | null;
  readonly viewUse: DirectiveUse | null;
}

/** An enum value or an input field of a client schema. */
export interface ClientMember {
  readonly name: string;
  /** `Type.member`. */
  readonly coordinate: string;
  readonly place: SourcePlace;
  /** What the supergraph calls it: what `@from` names, or its own name. */
  readonly source: string;
  /** The `@from` use, for problems found later. */
  readonly fromUse: DirectiveUse | null;
}

export interface ClientEnum extends ClientLeafType {
  readonly values: ReadonlyMap<string, ClientMember>;
}

export interface ClientInputField extends ClientMember {
  /** It takes global ids that name this type; null: it takes what it says. */
  readonly globalIdType: string | null;
  readonly node: InputValueDefinitionNode;
}

export interface ClientInput extends ClientLeafType {
  readonly fields: ReadonlyMap<string, ClientInputField>;
}

/** What clients read and write besides objects. */
export interface ClientLeafTypes {
  readonly enums: ReadonlyMap<string, ClientEnum>;
  readonly inputs: ReadonlyMap<string, ClientInput>;
}

/** Reads the enums and input types of a client schema, and checks the directives on its scalars. */
export function readClientLeafTypes(document: DocumentNode, reader: DirectiveReader): ClientLeafTypes {
  const enums = new Map<string, ClientEnum>();
  const inputs = new Map<string, ClientInput>();
  for (const node of document.definitions) {
    if (node.kind === Kind.SCALAR_TYPE_DEFINITION)
      reader.read(node.directives, DirectiveLocation.SCALAR, node.name.value);
    else if (node.kind === Kind.ENUM_TYPE_DEFINITION) enums.set(node.name.value, readEnum(node, reader));
    else if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      inputs.set(node.name.value, readInput(node, reader));
  }
  return { enums, inputs };
}

function readEnum(node: EnumTypeDefinitionNode, reader: DirectiveReader): ClientEnum {
  const values = new Map<string, ClientMember>();
  for (const value of node.values ?? []) {
    const coordinate = `${node.name.value}.${value.name.value}`;
    const [use] = reader.read(value.directives, DirectiveLocation.ENUM_VALUE, coordinate).get("from") ?? [];
    const place = placeOf(value, reader.file);
    values.set(value.name.value, { ...readSource(use, value.name.value, "value"), coordinate, place });
  }
  return { ...readType(node, DirectiveLocation.ENUM, reader), values };
}

function readInput(node: InputObjectTypeDefinitionNode, reader: DirectiveReader): ClientInput {
  const fields = new Map<string, ClientInputField>();
  for (const field of node.fields ?? []) {
    const name = field.name.value;
    const coordinate = `${node.name.value}.${name}`;
    const uses = reader.read(field.directives, DirectiveLocation.INPUT_FIELD_DEFINITION, coordinate);
    const place = placeOf(field, reader.file);
    const [use] = uses.get("from") ?? [];
    const [idUse] = uses.get("globalId") ?? [];
    const globalIdType = idUse === undefined ? null : checkGlobalId(idUse, field);
    const source = readSource(use, name, "input field");
    fields.set(name, { ...source, coordinate, place, node: field, globalIdType });
  }
  return { ...readType(node, DirectiveLocation.INPUT_OBJECT, reader), fields };
}

function readType(
  node: EnumTypeDefinitionNode | InputObjectTypeDefinitionNode,
  location: DirectiveLocation,
  reader: DirectiveReader,
): ClientLeafType {
  const name = node.name.value;
  const [use] = reader.read(node.directives, location, name).get("view") ?? [];
  const hasView = node.directives?.some((directive) => directive.name.value === "view") ?? false;
  const boundTo = hasView ? (use?.text("of") ?? null) : name;
  return { name, place: placeOf(node, reader.file), boundTo, viewUse: use ?? null };
}

/** The type that the global ids of an argument name; null where it takes none. */
export function readGlobalIdType(
  argument: InputValueDefinitionNode,
  location: DirectiveLocation,
  coordinate: string,
  reader: DirectiveReader,
): string | null {
  const [use] = reader.read(argument.directives, location, coordinate).get("globalId") ?? [];
  return use === undefined ? null : checkGlobalId(use, argument);
}

function checkGlobalId(use: DirectiveUse, { type, defaultValue }: InputValueDefinitionNode): string | null {
  const name = use.text("type");
  if (name === null) use.refuse([], "the type of the ids that are taken: type", "none");
  else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) use.refuse(["type"], "the name of a type", name);
  else if (namedTypeOf(type) !== "ID") use.refuse([], "it on an ID", namedTypeOf(type));
  else if (defaultValue !== undefined)
    use.refuse([], "no default: ids belong to clients", print(defaultValue));
  else return name;
  return null;
}

/** Both are one thing under another name, so `@from` is a single name here. */
function readSource(
  use: DirectiveUse | undefined,
  name: string,
  what: string,
): Pick<ClientMember, "name" | "source" | "fromUse"> {
  const from = use?.selection(["field"]) ?? null;
  if (use === undefined || from === null) return { name, source: name, fromUse: null };
  const { map } = from;
  const [segment, ...others] = map.kind === "path" && map.root === "value" ? map.segments : [];
  const isName = map.kind === "path" && map.then === null && segment?.arguments.length === 0;
  if (isName && others.length === 0) return { name, source: segment.name, fromUse: use };
  const place = from.placeAt(map.offset);
  const expected = `the name of one ${what} of the supergraph`;
  use.refuseAt({ place, path: ["field"], expected, found: from.text });
  return { name, source: name, fromUse: null };
}
