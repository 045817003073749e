import { renderGraphiQL } from "@graphql-yoga/render-graphiql";
import { GraphQLError } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { ErrorCode } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";
import { refuseRequest, runStages } from "../pipeline/stages.ts";
import type { HttpExchange } from "./http-exchange.ts";

/** Serves one BFF: everything of HTTP by graphql-yoga, everything of GraphQL by our stages. */
export interface YogaLane {
  /** `body` is the whole request body, already within its limit. Always resolves. */
  answer(exchange: HttpExchange, body: Buffer | null): Promise<HttpAnswer>;
  dispose(): Promise<void>;
}

interface LaneContext {
  readonly exchange: HttpExchange;
}

/**
 * Yoga reads the parameters and serves the explorer. Its `onParams` hook hands them to the stages, whose answer passes
 * through Yoga untouched, so that another lane gives the same bytes.
 */
export function createYogaLane(bff: BffRuntime): YogaLane {
  const { name, explorer, explorerOperation } = bff.settings;
  const yoga = createYoga<LaneContext>({
    schema: bff.schema,
    graphqlEndpoint: `/${name}/graphql`,
    // Bodies are limited at the socket, origins are not shared, files are not uploaded.
    maxRequestBodySize: false,
    cors: false,
    multipart: false,
    batching: false,
    healthCheckEndpoint: unusedPath,
    landingPage: false,
    logging: false,
    maskedErrors: false,
    graphiql: explorer
      ? {
          title: `${name} · Overlock`,
          ...(explorerOperation !== null && { defaultQuery: explorerOperation }),
        }
      : false,
    renderGraphiQL,
    plugins: [stagesPlugin(bff)],
  });
  return {
    async answer(exchange, body) {
      const { request, facts } = exchange;
      const url = `http://${facts.headers.get("host") ?? "localhost"}${request.url ?? "/"}`;
      try {
        const fetchRequest = new yoga.fetchAPI.Request(url, {
          method: request.method ?? "GET",
          headers: Object.fromEntries(facts.headers),
          ...(body !== null && { body: new Uint8Array(body) }),
        });
        const response = await yoga.fetch(fetchRequest, { exchange });
        return new HttpAnswer(response.status, Object.fromEntries(response.headers), await response.text());
      } catch (error) {
        return refuseRequest(bff, facts, error);
      }
    },
    dispose: async () => {
      await yoga.dispose();
    },
  };
}

/** Yoga wants a path for its own health check; ours are elsewhere and this one can't be asked for. */
const unusedPath = "/\0";

function stagesPlugin(bff: BffRuntime): Plugin<object, LaneContext> {
  return {
    onRequestParse({ request }) {
      const { method } = request;
      if (method !== "GET" && method !== "POST") {
        const reason = { message: "GraphQL is served by GET and POST.", locations: [] };
        throw new RequestRefusal("METHOD_NOT_ALLOWED", [reason], { allow: "GET, POST" });
      }
      const mediaType = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
      if (method === "POST" && mediaType !== "application/json")
        throw RequestRefusal.of("UNSUPPORTED_MEDIA_TYPE");
    },
    async onParams({ params, context, setResult }) {
      const { exchange } = context as unknown as LaneContext;
      setResult((await runStages(bff, exchange.facts, params)) as never);
    },
    onResultProcess({ result, serverContext, setResultProcessor }) {
      const { exchange } = serverContext as unknown as LaneContext;
      setResultProcessor((_result, { Response }) => {
        const answer =
          (result as unknown) instanceof HttpAnswer ? (result as unknown as HttpAnswer) : refuse(exchange);
        return new Response(answer.body, { status: answer.status, headers: { ...answer.headers } });
      }, "application/json");

      function refuse({ facts }: HttpExchange): HttpAnswer {
        const [error] =
          "errors" in (result as object) ? ((result as { errors: readonly unknown[] }).errors ?? []) : [];
        return refuseRequest(bff, facts, toRefusal(error));
      }
    },
  };
}

/** What Yoga says of a request that it can't read, in our codes. */
function toRefusal(error: unknown): unknown {
  if (!(error instanceof GraphQLError)) return error;
  const { originalError, extensions, message } = error;
  if (originalError !== undefined && !(originalError instanceof GraphQLError)) return originalError;
  const http = extensions["http"] as { readonly status?: number } | undefined;
  const code: ErrorCode =
    http?.status === 405
      ? "METHOD_NOT_ALLOWED"
      : http?.status === 415
        ? "UNSUPPORTED_MEDIA_TYPE"
        : "BAD_REQUEST";
  return http === undefined && extensions["code"] !== "BAD_REQUEST"
    ? error
    : RequestRefusal.of(code, message);
}
