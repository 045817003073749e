import { type FieldsReader, generateReader, type ValueReader } from "./generate-reader.ts";
import type { ProtoField, ProtoMessage, ProtoOneof } from "./proto-model.ts";
import { wellKnownTypeOf } from "./well-known-types.ts";
import type { WireReader } from "./wire-reader.ts";

/**
 * The fields of a message that somebody reads, by the names that they and oneofs have in raw values, each with those of
 * the message inside; null: all of it.
 */
export interface WantedFields {
  readonly fields: ReadonlyMap<string, WantedFields | null>;
}

/** Reads one type of message, by code that is generated when its first message comes. */
export class MessageDecoder {
  readonly #message: ProtoMessage;
  readonly #wanted: WantedFields | null;
  #reader: ValueReader | null = null;
  #fieldsReader: FieldsReader | null = null;

  constructor(message: ProtoMessage, wanted: WantedFields | null) {
    this.#message = message;
    // The form of a well-known type is made of all its fields.
    this.#wanted = wellKnownTypeOf(message) === null ? wanted : null;
  }

  /** The one decoder of whole messages of a type. */
  static of(message: ProtoMessage): MessageDecoder {
    const known = decoders.get(message);
    if (known !== undefined) return known;
    const decoder = new MessageDecoder(message, null);
    decoders.set(message, decoder);
    return decoder;
  }

  /** The raw value of the message between the reader's position and its end; `depth` messages are around it. */
  read(reader: WireReader, depth: number): unknown {
    this.#reader ??= generateReader(this.#message, this.#parts(), "json");
    return this.#reader(reader, depth);
  }

  /** The same as an object of its fields, whatever form the type has in protobuf JSON. */
  readFields(reader: WireReader, depth: number): Record<string, unknown> {
    this.#fieldsReader ??= generateReader(this.#message, this.#parts(), "fields");
    return this.#fieldsReader(reader, depth);
  }

  #parts() {
    return {
      fields: [...this.#message.fields.values()].filter((field) => this.#isRead(field)),
      oneofs: [...this.#message.oneofs.values()].filter(({ name }) => this.#wants(name)),
      decoderOf: (field: ProtoField, message: ProtoMessage): MessageDecoder => {
        const wanted = this.#wantedBelow(field);
        return wanted === null ? MessageDecoder.of(message) : new MessageDecoder(message, wanted);
      },
    };
  }

  /** A member that is read under the name of its oneof too is read as a whole. */
  #wantedBelow({ name, oneof }: ProtoField): WantedFields | null {
    const names = oneof === null ? [name] : [name, oneof.name];
    const [only, ...others] = names.flatMap((one) => this.#wanted?.fields.get(one) ?? []);
    return only !== undefined && others.length === 0 && names.filter((one) => this.#wants(one)).length === 1
      ? only
      : null;
  }

  /** Which member of a oneof is set can be told by all of them only. */
  #isRead({ name, isRequired, oneof }: ProtoField): boolean {
    return isRequired || this.#wants(name) || (oneof !== null && this.#wantsSome(oneof));
  }

  #wantsSome({ name, members }: ProtoOneof): boolean {
    return this.#wants(name) || members.some((member) => this.#wants(member.name));
  }

  #wants(name: string): boolean {
    return this.#wanted === null || this.#wanted.fields.has(name);
  }
}

/** By the message of a loaded file, and no longer than it. */
const decoders = new WeakMap<ProtoMessage, MessageDecoder>();
