import { expect, test } from "vitest";
import { BodyMemory, ResponseBody } from "../../gateway/outbound/response-body.ts";

const memory = new BodyMemory();

function piecesOf(...texts: readonly string[]): ResponseBody {
  const pieces = texts.map((text) => Buffer.from(text));
  return new ResponseBody(
    pieces,
    pieces.reduce((sum, { length }) => sum + length, 0),
    memory,
  );
}

function textOf(body: ResponseBody): string {
  return body.read((bytes) => Buffer.from(bytes).toString());
}

test.each([
  ["nothing", []],
  ["one piece", ["one"]],
  ["several", ["é", "", "日本", "!"]],
  ["more than the memory for them is large", ["a".repeat(3_000_000), "b".repeat(3_000_000), "c"]],
])("%s is read as it came", (_what, texts) => {
  const body = piecesOf(...texts);
  const whole = texts.join("");
  expect(body.length).toBe(Buffer.byteLength(whole));
  expect(Buffer.from(body.bytes).toString() === whole).toBe(true);
  expect(textOf(body) === whole).toBe(true);
});

test("bodies of any length are read one after the other, and a second time, in the same memory", () => {
  const bodies = [10, 300_000, 5, 2_000_000, 1_000_000].map((length) =>
    piecesOf("x".repeat(length), "y".repeat(length)),
  );
  for (const body of [...bodies, ...bodies.toReversed()])
    expect(textOf(body) === "x".repeat(body.length / 2) + "y".repeat(body.length / 2)).toBe(true);
  const [kept] = bodies.map(({ bytes }) => bytes);
  expect(Buffer.from(kept ?? []).toString()).toBe(`${"x".repeat(10)}${"y".repeat(10)}`);
  const memories = bodies.slice(3).map((body) => body.read(({ buffer }) => buffer));
  expect(memories[0]).toBe(memories[1]);
});
