import { type ClientCertificateMode, type Environment, listenerTlsFiles } from "../config/environment.ts";
import { type ListenerTls, readListenerTls } from "../config/listener-tls.ts";
import { type FileWatch, watchFiles } from "../config/watch-files.ts";
import { Problems } from "../core/problems.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { HttpPort } from "./http-port.ts";

export interface WatchedCertificates {
  readonly environment: Environment;
  readonly clientCertificate: ClientCertificateMode;
  readonly port: Pick<HttpPort, "setCertificates">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often the files are looked at, in milliseconds. */
  readonly intervalMs?: number;
}

/**
 * Gives the port the certificates of its files whenever these change, and it keeps those that it has where the new ones
 * are no use. `started` were read when the files had the fingerprint `used`.
 */
export function watchCertificates(
  watched: WatchedCertificates,
  started: ListenerTls,
  used: string,
): FileWatch {
  const { environment, metrics, intervalMs = 2000 } = watched;
  metrics.set("overlock_certificate_not_after_seconds", {}, started.notAfterMs / 1000);
  const files = certificateFiles(environment);
  return watchFiles({ files, used, reload: () => reload(watched), intervalMs });
}

/** The files that the environment names for the BFFs' port. */
export function certificateFiles(environment: Environment): readonly string[] {
  return listenerTlsFiles.map((variable) => environment[variable]).filter((file) => file !== undefined);
}

function reload({ environment, clientCertificate, port, logger, metrics }: WatchedCertificates): void {
  const problems = new Problems();
  try {
    const tls = readListenerTls(environment, clientCertificate, problems);
    problems.throwIfAny();
    if (tls === null) return;
    port.setCertificates(tls);
    metrics.set("overlock_certificate_not_after_seconds", {}, tls.notAfterMs / 1000);
    metrics.increment("overlock_certificate_reloads_total", { result: "done" });
    logger.info({ notAfter: new Date(tls.notAfterMs).toISOString() }, "certificates reloaded");
    for (const { coordinate, expected, found } of problems.warnings)
      logger.warn({ coordinate, expected, found }, "certificates");
  } catch (error) {
    metrics.increment("overlock_certificate_reloads_total", { result: "failed" });
    logger.warn({ err: error }, "certificates could not be reloaded, the ones before stay in use");
  }
}
