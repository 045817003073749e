import { describe, expect, test } from "vitest";
import { JsonDocumentError, maxJsonDepth, parseJsonDocument } from "../../gateway/sources/json-document.ts";
import { parseLongJsonDocument } from "../../gateway/sources/long-json-document.ts";
import { SeededRandom } from "../backends/seeded-random.ts";

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** What a document is when it is parsed at once, or that it is none. */
function atOnce(text: string): unknown {
  try {
    return { value: parseJsonDocument(bytes(text)) };
  } catch (error) {
    if (error instanceof JsonDocumentError) return "no document";
    throw error;
  }
}

async function inSlices(text: string, sliceLength: number): Promise<unknown> {
  try {
    return { value: await parseLongJsonDocument(bytes(text), sliceLength) };
  } catch (error) {
    if (error instanceof JsonDocumentError) return "no document";
    throw error;
  }
}

describe("a JSON document that is parsed in slices is what it is when it is parsed at once:", () => {
  test.each([
    "[1,2,3]",
    "[[1,[2,3],4],[5,6],[],[[]]]",
    '{"data":{"items":[{"id":1},{"id":2},{"id":[3,4,5]}],"more":[1,2]},"data2":[[],{}]}',
    '["a\\"b,[",",","\\\\","]"]',
    "[9007199254740993,-9007199254740993,9007199254740991,1e400,-1e400,1e20,12345678901234567.5,1e-400,-0]",
    '{"a":12345678901234567890,"a":[12345678901234567891]}',
    '{"__proto__":[1,2,{"__proto__":[3,4]}]}',
    "[1,2,]",
    "[,1,2]",
    "[1,,2]",
    "[1 2,3]",
    "{12345678901234567890:[1,2]}",
    "{12345678901234567890 :1}",
    "[01234567890123456789]",
    "[-,12345678901234567890-]",
    "[1,2",
    "[1,2}",
    "[1,2]]",
    '[1,"2]',
    "",
    "\ufeff[1,2]",
  ])("%s", async (text) => {
    for (const sliceLength of [1, 2, 3, 5, 8, 100])
      expect(await inSlices(text, sliceLength)).toStrictEqual(atOnce(text));
  });

  test("random documents, whole and with a character too many, too few or another", async () => {
    const random = new SeededRandom(20_261_122);
    const below = (limit: number): number => random.integer(0, limit - 1);
    const build = (depth: number): string => {
      const many = <Part>(part: () => Part): Part[] => Array.from({ length: below(6) }, part);
      switch (depth === 0 ? below(4) : below(8)) {
        case 0:
          return String(below(1_000_000));
        case 1:
          return `${1 + below(9)}${"0123456789".repeat(2)}`;
        case 2:
          return JSON.stringify('a\\,["]{}:'.slice(below(5), 5 + below(6)));
        case 3:
          return ["null", "true", "1e400", "-1.5"][below(4)] ?? "";
        case 4:
          return `{${many(() => `"${below(9)}" : ${build(depth - 1)}`).join(",")}}`;
        default:
          return `[${many(() => build(depth - 1)).join(" , ")}]`;
      }
    };
    for (let run = 0; run < 2000; run++) {
      const text = build(5);
      const at = below(text.length);
      const wrong = [",", "[", "]", '"', "1", "}", ":"][below(7)] ?? "";
      const broken = `${text.slice(0, at)}${below(2) === 0 ? wrong : ""}${text.slice(at + below(2))}`;
      for (const one of [text, broken])
        expect([one, await inSlices(one, 1 + below(30))]).toStrictEqual([one, atOnce(one)]);
    }
  });

  test("what is nested as deep as it may be, and what is deeper", async () => {
    for (const depth of [maxJsonDepth, maxJsonDepth + 1]) {
      const text = `${"[1,".repeat(depth)}1${"]".repeat(depth)}`;
      expect(await inSlices(text, 10)).toStrictEqual(atOnce(text));
    }
  });
});
