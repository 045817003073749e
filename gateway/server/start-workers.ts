import { availableParallelism } from "node:os";
import { readEnvironment } from "../config/environment.ts";
import { Problems } from "../core/problems.ts";
import { standardOutput } from "../observe/logger.ts";
import { exposeTogether } from "../observe/metrics.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import {
  beginDraining,
  type CloseOptions,
  defaultIdleGraceMs,
  type GatewayOptions,
  logWarnings,
  openAdminPort,
  openCore,
} from "./gateway-core.ts";
import { WorkerPool } from "./worker-pool.ts";

export type RunningGateway = Pick<Gateway, "close" | "reload" | "reportStrayRejection">;

/** The program that starts a worker, and its arguments: one that calls {@link runWorker}. */
export interface WorkerProgram {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * The gateway in as many processes as `WORKERS` says: in this one alone, or in so many workers, with this one, the
 * primary, in front of them. It opens the BFFs' port and hands each connection to a worker, has the admin port for all,
 * writes the one log, and replaces workers that are gone.
 */
export async function startProcesses(
  options: GatewayOptions,
  program: WorkerProgram,
): Promise<RunningGateway> {
  // Whatever is wrong with the environment is reported by the start itself.
  const { workers } = readEnvironment(options.environment, new Problems());
  const count = workers === "auto" ? availableParallelism() : workers;
  return count === 1 ? startGateway(options) : startWorkers(options, program, count);
}

async function startWorkers(
  options: GatewayOptions,
  { program, args }: WorkerProgram,
  workers: number,
): Promise<RunningGateway> {
  const output = options.logDestination ?? standardOutput();
  const core = await openCore({ ...options, logDestination: output });
  const { settings, logger, metrics, lifecycle } = core;
  let isListening = false;
  const pool = new WorkerPool({
    program,
    args,
    workers,
    budgets: core.budgets,
    logger,
    output,
    onReady: (ready) => {
      metrics.set("overlock_workers", {}, ready);
      if (ready === 0) lifecycle.starting();
      else if (isListening) lifecycle.ready();
    },
    onCrash: () => metrics.increment("overlock_worker_crashes_total", {}),
  });
  const expose = async (): Promise<string> => {
    const [own, others] = await Promise.all([metrics.snapshot(), pool.snapshots()]);
    return exposeTogether([own, ...others]);
  };
  let adminPort: Awaited<ReturnType<typeof openAdminPort>> | null = null;
  const close = async ({ idleGraceMs = defaultIdleGraceMs }: CloseOptions): Promise<void> => {
    const { shutdownDelayMs, shutdownTimeoutMs } = settings;
    const ended = pool.end(idleGraceMs, shutdownDelayMs + shutdownTimeoutMs + maxEndingMs);
    // The workers wait, too, each for itself.
    await Promise.all([beginDraining(core, idleGraceMs), ended]);
    await adminPort?.close({ idleGraceMs: 0 });
    await core.dispose();
  };
  try {
    adminPort = await openAdminPort(core, expose);
    const url = await pool.start();
    logWarnings(core);
    isListening = true;
    lifecycle.ready();
    logger.info({ url, adminUrl: adminPort.url, workers }, "listening");
  } catch (error) {
    await close({ idleGraceMs: 0 });
    throw error;
  }
  let closing: Promise<void> | null = null;
  return {
    reload: () => pool.reload(),
    reportStrayRejection: (reason) => core.reportStrayRejection(reason),
    close: (closeOptions = {}) => (closing ??= close(closeOptions)),
  };
}

/** What a worker may take beyond its own limits before it is killed, in milliseconds. */
const maxEndingMs = 5000;
