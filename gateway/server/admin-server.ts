import type { RequestListener } from "node:http";
import type { GraphQLSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import type { Caller } from "../core/caller.ts";
import { Deadline } from "../core/deadline.ts";
import { errorCodes } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { noProgress, type RequestScope } from "../core/request-scope.ts";
import type { CallerIdentifier } from "../identity/identify-caller.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import { EndToEndHeaders } from "../pipeline/end-to-end-headers.ts";
import { type GatewayRequest, HttpAnswer } from "../pipeline/gateway-request.ts";
import { identify } from "../pipeline/identify.ts";
import { checkRequestKind } from "./check-request-kind.ts";
import { checkTokenPlace } from "./check-token-place.ts";
import type { AnswerCompressor } from "./compress-answer.ts";
import { checkSite } from "./cross-site.ts";
import { createExplorer } from "./explorer.ts";
import { type HttpExchange, openExchange, readBody, readFetchAnswer, sendAnswer } from "./http-exchange.ts";
import { chooseLane } from "./lanes.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** What the platform team reads: metrics, health, and the explorer of the stitched supergraph. */
export interface AdminServer {
  readonly handle: RequestListener;
  dispose(): Promise<void>;
}

export interface AdminParts {
  readonly supergraph: GraphQLSchema;
  readonly metrics: Metrics;
  /** What `/metrics` answers: this process's metrics, or those of all. */
  readonly exposeMetrics: () => Promise<string>;
  readonly lifecycle: Lifecycle;
  readonly callers: CallerIdentifier;
  readonly maxBodyBytes: number;
  readonly logger: Logger;
  /** The address it listens on. */
  readonly host: string;
  readonly compressor: AnswerCompressor;
}

/** For a trusted network only: errors are shown as they are. */
export function createAdminServer(parts: AdminParts): AdminServer {
  const { metrics, lifecycle } = parts;
  const yoga = createYoga<{ scope: RequestScope }>({
    schema: parts.supergraph,
    graphqlEndpoint: "/supergraph",
    context: ({ scope }) => scope,
    maxRequestBodySize: false,
    cors: false,
    multipart: false,
    batching: false,
    landingPage: false,
    logging: false,
    maskedErrors: false,
    graphiql: false,
  });
  const explorer = createExplorer({ title: "supergraph · Overlock", defaultQuery: firstQuery });

  async function explore(exchange: HttpExchange): Promise<HttpAnswer> {
    const { request, facts, path, search } = exchange;
    checkSite(exchange, null);
    checkRequestKind(request);
    checkTokenPlace(exchange);
    const body = request.method === "POST" ? await readBody(exchange, parts.maxBodyBytes) : null;
    const deadline = Deadline.startFor(explorerTimeoutMs, facts);
    try {
      const caller = await identify(parts.callers, facts, deadline);
      const scope = createScope(facts, caller, deadline, metrics);
      const fetchRequest = new yoga.fetchAPI.Request(`http://localhost${path}${search}`, {
        method: request.method ?? "GET",
        headers: explorerHeaders(facts),
        ...(body !== null && { body: new Uint8Array(body) }),
      });
      const response = await yoga.fetch(fetchRequest, { scope });
      return await readFetchAnswer(response);
    } finally {
      deadline.dispose();
    }
  }

  function answerExplorer(exchange: HttpExchange): Promise<HttpAnswer> {
    const { method, headers } = exchange.request;
    const isBrowser = method === "GET" && chooseLane("GET", headers.accept) === "explorer";
    return isBrowser ? explorer.answer(exchange.request) : explore(exchange);
  }

  async function answer(exchange: HttpExchange): Promise<HttpAnswer> {
    const { path } = exchange;
    const health = lifecycle.answerHealth(path);
    if (health !== null) return health;
    checkHost(exchange.request.headers.host ?? "", parts.host);
    if (path === "/metrics")
      return new HttpAnswer(200, { "content-type": metrics.contentType }, await parts.exposeMetrics());
    if (path === "/supergraph") return answerExplorer(exchange);
    return new HttpAnswer(404, textHeaders, "Try /metrics, /supergraph or /health/ready.\n");
  }

  return {
    handle(request, response) {
      const exchange = openExchange(request, response);
      answer(exchange)
        .catch(refuse)
        .then((answered) => parts.compressor.compress(exchange, answered))
        .then((answered) => sendAnswer(exchange, answered, lifecycle.isDraining))
        .catch((error: unknown) => {
          parts.logger.error({ err: error }, "an answer could not be sent");
          response.destroy();
        });
    },
    dispose: async () => {
      await yoga.dispose();
    },
  };
}

/** In plain text, with the message as it is. */
function refuse(thrown: unknown): HttpAnswer {
  const { code } = RequestRefusal.from(thrown);
  return new HttpAnswer(errorCodes[code].status, textHeaders, `${String(thrown)}\n`);
}

const explorerTimeoutMs = 30_000;
const textHeaders = { "content-type": "text/plain; charset=utf-8" };

/** What the explorer opens with: everything that the sources offer together. */
const firstQuery = `# Everything that all sources offer together. Only for the platform team.
{
  __schema { queryType { fields { name description } } }
}
`;

/**
 * A page of anybody's may make a browser on this machine call a loopback address under a name of its own (DNS
 * rebinding). Where only this machine can call, only its own names are answered.
 */
function checkHost(header: string, address: string): void {
  const isLoopback = (name: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i.test(name);
  if (!isLoopback(address)) return;
  const name = header.replace(/:\d+$/, "");
  if (!isLoopback(name))
    throw RequestRefusal.of("NOT_FOUND", "Only this machine's own names are answered here.");
}

/** Of the headers, the HTTP layer of the explorer needs these; the body is in JSON. */
function explorerHeaders({ headers, method }: GatewayRequest): Record<string, string> {
  const accept = headers.get("accept");
  return {
    ...(method === "POST" && { "content-type": "application/json" }),
    ...(accept !== undefined && { accept }),
  };
}

function createScope(
  facts: GatewayRequest,
  caller: Caller,
  deadline: Deadline,
  metrics: Metrics,
): RequestScope {
  return {
    requestId: facts.requestId,
    headers: new EndToEndHeaders(facts, caller),
    caller,
    deadline,
    locale: "en-US",
    timeZone: "UTC",
    absorbed: [],
    kept: new Map(),
    progress: noProgress(),
    recordUpstreamCall({ source, code, durationMs, isJoined }) {
      if (isJoined) return metrics.increment("overlock_joined_calls_total", { source });
      metrics.increment("overlock_upstream_calls_total", { source, code: code ?? "ok" });
      metrics.observe("overlock_upstream_duration_seconds", { source }, durationMs / 1000);
    },
  };
}
