import { compileRanges } from "../config/address-ranges.ts";
import { type Environment, type EnvironmentSettings, readEnvironment } from "../config/environment.ts";
import { type ListenerTls, readListenerTls } from "../config/listener-tls.ts";
import { loadProject } from "../config/load-project.ts";
import { fingerprintOf } from "../config/watch-files.ts";
import { Problems } from "../core/problems.ts";
import { createLogger, type Logger } from "../observe/logger.ts";
import { Metrics } from "../observe/metrics.ts";
import type { BudgetStore } from "../state/budget-store.ts";
import type { RemoteStore } from "../state/guarded-store.ts";
import { ProcessLoad } from "../observe/process-load.ts";
import { createAdminServer } from "./admin-server.ts";
import { createBffServer } from "./bff-server.ts";
import { type AnswerCompressor, compressionLimits, createAnswerCompressor } from "./compress-answer.ts";
import { buildGeneration, type Generation } from "./generation.ts";
import { type HttpPort, listen } from "./http-port.ts";
import { Lifecycle } from "./lifecycle.ts";
import { openBudgets } from "./open-budgets.ts";
import { watchApiKeys } from "./watch-api-keys.ts";
import { certificateFiles, watchCertificates } from "./watch-certificates.ts";

export interface GatewayOptions {
  /** The folder with `schemas/`, `protos/` and the `bff-*` folders. */
  readonly root: string;
  /** `process.env`, or less. */
  readonly environment: Environment;
  /** Where log lines go; standard output where left out. */
  readonly logDestination?: { write(line: string): void };
}

/** What of a process is different where it is one of several. */
export interface ProcessRole {
  /** What stands in every log line. */
  readonly bindings: Readonly<Record<string, number>>;
  /** The way to the budgets that the primary keeps; null: this is no worker. */
  readonly primary: RemoteStore | null;
}

/** The only process, or the primary. */
const standardRole: ProcessRole = { bindings: {}, primary: null };

export interface CloseOptions {
  /** In milliseconds; 0 also skips the wait before, `SHUTDOWN_DELAY_MS`. */
  readonly idleGraceMs?: number;
}

/** What every process of a gateway has, whichever ports it opens. */
export interface GatewayCore {
  readonly settings: EnvironmentSettings;
  readonly environment: Environment;
  /** Null: the BFFs' port is without TLS. */
  readonly tls: ListenerTls | null;
  /** Of the files of `tls` before they were read. */
  readonly tlsFingerprint: string;
  readonly generation: Generation;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What consumers may spend; outlives generations. */
  readonly budgets: BudgetStore;
  readonly load: ProcessLoad;
  readonly lifecycle: Lifecycle;
  readonly compressor: AnswerCompressor;
  /** Logs and counts a failure that nobody was waiting for, which would otherwise end the process. */
  reportStrayRejection(reason: unknown): void;
  dispose(): Promise<void>;
}

/** An open port. */
export interface OpenPort {
  readonly url: string;
  readonly openSockets: number;
  close(options: { readonly idleGraceMs: number }): Promise<void>;
}

/**
 * Everything of a start but listening: load settings → open sources → compose → (compile policies). Raises StartupError
 * with everything that is wrong; nothing stays open then.
 */
export async function openCore(
  options: GatewayOptions,
  { bindings, primary }: ProcessRole = standardRole,
): Promise<GatewayCore> {
  const { environment } = options;
  const problems = new Problems();
  const settings = readEnvironment(environment, problems);
  const tlsFingerprint = fingerprintOf(certificateFiles(environment));
  const tls = readListenerTls(environment, settings.clientCertificate, problems);
  const project = await loadProject(options.root, problems);
  const logger = createLogger(settings.logLevel, options.logDestination ?? null, bindings);
  const metrics = new Metrics();
  const load = new ProcessLoad(settings);
  const openable = await openBudgets({ settings, logger, metrics, primary });
  const budgets = openable.store;
  let generation: Generation;
  try {
    generation = await buildGeneration({
      project,
      environment,
      settings,
      logger,
      metrics,
      load,
      budgets,
      problems,
    });
  } catch (error) {
    await budgets.dispose();
    throw error;
  }
  // Connected meanwhile, as a rule.
  await openable.open();
  const fromBytes = settings.compressFromBytes;
  return {
    settings,
    environment,
    tls,
    tlsFingerprint,
    generation,
    logger,
    metrics,
    budgets,
    load,
    lifecycle: new Lifecycle(),
    compressor: createAnswerCompressor({ fromBytes, limits: compressionLimits, metrics, logger }),
    reportStrayRejection(reason) {
      metrics.increment("overlock_stray_rejections_total", {});
      logger.error({ err: reason }, "stray rejection");
    },
    async dispose() {
      load.dispose();
      await generation.dispose();
      await budgets.dispose();
      logger.flush();
    },
  };
}

/** The port of the BFFs, and what is renewed while it is open. */
export interface BffPort extends OpenPort {
  /** Reads certificates and files of API keys again, at once. Where they are no use, those before stay. */
  reload(): void;
}

/** The BFFs' port. Raises StartupError where it can't be had. */
export async function openBffPort(core: GatewayCore): Promise<BffPort> {
  const { settings, environment, tls, tlsFingerprint, generation, lifecycle, compressor, logger } = core;
  const { metrics, load } = core;
  const { host, port, maxBodyBytes, hstsMaxAgeSeconds, shutdownTimeoutMs } = settings;
  const server = createBffServer(generation.bffs, lifecycle, {
    maxBodyBytes,
    namesEndpoints: settings.isDevelopment,
    hstsMaxAgeSeconds: tls === null ? 0 : hstsMaxAgeSeconds,
    proxies: compileRanges(settings.trustedProxies),
    compressor,
    logger,
  });
  const opened = await listenOr(() => server.dispose(), { variable: "PORT", host, port }, server.handle, {
    tls,
    maxConnections: settings.maxClientConnections,
    onRefusedConnection: () => metrics.increment("overlock_refused_connections_total", {}),
    onUnreadable: (code) => metrics.increment("overlock_unreadable_requests_total", { code }),
    onTlsFailure(reason, error) {
      metrics.increment("overlock_tls_failures_total", { reason });
      logger.debug({ reason, err: error }, "no TLS connection");
    },
  });
  load.start(({ eventLoop, inFlight }) => {
    metrics.set("overlock_load", { reason: "eventLoop" }, eventLoop);
    metrics.set("overlock_load", { reason: "inFlight" }, inFlight);
  });
  const { clientCertificate } = settings;
  const watched = { environment, clientCertificate, port: opened, logger, metrics };
  const watches = [
    ...(tls === null ? [] : [watchCertificates(watched, tls, tlsFingerprint)]),
    ...generation.apiKeyFiles.map((file) => watchApiKeys(file, { logger, metrics })),
  ];
  return {
    url: opened.url,
    get openSockets() {
      return opened.openSockets;
    },
    reload() {
      for (const watch of watches) watch.reloadNow();
    },
    async close({ idleGraceMs }) {
      for (const watch of watches) watch.stop();
      await opened.close({ idleGraceMs, timeoutMs: shutdownTimeoutMs });
      // A request that was cut ends a moment after its connection, and is logged then.
      await lifecycle.idle(maxEndingMs);
      await server.dispose();
    },
  };
}

/** The platform team's port. Raises StartupError where it can't be had. */
export async function openAdminPort(
  { settings, generation, lifecycle, compressor, logger, metrics }: GatewayCore,
  exposeMetrics: () => Promise<string>,
): Promise<OpenPort> {
  const { adminHost: host, adminPort: port, maxBodyBytes } = settings;
  const server = createAdminServer({
    supergraph: generation.supergraph,
    metrics,
    exposeMetrics,
    lifecycle,
    callers: generation.callers,
    maxBodyBytes,
    host,
    logger,
    compressor,
  });
  const opened = await listenOr(
    () => server.dispose(),
    { variable: "ADMIN_PORT", host, port },
    server.handle,
  );
  return {
    url: opened.url,
    get openSockets() {
      return opened.openSockets;
    },
    async close({ idleGraceMs }) {
      await opened.close({ idleGraceMs, timeoutMs: maxEndingMs });
      await server.dispose();
    },
  };
}

/** What is wrong with the schemas but no reason not to start. */
export function logWarnings({ generation, logger }: GatewayCore): void {
  for (const { coordinate, found, expected } of generation.warnings)
    logger.warn({ coordinate, found, expected }, "schema");
}

/** Not ready any more, but answering, until a load balancer has noticed. */
export async function beginDraining(
  { settings, metrics, lifecycle }: GatewayCore,
  idleGraceMs: number,
): Promise<void> {
  lifecycle.drain();
  metrics.set("overlock_draining", {}, 1);
  if (idleGraceMs > 0) await new Promise((resolve) => setTimeout(resolve, settings.shutdownDelayMs));
}

/**
 * In milliseconds; long enough for a request that was sent before its client could know. Clients are told with every
 * answer from then on that the connection ends.
 */
export const defaultIdleGraceMs = 1000;

const maxEndingMs = 1000;

async function listenOr(
  dispose: () => Promise<void>,
  ...[settings, handle, options]: Parameters<typeof listen>
): Promise<HttpPort> {
  try {
    return await listen(settings, handle, options);
  } catch (error) {
    await dispose();
    throw error;
  }
}
