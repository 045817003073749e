import type { RequestListener } from "node:http";
import type { GraphQLSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import { anonymousCaller, type Caller } from "../core/caller.ts";
import { Deadline } from "../core/deadline.ts";
import { errorCodes } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { TokenVerifier } from "../identity/jwt.ts";
import type { Metrics } from "../observe/metrics.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";
import { createExplorer } from "./explorer.ts";
import { type HttpExchange, openExchange, readBody, sendAnswer } from "./http-exchange.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** What the platform team reads: metrics, health, and the explorer of the stitched supergraph. */
export interface AdminServer {
  readonly handle: RequestListener;
  dispose(): Promise<void>;
}

export interface AdminParts {
  readonly supergraph: GraphQLSchema;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly tokens: TokenVerifier | null;
  readonly maxBodyBytes: number;
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
  const explorer = createExplorer({ title: "supergraph · Overlock", defaultQuery: null });

  async function explore({ request, facts, path, search }: HttpExchange): Promise<HttpAnswer> {
    const body = request.method === "POST" ? await readBody(request, parts.maxBodyBytes) : null;
    const token = /^Bearer +(\S+)$/i.exec(facts.headers.get("authorization") ?? "")?.[1];
    const caller =
      token === undefined || parts.tokens === null ? anonymousCaller : await parts.tokens.verify(token);
    const deadline = Deadline.start(explorerTimeoutMs, facts.signal);
    try {
      const scope = createScope(facts.requestId, facts.headers, caller, deadline);
      const fetchRequest = new yoga.fetchAPI.Request(`http://localhost${path}${search}`, {
        method: request.method ?? "GET",
        headers: Object.fromEntries(facts.headers),
        ...(body !== null && { body: new Uint8Array(body) }),
      });
      const response = await yoga.fetch(fetchRequest, { scope });
      return new HttpAnswer(response.status, Object.fromEntries(response.headers), await response.text());
    } finally {
      deadline.dispose();
    }
  }

  async function answer(exchange: HttpExchange): Promise<HttpAnswer> {
    const { path } = exchange;
    if (path === "/metrics")
      return new HttpAnswer(200, { "content-type": metrics.contentType }, await metrics.expose());
    if (path === "/supergraph") return explorer.answer(exchange.request) ?? explore(exchange);
    return (
      lifecycle.answerHealth(path) ??
      new HttpAnswer(404, textHeaders, "Try /metrics, /supergraph or /health/ready.\n")
    );
  }

  return {
    handle(request, response) {
      const exchange = openExchange(request, response);
      answer(exchange)
        .catch(refuse)
        .then((answered) => sendAnswer(exchange, answered, lifecycle.isDraining))
        .catch(() => response.destroy());
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

function createScope(
  requestId: string,
  headers: ReadonlyMap<string, string>,
  caller: Caller,
  deadline: Deadline,
): RequestScope {
  return { requestId, headers, caller, deadline, absorbed: [], recordUpstreamCall: () => {} };
}
