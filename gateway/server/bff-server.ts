import type { RequestListener } from "node:http";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { Logger } from "../observe/logger.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";
import { refuseRequest } from "../pipeline/stages.ts";
import type { AnswerCompressor } from "./compress-answer.ts";
import { createExplorer, type Explorer } from "./explorer.ts";
import { checkRequestKind } from "./check-request-kind.ts";
import { type HttpExchange, openExchange, readBody, sendAnswer } from "./http-exchange.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { createYogaLane, type YogaLane } from "./yoga-lane.ts";

/** Everything behind the BFFs' port. */
export interface BffServer {
  readonly handle: RequestListener;
  dispose(): Promise<void>;
}

/** Routes `/<bff>/graphql` to its BFF and answers the health checks. */
export function createBffServer(
  bffs: readonly BffRuntime[],
  lifecycle: Lifecycle,
  settings: {
    readonly maxBodyBytes: number;
    readonly compressor: AnswerCompressor;
    readonly logger: Logger;
  },
): BffServer {
  const routes = new Map(bffs.map((bff) => [`/${bff.settings.name}/graphql`, createRoute(bff)]));

  async function answer(exchange: HttpExchange): Promise<HttpAnswer> {
    const { path } = exchange;
    const health = lifecycle.answerHealth(path);
    if (health !== null) return health;
    const route = routes.get(path);
    if (route === undefined) return notFound([...routes.keys()]);
    const page = route.explorer?.answer(exchange.request) ?? null;
    if (page !== null) return page;
    try {
      const { request } = exchange;
      checkRequestKind(request);
      const body = request.method === "POST" ? await readBody(request, settings.maxBodyBytes) : null;
      return await route.lane.answer(exchange, body);
    } catch (error) {
      return refuseRequest(route.bff, exchange.facts, error);
    }
  }

  return {
    handle(request, response) {
      const exchange = openExchange(request, response);
      const done = lifecycle.track();
      answer(exchange)
        .then((answered) => settings.compressor.compress(exchange, answered))
        .then((answered) => sendAnswer(exchange, answered, lifecycle.isDraining))
        .catch((error: unknown) => {
          settings.logger.error(
            { requestId: exchange.facts.requestId, err: error },
            "an answer could not be sent",
          );
          response.destroy();
        })
        .finally(done);
    },
    async dispose() {
      await Promise.all([...routes.values()].map(({ lane }) => lane.dispose()));
    },
  };
}

interface Route {
  readonly bff: BffRuntime;
  readonly lane: YogaLane;
  /** Null where the BFF's settings say so. */
  readonly explorer: Explorer | null;
}

function createRoute(bff: BffRuntime): Route {
  const { name, explorer, explorerOperation } = bff.settings;
  return {
    bff,
    lane: createYogaLane(bff),
    explorer: explorer
      ? createExplorer({ title: `${name} · Overlock`, defaultQuery: explorerOperation })
      : null,
  };
}

function notFound(paths: readonly string[]): HttpAnswer {
  const refusal = RequestRefusal.of("NOT_FOUND", `There is nothing here; endpoints are ${paths.join(", ")}.`);
  const errors = [{ message: refusal.message, extensions: { code: refusal.code } }];
  return new HttpAnswer(
    404,
    { "content-type": "application/json; charset=utf-8" },
    JSON.stringify({ errors }),
  );
}
