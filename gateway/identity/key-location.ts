import { readFile, stat } from "node:fs/promises";
import { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import { HttpPool } from "../outbound/http-pool.ts";

/** Where the key set of an issuer is. */
export type KeyLocation =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "file"; readonly path: string }
  /** Where the issuer's OpenID configuration says. */
  | { readonly kind: "discovery"; readonly issuer: string };

/** Reads a key set again and again. */
export interface KeyReader {
  /** The set as it stands there, parsed but not checked, within 3 seconds. Rejects where it can't be had. */
  read(): Promise<unknown>;
  /** Closes its connections; reads under way fail. */
  dispose(): Promise<void>;
}

const timeoutMs = 3000;
const maxBytes = 1024 * 1024;

/** Opens a location. Nothing is read yet. */
export function openKeyLocation(location: KeyLocation): KeyReader {
  switch (location.kind) {
    case "url":
      return new UrlReader(new URL(location.url));
    case "discovery":
      return new DiscoveryReader(location.issuer);
    case "file":
      return { read: () => readKeyFile(location.path), dispose: () => Promise.resolve() };
  }
}

/** The JSON of a file of at most 1 MB. */
export async function readKeyFile(path: string): Promise<unknown> {
  const { size } = await stat(path);
  if (size > maxBytes) throw new Error(`a key set has at most ${maxBytes} bytes`);
  return JSON.parse(await readFile(path, "utf8")) as unknown;
}

/** A URL that keys may be fetched from: http or https, without credentials; null for anything else. */
export function parseKeyUrl(text: string): URL | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  return url.username === "" && url.password === "" ? url : null;
}

/** A set at an address, over one connection of its own. Redirects are not followed. */
class UrlReader implements KeyReader {
  readonly url: URL;
  readonly #pool: HttpPool;

  constructor(url: URL) {
    this.url = url;
    this.#pool = new HttpPool(new URL(url.origin), {
      maxConnections: 1,
      connectTimeoutMs: timeoutMs,
      maxResponseBytes: maxBytes,
      tls: null,
    });
  }

  async read(): Promise<unknown> {
    const { pathname, search } = this.url;
    const deadline = Deadline.start(timeoutMs, null);
    try {
      const headers = ["accept", "application/json, application/jwk-set+json"];
      const { status, body } = await this.#pool.send(
        { method: "GET", path: pathname + search, headers, callHeaders: [], body: null },
        deadline,
      );
      if (status !== 200)
        throw new OverlockError("UPSTREAM_ERROR", `expected the status 200, found ${status}`);
      return JSON.parse(new TextDecoder().decode(body.bytes)) as unknown;
    } finally {
      deadline.dispose();
    }
  }

  dispose(): Promise<void> {
    return this.#pool.dispose();
  }
}

/**
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig: the configuration says where the set is. It
 * is asked for before the first read, again after one hour, and wherever the set can't be had.
 */
class DiscoveryReader implements KeyReader {
  readonly #issuer: string;
  readonly #configuration: UrlReader;
  #keys: UrlReader | null = null;
  #discoveredAtMs = 0;

  constructor(issuer: string) {
    this.#issuer = issuer;
    this.#configuration = new UrlReader(
      new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`),
    );
  }

  async read(): Promise<unknown> {
    const isKnown = this.#keys !== null && performance.now() - this.#discoveredAtMs < discoveredForMs;
    const keys = isKnown && this.#keys !== null ? this.#keys : await this.#discover();
    try {
      return await keys.read();
    } catch (error) {
      this.#discoveredAtMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#configuration.dispose(), this.#keys?.dispose()]);
  }

  async #discover(): Promise<UrlReader> {
    const configuration = await this.#configuration.read();
    const { issuer, jwks_uri: address } = Object(configuration) as Record<string, unknown>;
    if (issuer !== this.#issuer) throw new Error("the OpenID configuration names another issuer");
    const url = typeof address === "string" ? parseKeyUrl(address) : null;
    if (url === null) throw new Error("the OpenID configuration names no address of keys");
    if (this.#configuration.url.protocol === "https:" && url.protocol !== "https:")
      throw new Error("the OpenID configuration names an address of keys without TLS");
    this.#discoveredAtMs = performance.now();
    const former = this.#keys;
    if (former?.url.href === url.href) return former;
    const keys = new UrlReader(url);
    this.#keys = keys;
    await former?.dispose();
    return keys;
  }
}

const discoveredForMs = 3_600_000;
