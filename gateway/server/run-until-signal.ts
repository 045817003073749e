import type { Gateway } from "./gateway.ts";

/**
 * Starts a gateway, and resolves when a signal has closed it. Until then SIGHUP makes it read again what it can renew;
 * where it comes during the start, that reads everything anyway. SIGTERM lets every request finish, SIGINT (Ctrl-C) does
 * too but does not wait for idle connections. A signal that comes during the start counts when it is done; a second one
 * ends the process as signals do. Meanwhile a rejection that nobody handles is reported instead of ending the process,
 * and every request in it.
 */
export async function runUntilSignal(
  start: () => Promise<Pick<Gateway, "close" | "reload" | "reportStrayRejection">>,
): Promise<void> {
  const { promise: signalled, resolve } = Promise.withResolvers<NodeJS.Signals>();
  // Before the start: whoever sees that the gateway listens may send a signal the moment after.
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const name of signals) process.off(name, onSignal);
    resolve(signal);
  };
  for (const name of signals) process.on(name, onSignal);
  let reload = (): void => {};
  const onHangUp = (): void => reload();
  process.on("SIGHUP", onHangUp);
  let onRejection: ((reason: unknown) => void) | null = null;
  try {
    const gateway = await start();
    onRejection = (reason) => gateway.reportStrayRejection(reason);
    process.on("unhandledRejection", onRejection);
    reload = () => gateway.reload();
    await gateway.close((await signalled) === "SIGINT" ? { idleGraceMs: 0 } : {});
  } finally {
    if (onRejection !== null) process.off("unhandledRejection", onRejection);
    process.off("SIGHUP", onHangUp);
    for (const name of signals) process.off(name, onSignal);
  }
}

const signals = ["SIGTERM", "SIGINT"] as const;
