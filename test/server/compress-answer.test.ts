import { Agent, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { HttpAnswer } from "../../gateway/pipeline/gateway-request.ts";
import {
  type CompressionLimits,
  compressionLimits,
  createAnswerCompressor,
} from "../../gateway/server/compress-answer.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { blockThreadPool } from "../support/thread-pool.ts";

const decode = {
  zstd: (bytes: Buffer) => zstdDecompressSync(bytes),
  br: (bytes: Buffer) => brotliDecompressSync(bytes),
  gzip: (bytes: Buffer) => gunzipSync(bytes),
} as const;
type Coding = keyof typeof decode;
const codings = Object.keys(decode) as Coding[];

const large =
  "{ products(first: 50) { items { id name description tags reviews(first: 3) { title body author { name } } } } }";

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the socket. */
  readonly bytes: Buffer;
}

interface Sent {
  readonly url: string;
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** One request whose answer is left in its content coding. */
function send({ url, method, query, headers = {}, agent, signal }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, {
      method: method ?? (query === undefined ? "GET" : "POST"),
      headers: { ...(query !== undefined && { "content-type": "application/json" }), ...headers },
      ...(agent !== undefined && { agent }),
      ...(signal !== undefined && { signal }),
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes: Buffer.concat(chunks),
        }),
      );
    });
    sent.end(query === undefined ? undefined : JSON.stringify({ query }));
  });
}

/** A query whose answer has exactly so many bytes. */
function queryFor(bytes: number): string {
  return `{ ${"x".repeat(bytes - '{"data":{"":"Query"}}'.length)}: __typename }`;
}

/**
 * For tests that keep the pool's threads busy, or ask for much at once: what backends answer would have to be
 * decompressed on a thread of the pool too, within the sources' time.
 */
const unfetched = "{ __schema { types { name description fields { name description args { name } } } } }";

/** The samples of compressions, without those that nothing was counted in. */
function readCounts(metrics: string): Readonly<Record<string, number>> {
  const samples = metrics.matchAll(
    /^overlock_compressions_total\{encoding="(\w+)",result="(\w+)"\} (\d+)$/gm,
  );
  return Object.fromEntries(
    [...samples].map(([, coding, result, count]) => [`${coding} ${result}`, Number(count)]),
  );
}

describe("an answer over a socket", () => {
  let test: TestGateway;
  let plain: Received;
  let web: string;

  beforeAll(async () => {
    test = await startTestGateway({ NODE_ENV: "development" });
    web = `${test.gateway.url}/web/graphql`;
    plain = await send({ url: web, query: large });
  });
  afterAll(() => test.stop());

  it("goes as it is to a client that says nothing", () => {
    expect(plain.status).toBe(200);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.headers.vary).toBe("accept-encoding");
    expect(plain.headers["content-length"]).toBe(String(plain.bytes.length));
    expect(plain.bytes.length).toBeGreaterThan(20_000);
  });

  it.each(codings)("decodes to the same bytes from %s, on both ports", async (coding) => {
    const headers = { "accept-encoding": coding };
    const answer = await send({ url: web, query: large, headers });
    expect(answer.headers["content-encoding"]).toBe(coding);
    expect(answer.headers.vary).toBe("accept-encoding");
    expect(answer.headers["content-length"]).toBe(String(answer.bytes.length));
    expect(answer.headers["transfer-encoding"]).toBeUndefined();
    expect(answer.headers["content-type"]).toBe(plain.headers["content-type"]);
    expect(answer.bytes.length).toBeLessThan(plain.bytes.length / 4);
    expect(decode[coding](answer.bytes).equals(plain.bytes)).toBe(true);

    const explore = {
      url: `${test.gateway.adminUrl}/supergraph`,
      query: "{ __schema { types { name fields { name } } } }",
    };
    const internal = await send({ ...explore, headers });
    expect(internal.headers["content-encoding"]).toBe(coding);
    expect(decode[coding](internal.bytes).equals((await send(explore)).bytes)).toBe(true);
    const metrics = await send({ url: `${test.gateway.adminUrl}/metrics`, headers });
    expect(decode[coding](metrics.bytes).toString()).toContain(`encoding="${coding}",result="done"`);
  });

  it.each([
    [1399, undefined],
    [1400, "gzip"],
    [1401, "gzip"],
  ])("of %i bytes is encoded as %j, where the threshold is 1400", async (bytes, coding) => {
    const answer = await send({ url: web, query: queryFor(bytes), headers: { "accept-encoding": "gzip" } });
    expect(answer.headers["content-encoding"]).toBe(coding);
    const body = coding === undefined ? answer.bytes : gunzipSync(answer.bytes);
    expect(body.length).toBe(bytes);
    expect(answer.headers.vary).toBe("accept-encoding");
  });

  it("is compressed whatever its size for a client that refuses it as it is", async () => {
    const headers = { "accept-encoding": "zstd, identity;q=0" };
    const answer = await send({ url: web, query: "{ __typename }", headers });
    expect(answer.headers["content-encoding"]).toBe("zstd");
    expect(zstdDecompressSync(answer.bytes).toString()).toBe('{"data":{"__typename":"Query"}}');
  });

  it("goes as it is to a client that accepts nothing that we have", async () => {
    for (const accepted of ["deflate, identity;q=0", "*;q=0"]) {
      const answer = await send({ url: web, query: large, headers: { "accept-encoding": accepted } });
      expect(answer.headers["content-encoding"]).toBeUndefined();
      expect(answer.bytes.equals(plain.bytes)).toBe(true);
    }
  });

  it("goes as it is to a client that asks for no transformation", async () => {
    const headers = { "accept-encoding": "br", "cache-control": "no-cache, No-Transform" };
    const answer = await send({ url: web, query: large, headers });
    expect(answer.headers["content-encoding"]).toBeUndefined();
  });

  it("is compressed where it is a refusal, too", async () => {
    const query = `{ ${Array.from({ length: 30 }, (_, index) => `nothing${index}`).join(" ")} }`;
    const answer = await send({ url: web, query, headers: { "accept-encoding": "br" } });
    expect(answer.headers["content-encoding"]).toBe("br");
    expect(brotliDecompressSync(answer.bytes).toString()).toContain("GRAPHQL_VALIDATION_FAILED");
  });

  it("is never compressed twice: the explorer's page is as it was made", async () => {
    const accept = "text/html";
    const page = await send({ url: web, headers: { accept } });
    const packed = await send({ url: web, headers: { accept, "accept-encoding": "zstd, br, gzip" } });
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.headers.vary).toBe("accept, accept-encoding");
    expect(gunzipSync(packed.bytes).equals(page.bytes)).toBe(true);
    const etag = String(packed.headers.etag);
    const known = { accept, "accept-encoding": "br", "if-none-match": etag };
    const unchanged = await send({ url: web, headers: known });
    expect([unchanged.status, unchanged.bytes.length, unchanged.headers.etag]).toEqual([304, 0, etag]);
    expect(unchanged.headers["content-encoding"]).toBeUndefined();
    expect(unchanged.headers["content-length"]).toBeUndefined();
  });

  it("to HEAD has the headers of GET and no body", async () => {
    const url = `${test.gateway.adminUrl}/metrics`;
    const headers = { "accept-encoding": "gzip" };
    const answer = await send({ url, method: "HEAD", headers });
    const got = await send({ url, headers });
    expect(answer.bytes.length).toBe(0);
    expect(answer.headers["content-encoding"]).toBe(got.headers["content-encoding"]);
    expect(Number(answer.headers["content-length"])).toBeLessThan(got.bytes.length * 1.5);
  });

  it("is whole however many are compressed at once", async () => {
    const expected = await send({ url: web, query: unfetched });
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const wishes = Array.from({ length: 150 }, (_, index) => codings[index % codings.length] ?? "gzip");
    const answers = await Promise.all(
      wishes.map((coding) =>
        send({
          url: web,
          query: unfetched,
          agent,
          headers: { "accept-encoding": `${coding}, identity;q=0.1` },
        }),
      ),
    );
    agent.destroy();
    for (const { status, headers, bytes } of answers) {
      const coding = headers["content-encoding"] as Coding | undefined;
      const body = coding === undefined ? bytes : decode[coding](bytes);
      expect([status, body.equals(expected.bytes)]).toEqual([200, true]);
    }
  });

  it("that its client no longer waits for leaves nothing open, and takes nobody's turn", async () => {
    const counts = async () =>
      readCounts((await send({ url: `${test.gateway.adminUrl}/metrics` })).bytes.toString());
    const before = (await counts())["zstd abandoned"] ?? 0;
    const clients = compressionLimits.maxUnderWay + 6;
    const loggedBefore = test.logLines.length;
    const pool = blockThreadPool();
    try {
      const gone = new AbortController();
      const headers = { "accept-encoding": "zstd" };
      const requests = Array.from({ length: clients }, () =>
        send({ url: web, query: unfetched, headers, signal: gone.signal }).catch(String),
      );
      // The log line comes before the answer is compressed.
      await expect.poll(() => test.logLines.length).toBe(loggedBefore + clients);
      gone.abort();
      expect(new Set(await Promise.all(requests))).toEqual(
        new Set(["AbortError: The operation was aborted"]),
      );
      await expect.poll(async () => (await counts())["zstd abandoned"]).toBe(before + clients);
    } finally {
      await pool.release();
    }
    const expected = await send({ url: web, query: unfetched });
    const answer = await send({ url: web, query: unfetched, headers: { "accept-encoding": "zstd" } });
    expect(zstdDecompressSync(answer.bytes).equals(expected.bytes)).toBe(true);
  });
});

describe("a gateway that closes", () => {
  it("finishes the answers that are being compressed", async () => {
    const test = await startTestGateway({ NODE_ENV: "development" });
    const url = `${test.gateway.url}/web/graphql`;
    const plain = await send({ url, query: unfetched });
    const pool = blockThreadPool();
    const loggedBefore = test.logLines.length;
    const requests = Array.from({ length: 8 }, () =>
      send({ url, query: unfetched, headers: { "accept-encoding": "br" } }),
    );
    await expect.poll(() => test.logLines.length).toBe(loggedBefore + requests.length);
    const closing = test.gateway.close({ idleGraceMs: 0 });
    await pool.release();
    for (const { headers, bytes } of await Promise.all(requests)) {
      expect([headers["content-encoding"], headers.connection]).toEqual(["br", "close"]);
      expect(brotliDecompressSync(bytes).equals(plain.bytes)).toBe(true);
    }
    await closing;
    await test.stop();
  });

  it("does not wait for them beyond its time", async () => {
    const test = await startTestGateway({ NODE_ENV: "development", SHUTDOWN_TIMEOUT_MS: "100" });
    const url = `${test.gateway.url}/web/graphql`;
    await send({ url, query: unfetched });
    const pool = blockThreadPool();
    const loggedBefore = test.logLines.length;
    const cut = send({ url, query: unfetched, headers: { "accept-encoding": "br" } }).catch(String);
    await expect.poll(() => test.logLines.length).toBe(loggedBefore + 1);
    await test.gateway.close({ idleGraceMs: 0 });
    expect(await cut).toContain("socket hang up");
    await pool.release();
    await test.stop();
  });
});

describe("COMPRESS_FROM_BYTES=0", () => {
  it("leaves every answer as it is", async () => {
    const test = await startTestGateway({ NODE_ENV: "development", COMPRESS_FROM_BYTES: "0" });
    const headers = { "accept-encoding": "gzip, identity;q=0" };
    const answer = await send({ url: `${test.gateway.url}/web/graphql`, query: large, headers });
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(answer.headers.vary).toBeUndefined();
    await test.stop();
  });
});

describe("a compressor", () => {
  const json = { "content-type": "application/json; charset=utf-8" };
  const body = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ id: index })));
  const pools: { release(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.release();
  });

  interface TestCompressor {
    readonly warnings: readonly Record<string, unknown>[];
    readonly compress: (
      answer: HttpAnswer,
      acceptEncoding?: string,
      signal?: AbortSignal,
    ) => Promise<HttpAnswer>;
    readonly counts: () => Promise<Readonly<Record<string, number>>>;
  }

  function createTestCompressor(limits: Partial<CompressionLimits> = {}, fromBytes = 100): TestCompressor {
    const metrics = new Metrics();
    const warnings: Record<string, unknown>[] = [];
    const logger = createLogger("info", {
      write: (line) => void warnings.push(JSON.parse(line) as Record<string, unknown>),
    });
    const all = { ...compressionLimits, ...limits };
    const compressor = createAnswerCompressor({ fromBytes, limits: all, metrics, logger });
    return {
      warnings,
      async compress(answer, acceptEncoding = "gzip", signal = new AbortController().signal) {
        const headers = new Map([["accept-encoding", acceptEncoding]]);
        const facts = {
          method: "GET",
          headers,
          requestId: "r",
          certificate: null,
          clientAddress: null,
          receivedAtMs: 0,
          signal,
        } as const;
        return compressor.compress({ facts }, answer);
      },
      counts: async () => readCounts(await metrics.expose()),
    };
  }

  it.each<[what: string, answer: HttpAnswer]>([
    ["has no body", new HttpAnswer(200, json, "")],
    ["is 204", new HttpAnswer(204, json, body)],
    ["is 304", new HttpAnswer(304, { ...json, etag: '"1"' }, "")],
    ["is compressed already", new HttpAnswer(200, { ...json, "content-encoding": "br" }, body)],
    [
      "must not be transformed",
      new HttpAnswer(200, { ...json, "cache-control": "max-age=1,no-transform" }, body),
    ],
    ["is an image", new HttpAnswer(200, { "content-type": "image/png" }, body)],
    ["has no type", new HttpAnswer(200, {}, body)],
  ])("leaves an answer alone that %s", async (_what, answer) => {
    expect(await createTestCompressor().compress(answer)).toBe(answer);
  });

  it.each([
    "application/json",
    "application/graphql-response+json; charset=utf-8",
    "text/plain",
    "text/html",
  ])("compresses %s", async (contentType) => {
    const answer = await createTestCompressor().compress(
      new HttpAnswer(200, { "content-type": contentType }, body),
    );
    expect(answer.headers["content-encoding"]).toBe("gzip");
  });

  it.each([
    [undefined, "accept-encoding"],
    ["", "accept-encoding"],
    ["accept", "accept, accept-encoding"],
    ["Origin, Accept-Encoding", "Origin, Accept-Encoding"],
    ["*", "*"],
    ["x-accept-encoding", "x-accept-encoding, accept-encoding"],
  ])("adds to vary %j: %j, whether it compresses or not", async (vary, expected) => {
    const headers = { ...json, ...(vary !== undefined && { vary }) };
    for (const accepted of ["gzip", "identity"]) {
      const answer = await createTestCompressor().compress(new HttpAnswer(200, headers, body), accepted);
      expect(answer.headers["vary"]).toBe(expected);
    }
  });

  it.each([
    ['"1"', 'W/"1"'],
    ['W/"1"', 'W/"1"'],
  ])("makes the etag %s %s, and leaves it where it does not compress", async (etag, expected) => {
    const answer = new HttpAnswer(200, { ...json, etag }, body);
    expect((await createTestCompressor().compress(answer)).headers["etag"]).toBe(expected);
    expect((await createTestCompressor().compress(answer, "")).headers["etag"]).toBe(etag);
  });

  it("sends as it is what would become larger, unless that is refused", async () => {
    const { compress } = createTestCompressor({}, 1);
    expect((await compress(new HttpAnswer(200, json, "{}"))).headers["content-encoding"]).toBeUndefined();
    const refused = await compress(new HttpAnswer(200, json, "{}"), "gzip, identity;q=0");
    expect(gunzipSync(refused.body as Buffer).toString()).toBe("{}");
  });

  it("lets so many wait and no more: the next goes as it is at once, with a metric and one warning", async () => {
    const { compress, counts, warnings } = createTestCompressor({ maxUnderWay: 2, maxWaiting: 3 });
    const answer = new HttpAnswer(200, json, body);
    pools.push(blockThreadPool());
    const within = Array.from({ length: 5 }, () => compress(answer, "zstd"));
    for (let times = 0; times < 3; times++)
      expect((await compress(answer, "zstd")).headers["content-encoding"]).toBeUndefined();
    expect(await counts()).toEqual({ "zstd busy": 3 });
    expect(warnings).toMatchObject([
      { level: "warn", msg: "answers are sent uncompressed", encoding: "zstd", result: "busy" },
    ]);
    await pools.pop()?.release();
    for (const { body: bytes } of await Promise.all(within))
      expect(zstdDecompressSync(bytes as Buffer).toString()).toBe(body);
    expect(await counts()).toEqual({ "zstd busy": 3, "zstd done": 5 });
  });

  it("gives the turn of a client that went away to the next", async () => {
    const { compress, counts } = createTestCompressor({ maxUnderWay: 1, maxWaiting: 2 });
    const answer = new HttpAnswer(200, json, body);
    const [first, second] = [new AbortController(), new AbortController()];
    pools.push(blockThreadPool());
    const gone = [compress(answer, "br", first.signal), compress(answer, "br", second.signal)];
    const patient = compress(answer, "br");
    second.abort();
    first.abort();
    for (const { headers } of await Promise.all(gone)) expect(headers["content-encoding"]).toBeUndefined();
    await compress(answer, "br", first.signal);
    await pools.pop()?.release();
    expect((await patient).headers["content-encoding"]).toBe("br");
    expect(await counts()).toEqual({ "br abandoned": 3, "br done": 1 });
  });

  it("sends as it is what takes too long, under way or waiting, with a metric and one warning", async () => {
    const { compress, counts, warnings } = createTestCompressor({ maxUnderWay: 1, timeoutMs: 20 });
    const answer = new HttpAnswer(200, json, body);
    pools.push(blockThreadPool());
    for (const { headers } of await Promise.all([compress(answer), compress(answer)]))
      expect(headers["content-encoding"]).toBeUndefined();
    expect(await counts()).toEqual({ "gzip late": 2 });
    expect(warnings).toMatchObject([{ level: "warn", result: "late" }]);
    await pools.pop()?.release();
    expect((await compress(answer)).headers["content-encoding"]).toBe("gzip");
  });

  it("sends as it is what zlib does not take, with a metric and a warning", async () => {
    const { compress, counts, warnings } = createTestCompressor({ maxUnderWay: 1 });
    const broken = new HttpAnswer(200, json, Array.from({ length: 200 }, () => 1) as never);
    const answers = [compress(broken), compress(new HttpAnswer(200, json, body))];
    const codingsOf = (await Promise.all(answers)).map(({ headers }) => headers["content-encoding"]);
    expect(codingsOf).toEqual([undefined, "gzip"]);
    expect(await counts()).toEqual({ "gzip failed": 1, "gzip done": 1 });
    expect(warnings).toMatchObject([{ result: "failed", err: { type: "TypeError" } }]);
  });
});
