import { type Environment, readEnvironment } from "../config/environment.ts";
import { loadProject } from "../config/load-project.ts";
import { type Problem, Problems } from "../core/problems.ts";
import { createLogger } from "../observe/logger.ts";
import { Metrics } from "../observe/metrics.ts";
import { createAdminServer } from "./admin-server.ts";
import { createBffServer } from "./bff-server.ts";
import { compressionLimits, createAnswerCompressor } from "./compress-answer.ts";
import { buildGeneration, type Generation } from "./generation.ts";
import { type HttpPort, listen } from "./http-port.ts";
import { Lifecycle } from "./lifecycle.ts";

export interface GatewayOptions {
  /** The folder with `schemas/`, `protos/` and the `bff-*` folders. */
  readonly root: string;
  /** `process.env`, or less. */
  readonly environment: Environment;
  /** Where log lines go; standard output where left out. */
  readonly logDestination?: { write(line: string): void };
}

/** A gateway that listens. */
export interface Gateway {
  /** `http://host:port` of the BFFs. */
  readonly url: string;
  readonly adminUrl: string;
  /** The BFFs' endpoints by name. */
  readonly endpoints: ReadonlyMap<string, string>;
  readonly warnings: readonly Problem[];
  /** Connections that clients hold open on the BFFs' port. */
  readonly openSockets: number;
  /** Logs and counts a failure that nobody was waiting for, which would otherwise end the process. */
  reportStrayRejection(reason: unknown): void;
  /** Answers what is under way, then closes everything. Idle connections are closed after `idleGraceMs`. */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  /** In milliseconds; 0 also skips the wait before, `SHUTDOWN_DELAY_MS`. */
  readonly idleGraceMs?: number;
}

/**
 * A start is five calls: load settings → open sources → compose → (compile policies) → listen. Raises StartupError with
 * everything that is wrong; nothing stays open then.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const problems = new Problems();
  const settings = readEnvironment(options.environment, problems);
  const project = await loadProject(options.root, problems);
  const logger = createLogger(settings.logLevel, options.logDestination ?? null);
  const metrics = new Metrics();
  const generation = await buildGeneration({
    project,
    environment: options.environment,
    settings,
    logger,
    metrics,
    problems,
  });
  const lifecycle = new Lifecycle();
  const { maxBodyBytes, compressFromBytes: fromBytes } = settings;
  const compressor = createAnswerCompressor({ fromBytes, limits: compressionLimits, metrics, logger });
  const bffServer = createBffServer(generation.bffs, lifecycle, {
    maxBodyBytes,
    compressor,
    logger,
  });
  const [first] = generation.bffs;
  const adminServer = createAdminServer({
    supergraph: generation.supergraph,
    metrics,
    lifecycle,
    tokens: first?.tokens ?? null,
    maxBodyBytes,
    host: settings.adminHost,
    logger,
    compressor,
  });
  const dispose = async (): Promise<void> => {
    await Promise.all([bffServer.dispose(), adminServer.dispose(), generation.dispose()]);
    logger.flush();
  };
  const ports: HttpPort[] = [];
  try {
    const { host, port, adminHost, adminPort } = settings;
    ports.push(await listen({ variable: "PORT", host, port }, bffServer.handle));
    ports.push(
      await listen({ variable: "ADMIN_PORT", host: adminHost, port: adminPort }, adminServer.handle),
    );
  } catch (error) {
    await Promise.all(ports.map((opened) => opened.close({ idleGraceMs: 0, timeoutMs: 0 })));
    await dispose();
    throw error;
  }
  const [bffPort, adminPort] = ports as [HttpPort, HttpPort];
  for (const { coordinate, found, expected } of generation.warnings)
    logger.warn({ coordinate, found, expected }, "schema");
  const close = async ({ idleGraceMs = defaultIdleGraceMs }: CloseOptions): Promise<void> => {
    lifecycle.drain();
    metrics.set("overlock_draining", {}, 1);
    if (idleGraceMs > 0) await sleep(settings.shutdownDelayMs);
    await bffPort.close({ idleGraceMs, timeoutMs: settings.shutdownTimeoutMs });
    // A request that was cut ends a moment after its connection, and is logged then.
    await lifecycle.idle(maxEndingMs);
    await adminPort.close({ idleGraceMs: 0, timeoutMs: 1000 });
    await dispose();
  };
  let closing: Promise<void> | null = null;
  lifecycle.ready();
  logger.info({ url: bffPort.url, adminUrl: adminPort.url }, "listening");
  return {
    url: bffPort.url,
    adminUrl: adminPort.url,
    endpoints: endpointsOf(generation, bffPort.url),
    warnings: generation.warnings,
    get openSockets() {
      return bffPort.openSockets;
    },
    reportStrayRejection(reason) {
      metrics.increment("overlock_stray_rejections_total", {});
      logger.error({ err: reason }, "stray rejection");
    },
    close: (closeOptions = {}) => (closing ??= close(closeOptions)),
  };
}

/**
 * Long enough for a request that was sent before its client could know. Clients are told with every answer from then on
 * that the connection ends.
 */
const defaultIdleGraceMs = 1000;

const maxEndingMs = 1000;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function endpointsOf(generation: Generation, url: string): ReadonlyMap<string, string> {
  return new Map(generation.bffs.map(({ settings: { name } }) => [name, `${url}/${name}/graphql`]));
}
