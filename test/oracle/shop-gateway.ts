import { print } from "graphql";
import { readEnvironment } from "../../gateway/config/environment.ts";
import { loadProject, type Project, type ProjectFile } from "../../gateway/config/load-project.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { ProcessLoad, unboundedLoad } from "../../gateway/observe/process-load.ts";
import { runStages } from "../../gateway/pipeline/stages.ts";
import { createBffServer } from "../../gateway/server/bff-server.ts";
import { noProxies } from "../../gateway/server/client-address.ts";
import { compressionLimits, createAnswerCompressor } from "../../gateway/server/compress-answer.ts";
import { buildGeneration } from "../../gateway/server/generation.ts";
import { listen } from "../../gateway/server/http-port.ts";
import { Lifecycle } from "../../gateway/server/lifecycle.ts";
import { openLocalStore } from "../../gateway/state/local-store.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";
import { ampleLimits } from "../support/ample-limits.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { askerOf, userIds } from "./asker.ts";
import type { Answer } from "./compare-answers.ts";
import type { RandomOperation } from "./operation.ts";

export type BffName = "web" | "mobile";

/** A text replaced in a file of the project; it has to be there. */
export type PlantedFault = readonly [file: string, from: string, to: string];

/** The shop's backends and its issuer, for several gateways one after the other. */
export interface OracleShop {
  readonly shop: Shop;
  readonly issuer: DemoIssuer;
  readonly tokens: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

export async function startOracleShop(): Promise<OracleShop> {
  const [shop, issuer] = await Promise.all([startShop(), startDemoIssuer()]);
  const tokens = await Promise.all(
    userIds.map(async (userId) => [userId, await issuer.issueToken(userId, 24 * 3600)] as const),
  );
  return {
    shop,
    issuer,
    tokens: new Map(tokens),
    async stop() {
      await Promise.all([shop.stop(), issuer.stop()]);
    },
  };
}

/** The gateway in this process, with everything that a request meets. */
export interface OracleGateway {
  /** Through all stages, from the credential to the text of the answer, but without a socket. */
  answer(bff: BffName, operation: RandomOperation): Promise<Answer>;
  /** The same by HTTP. */
  answerByHttp(bff: BffName, operation: RandomOperation): Promise<Answer>;
  dispose(): Promise<void>;
}

/** Opens the repository's own project, whatever `fault` makes of it, with limits and timeouts that are in nobody's way. */
export async function openOracleGateway(
  { shop, issuer, tokens }: OracleShop,
  fault: PlantedFault | null = null,
): Promise<OracleGateway> {
  const problems = new Problems();
  const environment = { LOG_LEVEL: "silent", NODE_ENV: "development", ...shop.env, ...issuer.environment };
  const settings = readEnvironment(environment, problems);
  const logger = createLogger(settings.logLevel, null);
  const metrics = new Metrics();
  const project = withoutLimits(plant(await loadProject(shopRoot, problems), fault));
  const load = new ProcessLoad(unboundedLoad);
  const generation = await buildGeneration({
    project,
    environment,
    settings,
    logger,
    metrics,
    load,
    budgets: openLocalStore(() => {}),
    problems,
  });
  const lifecycle = new Lifecycle();
  const { maxBodyBytes, compressFromBytes: fromBytes } = settings;
  const compressor = createAnswerCompressor({ fromBytes, limits: compressionLimits, metrics, logger });
  const server = createBffServer(generation.bffs, lifecycle, {
    maxBodyBytes,
    namesEndpoints: settings.isDevelopment,
    hstsMaxAgeSeconds: 0,
    proxies: noProxies,
    compressor,
    logger,
  });
  const port = await listen({ variable: "PORT", host: "127.0.0.1", port: 0 }, server.handle);

  function headersFor({ seed }: RandomOperation): Map<string, string> {
    const { userId, acceptLanguage } = askerOf(seed);
    const headers = new Map([["accept", "application/graphql-response+json"]]);
    if (userId !== null) headers.set("authorization", `Bearer ${tokens.get(userId)}`);
    if (acceptLanguage !== null) headers.set("accept-language", acceptLanguage);
    return headers;
  }

  return {
    async answer(name, operation) {
      const bff = generation.bffs.find((other) => other.settings.name === name);
      if (bff === undefined) throw new Error(`Expected a BFF called ${name}.`);
      const request = {
        method: "POST",
        headers: headersFor(operation),
        isRepeated: () => false,
        requestId: `seed-${operation.seed}`,
        certificate: null,
        clientAddress: null,
        receivedAtMs: performance.now(),
        signal: new AbortController().signal,
        expiredBy: null,
        onExpire: () => () => {},
      } as const;
      const { body } = await runStages(bff, request, paramsOf(operation));
      return readAnswer(String(body));
    },
    async answerByHttp(name, operation) {
      const response = await fetch(`${port.url}/${name}/graphql`, {
        method: "POST",
        headers: { ...Object.fromEntries(headersFor(operation)), "content-type": "application/json" },
        body: JSON.stringify(paramsOf(operation)),
      });
      return readAnswer(await response.text());
    },
    async dispose() {
      await port.close({ idleGraceMs: 0, timeoutMs: 1000 });
      await Promise.all([server.dispose(), generation.dispose()]);
    },
  };
}

function paramsOf({ document, variables, operationName }: RandomOperation) {
  return { query: print(document), variables, ...(operationName !== null && { operationName }) };
}

function readAnswer(text: string): Answer {
  const {
    data,
    errors = [],
    extensions = {},
  } = JSON.parse(text) as {
    readonly data?: unknown;
    readonly errors?: readonly {
      readonly path?: readonly (string | number)[];
      readonly extensions: { readonly code: string };
    }[];
    readonly extensions?: { readonly completeness?: Answer["absorbed"] };
  };
  return {
    data,
    errors: errors.map((error) => ({ path: error.path ?? [], code: error.extensions.code })),
    absorbed: extensions.completeness ?? [],
  };
}

/** Time and size are no part of what is compared, and test machines are slow. */
function withoutLimits(project: Project): Project {
  return {
    ...project,
    sourceFiles: project.sourceFiles.map(({ file, text }) => {
      return { file, text: text.replaceAll(/timeoutMs: \d+/g, "timeoutMs: 120000") };
    }),
    bffs: project.bffs.map((bff) => {
      const settings = {
        ...bff.settings,
        requestTimeoutMs: 120_000,
        maxResolvedValues: 100_000_000,
        limits: ampleLimits,
        preparing: { capacityMs: 600_000, refillMsPerSecond: 1000 },
      };
      return { ...bff, settings };
    }),
  };
}

function plant(project: Project, fault: PlantedFault | null): Project {
  if (fault === null) return project;
  const [name, from, to] = fault;
  let planted = 0;
  const plantIn = ({ file, text }: ProjectFile): ProjectFile => {
    if (file !== name || !text.includes(from)) return { file, text };
    planted++;
    return { file, text: text.replace(from, to) };
  };
  const sourceFiles = project.sourceFiles.map(plantIn);
  const bffs = project.bffs.map((bff) => ({ ...bff, schema: plantIn(bff.schema) }));
  if (planted !== 1) throw new Error(`Expected ${JSON.stringify(from)} in ${name}.`);
  return { ...project, sourceFiles, bffs };
}
