import { nearestNameHint } from "../../core/problems.ts";
import type { Discriminator, SourceAbstractType } from "../../language/abstract-types.ts";
import { compileSelection } from "../../language/evaluate-selection.ts";
import type { SelectionMap } from "../../language/selection-map.ts";
import { compileTypeReader, type TypeReader } from "../type-reader.ts";
import {
  describeShape,
  MessageSelectionError,
  messageShape,
  resolveInMessage,
  type SelectedShape,
} from "./message-selection.ts";
import { type MessageCase, readMessageCase, typeNamesOfCase } from "./oneof-value.ts";
import type { ProtoField, ProtoMessage, ProtoOneof } from "./proto-model.ts";
import { wellKnownTypeOf } from "./well-known-types.ts";

/** How the values of one field of an interface or a union are read. */
export interface AbstractReading {
  readonly readType: TypeReader;
  /** Which message each type is read from; a type may be met in several. */
  readonly members: readonly { readonly typeName: string; readonly message: ProtoMessage }[];
  /** Equal for readers that tell the type in the same way. */
  readonly identity: string;
}

/** Reports a problem, or a warning, with the field. */
export interface FieldReport {
  error(expected: string, found: string, hint?: string | null): void;
  warn(expected: string, found: string, hint?: string | null): void;
}

/**
 * A oneof and an Any say by themselves what they hold; one message for several types says it in the field that
 * `@discriminator` names. Null, with problems reported, where the value can't be of several types or does not say it.
 */
export function resolveAbstract(
  type: SourceAbstractType,
  shape: SelectedShape,
  report: FieldReport,
): AbstractReading | null {
  const { kind, message, oneof } = shape;
  if (kind === "oneof" && oneof !== null) return resolveOneof(type, oneof, report);
  if (kind === "scalar" || kind === "map") {
    report.error("an object type or a scalar, because the value is one thing", type.name);
    return null;
  }
  if (message === null) {
    const field = type.discriminator?.field ?? null;
    const select = field === null ? null : compileSelection(field.map);
    return { readType: compileTypeReader(type, select), members: [], identity: "as written" };
  }
  return wellKnownTypeOf(message)?.kind === "any"
    ? resolveAny(type, message, report)
    : resolveMessage(type, message, report);
}

function resolveOneof(type: SourceAbstractType, oneof: ProtoOneof, report: FieldReport): AbstractReading {
  const { discriminator } = type;
  const names = oneof.members.map((member) => member.name);
  if (discriminator !== null && discriminator.field !== null) {
    const expected = `no field: the oneof ${oneof.name} says which of its members is set`;
    discriminator.use.refuse(["field"], expected, discriminator.field.text);
  }
  for (const value of discriminator?.mapping.keys() ?? []) {
    if (names.includes(value)) continue;
    const expected = `a member of the oneof ${oneof.name} (${names.join(", ")})`;
    discriminator?.use.refuse(["mapping"], expected, value, nearestNameHint(value, names));
  }
  const members = oneof.members.flatMap((member) => {
    const typeName = typeOfCase(type, caseOf(member));
    if (typeName !== null) return [{ typeName, message: messageOf(member) ?? onlyField(member) }];
    const expected = `a type of ${type.name} for every member of the oneof ${oneof.name}`;
    report.warn(expected, `none for ${member.name}`, "where it is set, the value is null and INVALID_VALUE");
    return [];
  });
  for (const typeName of type.possibleTypes) {
    if (members.some((member) => member.typeName === typeName)) continue;
    const own = oneof.members.map((one) => `${one.name}: ${typeNamesOfCase(caseOf(one)).join(" or ")}`);
    const expected = `types that are called like the members of ${oneof.name} (${own.join(", ")})`;
    report.error(expected, typeName, "or map the member to the type with @discriminator(mapping:)");
  }
  return { readType: readCase(type), members, identity: "case" };
}

function resolveAny(type: SourceAbstractType, any: ProtoMessage, report: FieldReport): AbstractReading {
  const mapping = type.discriminator?.mapping ?? new Map<string, string>();
  const members = [...mapping].flatMap(([value, typeName]) => {
    const message = any.findMessage(value);
    if (message !== null) return [{ typeName, message }];
    type.discriminator?.use.refuse(["mapping"], "the full name of a message of the proto files", value);
    return [];
  });
  for (const typeName of type.possibleTypes) {
    if ([...mapping.values()].includes(typeName)) continue;
    const expected = `the message of each type, because an Any holds any: @discriminator(mapping: [{ value: "<package>.<Message>", type: "${typeName}" }]) on ${type.name}`;
    report.error(expected, `none for ${typeName}`);
  }
  return { readType: readCase(type), members, identity: "case" };
}

/** All types are read from the one message. */
function resolveMessage(
  type: SourceAbstractType,
  message: ProtoMessage,
  report: FieldReport,
): AbstractReading | null {
  const { discriminator } = type;
  if (discriminator?.field === undefined || discriminator.field === null) {
    const expected = `@discriminator(field:) on ${type.name}, because no message has a __typename`;
    report.error(expected, `none for ${message.name}`);
    return null;
  }
  const map = resolveDiscriminator(discriminator, message);
  if (map === null) return null;
  const members = type.possibleTypes.map((typeName) => ({ typeName, message }));
  return { readType: compileTypeReader(type, compileSelection(map)), members, identity: JSON.stringify(map) };
}

function resolveDiscriminator(
  { field, mapping, use }: Discriminator,
  message: ProtoMessage,
): SelectionMap | null {
  if (field === null) return null;
  try {
    const { map, shape } = resolveInMessage(field.map, messageShape(message));
    if (shape.kind !== "scalar" || shape.lists > 0) {
      use.refuse(["field"], `a scalar or an enum of ${message.name}`, describeShape(shape));
      return null;
    }
    const type = shape.field?.type;
    if (type?.kind === "enum") {
      const names = [...type.enum.numbers.keys()];
      for (const value of mapping.keys()) {
        if (names.includes(value)) continue;
        const expected = `a value of ${type.enum.name} (${names.join(", ")})`;
        use.refuse(["mapping"], expected, value, nearestNameHint(value, names));
      }
    }
    return map;
  } catch (error) {
    if (!(error instanceof MessageSelectionError)) throw error;
    const { expected, found, hint, offset } = error;
    use.refuseAt({ place: field.placeAt(offset), path: ["field"], expected, found, hint });
    return null;
  }
}

function readCase(type: SourceAbstractType): TypeReader {
  return (raw) => {
    const messageCase = readMessageCase(raw);
    return messageCase === null ? null : typeOfCase(type, messageCase);
  };
}

/** The type that is mapped to the member, or to the message; without one the type that is called like it. */
function typeOfCase(
  { possibleTypes, discriminator }: SourceAbstractType,
  messageCase: MessageCase,
): string | null {
  const { member, message } = messageCase;
  const mapped = discriminator?.mapping.get(member ?? message ?? "");
  if (mapped !== undefined) return mapped;
  return typeNamesOfCase(messageCase).find((name) => possibleTypes.includes(name)) ?? null;
}

function caseOf(member: ProtoField): MessageCase {
  return { member: member.name, message: messageOf(member)?.name ?? null };
}

function messageOf({ type }: ProtoField): ProtoMessage | null {
  return type.kind === "message" && wellKnownTypeOf(type.message) === null ? type.message : null;
}

/** A member that is no message is the only field of an object. */
function onlyField(member: ProtoField): ProtoMessage {
  return {
    name: `the member ${member.name}`,
    fields: new Map([[member.name, member]]),
    fieldsByNumber: new Map([[member.number, member]]),
    oneofs: new Map(),
    findMessage: () => null,
  };
}
