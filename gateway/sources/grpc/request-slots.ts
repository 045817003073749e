import type { InputValueDefinitionNode } from "graphql";
import { nearestNameHint } from "../../core/problems.ts";
import type { NamedSelection } from "../../language/call-declaration.ts";
import type { PlacedSelection } from "../../language/directive-reader.ts";
import type { GrpcDeclaration } from "../../language/grpc-declaration.ts";
import type { PathSelection, SelectionMap } from "../../language/selection-map.ts";
import type { SourceField, SourceSchema } from "../../language/source-schema.ts";
import { type CallInput, compileChangeInput, compileInput } from "../declared-call.ts";
import { argumentMisfit, typesOf } from "./argument-types.ts";
import {
  fieldNames,
  findProtoField,
  type MessageValue,
  type ProtoField,
  type ProtoMessage,
  type ProtoMethod,
} from "./proto-model.ts";
import { checkMembers, toProtoValue } from "./request-value.ts";

/** One request field: where its value goes in the message. */
export interface RequestSlot {
  /** The proto's fields from the message's root. */
  readonly path: readonly ProtoField[];
  readonly input: CallInput;
  readonly map: SelectionMap;
  /** Who fills it, for messages. */
  readonly text: string;
  /** The argument that fills it by its name; null where `request` says what does. */
  readonly argument: InputValueDefinitionNode | null;
}

interface RequestParts {
  readonly source: SourceSchema;
  readonly field: SourceField;
  readonly declaration: GrpcDeclaration;
  readonly method: ProtoMethod;
}

/** Every request field once: those that `request` names, then an argument's own. */
export function resolveRequest(parts: RequestParts): RequestSlot[] {
  const { source, field, declaration, method } = parts;
  const compile = field.isMutation ? compileChangeInput : compileReadInput;
  const slots = resolveMembers(declaration, declaration.request, {
    message: method.request,
    path: [],
    compile,
  });
  const types = typesOf(source.plainDocument);
  for (const name of declaration.defaultArguments) {
    const found = findProtoField(method.request, name);
    const argument = field.node.arguments?.find((one) => one.name.value === name);
    if (found === null || argument === undefined) {
      const names = [...method.request.fields.keys()];
      const expected = `a field of ${method.request.name} for every argument (${fieldNames(method.request)})`;
      declaration.use.refuse([], expected, `argument ${name}`, nearestNameHint(name, names));
      continue;
    }
    const earlier = slots.find(({ path }) => path[0] === found);
    if (earlier !== undefined) {
      const expected = `one value for the request field ${found.name}`;
      declaration.use.refuse([], expected, `argument ${name} besides ${earlier.text}`);
      continue;
    }
    const misfit = argumentMisfit(argument.type, found, types);
    if (misfit !== null) declaration.use.refuse([], ...misfit);
    const selection = argumentSelection(name);
    slots.push({
      path: [found],
      input: compile(selection),
      map: selection.map,
      text: `argument ${name}`,
      argument,
    });
  }
  return slots;
}

function compileReadInput(selection: PlacedSelection): CallInput {
  return compileInput(selection, true);
}

interface MessageSite {
  readonly message: ProtoMessage;
  /** The proto's fields from the root of the request to the message. */
  readonly path: readonly ProtoField[];
  readonly compile: (selection: PlacedSelection) => CallInput;
}

function resolveMembers(
  declaration: GrpcDeclaration,
  members: readonly NamedSelection[],
  { message, path, compile }: MessageSite,
): RequestSlot[] {
  const slots: RequestSlot[] = [];
  for (const { name, selection, place } of members) {
    const refuse = (expected: string, found: string, hint: string | null = null): void =>
      declaration.use.refuseAt({ place, path: ["request"], expected, found, hint });
    const field = findProtoField(message, name);
    if (field === null) {
      const names = [...message.fields.keys()];
      const expected = `a field of ${message.name} (${fieldNames(message)})`;
      refuse(expected, name, nearestNameHint(name, names));
    } else if (slots.some((slot) => slot.path[path.length] === field)) {
      refuse(`one value for the request field ${field.name}`, `${name} again`);
    } else if (!("fields" in selection)) {
      const text = `request.${name}`;
      const input = compile(selection);
      slots.push({ path: [...path, field], input, map: selection.map, text, argument: null });
    } else if (field.type.kind === "message" && !field.isRepeated && !field.isMap) {
      const below = { message: field.type.message, path: [...path, field], compile };
      slots.push(...resolveMembers(declaration, selection.fields, below));
    } else refuse("a FieldSelectionMap: this field is no single message", `an object for ${name}`);
  }
  return slots;
}

function argumentSelection(name: string): PlacedSelection {
  const segments = [{ name, arguments: [], onType: null, offset: 0 }];
  const map: PathSelection = { kind: "path", root: "args", segments, then: null, offset: 0 };
  return { map, text: `$args.${name}`, placeAt: () => ({ file: "", line: 0, column: 0 }) };
}

/** The field that carries a batch's keys; null, with a problem reported, where there is no such field. */
export function resolveKeyField(
  { use, batch }: GrpcDeclaration,
  request: ProtoMessage,
  slots: readonly RequestSlot[],
): ProtoField | null {
  const name = batch?.as ?? "";
  const field = findProtoField(request, name);
  if (batch === null || field?.isRepeated !== true) {
    const names = [...request.fields.values()].filter((one) => one.isRepeated).map((one) => one.name);
    const expected = `a repeated field of ${request.name} (${names.join(", ") || "it has none"})`;
    use.refuse(["batch", "as"], expected, name, nearestNameHint(name, names));
    return null;
  }
  const taken = slots.find(({ path }) => path[0] === field);
  if (taken !== undefined) use.refuse(["batch", "as"], "a field that carries the keys only", taken.text);
  const { type } = field;
  const key = batch.of.map;
  if (type.kind !== "message") {
    if (key.kind === "object")
      use.refuse(["batch", "of"], `one path: ${field.name} holds no messages`, "an object of paths");
  } else if (key.kind !== "object") {
    use.refuse(["batch", "of"], `an object of paths for ${type.message.name}`, "one path");
  } else {
    const names = [...type.message.fields.keys()];
    const unknown = key.fields.find((one) => findProtoField(type.message, one.name) === null);
    if (unknown !== undefined) {
      const expected = `fields of ${type.message.name} (${names.join(", ")})`;
      use.refuse(["batch", "of"], expected, unknown.name, nearestNameHint(unknown.name, names));
    }
  }
  return field;
}

/** The message that the values of all slots make. Raises what its values and its type refuse. */
export function buildRequest(
  { request, slots, keyField }: RequestRule,
  values: readonly unknown[],
  keys: readonly unknown[] | null,
  mask: RequestMask | null,
): MessageValue {
  const message: MessageValue = new Map();
  for (const [index, { path }] of slots.entries()) {
    const value = values[index];
    // An absent value is left out, and with it the messages that would hold only it.
    if (value !== undefined) setAt(message, path, (field) => toProtoValue(field, value));
  }
  if (mask !== null) setAt(message, mask.path, () => mask.value);
  if (keyField !== null && keys !== null) message.set(keyField, toProtoValue(keyField, keys));
  checkBuilt(
    request,
    message,
    slots.map(({ path }) => path),
  );
  return message;
}

/** What a request is made of. */
export interface RequestRule {
  readonly request: ProtoMessage;
  readonly slots: readonly RequestSlot[];
  /** The field that carries a batch's keys; null where there is no batch. */
  readonly keyField: ProtoField | null;
}

/** A FieldMask, and where it goes in the message. */
export interface RequestMask {
  readonly path: readonly ProtoField[];
  readonly value: MessageValue;
  /** The properties that are wanted, as its caller says them. */
  readonly names: readonly string[];
}

/** Puts a value where it belongs. */
function setAt(
  message: MessageValue,
  path: readonly ProtoField[],
  valueFor: (field: ProtoField) => unknown,
): void {
  let target = message;
  for (const [index, field] of path.entries()) {
    if (index === path.length - 1) target.set(field, valueFor(field));
    else {
      const below = (target.get(field) as MessageValue | undefined) ?? new Map<ProtoField, unknown>();
      target.set(field, below);
      target = below;
    }
  }
}

/** Checks a message that was put together, and those inside of it; whole values were checked when they were made. */
function checkBuilt(
  type: ProtoMessage,
  message: MessageValue,
  paths: readonly (readonly ProtoField[])[],
): void {
  checkMembers(type, message);
  for (const [field, value] of message) {
    const below = paths.filter(([first, second]) => first === field && second !== undefined);
    if (below.length === 0 || field.type.kind !== "message") continue;
    const rest = below.map((path) => path.slice(1));
    checkBuilt(field.type.message, value as MessageValue, rest);
  }
}
