import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { WireReader } from "../../../gateway/sources/grpc/wire-reader.ts";
import { WireWriter } from "../../../gateway/sources/grpc/wire-writer.ts";
import { SeededRandom } from "../../backends/seeded-random.ts";

const smallIntegers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 28, 2 ** 31 - 1];
const wideIntegers = [
  0n,
  1n,
  127n,
  128n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
];
const texts = [
  "",
  "id-1",
  "ü",
  "x".repeat(64),
  "y".repeat(65),
  "😀".repeat(50),
  "z".repeat(127),
  "a".repeat(20_000),
];
const doubles = [0, -0, 1.5, -1e30, 1e300, 5e-324, Number.POSITIVE_INFINITY];

/** Writes the same value with both. */
type Step = (ours: WireWriter, theirs: protobuf.Writer) => void;

function randomStep(random: SeededRandom, depth: number): Step {
  const small = random.pick(smallIntegers);
  const signed = random.next() < 0.5 ? small : -small;
  const wide = random.pick(wideIntegers);
  const signedWide = random.next() < 0.5 ? wide : -wide - 1n;
  const text = random.pick(texts, 2);
  const double = random.pick(doubles);
  const steps: Step[] = [
    ...(["uint32", "fixed32"] as const).map(
      (name): Step =>
        (ours, theirs) => {
          ours[name](small);
          theirs[name](small);
        },
    ),
    ...(["int32", "sint32", "sfixed32"] as const).map(
      (name): Step =>
        (ours, theirs) => {
          ours[name](signed);
          theirs[name](signed);
        },
    ),
    ...(["uint64", "fixed64"] as const).map(
      (name): Step =>
        (ours, theirs) => {
          ours[name](wide * 2n + 1n);
          theirs[name](String(wide * 2n + 1n));
        },
    ),
    ...(["int64", "sint64", "sfixed64"] as const).map(
      (name): Step =>
        (ours, theirs) => {
          ours[name](signedWide);
          theirs[name](String(signedWide));
        },
    ),
    ...(["float", "double"] as const).map(
      (name): Step =>
        (ours, theirs) => {
          ours[name](double);
          theirs[name](double);
        },
    ),
    (ours, theirs) => {
      ours.bool(small > 1);
      theirs.bool(small > 1);
    },
    (ours, theirs) => {
      ours.string(text);
      theirs.string(text);
    },
    (ours, theirs) => {
      ours.bytes(Buffer.from(text));
      theirs.bytes(Buffer.from(text));
    },
  ];
  if (depth < 4) {
    const inner = Array.from({ length: random.integer(0, 6) }, () => randomStep(random, depth + 1));
    const block: Step = (ours, theirs) => {
      const start = ours.enter();
      theirs.fork();
      for (const step of inner) step(ours, theirs);
      ours.leave(start);
      theirs.ldelim();
    };
    steps.push(block, block, block);
  }
  return random.pick(steps);
}

describe("the writer", () => {
  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "writes the bytes that protobufjs writes (seed %i)",
    (seed) => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 50; round++) {
        const ours = new WireWriter();
        const theirs = protobuf.Writer.create();
        const count = random.integer(0, 40);
        for (let index = 0; index < count; index++) randomStep(random, 0)(ours, theirs);
        expect(ours.finish().toString("hex")).toBe(Buffer.from(theirs.finish()).toString("hex"));
      }
    },
  );

  test("and the reader agree about a block whose length needs more bytes than were left for it", () => {
    for (const length of [127, 128, 16_383, 16_384]) {
      const writer = new WireWriter();
      const start = writer.enter();
      writer.bytes(Buffer.alloc(length));
      writer.leave(start);
      const reader = new WireReader(writer.finish());
      reader.enter();
      expect(Buffer.from(reader.bytes(), "base64")).toHaveLength(length);
      expect(reader.pos).toBe(writer.finish().length);
    }
  });
});
