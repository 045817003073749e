import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import protobuf from "protobufjs";
import { afterAll, describe, expect, test } from "vitest";
import { compileTrimmedDecoder, decodeMessage } from "../../../gateway/sources/grpc/decode-message.ts";
import type { WantedFields } from "../../../gateway/sources/grpc/message-decoder.ts";
import { loadProtoService } from "../../../gateway/sources/grpc/proto-files.ts";
import type { ProtoField, ProtoMessage, ProtoType } from "../../../gateway/sources/grpc/proto-model.ts";
import { wireTypeOf } from "../../../gateway/sources/grpc/wire-types.ts";
import { SeededRandom } from "../../backends/seeded-random.ts";
import { decodeByReflection } from "./decode-by-reflection.ts";
import { roundTripFiles } from "./round-trip-files.ts";

const folder = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function messageOf(protos: Readonly<Record<string, string>>, file: string, service: string): ProtoMessage {
  for (const [name, text] of Object.entries(protos)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const [method] = loadProtoService(folder, file, service).values();
  if (method === undefined) throw new Error(`Expected ${service} to have a method, found none.`);
  return method.response;
}

const box = messageOf(roundTripFiles.protos, roundTripFiles.proto, "trip.v1.TripService");

describe("the generated decoder", () => {
  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "reads what reflection reads, or throws where it does (seed %i)",
    (seed) => {
      const random = new SeededRandom(seed);
      let sound = 0;
      for (let round = 0; round < 150; round++) {
        const whole = randomMessage(box, random, 0);
        const bytes = round % 2 === 0 ? whole : damaged(whole, random);
        const expected = outcomeOf(() => decodeByReflection(box, bytes));
        const message = bytes.toString("hex");
        const value = outcomeOf(() => decodeMessage(box, bytes));
        expect({ message, value }).toEqual({ message, value: expected });
        if (expected !== "throws") sound++;
      }
      expect(sound).toBeGreaterThan(40);
    },
  );

  test.each(Array.from({ length: 10 }, (_, seed) => seed))(
    "reads of wanted fields what it reads of all (seed %i)",
    (seed) => {
      const random = new SeededRandom(seed);
      const wanted = randomWanted(box, random, 0);
      const decode = compileTrimmedDecoder(box, wanted);
      for (let round = 0; round < 100; round++) {
        const bytes = randomMessage(box, random, 0);
        const whole = outcomeOf(() => decodeMessage(box, bytes));
        expect(
          narrowed(
            outcomeOf(() => decode(bytes)),
            wanted,
          ),
        ).toEqual(narrowed(whole, wanted));
      }
    },
  );

  test("gives all objects of a type the same properties in the same order", () => {
    const some = decodeMessage(box, Buffer.from([0x52, 2, 0x22, 0]));
    const others = decodeMessage(box, Buffer.from([0x42, 0, 0x0a, 0]));
    expect(Object.keys(some)).toEqual([...box.fields.keys()]);
    expect(Object.keys(others)).toEqual(Object.keys(some));
  });

  test("has a property for fields that are called like something of JavaScript's", () => {
    const names = ["constructor", "hasOwnProperty", "class", "reader", "field0", "given0"];
    const fields = names.map((name, index) => `string ${name} = ${index + 1};`).join(" ");
    const odd = messageOf(
      {
        "odd.proto": `syntax = "proto3"; package odd; service S { rpc M(Odd) returns (Odd); }
        message Odd { ${fields} map<string, string> pairs = 20; oneof prototype { int32 valueOf = 21; } }`,
      },
      "odd.proto",
      "odd.S",
    );
    // protobufjs drops a field of this name; the decoder does not count on that.
    const field = odd.fields.get("class");
    const hostile = { ...odd, fields: new Map(odd.fields) };
    if (field !== undefined) hostile.fields.set("__proto__", { ...field, name: "__proto__", number: 30 });
    const writer = protobuf.Writer.create();
    for (const [index, name] of names.entries()) writer.uint32((index + 1) * 8 + 2).string(name);
    writer
      .uint32(20 * 8 + 2)
      .fork()
      .uint32(10)
      .string("__proto__")
      .uint32(18)
      .string("x")
      .ldelim();
    writer
      .uint32(21 * 8)
      .int32(1)
      .uint32(30 * 8 + 2)
      .string("own");
    const value = decodeMessage(hostile, Buffer.from(writer.finish()));
    const own = (name: string): unknown => Object.getOwnPropertyDescriptor(value, name)?.value;
    expect(names.map(own)).toEqual(names);
    expect(own("__proto__")).toBe("own");
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value["pairs"] as object)).toEqual([["__proto__", "x"]]);
    expect(value["prototype"]).toEqual({ valueOf: 1, $case: "valueOf", $type: null });
  });
});

/** The decoded value, with errors in their places as their codes and texts. */
function outcomeOf(decode: () => unknown): unknown {
  try {
    return decode();
  } catch {
    return "throws";
  }
}

/** A raw value with the wanted fields only. */
function narrowed(value: unknown, wanted: WantedFields | null): unknown {
  if (wanted === null || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => narrowed(one, wanted));
  return Object.fromEntries(
    [...wanted.fields].map(([name, below]) => [name, narrowed(Reflect.get(value, name), below)]),
  );
}

/** Some of the fields and oneofs, and of those in the messages inside. */
function randomWanted(message: ProtoMessage, random: SeededRandom, depth: number): WantedFields {
  const fields = new Map<string, WantedFields | null>();
  for (const field of message.fields.values()) {
    if (random.next() < 0.5) continue;
    const isPlain = field.type.kind !== "message" || field.isMap || depth > 2;
    const isKnown = field.type.kind === "message" && field.type.message.name.startsWith("google.");
    const below =
      isPlain || isKnown || field.type.kind !== "message" || random.next() < 0.3
        ? null
        : randomWanted(field.type.message, random, depth + 1);
    fields.set(field.name, below);
  }
  for (const oneof of message.oneofs.keys()) if (random.next() < 0.5) fields.set(oneof, null);
  return { fields };
}

/** Fields in any order, also twice, in another form than their own, and some that the message does not have. */
function randomMessage(message: ProtoMessage, random: SeededRandom, depth: number): Buffer {
  const writer = protobuf.Writer.create();
  const fields = [...message.fields.values()];
  // A group of proto2 has no value but its fields.
  const count = depth > 3 ? random.integer(0, 2) : random.integer(0, 5);
  for (const field of fields) if (field.isRequired) writeField(writer, field, random, depth);
  for (let index = 0; index < count && fields.length > 0; index++)
    writeField(writer, random.pick(fields), random, depth);
  if (random.next() < 0.1) writeUnknown(writer, random);
  return Buffer.from(writer.finish());
}

function writeField(writer: protobuf.Writer, field: ProtoField, random: SeededRandom, depth: number): void {
  const { type, number } = field;
  if (field.isMap) {
    writer.uint32(number * 8 + 2).fork();
    const key: ProtoType = { kind: "scalar", name: field.keyType ?? "string" };
    if (random.next() < 0.9) writeValue(writer.uint32(8 + wireTypeOf(key)), key, random, depth);
    if (random.next() < 0.8) writeValue(writer.uint32(16 + wireTypeOf(type)), type, random, depth);
    if (random.next() < 0.1) writeUnknown(writer, random);
    writer.ldelim();
  } else if (type.kind === "message") {
    const bytes = randomMessage(type.message, random, depth + 1);
    if (field.isDelimited === random.next() < 0.9) {
      writer.uint32(number * 8 + 3).raw(bytes);
      writer.uint32(number * 8 + 4);
    } else writer.uint32(number * 8 + 2).bytes(bytes);
  } else if (field.isRepeated && wireTypeOf(type) !== 2 && random.next() < 0.5) {
    writer.uint32(number * 8 + 2).fork();
    for (let index = random.integer(0, 4); index > 0; index--) writeValue(writer, type, random, depth);
    writer.ldelim();
  } else writeValue(writer.uint32(number * 8 + wireTypeOf(type)), type, random, depth);
}

function writeValue(writer: protobuf.Writer, type: ProtoType, random: SeededRandom, depth: number): void {
  if (type.kind === "message") {
    writer.bytes(randomMessage(type.message, random, depth + 1));
    return;
  }
  if (type.kind === "enum") {
    writer.int32(random.pick([...type.enum.names.keys(), ...type.enum.names.keys(), 7, -1]));
    return;
  }
  switch (type.name) {
    case "bool":
      writer.bool(random.next() < 0.5);
      break;
    case "string":
      writer.string(random.pick(texts));
      break;
    case "bytes":
      writer.bytes(Buffer.from(random.pick(texts)));
      break;
    case "double":
    case "float":
      writer[type.name](random.pick([0, -0, 1.5, -1e30, 0.1, 1e300, Number.NaN, Number.NEGATIVE_INFINITY]));
      break;
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      writer[type.name](random.pick(integers));
      break;
    default:
      writer[type.name](random.pick([0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)]));
  }
}

const texts = ["", "a", "id-1", "über", "😀".repeat(20), "x".repeat(63), "y".repeat(200), "\u0000\ud800"];
const integers = [
  "0",
  "1",
  "-1",
  "127",
  "4294967295",
  "4294967296",
  "-4294967297",
  "9007199254740991",
  "-9007199254740992",
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
];

/** Field 1000, of any wire type. */
function writeUnknown(writer: protobuf.Writer, random: SeededRandom): void {
  const tag = 1000 * 8;
  const write = random.pick([
    () => writer.uint32(tag).int64(random.pick(integers)),
    () => writer.uint32(tag + 1).double(1),
    () => writer.uint32(tag + 2).string("unknown"),
    () =>
      writer
        .uint32(tag + 3)
        .uint32(8)
        .uint32(1)
        .uint32(tag + 4),
    () => writer.uint32(tag + 5).float(1),
  ]);
  write();
}

/** A byte changed, left out or put in, or the end cut off. */
function damaged(bytes: Buffer, random: SeededRandom): Buffer {
  if (bytes.length === 0) return Buffer.from([random.integer(0, 255)]);
  const at = random.integer(0, bytes.length - 1);
  const byte = Buffer.from([random.integer(0, 255)]);
  return random.pick([
    () => Buffer.concat([bytes.subarray(0, at), byte, bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
    () => Buffer.concat([bytes.subarray(0, at), byte, bytes.subarray(at)]),
    () => bytes.subarray(0, at),
  ])();
}
