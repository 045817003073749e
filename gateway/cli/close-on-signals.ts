import type { Gateway } from "../server/gateway.ts";

/**
 * Resolves when the gateway was closed by a signal: SIGTERM lets every request finish, SIGINT (Ctrl-C) does too but
 * does not wait for idle connections; a second signal ends the process.
 */
export async function closeOnSignals(gateway: Pick<Gateway, "close">): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, resolve);
  });
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => process.exit(1));
  await gateway.close(signal === "SIGINT" ? { idleGraceMs: 0 } : {});
}
