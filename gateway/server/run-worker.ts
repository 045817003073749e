import { StartupError } from "../core/problems.ts";
import {
  beginDraining,
  type BffPort,
  type GatewayCore,
  type GatewayOptions,
  openBffPort,
  openCore,
} from "./gateway-core.ts";
import { WorkerBudgets } from "./worker-budgets.ts";
import { isMessage, lastSnapshotId, type PrimaryMessage, type WorkerMessage } from "./worker-messages.ts";

/**
 * One of several processes that share the BFFs' port: starts, tells the primary how that went, serves, and resolves
 * when the primary has told it to end and all is answered. It obeys the primary alone: a signal that a terminal or a
 * container sends to all processes would otherwise reach it twice. Where the primary is gone, Node ends it at once.
 */
export async function runWorker(options: GatewayOptions, id: number): Promise<void> {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, ignore);
  // The primary may change its mind before the start is done.
  const drain = Promise.withResolvers<number>();
  const budgets = new WorkerBudgets(send);
  let core: GatewayCore | null = null;
  let port: BffPort | null = null;
  process.on("message", (message: unknown) => {
    if (!isMessage<PrimaryMessage>(message, ["drain", "reload", "metrics", "budgets"])) return;
    if (message.type === "drain") drain.resolve(message.idleGraceMs);
    // Before the port is open, what is in the files is noticed when they are looked at first.
    else if (message.type === "reload") port?.reload();
    else if (message.type === "budgets") budgets.receive(message);
    else
      void core?.metrics.snapshot().then(
        (snapshot) => send({ type: "metrics", id: message.id, snapshot }),
        // The primary goes on with what it was told before.
        (error: unknown) => core?.logger.error({ err: error }, "metrics could not be read"),
      );
  });
  let opened: BffPort;
  try {
    core = await openCore(options, { bindings: { worker: id }, primary: budgets });
    opened = await openBffPort(core);
  } catch (error) {
    await core?.dispose();
    if (!(error instanceof StartupError)) throw error;
    await send({ type: "refused", problems: error.problems });
    process.disconnect();
    return;
  }
  const started = core;
  port = opened;
  process.on("unhandledRejection", (reason) => started.reportStrayRejection(reason));
  started.lifecycle.ready();
  await send({ type: "ready", url: opened.url });
  const idleGraceMs = await drain.promise;
  await beginDraining(started, idleGraceMs);
  await opened.close({ idleGraceMs });
  const snapshot = await started.metrics.snapshot();
  await started.dispose();
  await send({ type: "metrics", id: lastSnapshotId, snapshot });
  process.disconnect();
}

/** Resolves when the message is on its way. */
function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    // A channel that is closed belongs to a primary that is gone, and then this process ends, too.
    if (process.connected) process.send?.(message, undefined, {}, () => resolve());
    else resolve();
  });
}

function ignore(): void {}
