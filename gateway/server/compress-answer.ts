import type { Transform } from "node:stream";
import { constants, createBrotliCompress, createGzip, createZstdCompress } from "node:zlib";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import { rememberByText } from "../core/remember-by-text.ts";
import { type GatewayRequest, HttpAnswer } from "../pipeline/gateway-request.ts";
import { type CodingWish, type ContentCoding, negotiateCoding } from "./accept-encoding.ts";

/** Compresses the answers of a process, on all its ports. */
export interface AnswerCompressor {
  /**
   * The answer as it goes to the client: in the content coding that it accepts most, or as it is. As it is, too, where
   * too much is being compressed already, or where it takes too long. Resolves at once when the client goes away.
   * What need not be compressed is returned without a promise.
   */
  compress(
    exchange: { readonly facts: Pick<GatewayRequest, "headers" | "signal"> },
    answer: HttpAnswer,
  ): HttpAnswer | Promise<HttpAnswer>;
}

/** What compressing may take of the process. */
export interface CompressionLimits {
  /** How many answers are compressed at once. */
  readonly maxUnderWay: number;
  /** How many answers wait for their turn, in the order they came. */
  readonly maxWaiting: number;
  /** The longest that one answer waits and is compressed, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Node's thread pool has four threads, which look up host names, too. More work than threads makes nothing faster, but
 * every look-up waits behind it: docs/decisions/0012-answers-are-compressed-zstd-first.md.
 */
export const compressionLimits: CompressionLimits = { maxUnderWay: 4, maxWaiting: 64, timeoutMs: 1000 };

export interface AnswerCompressorParts {
  /** Answers of fewer bytes go as they are; 0 compresses none at all. */
  readonly fromBytes: number;
  readonly limits: CompressionLimits;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export function createAnswerCompressor({
  fromBytes,
  limits,
  metrics,
  logger,
}: AnswerCompressorParts): AnswerCompressor {
  const turns = new CompressionTurns(limits);
  const wishFor = rememberByText(negotiateCoding);
  let warnedAtMs = Number.NEGATIVE_INFINITY;

  function observe(encoding: ContentCoding, compression: Compression): void {
    const { result } = compression;
    metrics.increment("overlock_compressions_total", { encoding, result });
    if (result === "done" || result === "abandoned" || performance.now() - warnedAtMs < warnEveryMs) return;
    warnedAtMs = performance.now();
    const err = result === "failed" ? compression.error : undefined;
    logger.warn({ encoding, result, err }, "answers are sent uncompressed");
  }

  async function encode(
    plain: HttpAnswer,
    { coding, isIdentityRefused }: CodingWish & { readonly coding: ContentCoding },
    { signal }: Pick<GatewayRequest, "signal">,
  ): Promise<HttpAnswer> {
    const body = typeof plain.body === "string" ? Buffer.from(plain.body) : plain.body;
    const compression = await turns.compress(coding, body, signal);
    observe(coding, compression);
    const { compressed } = compression;
    if (compressed === null || (compressed.length >= body.length && !isIdentityRefused)) return plain;
    const headers = { ...weakenEtag(plain.headers), "content-encoding": coding };
    return new HttpAnswer(plain.status, headers, compressed);
  }

  return {
    compress({ facts }, answer) {
      if (fromBytes === 0 || !isCompressible(answer)) return answer;
      const headers = { ...answer.headers, vary: addToVary(answer.headers["vary"]) };
      const plain = new HttpAnswer(answer.status, headers, answer.body);
      const acceptEncoding = facts.headers.get("accept-encoding");
      if (acceptEncoding === undefined || forbidsTransform(facts.headers.get("cache-control"))) return plain;
      const wish = wishFor(acceptEncoding);
      const { coding, isIdentityRefused } = wish;
      if (coding === null || (isShorter(answer.body, fromBytes) && !isIdentityRefused)) return plain;
      return encode(plain, { ...wish, coding }, facts);
    },
  };
}

/** Without counting the bytes of a text that can't have so many, or can't have fewer. */
function isShorter(body: string | Uint8Array, bytes: number): boolean {
  if (body.length >= bytes) return false;
  if (typeof body !== "string") return true;
  return body.length * maxBytesPerCharacter < bytes || Buffer.byteLength(body) < bytes;
}

/** In UTF-8, of a character as JavaScript counts them. */
const maxBytesPerCharacter = 3;

/** In milliseconds. */
const warnEveryMs = 60_000;

/** Not what has no body, is compressed already, must stay as it is, or would not become smaller. */
function isCompressible({ status, headers, body }: HttpAnswer): boolean {
  return (
    status !== 204 &&
    status !== 304 &&
    body.length > 0 &&
    headers["content-encoding"] === undefined &&
    !forbidsTransform(headers["cache-control"]) &&
    /^(?:text\/|application\/(?:[-\w.]+\+)?json\b)/.test(headers["content-type"] ?? "")
  );
}

/** https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.6 */
function forbidsTransform(cacheControl: string | undefined): boolean {
  return cacheControl !== undefined && /(?:^|,)\s*no-transform\s*(?:,|$)/i.test(cacheControl);
}

/** Caches keep one answer for each coding: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5. */
function addToVary(vary: string | undefined): string {
  if (vary === undefined || vary.trim() === "") return "accept-encoding";
  const names = vary.split(",").map((name) => name.trim().toLowerCase());
  return names.includes("*") || names.includes("accept-encoding") ? vary : `${vary}, accept-encoding`;
}

/** A strong one stands for these very bytes: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1. */
function weakenEtag(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { etag } = headers;
  return etag === undefined || etag.startsWith("W/") ? headers : { ...headers, etag: `W/${etag}` };
}

/** How a compression ended, its bytes where it came to its end, and the error where it failed. */
type Compression =
  | { readonly result: "done"; readonly compressed: Buffer }
  | { readonly result: "busy" | "late" | "abandoned"; readonly compressed: null }
  | { readonly result: "failed"; readonly compressed: null; readonly error: unknown };

/** Lets so many answers be compressed at once, and so many more wait for their turn. */
class CompressionTurns {
  readonly #limits: CompressionLimits;
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor(limits: CompressionLimits) {
    this.#limits = limits;
  }

  /** Always resolves. `signal` fires when nobody wants the bytes any more. */
  async compress(coding: ContentCoding, body: Uint8Array, signal: AbortSignal): Promise<Compression> {
    const { maxUnderWay, maxWaiting, timeoutMs } = this.#limits;
    if (signal.aborted) return { result: "abandoned", compressed: null };
    const mustWait = this.#underWay >= maxUnderWay;
    if (mustWait && this.#waiting.size >= maxWaiting) return { result: "busy", compressed: null };
    let stream = null as Transform | null;
    const { promise, resolve } = Promise.withResolvers<Compression>();
    const begin = (): void => {
      try {
        stream = createStream[coding](body.length);
        this.#underWay++;
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.once("end", () => resolve({ result: "done", compressed: Buffer.concat(chunks) }));
        stream.once("error", fail);
        stream.end(body);
      } catch (error) {
        fail(error);
      }
    };
    const fail = (error: unknown): void => resolve({ result: "failed", compressed: null, error });
    const abandon = (): void => resolve({ result: "abandoned", compressed: null });
    const timer = setTimeout(() => resolve({ result: "late", compressed: null }), timeoutMs);
    signal.addEventListener("abort", abandon);
    if (mustWait) this.#waiting.add(begin);
    else begin();
    const compression = await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", abandon);
    this.#waiting.delete(begin);
    if (stream !== null) {
      stream.destroy();
      this.#underWay--;
    }
    this.#beginWaiting();
    return compression;
  }

  #beginWaiting(): void {
    for (const begin of this.#waiting) {
      if (this.#underWay >= this.#limits.maxUnderWay) return;
      this.#waiting.delete(begin);
      begin();
    }
  }
}

/** All of them work on the threads of Node's pool. The levels are those of the decision's table. */
const createStream: Readonly<Record<ContentCoding, (bytes: number) => Transform>> = {
  // Windows stay below 8 MB, as https://www.rfc-editor.org/rfc/rfc9659 demands: 2 MB at this level.
  zstd: (bytes) =>
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 }, pledgedSrcSize: bytes }),
  br: (bytes) =>
    createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes },
    }),
  gzip: () => createGzip({ level: 6 }),
};
