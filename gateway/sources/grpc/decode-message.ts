import { MessageDecoder, type WantedFields } from "./message-decoder.ts";
import type { ProtoMessage } from "./proto-model.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * Decodes a message into its raw value: an object with every field under the proto's own name and every oneof under
 * its own. Values are those of [protobuf JSON](https://protobuf.dev/programming-guides/json/): 64-bit integers, bytes
 * in base64, timestamps and durations are text, wrappers are bare, enums are names (a number that has none stays one).
 * An absent field with presence is null, or the `default` that the file declares; one without presence has its zero
 * value. Any stays `{ type_url, value }`, because its message is read only where somebody asks for it. A value that
 * protobuf JSON has no form for is an INVALID_VALUE error in its place. Throws where the bytes are no such message.
 */
export function decodeMessage(message: ProtoMessage, bytes: Buffer): Record<string, unknown> {
  return MessageDecoder.of(message).readFields(new WireReader(bytes), 0);
}

/** As {@link decodeMessage}, in the form that a well-known type has in protobuf JSON. */
export function decodeValue(message: ProtoMessage, bytes: Buffer): unknown {
  return MessageDecoder.of(message).read(new WireReader(bytes), 0);
}

/**
 * Compiles a decoder of the wanted fields only: the others are passed over on the wire, and are not there in the raw
 * value. What is there is as in {@link decodeMessage}.
 */
export function compileTrimmedDecoder(
  message: ProtoMessage,
  wanted: WantedFields,
): (bytes: Buffer) => Record<string, unknown> {
  const decoder = new MessageDecoder(message, wanted);
  return (bytes) => decoder.readFields(new WireReader(bytes), 0);
}
