import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { ResponseBody } from "../../gateway/outbound/response-body.ts";
import {
  longDenseJsonBytes,
  longInexactJsonBytes,
  longJsonBytes,
  maxValuesAtOnce,
  ResponseJson,
} from "../../gateway/sources/response-json.ts";

const exact = `{"id":1,"name":"${"a".repeat(100)}"}`;
const inexact = '{"id":12345678901234567890}';

/** A list of so many bytes, of which the last element is this. */
function bodyOf(bytes: number, last: string): Buffer {
  const count = Math.floor((bytes - last.length - 2) / (exact.length + 1));
  const text = `[${`${exact},`.repeat(count)}${last}]`;
  return Buffer.from(text + " ".repeat(bytes - text.length));
}

describe("the JSON of a response", () => {
  // Long work of another test has had its turns.
  beforeEach(async () => {
    for (let turns = 0; turns < 3; turns++) await turn();
  });

  it.each<[what: string, body: Buffer, takesTurns: boolean]>([
    ["short", bodyOf(1000, exact), false],
    ["short, with a number that JavaScript can't hold", bodyOf(longInexactJsonBytes, inexact), false],
    ["longer, with such a number", bodyOf(longInexactJsonBytes + 1, inexact), true],
    ["as long as it may be in one turn", bodyOf(longJsonBytes, exact), false],
    ["longer than that", bodyOf(longJsonBytes + 1, exact), true],
  ])("takes turns where that is long: %s", async (_what, body, takesTurns) => {
    const json = new ResponseJson(ResponseBody.of(body));
    const loading = json.load();
    expect(loading !== null).toBe(takesTurns);
    await loading;
    const [first, last] = [0, -1].map((index) => (json.value as readonly object[]).at(index));
    expect(first).toEqual(JSON.parse(exact));
    const isExact = body.indexOf("12345678901234567890") < 0;
    expect(last).toEqual(isExact ? JSON.parse(exact) : { id: "12345678901234567890" });
    expect(json.load()).toBeNull();
  });

  it.each<[what: string, values: number, bytes: number, takesTurns: boolean]>([
    ["nearly as many as may be in one turn", maxValuesAtOnce * 0.95, longDenseJsonBytes * 2, false],
    ["a few more", maxValuesAtOnce * 1.05, longDenseJsonBytes * 2, true],
    ["a few more, just as long as need be", maxValuesAtOnce * 1.05, longDenseJsonBytes + 1, true],
    ["a few more, in a document that is not so long", maxValuesAtOnce * 1.05, longDenseJsonBytes, false],
  ])("takes turns where it has too many values: %s", async (_what, values, bytes, takesTurns) => {
    // A comma for each value, all of one length.
    const value = `1${" ".repeat(Math.floor(bytes / values) - 2)}`;
    const text = `[${`${value},`.repeat(values - 1)}1`;
    const json = new ResponseJson(
      ResponseBody.of(Buffer.from(`${text}${" ".repeat(bytes - text.length - 1)}]`)),
    );
    const loading = json.load();
    expect(loading !== null).toBe(takesTurns);
    await loading;
    expect(json.value).toHaveLength(values);
  });

  it("is parsed in a turn of its own where others are long, too", async () => {
    const parsed: string[] = [];
    const load = (name: string, bytes: number): void => {
      const json = new ResponseJson(ResponseBody.of(bodyOf(bytes, exact)));
      const read = (): void => {
        expect(json.load()).toBeNull();
        expect((json.value as readonly object[])[0]).toEqual(JSON.parse(exact));
        parsed.push(name);
      };
      const loading = json.load();
      expect(json.load()).toBe(loading);
      if (loading === null) read();
      else void loading.then(read);
    };
    load("first", longJsonBytes);
    load("second", longJsonBytes);
    load("third", longJsonBytes);
    load("short", longInexactJsonBytes);
    expect(parsed).toEqual(["first", "short"]);
    await turn();
    expect(parsed).toEqual(["first", "short", "second"]);
    await turn();
    expect(parsed).toEqual(["first", "short", "second", "third"]);
  });

  it.each([longInexactJsonBytes + 1, longJsonBytes + 1])(
    "is forgotten when everybody who waited for it has read it, and is there again for who comes later, at %d bytes",
    async (bytes) => {
      const json = new ResponseJson(ResponseBody.of(bodyOf(bytes, exact)));
      const read = async (): Promise<unknown> => {
        await json.load();
        return json.value;
      };
      const [first, second] = await Promise.all([read(), read()]);
      expect(second).toBe(first);
      await turn();
      const later = await read();
      expect(later).not.toBe(first);
      expect(later).toEqual(first);
    },
  );

  it("is parsed once for all who wait for it", async () => {
    const json = new ResponseJson(ResponseBody.of(bodyOf(longJsonBytes + 1, exact)));
    const [one, other] = [json.load(), json.load()];
    expect(other).toBe(one);
    await one;
    expect(json.value).toBe(json.value);
  });

  it.each([1000, longInexactJsonBytes + 1, longJsonBytes + 1])(
    "that is none is an error whenever it is asked for, at %d bytes",
    async (bytes) => {
      const json = new ResponseJson(ResponseBody.of(bodyOf(bytes, "{")));
      await json.load();
      for (let time = 0; time < 2; time++)
        expect(() => json.value).toThrow(expect.objectContaining({ code: "UPSTREAM_INVALID_RESPONSE" }));
    },
  );
});
