import { OverlockError } from "../../core/errors.ts";
import { defineOwn } from "../../language/evaluate-selection.ts";
import { absentValue, zeroOf } from "./absent-value.ts";
import { buildCaseValue } from "./oneof-value.ts";
import type {
  ProtoEnum,
  ProtoField,
  ProtoMessage,
  ProtoOneof,
  ProtoScalar,
  ProtoType,
} from "./proto-model.ts";
import { wireTypeOf } from "./wire-types.ts";
import {
  printDuration,
  printFieldMask,
  printNumber,
  printTimestamp,
  wellKnownTypeOf,
} from "./well-known-types.ts";
import { WireReader } from "./wire-reader.ts";

/** Reads a message up to the reader's end. Throws where the bytes are no such message. */
export type ValueReader = (reader: WireReader, depth: number) => unknown;
export type FieldsReader = (reader: WireReader, depth: number) => Record<string, unknown>;

/** What of a message is read. Wants every required field, and all members of a oneof or none. */
export interface ReadParts {
  readonly fields: readonly ProtoField[];
  readonly oneofs: readonly ProtoOneof[];
  /** What reads the messages in a field. */
  readonly decoderOf: (field: ProtoField, message: ProtoMessage) => { readonly read: ValueReader };
}

/** As in protobuf's own parsers. */
const maxDepth = 100;

/**
 * Generates the code that reads one type of message, `"json"` in its form in protobuf JSON, `"fields"` as an object of
 * its fields. Each field has a variable, each number on the wire a case, and the object is made at the end by one
 * literal, so that all objects of the type have one shape. Names stand in the code as JSON texts, numbers as numbers;
 * everything else is passed to it.
 */
export function generateReader(message: ProtoMessage, parts: ReadParts, form: "fields"): FieldsReader;
export function generateReader(message: ProtoMessage, parts: ReadParts, form: "json"): ValueReader;
export function generateReader(
  message: ProtoMessage,
  parts: ReadParts,
  form: "fields" | "json",
): ValueReader {
  const generator = new ReaderGenerator(message, parts);
  const code = generator.generate(form);
  const names = ["given", ...Object.keys(support)];
  // oxlint-disable-next-line no-new-func, no-implied-eval -- decision 0020: the proto's names and numbers only, and names as JSON texts.
  const build = new Function(...names, `"use strict";\n${code}`) as (...values: unknown[]) => ValueReader;
  return build(generator.given, ...Object.values(support));
}

class ReaderGenerator {
  /** What the code refers to as `given[index]`. */
  readonly given: unknown[] = [];
  readonly #message: ProtoMessage;
  readonly #parts: ReadParts;
  /** Declared before the reader. */
  readonly #above: string[] = [];

  constructor(message: ProtoMessage, parts: ReadParts) {
    this.#message = message;
    this.#parts = parts;
  }

  generate(form: "fields" | "json"): string {
    const { fields } = this.#parts;
    const cases = fields.flatMap((field, index) => this.#casesOf(field, index));
    const endings = fields.flatMap((field, index) => this.#endingOf(field, index));
    const result = form === "json" ? this.#jsonForm() : this.#objectOfFields();
    const name = this.#give(this.#message.name);
    return `${this.#above.join("\n")}
return function readMessage(reader, depth) {
  if (depth > ${maxDepth}) throw tooDeep(${name});
  const end = reader.end;
  ${fields.map((field, index) => declarationOf(field, index)).join("\n  ")}
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      ${cases.join("\n      ")}
      default: reader.pass(tag);
    }
  }
  ${endings.join("\n  ")}
  return ${result};
};`;
  }

  /** Makes a value known to the code; returns how the code calls it. */
  #give(value: unknown): string {
    const index = this.given.push(value) - 1;
    this.#above.push(`const given${index} = given[${index}];`);
    return `given${index}`;
  }

  #casesOf(field: ProtoField, index: number): string[] {
    const { type, number } = field;
    const tag = (wireType: number): string => `case ${tagOf(number, wireType)}:`;
    if (field.isMap) return [`${tag(2)} ${this.#readEntry(field, index)} break;`];
    const seen = field.isRequired ? `seen${index} = true; ` : "";
    if (type.kind === "message") {
      const read = field.isRepeated
        ? this.#readElement(field, type.message, index)
        : this.#passSingle(field, index);
      return [`${tag(2)} { ${seen}${read.block} break; }`, `${tag(3)} { ${seen}${read.group} break; }`];
    }
    const own = wireTypeOf(type);
    const value = this.#readSingle(type);
    if (field.isRepeated) {
      const add = isClosed(type)
        ? `const value = ${value}; if (value !== unknownValue) field${index}.push(value);`
        : `field${index}.push(${value});`;
      const one = `${tag(own)} { field${index} ??= []; ${add} break; }`;
      if (own === 2) return [one];
      const loop = `const outer = reader.enter(); while (reader.pos < reader.end) { ${add} } reader.leave(outer);`;
      return [one, `${tag(2)} { field${index} ??= []; ${loop} break; }`];
    }
    const set = isClosed(type)
      ? `const value = ${value}; if (value === unknownValue) break; field${index} = value;`
      : `field${index} = ${value};`;
    return [`${tag(own)} { ${seen}${set} ${this.#clearSiblings(field)} break; }`];
  }

  #readElement(field: ProtoField, message: ProtoMessage, index: number) {
    const decoder = this.#give(this.#parts.decoderOf(field, message));
    const add = `const value = ${decoder}.read(reader, depth + 1); if (field${index} === null) field${index} = [value]; else field${index}.push(value);`;
    return {
      block: `const outer = reader.enter(); ${add} reader.leave(outer);`,
      group: `const start = reader.pos; const stop = reader.passGroup(${field.number}); const next = reader.pos;
        reader.pos = start; reader.end = stop; ${add} reader.pos = next; reader.end = end;`,
    };
  }

  /** A message that comes in parts is the sum of its parts, so a single one is read at the end. */
  #passSingle(field: ProtoField, index: number) {
    const keep = `if (start${index} < 0) { start${index} = start; stop${index} = stop; }
        else (parts${index} ??= [reader.slice(start${index}, stop${index})]).push(reader.slice(start, stop));
        ${this.#clearSiblings(field)}`;
    return {
      block: `const start = reader.passBlock(); const stop = reader.pos; ${keep}`,
      group: `const start = reader.pos; const stop = reader.passGroup(${field.number}); ${keep}`,
    };
  }

  /** The last member on the wire is the one that is set. */
  #clearSiblings(field: ProtoField): string {
    const cleared = (field.oneof?.members ?? [])
      .filter((sibling) => sibling !== field)
      .map((sibling) => {
        const index = this.#parts.fields.indexOf(sibling);
        return sibling.type.kind === "message"
          ? `start${index} = -1; parts${index} = null;`
          : `field${index} = null;`;
      });
    return cleared.join(" ");
  }

  /** A map is sent as a repeated message of key and value. */
  #readEntry(field: ProtoField, index: number): string {
    const { type, keyType } = field;
    const key: ProtoType = { kind: "scalar", name: keyType ?? "string" };
    const { value, empty } = this.#readEntryValue(field);
    this.#above.push(`function readEntry${index}(reader, entries, depth) {
  let key = ${literal(zeroOf(key))};
  let value;
  while (reader.pos < reader.end) {
    const tag = reader.uint32();
    switch (tag) {
      case ${tagOf(1, wireTypeOf(key))}: key = ${this.#readSingle(key)}; break;
      case ${tagOf(2, wireTypeOf(type))}: ${value} break;
      default: reader.pass(tag);
    }
  }
  if (value !== unknownValue) defineOwn(entries, String(key), value === undefined ? ${empty} : value);
}`);
    return `{ field${index} ??= {}; const outer = reader.enter(); readEntry${index}(reader, field${index}, depth); reader.leave(outer); }`;
  }

  /** How a value is read, and what an entry without one means. */
  #readEntryValue(field: ProtoField) {
    const { type } = field;
    if (type.kind !== "message")
      return { value: `value = ${this.#readSingle(type)};`, empty: literal(zeroOf(type)) };
    const decoder = this.#give(this.#parts.decoderOf(field, type.message));
    return {
      value: `{ const outer = reader.enter(); value = ${decoder}.read(reader, depth + 1); reader.leave(outer); }`,
      empty: `${decoder}.read(new WireReader(noBytes), depth + 1)`,
    };
  }

  #readSingle(type: Exclude<ProtoType, { kind: "message" }>): string {
    if (type.kind === "scalar") return readScalar(type.name);
    if (type.enum.name === "google.protobuf.NullValue") return "(reader.int32(), null)";
    return `readEnum(${this.#give(type.enum)}, reader.int32())`;
  }

  #endingOf(field: ProtoField, index: number): string[] {
    const { type, name, isRequired, isRepeated, isMap } = field;
    const required = isRequired
      ? [`if (!seen${index}) throw lacksRequired(${this.#give(this.#message.name)}, ${literal(name)});`]
      : [];
    if (type.kind !== "message" || isRepeated || isMap) return required;
    const decoder = this.#give(this.#parts.decoderOf(field, type.message));
    const read = `if (start${index} >= 0) {
    if (parts${index} === null) {
      reader.pos = start${index}; reader.end = stop${index};
      field${index} = ${decoder}.read(reader, depth + 1);
      reader.pos = end; reader.end = end;
    } else field${index} = ${decoder}.read(new WireReader(Buffer.concat(parts${index})), depth + 1);
  }`;
    return [...required, read];
  }

  #objectOfFields(): string {
    const { fields, oneofs } = this.#parts;
    const properties = [
      ...fields.map((field, index) => [field.name, valueOf(field, index)] as const),
      ...oneofs.map((oneof) => [oneof.name, this.#caseOf(oneof)] as const),
    ];
    return `{ ${properties.map(([name, value]) => `${propertyName(name)}: ${value}`).join(", ")} }`;
  }

  #caseOf({ members }: ProtoOneof): string {
    const cases = members.map((member) => {
      const { name, type } = member;
      const isObject = type.kind === "message" && wellKnownTypeOf(type.message) === null;
      const value = `field${this.#parts.fields.indexOf(member)}`;
      const messageCase = this.#give({ member: name, message: isObject ? type.message.name : null });
      return `${value} !== null ? buildCaseValue(${messageCase}, ${value}) : `;
    });
    return `${cases.join("")}null`;
  }

  /** The form of a message that protobuf JSON writes as something else than an object of its fields. */
  #jsonForm(): string {
    const field = (name: string): string => {
      const index = this.#parts.fields.findIndex((one) => one.name === name);
      const found = this.#parts.fields[index];
      return found === undefined ? "undefined" : valueOf(found, index);
    };
    const name = this.#give(this.#message.name);
    switch (wellKnownTypeOf(this.#message)?.kind) {
      case "timestamp":
        return `printTimestamp(Number(${field("seconds")}), ${field("nanos")}) ?? noForm(${name})`;
      case "duration":
        return `printDuration(Number(${field("seconds")}), ${field("nanos")}) ?? noForm(${name})`;
      case "fieldMask":
        return `printFieldMask(${field("paths")}) ?? noForm(${name})`;
      case "wrapper":
        return field("value");
      case "struct":
        return field("fields");
      case "listValue":
        return field("values");
      case "value": {
        // https://protobuf.dev/reference/protobuf/google.protobuf/#value: one member is set, or none for null.
        const members = ["number_value", "string_value", "bool_value", "struct_value", "list_value"].map(
          field,
        );
        return members
          .map((member) => `${member} ?? `)
          .join("")
          .concat("null");
      }
      case "any":
      case undefined:
        return this.#objectOfFields();
    }
  }
}

function declarationOf(field: ProtoField, index: number): string {
  const seen = field.isRequired ? `, seen${index} = false` : "";
  if (field.isRepeated || field.isMap) return `let field${index} = null;`;
  if (field.type.kind === "message")
    return `let field${index} = null, start${index} = -1, stop${index} = 0, parts${index} = null${seen};`;
  return `let field${index} = ${literal(absentValue(field))}${seen};`;
}

/** Field numbers reach 29 bits: shifting would lose the sign. */
function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}

function valueOf({ isRepeated, isMap }: ProtoField, index: number): string {
  if (isRepeated) return `field${index} ?? []`;
  return isMap ? `field${index} ?? {}` : `field${index}`;
}

/** A scalar as the code writes it. */
function literal(value: unknown): string {
  return Object.is(value, -0) ? "-0" : JSON.stringify(value);
}

/** Computed where the plain name would set the prototype. */
function propertyName(name: string): string {
  return name === "__proto__" ? `[${literal(name)}]` : literal(name);
}

function isClosed(type: ProtoType): boolean {
  return type.kind === "enum" && !type.enum.isOpen && type.enum.name !== "google.protobuf.NullValue";
}

function readScalar(name: ProtoScalar): string {
  return name === "double" || name === "float"
    ? `printNumber(reader.${name}(), "${name}")`
    : `reader.${name}()`;
}

/** A number that a closed enum has no value for: protobuf treats its field as unknown. */
const unknownValue = Symbol("unknown");

/** What the code calls by name. */
const support = {
  WireReader,
  Buffer,
  noBytes: Buffer.alloc(0),
  unknownValue,
  buildCaseValue,
  defineOwn,
  printDuration,
  printFieldMask,
  printNumber,
  printTimestamp,
  readEnum: ({ names, isOpen }: ProtoEnum, number: number): unknown =>
    names.get(number) ?? (isOpen ? number : unknownValue),
  noForm: (name: string) => new OverlockError("INVALID_VALUE", `a ${name} that is out of its range`),
  tooDeep: (name: string) => new RangeError(`${name} is nested deeper than ${maxDepth} messages`),
  lacksRequired: (name: string, field: string) => new TypeError(`${name} lacks its required field ${field}`),
};
