import { qualityOf } from "../pipeline/accept-header.ts";

/** The content codings that we produce, https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1. */
export type ContentCoding = "zstd" | "br" | "gzip";

/** What a client accepts of an answer's content coding. */
export interface CodingWish {
  /** The coding that it accepts most; null where it would rather have the answer as it is. */
  readonly coding: ContentCoding | null;
  /** Whether it has said that it does not take the answer as it is. */
  readonly isIdentityRefused: boolean;
}

/**
 * Reads Accept-Encoding as in https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3. Between codings that are accepted
 * alike, one that is named before one that only `*` covers, and any before the answer as it is.
 */
export function negotiateCoding(acceptEncoding: string | undefined): CodingWish {
  const qualities = parseAcceptEncoding(acceptEncoding ?? "");
  const others = qualities.get("*");
  const candidates = [
    ...cheapestFirst.map((coding) => ({ coding, quality: qualities.get(coding) ?? 0 })),
    ...bestKnownFirst.map((coding) => ({ coding, quality: qualities.has(coding) ? 0 : (others ?? 0) })),
  ];
  let best: { readonly coding: ContentCoding | null; readonly quality: number } = {
    coding: null,
    quality: 0,
  };
  for (const candidate of candidates) if (candidate.quality > best.quality) best = candidate;
  const identity = qualities.get("identity") ?? others;
  return {
    coding: best.quality >= (identity ?? 0) ? best.coding : null,
    isIdentityRefused: identity === 0,
  };
}

/** By what they cost us: docs/decisions/0012-answers-are-compressed-zstd-first.md. */
const cheapestFirst: readonly ContentCoding[] = ["zstd", "br", "gzip"];

/** For clients that write `*` only, which is a promise that not everybody keeps. */
const bestKnownFirst: readonly ContentCoding[] = ["gzip", "br", "zstd"];

/** From 0, which refuses, to 1. Of a coding that is named twice, the first counts. */
function parseAcceptEncoding(header: string): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const element of header.split(",")) {
    const [name = "", ...parameters] = element.split(";").map((part) => part.trim().toLowerCase());
    // https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.3
    const coding = name === "x-gzip" ? "gzip" : name;
    if (coding !== "" && !qualities.has(coding)) qualities.set(coding, qualityOf(parameters));
  }
  return qualities;
}
