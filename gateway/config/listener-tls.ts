import { quoted } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import { type ClientCertificateMode, type Environment, listenerTlsFiles } from "./environment.ts";
import { parseCertificates, readCertifiedKey, readPem, type ReportVariable } from "./pem-files.ts";

/** How the BFFs' port does TLS. */
export interface ListenerTls {
  /** PEM: the gateway's certificate, with its intermediates. */
  readonly certificate: string;
  /** PEM, without a passphrase. */
  readonly key: string;
  /** PEM: who may have signed the certificates of clients; null: clients are not asked for one. */
  readonly clientCa: string | null;
  readonly clientCertificate: ClientCertificateMode;
  /** When the gateway's certificate ends, in milliseconds since 1970. */
  readonly notAfterMs: number;
}

/**
 * Reads the files that the environment names for the BFFs' port. Whatever is wrong with them is reported. Null where there
 * are none: the port is without TLS.
 */
export function readListenerTls(
  environment: Environment,
  clientCertificate: ClientCertificateMode,
  problems: Problems,
): ListenerTls | null {
  const [certificateFile, keyFile, caFile] = listenerTlsFiles;
  const place = { file: "environment", line: 0, column: 0 };
  const report: ReportVariable = (coordinate, expected, found, hint = null) =>
    problems.error({ place, coordinate, expected, found, hint });
  const pair = readCertifiedKey({ certificateFile, keyFile }, environment, report);
  const clientCa = readPem(caFile, environment, report);
  if (clientCa !== null) parseCertificates(caFile, clientCa, report);
  if (environment[certificateFile] === undefined && environment[keyFile] === undefined)
    reportWithoutTls(environment, report);
  if (clientCertificate !== "none" && environment[caFile] === undefined)
    report(caFile, `a file: TLS_CLIENT_CERTIFICATE is ${clientCertificate}`, "nothing");
  if (clientCertificate === "none" && environment[caFile] !== undefined)
    report(
      "TLS_CLIENT_CERTIFICATE",
      `optional or required, because ${caFile} is set`,
      quoted(environment["TLS_CLIENT_CERTIFICATE"] ?? "nothing"),
    );
  if (pair === null) return null;
  const { certificate, key, leaf } = pair;
  const notAfterMs = Date.parse(leaf.validTo);
  const [fromMs, nowMs] = [Date.parse(leaf.validFrom), Date.now()];
  if (nowMs > notAfterMs || nowMs < fromMs)
    problems.warn({
      place,
      coordinate: certificateFile,
      expected: "a certificate that is valid now",
      found: nowMs > notAfterMs ? `one that ended ${leaf.validTo}` : `one that begins ${leaf.validFrom}`,
    });
  return Object.freeze({ certificate, key, clientCa, clientCertificate, notAfterMs });
}

/** Somebody meant clients to be asked for certificates, which a port without TLS can't. */
function reportWithoutTls(environment: Environment, report: ReportVariable): void {
  for (const variable of ["TLS_CLIENT_CA_FILE", "TLS_CLIENT_CERTIFICATE"]) {
    const value = environment[variable];
    if (value === undefined || value === "none") continue;
    report("TLS_CERT_FILE", `a file, because ${variable} is set`, "nothing");
    return;
  }
}
