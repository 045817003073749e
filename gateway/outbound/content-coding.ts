import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { OverlockError, quoted } from "../core/errors.ts";

/** The `accept-encoding` of every call: what {@link decodeContent} can undo. */
export const acceptedCodings = "gzip, deflate, br, zstd";

/** How many times its size on the wire a body may become, above {@link freeBytes}. Ordinary JSON reaches a tenth of it. */
export const maxExpansion = 200;

/** Any body may become so large: what is small when it is open is no bomb, however small it was before. */
export const freeBytes = 1024 * 1024;

/** Backends that compress twice exist; nobody compresses three times by mistake. */
const maxCodings = 2;

/**
 * Undoes the codings that a `content-encoding` lists (https://www.rfc-editor.org/rfc/rfc9110#section-8.4). Raises
 * UPSTREAM_RESPONSE_TOO_LARGE where the result would exceed `maxBytes` or {@link maxExpansion}, before it is all there,
 * and UPSTREAM_INVALID_RESPONSE for an unknown coding, more than two of them, and bytes that are no whole stream.
 */
export async function decodeContent(
  body: Uint8Array,
  contentEncoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const codings = contentEncoding
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length === 0 || body.length === 0) return body;
  if (codings.length > maxCodings) throw invalid(`${codings.length} content codings`);
  const maxOutputLength = Math.min(maxBytes, Math.max(freeBytes, maxExpansion * body.length));
  let decoded = body;
  for (const coding of codings.toReversed()) decoded = await decodeOne(decoded, coding, maxOutputLength);
  return decoded;
}

async function decodeOne(body: Uint8Array, coding: string, maxOutputLength: number): Promise<Uint8Array> {
  const decode = decoderOf(coding, body);
  if (decode === null) throw invalid(`the content coding ${quoted(coding)}`);
  let result: Decoded;
  try {
    result = (await promisify(decode)(body, { maxOutputLength, info: true })) as unknown as Decoded;
  } catch (cause) {
    if (cause instanceof RangeError && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      const message = `more than ${maxOutputLength} bytes out of ${body.length} bytes of ${coding}`;
      throw new OverlockError("UPSTREAM_RESPONSE_TOO_LARGE", message, { cause });
    }
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", `the body is no whole ${coding} stream`, { cause });
  }
  if (result.engine.bytesWritten < body.length) throw invalid(`more than one ${coding} stream`);
  return result.buffer;
}

/** What zlib yields with `info: true`. */
interface Decoded {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: how much of the input belonged to the stream. */
  readonly engine: { readonly bytesWritten: number };
}

function decoderOf(coding: string, body: Uint8Array): typeof gunzip | null {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return gunzip;
    case "deflate":
      return hasZlibHeader(body) ? inflate : inflateRaw;
    case "br":
      return brotliDecompress;
    case "zstd":
      return zstdDecompress as typeof gunzip;
    default:
      return null;
  }
}

/** `deflate` means the zlib format, but servers that leave its header away are as old as HTTP/1.1. */
function hasZlibHeader(body: Uint8Array): boolean {
  const [first = 0, second = 0] = body;
  return first % 16 === 8 && (first * 256 + second) % 31 === 0;
}

function invalid(found: string): OverlockError {
  return new OverlockError(
    "UPSTREAM_INVALID_RESPONSE",
    `expected a body in ${acceptedCodings}, found ${found}`,
  );
}
