import type { IncomingMessage, RequestListener } from "node:http";
import type { AddressRanges } from "../config/address-ranges.ts";
import { rememberByText } from "../core/remember-by-text.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { Logger } from "../observe/logger.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";
import { refuseRequest } from "../pipeline/stages.ts";
import { type AddressGate, createAddressGate } from "./address-gate.ts";
import { checkRequestHead } from "./check-request-head.ts";
import { checkRequestKind } from "./check-request-kind.ts";
import { checkTokenPlace } from "./check-token-place.ts";
import type { AnswerCompressor } from "./compress-answer.ts";
import { type CorsPolicy, createCorsPolicy } from "./cors.ts";
import { checkSite } from "./cross-site.ts";
import { createExplorer, type Explorer } from "./explorer.ts";
import { createFastLane } from "./fast-lane.ts";
import { type HttpExchange, openExchange, readBody, sendAnswer } from "./http-exchange.ts";
import { chooseLane, type Lane } from "./lanes.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { checkConnection } from "./peer.ts";
import { answerRefusal } from "./refusal-answer.ts";
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
    /** Whether who asks for what is not there is told which BFFs there are. */
    readonly namesEndpoints: boolean;
    /** 0: not told. Whoever comes has come by TLS otherwise. */
    readonly hstsMaxAgeSeconds: number;
    readonly proxies: AddressRanges;
    readonly compressor: AnswerCompressor;
    readonly logger: Logger;
  },
): BffServer {
  const routes = new Map(bffs.map((bff) => [`/${bff.settings.name}/graphql`, createRoute(bff)]));
  const laneOfGet = rememberByText((accept) => chooseLane("GET", accept));
  const laneOfPost = rememberByText((accept) => chooseLane("POST", accept));

  async function answer(exchange: HttpExchange): Promise<HttpAnswer> {
    const { path } = exchange;
    const route = routes.get(path);
    if (route === undefined) return answerElsewhere(exchange);
    const answered = answerRoute(route, exchange);
    return route.cors === null
      ? answered
      : route.cors.grant(await answered, exchange.facts.headers.get("origin"));
  }

  async function answerRoute(route: Route, exchange: HttpExchange): Promise<HttpAnswer> {
    const { request } = exchange;
    const { accept = "" } = request.headers;
    const isGet = request.method === "GET";
    const laneName = isGet ? laneOfGet(accept) : laneOfPost(accept);
    try {
      checkConnection(request);
      route.addresses?.check(exchange.facts.clientAddress);
      checkRequestHead(request);
      if (laneName === "explorer" && route.explorer !== null) return await route.explorer.answer(request);
      checkSite(exchange, route.cors);
      if (route.cors !== null && isPreflight(request)) return route.cors.preflight;
      checkRequestKind(request);
      checkTokenPlace(exchange);
      const body = isGet ? null : await readBody(exchange, settings.maxBodyBytes);
      const lane = laneName === "yoga" ? route.yoga : route.fast;
      return await lane.answer(exchange, body);
    } catch (error) {
      return refuseRequest(route.bff, exchange.facts, error);
    }
  }

  /** Of paths that are no BFF's. */
  function answerElsewhere({ path, request }: HttpExchange): HttpAnswer {
    try {
      checkRequestHead(request);
      return lifecycle.answerHealth(path) ?? notFound(settings.namesEndpoints ? [...routes.keys()] : []);
    } catch (error) {
      return answerRefusal(RequestRefusal.from(error));
    }
  }

  async function serve(exchange: HttpExchange): Promise<void> {
    lifecycle.requestBegan();
    try {
      const compressed = settings.compressor.compress(exchange, await answer(exchange));
      const answered = compressed instanceof Promise ? await compressed : compressed;
      sendAnswer(exchange, withHsts(answered, settings.hstsMaxAgeSeconds), lifecycle.isDraining);
    } catch (error) {
      const { requestId } = exchange.facts;
      settings.logger.error({ requestId, err: error }, "an answer could not be sent");
      exchange.response.destroy();
    } finally {
      lifecycle.requestEnded();
    }
  }

  return {
    handle(request, response) {
      void serve(openExchange(request, response, settings.proxies));
    },
    async dispose() {
      await Promise.all([...routes.values()].map(({ yoga }) => yoga.dispose()));
    },
  };
}

/** https://www.rfc-editor.org/rfc/rfc6797#section-6.1 */
function withHsts(answer: HttpAnswer, maxAgeSeconds: number): HttpAnswer {
  if (maxAgeSeconds === 0) return answer;
  const headers = { ...answer.headers, "strict-transport-security": `max-age=${maxAgeSeconds}` };
  return new HttpAnswer(answer.status, headers, answer.body);
}

interface Route {
  readonly bff: BffRuntime;
  readonly fast: Lane;
  readonly yoga: YogaLane;
  /** Null where browsers are not shown it. */
  readonly explorer: Explorer | null;
  /** Null: no page of another origin may call. */
  readonly cors: CorsPolicy | null;
  /** Null: it may be called from everywhere. */
  readonly addresses: AddressGate | null;
}

/** https://fetch.spec.whatwg.org/#cors-preflight-request */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}

function createRoute(bff: BffRuntime): Route {
  const { name, explorerOperation, clientAddresses } = bff.settings;
  return {
    bff,
    fast: createFastLane(bff),
    yoga: createYogaLane(bff),
    explorer: bff.showsExplorer
      ? createExplorer({ title: `${name} · Overlock`, defaultQuery: explorerOperation })
      : null,
    cors: bff.cors === null ? null : createCorsPolicy(bff.cors),
    addresses: createAddressGate(clientAddresses),
  };
}

function notFound(paths: readonly string[]): HttpAnswer {
  const refusal =
    paths.length === 0
      ? RequestRefusal.of("NOT_FOUND")
      : RequestRefusal.of("NOT_FOUND", `There is nothing here; endpoints are ${paths.join(", ")}.`);
  return answerRefusal(refusal);
}
