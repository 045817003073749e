import { createServer, STATUS_CODES } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Faults, hugeBytes, isStatusFault, secretMessage, statusOf } from "./faults.ts";
import type { HttpFault, Rewrite } from "./faults.ts";
import { Listener } from "./listener.ts";
import type { RequestLog } from "./request-log.ts";

export type HttpRequest = {
  /** The values of the `{names}` in the route's path. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed JSON body, the pairs of a form (a name that comes twice has a list); null without one. */
  readonly body: unknown;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
};

export type HttpRoute = {
  /** A GET answers HEAD too. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/users/{id}`: a name in braces stands for one whole segment. */
  readonly path: string;
  /** Returns the body of a 200 or an `HttpAnswer`, or throws an `HttpError`. */
  readonly answer: (request: HttpRequest) => unknown;
};

/** An answer that is not a plain 200. */
export class HttpAnswer {
  readonly status: number;
  /** Undefined: none. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Answered with this status as `{"error": message}`, with a code as `{"error": {"code": …, "message": …}}`. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string | null;

  constructor(status: number, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A JSON server on node:http with a request log and switchable faults. */
export class HttpBackend {
  readonly log: RequestLog;
  readonly faults = new Faults<HttpFault>();
  readonly #routes: readonly HttpRoute[];
  readonly #listener: Listener;

  /** Forgets what requests have changed. */
  readonly reset: () => void;

  constructor(routes: readonly HttpRoute[], log: RequestLog, reset: () => void = () => {}) {
    this.log = log;
    this.reset = reset;
    this.#routes = routes;
    // 0: it never closes what is idle, which could meet a request that is on its way.
    const server = createServer(
      { keepAliveTimeout: 0 },
      (request, response) => void this.#handle(request, response),
    );
    this.#listener = new Listener(server);
  }

  /** `http://127.0.0.1:<port of the latest start>` */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  get openSockets(): number {
    return this.#listener.sockets.size;
  }

  /** Listens on `port`; absent: on the port it had before, the first time on a free one. */
  async start(port?: number): Promise<{ url: string; port: number }> {
    await this.#listener.start(port);
    return { url: this.url, port: this.#listener.port };
  }

  /** Kills it: open connections are destroyed. */
  stop(): Promise<void> {
    return this.#listener.stop();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const { method = "", url = "" } = request;
      const [path = "", ...query] = url.split("?");
      const name = `${method} ${path}`;
      const body = parseBody(await text(request), request.headers["content-type"] ?? "");
      const headers = joinHeaders(request);
      const entry = this.log.add({ method: name, url, headers, message: body ?? null });
      response.once("close", () => (entry.cancelled = !response.writableFinished));

      const { latencyMs, fault, rewrite } = this.faults.take(name);
      if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: gone.signal });
      if (fault !== null) return playFault(fault, response);
      if (body === undefined) throw new HttpError(400, "Expected a JSON body.");
      for (const route of this.#routes) {
        const isAsked = route.method === (method === "HEAD" ? "GET" : method);
        const segments = isAsked ? matchPath(route.path, path) : null;
        if (segments === null) continue;
        const found = await route.answer({
          path: segments,
          query: new URLSearchParams(query.join("?")),
          body,
          headers,
        });
        const answer = found instanceof HttpAnswer ? found : new HttpAnswer(200, found);
        return sendAnswer(request, response, rewrite === null ? answer : withBody(answer, rewrite));
      }
      throw new HttpError(404, `Nothing is at ${name}.`);
    } catch (error) {
      // Nobody is left to be told.
      if (gone.signal.aborted) return;
      const status = error instanceof HttpError ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      const code = error instanceof HttpError ? error.code : null;
      sendJson(response, status, { error: code === null ? message : { code, message } });
    }
  }
}

/** Null for an empty body, undefined for one that is neither a form nor JSON. */
function parseBody(body: string, contentType: string): unknown {
  if (body === "") return null;
  if (contentType.startsWith("application/x-www-form-urlencoded")) return readForm(new URLSearchParams(body));
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function readForm(form: URLSearchParams): Record<string, string | string[]> {
  const pairs = [...new Set(form.keys())].map((name) => {
    const [first = "", ...rest] = form.getAll(name);
    return [name, rest.length === 0 ? first : [first, ...rest]] as const;
  });
  return Object.fromEntries(pairs);
}

function joinHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(", ")]),
  );
}

function matchPath(template: string, path: string): Record<string, string> | null {
  const segments = path.split("/");
  const wanted = template.split("/");
  if (segments.length !== wanted.length) return null;
  const values: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const expected = wanted[index] ?? "";
    if (expected.startsWith("{")) values[expected.slice(1, -1)] = decodeSegment(segment);
    else if (expected !== segment) return null;
  }
  return values;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, `Expected a percent-encoded path segment, got "${segment}".`);
  }
}

function playFault(fault: HttpFault, response: ServerResponse): void {
  if (isStatusFault(fault)) {
    const status = statusOf(fault);
    return sendJson(response, status, { error: STATUS_CODES[status] ?? "Unknown" });
  }
  switch (fault) {
    case "error":
      return sendJson(response, 500, { error: secretMessage });
    case "hang":
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "truncated":
      response.writeHead(200, { "content-type": "application/json", "content-length": 40 });
      response.write('{"data":[{"id":"p1",', () => response.socket?.destroySoon());
      return;
    case "garbage":
      return send(response, 200, "application/json", '{"data":[{"id":');
    case "html":
      return send(response, 200, "text/html; charset=utf-8", "<!doctype html><title>It works</title>");
    case "empty":
      return send(response, 200, "application/json", "");
    case "huge":
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"data":"');
      response.write(Buffer.alloc(hugeBytes, "x"));
      response.end('"}');
      return;
    case "wrong-shape":
      return sendJson(response, 200, { data: 42 });
  }
}

function withBody({ status, body, headers }: HttpAnswer, rewrite: Rewrite): HttpAnswer {
  return new HttpAnswer(status, rewrite(body), headers);
}

/** HEAD and 204 have no body; a body of 1 KiB and more is packed for a caller who accepts gzip. */
function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers }: HttpAnswer,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const plain = Buffer.from(JSON.stringify(body));
  const { "accept-encoding": accepted = "" } = request.headers;
  const isPacked = plain.length >= 1024 && /(?:^|[\s,])gzip\b/.test(accepted);
  if (isPacked) response.setHeader("content-encoding", "gzip");
  const sent = isPacked ? gzipSync(plain, { level: 1 }) : plain;
  response.writeHead(status, { "content-type": "application/json", "content-length": sent.length });
  // node:http keeps the body of an answer to HEAD to itself.
  response.end(sent);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", JSON.stringify(body));
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
