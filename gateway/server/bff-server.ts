import type { IncomingMessage, ServerResponse } from "node:http";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";
import { refuseRequest } from "../pipeline/stages.ts";
import { type HttpExchange, openExchange, readBody, sendAnswer } from "./http-exchange.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { createYogaLane, type YogaLane } from "./yoga-lane.ts";

/** Everything behind the BFFs' port. */
export interface BffServer {
  handle(request: IncomingMessage, response: ServerResponse): void;
  dispose(): Promise<void>;
}

/** Routes `/<bff>/graphql` to its BFF and answers the health checks. */
export function createBffServer(
  bffs: readonly BffRuntime[],
  lifecycle: Lifecycle,
  limits: { readonly maxBodyBytes: number },
): BffServer {
  const routes = new Map<string, { readonly bff: BffRuntime; readonly lane: YogaLane }>();
  for (const bff of bffs) routes.set(`/${bff.settings.name}/graphql`, { bff, lane: createYogaLane(bff) });

  async function answer(exchange: HttpExchange, path: string): Promise<HttpAnswer> {
    const health = lifecycle.answerHealth(path);
    if (health !== null) return health;
    const route = routes.get(path);
    if (route === undefined) return notFound([...routes.keys()]);
    try {
      const hasBody = exchange.request.method === "POST";
      const body = hasBody ? await readBody(exchange.request, limits.maxBodyBytes) : null;
      return await route.lane.answer(exchange, body);
    } catch (error) {
      return refuseRequest(route.bff, exchange.facts, error);
    }
  }

  return {
    handle(request, response) {
      const exchange = openExchange(request, response);
      const path = pathOf(request);
      const done = lifecycle.track();
      answer(exchange, path)
        .then((answered) => sendAnswer(exchange, answered, lifecycle.isDraining))
        .catch(() => response.destroy())
        .finally(done);
    },
    async dispose() {
      await Promise.all([...routes.values()].map(({ lane }) => lane.dispose()));
    },
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?")[0] ?? "/";
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
