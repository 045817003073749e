import { statSync } from "node:fs";
import { type ClientCertificateMode, type Environment, listenerTlsFiles } from "../config/environment.ts";
import { type ListenerTls, readListenerTls } from "../config/listener-tls.ts";
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
 * are no use. Files are read when they have been the same for one look: certificate and key seldom change in the same
 * moment, and a file is not written in one. Returns what ends it.
 */
export function watchCertificates(watched: WatchedCertificates, started: ListenerTls): () => void {
  const { environment, metrics } = watched;
  metrics.set("overlock_certificate_not_after_seconds", {}, started.notAfterMs / 1000);
  let used = fingerprintOf(environment);
  let seen = used;
  const timer = setInterval(() => {
    const found = fingerprintOf(environment);
    const isSettled = found === seen;
    seen = found;
    if (!isSettled || found === used) return;
    used = found;
    reload(watched);
  }, watched.intervalMs ?? intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

const intervalMs = 2000;

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

/** Differs whenever one of the files was written, replaced, or is another one behind the same name. */
function fingerprintOf(environment: Environment): string {
  const facts = listenerTlsFiles.map((variable) => {
    const file = environment[variable];
    const stats = file === undefined ? undefined : statSync(file, { bigint: true, throwIfNoEntry: false });
    return stats === undefined
      ? ""
      : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
  });
  return facts.join("\n");
}
