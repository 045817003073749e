import { describe, expect, it } from "vitest";
import { negotiateCoding } from "../../gateway/server/accept-encoding.ts";

describe("the coding that a client accepts most", () => {
  it.each<[acceptEncoding: string | undefined, coding: string | null]>([
    [undefined, null],
    ["", null],
    [" , ,", null],
    ["identity", null],
    ["gzip", "gzip"],
    ["GZip", "gzip"],
    ["x-gzip", "gzip"],
    ["br", "br"],
    ["zstd", "zstd"],
    // What clients send.
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip, deflate, br", "br"],
    ["gzip,deflate", "gzip"],
    ["gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "gzip"],
    // Weights come before our own order.
    ["gzip;q=1, br;q=0.9, zstd;q=0.8", "gzip"],
    ["gzip;q=0.2, br;q=0.2", "br"],
    ["gzip ; q=0.5 , br ; Q=0.6", "br"],
    ["zstd;q=0.001", "zstd"],
    ["zstd;q=0, br", "br"],
    ["gzip;q=0", null],
    ["gzip;q=0.000", null],
    ["gzip;q=x", null],
    ["gzip;q=-1", null],
    ["gzip;q=7, br;q=0.9", "gzip"],
    ["gzip;q=0, gzip", null],
    // The answer as it is may be what a client wants most.
    ["identity, gzip;q=0.5", null],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["identity;q=0.4, gzip;q=0.5", "gzip"],
    ["gzip;q=0.5", "gzip"],
    // A star is everything that is not named.
    ["*", "gzip"],
    ["*;q=0.5", "gzip"],
    ["zstd, *", "zstd"],
    ["gzip, *;q=0.5", "gzip"],
    ["gzip;q=0.5, *", "br"],
    ["gzip;q=0, br;q=0, *", "zstd"],
    ["gzip;q=0, br;q=0, zstd;q=0, *", null],
    ["gzip;q=0.5, *;q=0.8, br;q=0, zstd;q=0", null],
    ["identity, *;q=0.5", null],
    ["*;q=0", null],
    ["*;q=0, br", "br"],
    // What we do not produce.
    ["deflate, compress, dcz, dcb", null],
    ["gzipped, brotli", null],
    ["__proto__, constructor, toString", null],
  ])("of %j is %j", (acceptEncoding, coding) => {
    expect(negotiateCoding(acceptEncoding).coding).toBe(coding);
  });

  it("is read from a long header in no time", () => {
    const startedMs = performance.now();
    expect(negotiateCoding(`${"x;q=0.1,".repeat(20_000)}br`).coding).toBe("br");
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});

describe("the answer as it is", () => {
  it.each([
    ["identity;q=0", true],
    ["gzip, identity;q=0.0", true],
    ["*;q=0", true],
    ["gzip, *;q=0", true],
    ["identity;q=0.1, *;q=0", false],
    ["gzip", false],
    ["*", false],
    [undefined, false],
  ])("is refused by %j: %j", (acceptEncoding, isRefused) => {
    expect(negotiateCoding(acceptEncoding).isIdentityRefused).toBe(isRefused);
  });
});
