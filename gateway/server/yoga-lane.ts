import { GraphQLError } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";
import { refuseRequest, runStages } from "../pipeline/stages.ts";
import { type HttpExchange, readFetchAnswer } from "./http-exchange.ts";
import type { Lane } from "./lanes.ts";

/** Serves one BFF: graphql-yoga reads the parameters of a request, our stages do everything of GraphQL. */
export interface YogaLane extends Lane {
  dispose(): Promise<void>;
}

interface LaneContext {
  readonly exchange: HttpExchange;
}

/**
 * Yoga's `onParams` hook hands what Yoga has read to the stages, whose answer passes through Yoga untouched, so that
 * another lane gives the same bytes.
 */
export function createYogaLane(bff: BffRuntime): YogaLane {
  const yoga = createYoga<LaneContext>({
    schema: bff.schema,
    graphqlEndpoint: `/${bff.settings.name}/graphql`,
    // Bodies are limited at the socket, origins are not shared, files are not uploaded.
    maxRequestBodySize: false,
    cors: false,
    multipart: false,
    batching: false,
    healthCheckEndpoint: unusedPath,
    landingPage: false,
    logging: false,
    maskedErrors: false,
    graphiql: false,
    plugins: [stagesPlugin(bff)],
  });
  return {
    async answer(exchange, body) {
      const { request, facts, path, search } = exchange;
      try {
        // Of the headers, Yoga needs none but this; neither does anything depend on the host that the client named.
        const fetchRequest = new yoga.fetchAPI.Request(`http://localhost${path}${search}`, {
          method: request.method ?? "GET",
          ...(body !== null && {
            headers: { "content-type": "application/json" },
            body: new Uint8Array(body),
          }),
        });
        const response = await yoga.fetch(fetchRequest, { exchange });
        return await readFetchAnswer(response);
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
    async onParams({ params, context, setParams, setResult }) {
      const { exchange } = context;
      setResult((await runStages(bff, exchange.facts, params)) as never);
      // Yoga's own checks of the parameters come after this hook; the stages have made them.
      setParams({ query: "" });
    },
    onResultProcess(payload) {
      const { exchange } = payload.serverContext as LaneContext;
      const result: unknown = payload.result;
      const answer =
        result instanceof HttpAnswer ? result : refuseRequest(bff, exchange.facts, unreadable(result));
      payload.setResultProcessor(
        (_result, { Response }) =>
          new Response(String(answer.body), { status: answer.status, headers: { ...answer.headers } }),
        "application/json",
      );
    },
  };
}

/** What is wrong with a request that Yoga could not read. */
function unreadable(result: unknown): unknown {
  const [error] = (result as { readonly errors?: readonly unknown[] }).errors ?? [];
  if (!(error instanceof GraphQLError)) return error;
  // Yoga parses the parameters of a URL without a message of its own.
  if (error.originalError instanceof SyntaxError)
    return RequestRefusal.of("BAD_REQUEST", "The variables or extensions in the URL are not JSON.");
  const isClientsFault = error.extensions["code"] === "BAD_REQUEST";
  return isClientsFault ? RequestRefusal.of("BAD_REQUEST", error.message) : (error.originalError ?? error);
}
