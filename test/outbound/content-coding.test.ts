import { randomBytes } from "node:crypto";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { decodeContent, freeBytes, maxExpansion } from "../../gateway/outbound/content-coding.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { caught } from "../support/caught.ts";
import { callField, openSource } from "../support/open-source.ts";
import { createScope } from "../support/request-scope.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const codings: readonly (readonly [string, (bytes: Uint8Array) => Buffer])[] = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
];
const text = Buffer.from(
  JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: `Name ${id}` }))),
);
const large = 64 * 1024 * 1024;

describe("a content coding", () => {
  test.each(codings)("%s is undone", async (coding, encode) => {
    expect(Buffer.from(await decodeContent(encode(text), coding, large))).toEqual(text);
    expect(Buffer.from(await decodeContent(encode(Buffer.alloc(0)), coding, large))).toEqual(Buffer.alloc(0));
  });

  test.each(["", "identity", " , identity,"])("%j is none", async (coding) => {
    expect(await decodeContent(text, coding, large)).toBe(text);
  });

  test("of an empty body is none", async () => {
    expect(await decodeContent(new Uint8Array(), "gzip", large)).toHaveLength(0);
  });

  test.each(["snappy", "compress", "gzip;q=1", "gzip, snappy", "aws-chunked"])(
    "%j is unknown",
    async (coding) => {
      const error = await caught(decodeContent(gzipSync(text), coding, large));
      expect(error).toMatchObject({ code: "UPSTREAM_INVALID_RESPONSE" });
    },
  );

  test("may stand on another, and not on two", async () => {
    expect(Buffer.from(await decodeContent(brotliCompressSync(gzipSync(text)), "gzip, br", large))).toEqual(
      text,
    );
    const thrice = zstdCompressSync(brotliCompressSync(gzipSync(text)));
    expect(await caught(decodeContent(thrice, "gzip, br, zstd", large))).toMatchObject({
      code: "UPSTREAM_INVALID_RESPONSE",
    });
    expect(await caught(decodeContent(brotliCompressSync(gzipSync(text)), "br, gzip", large))).toMatchObject({
      code: "UPSTREAM_INVALID_RESPONSE",
    });
  });

  test.each(codings)(
    "%s that is cut, followed by something or something else is refused",
    async (coding, encode) => {
      const bytes = encode(text);
      const wrong = [
        bytes.subarray(0, -1),
        bytes.subarray(0, bytes.length / 2),
        bytes.subarray(0, 1),
        Buffer.concat([bytes, Buffer.from("zz")]),
        text,
      ];
      for (const body of wrong) {
        const error = await caught(decodeContent(body, coding, large));
        expect(error).toMatchObject({ code: "UPSTREAM_INVALID_RESPONSE" });
      }
    },
  );

  test.each(codings)("%s may grow up to the limit of bytes, and no byte more", async (coding, encode) => {
    const bytes = encode(text);
    expect(await decodeContent(bytes, coding, text.length)).toHaveLength(text.length);
    expect(await decodeContent(bytes, coding, text.length + 1)).toHaveLength(text.length);
    expect(await caught(decodeContent(bytes, coding, text.length - 1))).toMatchObject({
      code: "UPSTREAM_RESPONSE_TOO_LARGE",
    });
  });
});

describe("a bomb", () => {
  test.each(codings)("of %s is refused above a megabyte and not below", async (coding, encode) => {
    const fits = encode(Buffer.alloc(freeBytes, "a"));
    expect(await decodeContent(fits, coding, large)).toHaveLength(freeBytes);
    const error = await caught(decodeContent(encode(Buffer.alloc(50 * freeBytes, "a")), coding, large));
    expect(error).toMatchObject({ code: "UPSTREAM_RESPONSE_TOO_LARGE" });
  });

  test("is what grows more than 200 times", async () => {
    // Random bytes do not shrink: what they add to the size on the wire is known.
    const grow = async (noiseBytes: number, outputBytes: number): Promise<unknown> => {
      const bytes = gzipSync(
        Buffer.concat([randomBytes(noiseBytes), Buffer.alloc(outputBytes - noiseBytes, "a")]),
      );
      const found = await decodeContent(bytes, "gzip", large).catch((error: unknown) => error);
      return [outputBytes / bytes.length <= maxExpansion, found instanceof Uint8Array];
    };
    for (const noise of [2000, 10_000, 30_000]) {
      for (const times of [150, 190, 210, 260]) {
        const [isAllowed, isRead] = (await grow(noise, Math.max(2 * freeBytes, noise * times))) as boolean[];
        expect([noise, times, isRead]).toEqual([noise, times, isAllowed]);
      }
    }
  });

  test("inside another is bounded by what came over the wire", async () => {
    const inner = gzipSync(Buffer.alloc(32 * freeBytes, "a"));
    const error = await caught(decodeContent(gzipSync(inner), "gzip, gzip", large));
    expect(error).toMatchObject({ code: "UPSTREAM_RESPONSE_TOO_LARGE" });
  });
});

describe("a compressed answer of a REST backend", () => {
  const backend = new ScriptedBackend();
  let source: Source;
  beforeAll(async () => {
    await backend.start();
    source = openSource(
      `extend schema @source(name: "own", url: "http://x", maxResponseBytes: 100000) scalar Any
      type Query { a: Any @rest(GET: "/a", errors: { status: "4xx", codeFrom: "code" }) }`,
      backend.url,
    );
  });
  afterAll(async () => {
    await source.dispose();
    await backend.stop();
  });
  afterEach(() => backend.clear());

  async function call(): Promise<unknown> {
    const scope = createScope();
    try {
      return await callField(source, "Query.a", scope);
    } catch (error) {
      const { code, upstreamCode } = error as { code: string; upstreamCode: string | null };
      return upstreamCode === null ? code : `${code} ${upstreamCode}`;
    } finally {
      scope.deadline.dispose();
    }
  }

  test.each(codings)("in %s is read, and asked for", async (coding, encode) => {
    backend.answer = { headers: { "content-encoding": coding }, body: encode(text) };
    expect(await call()).toEqual(JSON.parse(text.toString()));
    expect(backend.requests[0]?.headers["accept-encoding"]).toBe("gzip, deflate, br, zstd");
  });

  test.each<[what: string, status: number, body: Uint8Array, outcome: unknown]>([
    ["too large when it is open", 200, gzipSync(Buffer.alloc(100_001, " ")), "UPSTREAM_RESPONSE_TOO_LARGE"],
    ["as large as allowed", 200, gzipSync(Buffer.concat([Buffer.from("[]"), Buffer.alloc(99_998, " ")])), []],
    ["cut", 200, gzipSync(text).subarray(0, 100), "UPSTREAM_INVALID_RESPONSE"],
    ["not compressed at all", 200, text, "UPSTREAM_INVALID_RESPONSE"],
    ["a failure with a reason", 409, gzipSync('{"code":"A"}'), "UPSTREAM_REJECTED A"],
    ["a failure that can't be read", 409, text, "UPSTREAM_REJECTED"],
    ["a failure with a bomb", 500, gzipSync(Buffer.alloc(30_000_000, "a")), "UPSTREAM_ERROR"],
  ])("that is %s", async (_what, status, body, outcome) => {
    backend.answer = { status, headers: { "content-encoding": "gzip" }, body };
    expect(await call()).toEqual(outcome);
  });
});
