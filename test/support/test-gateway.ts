import { setTimeout as sleep } from "node:timers/promises";
import { compileSetting } from "./compile-setting.ts";
import { fileURLToPath } from "node:url";
import { type Environment, type Gateway, startGateway } from "overlock";
import { type Shop, startShop } from "../backends/shop.ts";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";

/** The repository's own folder: the shop's schemas, protos and BFFs. */
export const shopRoot = fileURLToPath(new URL("../../", import.meta.url));

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: unknown;
  readonly errors: readonly GraphqlAnswerError[];
  readonly extensions: unknown;
  readonly text: string;
}

export interface GraphqlAnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string };
}

export interface QueryOptions {
  readonly bff?: "web" | "mobile";
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The gateway in this process, on the real shop and a real issuer. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly shop: Shop;
  readonly issuer: DemoIssuer;
  /** What the gateway logged, parsed. */
  readonly logLines: readonly Record<string, unknown>[];
  query(query: string, options?: QueryOptions): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

export async function startTestGateway(environment: Environment = {}, root = shopRoot): Promise<TestGateway> {
  const [shop, issuer] = await Promise.all([startShop(), startDemoIssuer()]);
  const logLines: Record<string, unknown>[] = [];
  const gateway = await startGateway({
    root,
    environment: {
      PORT: "0",
      ADMIN_PORT: "0",
      // The backends, the client and the test runner take turns of the same event loop.
      MAX_EVENT_LOOP_DELAY_MS: "0",
      ...compileSetting(),
      ...shop.env,
      ...issuer.environment,
      ...environment,
    },
    logDestination: { write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  return {
    gateway,
    shop,
    issuer,
    logLines,
    query: (query, options = {}) => sendQuery(gateway.url, query, options),
    async stop() {
      await gateway.close({ idleGraceMs: 0 });
      const left = await openSocketsAfter(1000, gateway, shop);
      await Promise.all([shop.stop(), issuer.stop()]);
      if (left !== "") throw new Error(`Expected no socket to be left open, found ${left}.`);
    },
  };
}

/** What a closed gateway has left open, by whom it is seen; closing takes the other side a moment, at most `timeoutMs`. */
async function openSocketsAfter(timeoutMs: number, gateway: Gateway, shop: Shop): Promise<string> {
  const { catalog, inventory, orders, reviews, accounts, shipping, recommendations } = shop;
  const holders = { gateway, catalog, inventory, orders, reviews, accounts, shipping, recommendations };
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const left = Object.entries(holders).filter(([, { openSockets }]) => openSockets > 0);
    if (left.length === 0 || performance.now() > endMs)
      return left.map(([name, { openSockets }]) => `${openSockets} at ${name}`).join(", ");
    await sleep(10);
  }
}

/** One operation by POST, as any client would send it. */
export async function sendQuery(
  url: string,
  query: string,
  options: QueryOptions = {},
): Promise<GraphqlAnswer> {
  const { bff = "web", variables, operationName, extensions, token, headers = {}, signal } = options;
  const response = await fetch(`${url}/${bff}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables, operationName, extensions }),
    ...(signal !== undefined && { signal }),
  });
  const text = await response.text();
  const body = JSON.parse(text) as Record<string, unknown>;
  return {
    status: response.status,
    headers: response.headers,
    data: body["data"],
    errors: (body["errors"] ?? []) as readonly GraphqlAnswerError[],
    extensions: body["extensions"],
    text,
  };
}
