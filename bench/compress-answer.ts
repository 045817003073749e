import { lookup } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { createLogger } from "../gateway/observe/logger.ts";
import { Metrics } from "../gateway/observe/metrics.ts";
import { HttpAnswer } from "../gateway/pipeline/gateway-request.ts";
import {
  type CompressionLimits,
  compressionLimits,
  createAnswerCompressor,
} from "../gateway/server/compress-answer.ts";
import { startTestGateway } from "../test/support/test-gateway.ts";

// What each content coding makes of real answers of the shop at each level, in bytes and in CPU time; what the gateway
// adds to it; and how many at once the thread pool bears: the figures of
// docs/decisions/0012-answers-are-compressed-zstd-first.md. Run with `node bench/compress-answer.ts`.

interface Contender {
  readonly name: string;
  readonly compress: (body: Buffer) => Buffer;
  readonly decompress: (body: Buffer) => Buffer;
}

const contenders: readonly Contender[] = [
  ...[1, 3, 4, 6, 9].map(gzipAt),
  ...[0, 1, 2, 3, 4, 5, 6, 11].map(brotliAt),
  ...[-3, -1, 1, 2, 3, 4, 6, 9].map(zstdAt),
];

const operations: readonly (readonly [bff: "web" | "mobile", query: string])[] = [
  ["mobile", "{ home { unread featured(first: 2) { title inStock stars } orders { status } } }"],
  ["mobile", "{ home { unread featured { id title price { units nanos currency } inStock stars } } }"],
  [
    "web",
    "{ products { items { id name teaser price { units nanos currency } stock { level } rating { average count } } } }",
  ],
  [
    "web",
    "{ products(first: 50) { items { id name description tags imageUrl reviews(first: 3) { stars title body author { name avatarUrl } } } } }",
  ],
  [
    "web",
    "{ products(first: 100) { items { id name description tags imageUrl reviews(first: 20) { id stars title body createdAt author { id name avatarUrl } } } } }",
  ],
];

/** The median over this many rounds, of which each takes every contender in turn. */
const rounds = 15;
/** Of one contender in one round: long enough for the clock. */
const minTimedMs = 8;

/** Of one limit with one coding. */
const limitTimedMs = 1500;

const codings = ["zstd", "br", "gzip"] as const;

const bodies = await readAnswers();
for (const body of bodies) compareLevels(body);
await compareWays();
await compareLimits(bodies.at(-1) ?? Buffer.alloc(0));

/** Bytes and CPU time of the compression alone. */
function compareLevels(body: Buffer): void {
  print(`\n${body.length} bytes\n| coding | bytes | % | CPU ms | MB/s |\n| --- | --- | --- | --- | --- |`);
  for (const { name, compress, decompress } of contenders) {
    if (!decompress(compress(body)).equals(body))
      throw new Error(`Expected ${name} to give back what it got.`);
  }
  const timesMs = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++)
    for (const [contender, times] of timesMs) times.push(measureMs(contender, body));
  for (const [{ name, compress }, times] of timesMs) {
    const bytes = compress(body).length;
    const ms = times.toSorted((left, right) => left - right)[rounds >> 1] ?? 0;
    const percent = ((100 * bytes) / body.length).toFixed(1);
    print(`| ${name} | ${bytes} | ${percent} | ${ms.toFixed(3)} | ${(body.length / 1000 / ms).toFixed(0)} |`);
  }
}

/** What the way to the pool and back costs the main thread, and how long an answer is on it. */
async function compareWays(): Promise<void> {
  print("\n| answer | coding | main thread's CPU ms | latency ms |\n| --- | --- | --- | --- |");
  for (const body of bodies)
    for (const coding of codings) {
      const compress = createClient(compressionLimits, body, coding);
      for (let times = 0; times < 200; times++) await compress();
      const times = body.length > 10_000 ? 300 : 2000;
      const [before, startedMs] = [process.threadCpuUsage(), performance.now()];
      for (let time = 0; time < times; time++) await compress();
      const { user, system } = process.threadCpuUsage(before);
      const latencyMs = (performance.now() - startedMs) / times;
      const cpuMs = (user + system) / 1000 / times;
      print(`| ${body.length} | ${coding} | ${cpuMs.toFixed(3)} | ${latencyMs.toFixed(3)} |`);
    }
}

/** 64 clients in a closed loop while host names are looked up, with so many answers compressed at once. */
async function compareLimits(body: Buffer): Promise<void> {
  print(
    `\n| at once | coding | answers of ${body.length} bytes per s | look-up p50 ms | p95 ms |\n| --- | --- | --- | --- | --- |`,
  );
  for (const maxUnderWay of [1, 2, 4, 8, 16, 64])
    for (const coding of codings) {
      const limits = { maxUnderWay, maxWaiting: 64, timeoutMs: 60_000 };
      const compress = createClient(limits, body, coding);
      const startedMs = performance.now();
      const isOver = (): boolean => performance.now() - startedMs > limitTimedMs;
      let done = 0;
      const lookUpsMs: number[] = [];
      const client = async (): Promise<void> => {
        for (; !isOver(); done++) await compress();
      };
      const lookUp = async (): Promise<void> => {
        while (!isOver()) {
          const lookUpStartedMs = performance.now();
          await lookup("localhost");
          lookUpsMs.push(performance.now() - lookUpStartedMs);
          await sleep(5);
        }
      };
      await Promise.all([lookUp(), ...Array.from({ length: 64 }, client)]);
      const perSecond = done / ((performance.now() - startedMs) / 1000);
      const sorted = lookUpsMs.toSorted((left, right) => left - right);
      const [p50, p95] = [0.5, 0.95].map((part) => sorted[Math.floor(sorted.length * part)]?.toFixed(1));
      print(`| ${maxUnderWay} | ${coding} | ${perSecond.toFixed(0)} | ${p50} | ${p95} |`);
    }
}

/** Compresses the answer as the gateway does, and checks that it did. */
function createClient(
  limits: CompressionLimits,
  body: Buffer,
  coding: (typeof codings)[number],
): () => Promise<void> {
  const logger = createLogger("silent", null);
  const compressor = createAnswerCompressor({ fromBytes: 1, limits, metrics: new Metrics(), logger });
  const answer = new HttpAnswer(200, { "content-type": "application/json" }, body);
  const { signal } = new AbortController();
  const headers = new Map([["accept-encoding", coding]]);
  const facts = {
    method: "POST",
    headers,
    requestId: "bench",
    certificate: null,
    receivedAtMs: 0,
    signal,
  } as const;
  return async () => {
    const { headers: got } = await compressor.compress({ facts }, answer);
    if (got["content-encoding"] !== coding) throw new Error(`Expected ${coding}.`);
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function readAnswers(): Promise<readonly Buffer[]> {
  const test = await startTestGateway({ LOG_LEVEL: "silent" });
  try {
    const token = await test.issuer.issueToken("u1", 600);
    const answers: Buffer[] = [];
    for (const [bff, query] of operations) {
      const { text, errors } = await test.query(query, { bff, token });
      if (errors.length > 0) throw new Error(`Expected no errors, found ${JSON.stringify(errors)}.`);
      answers.push(Buffer.from(text));
    }
    return answers;
  } finally {
    await test.stop();
  }
}

function measureMs({ compress }: Contender, body: Buffer): number {
  const startedMs = performance.now();
  // CPU time of this thread: another process that takes the core does not count.
  const before = process.threadCpuUsage();
  let times = 0;
  do {
    compress(body);
    times++;
  } while (performance.now() - startedMs < minTimedMs);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / times;
}

function gzipAt(level: number): Contender {
  return { name: `gzip ${level}`, compress: (body) => gzipSync(body, { level }), decompress: gunzipSync };
}

function brotliAt(quality: number): Contender {
  return {
    name: `br ${quality}`,
    compress: (body) =>
      brotliCompressSync(body, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: quality,
          [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
        },
      }),
    decompress: brotliDecompressSync,
  };
}

function zstdAt(level: number): Contender {
  return {
    name: `zstd ${level}`,
    compress: (body) =>
      zstdCompressSync(body, {
        params: { [constants.ZSTD_c_compressionLevel]: level },
        pledgedSrcSize: body.length,
      }),
    decompress: zstdDecompressSync,
  };
}
