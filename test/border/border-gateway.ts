import { hash } from "node:crypto";
import type { ClientHttp2Session } from "node:http2";
import { CertificateAuthority } from "../support/certificates.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { createSecureFetch, openSession, type SecureFetch, sendHttp2 } from "../support/secure-clients.ts";

/** An operation as a client asks for it. */
export interface Asked {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/** How a request comes. */
export type Way = (typeof ways)[number];
export const ways = ["POST", "GET", "POST by HTTP/2", "GET by HTTP/2"] as const;

export interface BorderAnswer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
  readonly errors: readonly BorderError[] | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

export interface BorderError {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** "ok", or what is wrong with an answer. */
export function outcomeOf({ status, data, errors }: BorderAnswer): unknown {
  const isWhole = status === 200 && errors === undefined && data !== null && data !== undefined;
  return isWhole ? "ok" : { status, data, errors };
}

/** Who asks, in which way, and for the costs or not. */
export interface Asking {
  /** The name of a consumer. */
  readonly by: string;
  readonly way?: Way;
  /** The consumer's other key. */
  readonly withSecondKey?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const source = `
  extend schema @source(name: "main", url: "http://x", timeoutMs: 5000)
  type Query {
    one: Thing @rest(GET: "/one", shareInFlight: false)
    many(first: Int = 10): [Thing!] @rest(GET: "/rows", query: { first: "$args.first" }) @listSize(slicingArguments: ["first"])
    paged(page: Page): [Thing!] @rest(GET: "/rows", query: { first: "$args.page.size" }) @listSize(slicingArguments: ["page.size"])
    find(by: Filter, ids: [Int!]): Int @rest(POST: "/found", safe: true, body: { by: "$args.by", ids: "$args.ids" })
    dear: Int @rest(GET: "/found") @cost(weight: 5)
    limited: Int @rest(GET: "/found") @rateLimit(max: 3, window: "3s")
    closed: Int @rest(GET: "/found") @rateLimit(max: 0, window: "3s")
    byTopic(topic: String = "none"): Int
      @rest(GET: "/found", query: { topic: "$args.topic" }) @rateLimit(max: 3, window: "3s", identityArgs: ["topic"])
    bundle(ids: [Int!]): Int
      @rest(POST: "/found", safe: true, body: { ids: "$args.ids" }) @rateLimit(max: 3, window: "3s", arrayLengthField: "ids")
  }
  type Mutation { change(ids: [Int!]): Int @rest(POST: "/found", body: { ids: "$args.ids" }) }
  type Thing @key(fields: "id") {
    id: ID!
    text: String
    next: Thing
    pieces: [Piece!] @listSize(assumedSize: 2)
    own(part: Int = 0): Int @rest(GET: "/own/{parent.id}", query: { part: "$args.part" })
    pair: Pair @rest(GET: "/pairs{?ids*}", batch: { of: "$parent.id", as: "ids", match: "id", maxSize: 2 })
  }
  type Piece { id: ID! }
  type Pair { id: ID! }
  input Page { size: Int = 10 }
  input Filter { ids: [Int!], not: Filter, and: [Filter!] }
`;
const client = `
  type Query {
    one: Thing
    many(first: Int = 10): [Thing!]
    paged(page: Page): [Thing!]
    find(by: Filter, ids: [Int!]): Int
    dear: Int
    limited: Int
    closed: Int
    byTopic(topic: String = "none"): Int
    bundle(ids: [Int!]): Int
  }
  type Mutation { change(ids: [Int!]): Int }
  type Thing { id: ID!  text: String  next: Thing  pieces: [Piece!]  own(part: Int = 0): Int  pair: Pair }
  type Piece { id: ID! }
  type Pair { id: ID! }
  input Page { size: Int = 10 }
  input Filter { ids: [Int!]  not: Filter  and: [Filter!] }
`;

/** Rows, pieces and numbers for whoever asks. */
function answer(url: string): { readonly body: unknown } {
  const { pathname, searchParams } = new URL(url, "http://x");
  const thing = (id: string): object => ({ id, text: "t", pieces: [{ id: "1" }, { id: "2" }] });
  if (pathname === "/rows")
    return {
      body: Array.from({ length: Math.min(Number(searchParams.get("first")), 100) }, (_, id) =>
        thing(String(id)),
      ),
    };
  if (pathname === "/pairs") return { body: searchParams.getAll("ids").map((id) => ({ id })) };
  return { body: pathname === "/one" ? thing("one") : "7" };
}

/** What a project of its own says of limits. */
export interface BorderRules {
  /** Of the BFF's config, beside its name and credentials. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Who asks, and of which tier each is. */
  readonly consumers: ReadonlyMap<string, string | null>;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A gateway in this process behind a real port with TLS, for HTTP/1.1 and HTTP/2, on a backend that answers whatever it is
 * asked for. Who asks shows an API key.
 */
export class BorderGateway {
  readonly backend = new ScriptedBackend();
  readonly #authority = new CertificateAuthority();
  #project: ProjectGateway | null = null;
  #http1: SecureFetch | null = null;
  #http2: ClientHttp2Session | null = null;

  async start({ config, consumers, environment = {} }: BorderRules): Promise<void> {
    await this.backend.start();
    this.backend.answer = ({ url }) => answer(url);
    const pair = this.#authority.issue("gateway", "IP:127.0.0.1");
    const keys = [...consumers].flatMap(([consumer, tier]) =>
      [false, true].map((isSecond) => ({
        sha256: hash("sha256", keyOf(consumer, isSecond)),
        consumer,
        tier,
      })),
    );
    const credentials = [{ kind: "apiKey", file: "keys.json" }];
    this.#project = await startProject(
      { main: source },
      client,
      {
        MAIN_URL: this.backend.url,
        TLS_CERT_FILE: pair.certificateFile,
        TLS_KEY_FILE: pair.keyFile,
        ...environment,
      },
      {
        config: JSON.stringify({ name: "web", anonymous: true, credentials, showCost: true, ...config }),
        files: { "keys.json": JSON.stringify(keys) },
      },
    );
    const ca = this.#authority.certificate;
    this.#http1 = createSecureFetch({ ca }, "http/1.1");
    this.#http2 = await openSession(this.#opened.gateway.url, { ca });
  }

  async stop(): Promise<void> {
    this.#http2?.destroy();
    await this.#http1?.close();
    await this.#project?.stop();
    await this.backend.stop();
    this.#authority.remove();
  }

  async ask(asked: Asked, asking: Asking): Promise<BorderAnswer> {
    const { way = "POST" } = asking;
    const target = way.startsWith("GET") ? `?${targetOf(asked)}` : "";
    return this.send({ way, target, body: way.startsWith("GET") ? null : JSON.stringify(asked) }, asking);
  }

  /** A body as it is, which may be no operation at all. */
  async send(
    { way, target, body }: { readonly way: Way; readonly target: string; readonly body: string | null },
    { by, withSecondKey = false, headers = {} }: Asking,
  ): Promise<BorderAnswer> {
    const method = way.startsWith("GET") ? "GET" : "POST";
    const path = `/web/graphql${target}`;
    const all = { "content-type": "application/json", "x-api-key": keyOf(by, withSecondKey), ...headers };
    if (way.endsWith("HTTP/2") && this.#http2 !== null) {
      const answered = await sendHttp2(this.#http2, { ":method": method, ":path": path, ...all }, body);
      return answerOf(answered.status, Object.entries(answered.headers), answered.body);
    }
    const response = await this.#http1?.fetch(`${this.#opened.gateway.url}${path}`, {
      method,
      headers: all,
      body,
    });
    return answerOf(response?.status ?? 0, response?.headers ?? [], (await response?.text()) ?? "");
  }

  /** How often operations were beyond a limit, by the metric. */
  async excesses(limit: string, mode: "enforce" | "measure"): Promise<number> {
    const exposed = await (await fetch(`${this.#opened.gateway.adminUrl}/metrics`)).text();
    const line = `overlock_limit_exceeded_total{bff="web",limit="${limit}",mode="${mode}"} `;
    return Number(
      exposed
        .split("\n")
        .find((one) => one.startsWith(line))
        ?.slice(line.length) ?? 0,
    );
  }

  get #opened(): ProjectGateway {
    if (this.#project === null) throw new Error("expected a gateway that was started");
    return this.#project;
  }
}

function keyOf(consumer: string, isSecond: boolean): string {
  return hash("sha256", `the ${isSecond ? "second" : "first"} key of ${consumer}`);
}

function targetOf({ query, variables, operationName }: Asked): string {
  const parts = { query, variables: JSON.stringify(variables), operationName };
  const given = Object.entries(parts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return new URLSearchParams(given).toString();
}

function answerOf(status: number, headers: Iterable<readonly [string, unknown]>, text: string): BorderAnswer {
  const body = JSON.parse(text) as Pick<BorderAnswer, "data" | "errors" | "extensions">;
  const told = Object.fromEntries([...headers].map(([name, value]) => [name, String(value)]));
  return { status, headers: told, data: body.data, errors: body.errors, extensions: body.extensions };
}
