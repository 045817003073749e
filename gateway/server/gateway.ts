import type { Problem } from "../core/problems.ts";
import {
  beginDraining,
  type BffPort,
  type CloseOptions,
  defaultIdleGraceMs,
  type GatewayOptions,
  logWarnings,
  openAdminPort,
  openBffPort,
  openCore,
  type OpenPort,
} from "./gateway-core.ts";
import type { Generation } from "./generation.ts";

export type { CloseOptions, GatewayOptions } from "./gateway-core.ts";

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
  /** Reads certificates and files of API keys again, at once. Where they are no use, those before stay. */
  reload(): void;
  /** Logs and counts a failure that nobody was waiting for, which would otherwise end the process. */
  reportStrayRejection(reason: unknown): void;
  /** Answers what is under way, then closes everything. Idle connections are closed after `idleGraceMs`. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * A gateway in this one process. A start is five calls: load settings → open sources → compose → (compile policies) →
 * listen. Raises StartupError with everything that is wrong; nothing stays open then.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const core = await openCore(options);
  const { generation, logger, metrics, lifecycle } = core;
  let bffPort: BffPort | null = null;
  let adminPort: OpenPort;
  try {
    bffPort = await openBffPort(core);
    adminPort = await openAdminPort(core, () => metrics.expose());
  } catch (error) {
    await bffPort?.close({ idleGraceMs: 0 });
    await core.dispose();
    throw error;
  }
  const served = bffPort;
  logWarnings(core);
  const close = async ({ idleGraceMs = defaultIdleGraceMs }: CloseOptions): Promise<void> => {
    await beginDraining(core, idleGraceMs);
    await served.close({ idleGraceMs });
    await adminPort.close({ idleGraceMs: 0 });
    await core.dispose();
  };
  let closing: Promise<void> | null = null;
  lifecycle.ready();
  metrics.set("overlock_workers", {}, 1);
  logger.info({ url: served.url, adminUrl: adminPort.url }, "listening");
  return {
    url: served.url,
    adminUrl: adminPort.url,
    endpoints: endpointsOf(generation, served.url),
    warnings: generation.warnings,
    get openSockets() {
      return served.openSockets;
    },
    reload: () => served.reload(),
    reportStrayRejection: (reason) => core.reportStrayRejection(reason),
    close: (closeOptions = {}) => (closing ??= close(closeOptions)),
  };
}

function endpointsOf(generation: Generation, url: string): ReadonlyMap<string, string> {
  return new Map(generation.bffs.map(({ settings: { name } }) => [name, `${url}/${name}/graphql`]));
}
