import { quoted } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import { type Environment, sourceUrlVariable } from "./environment.ts";
import { parseCertificates, readCertifiedKey, readPem, type ReportVariable } from "./pem-files.ts";
import { reportUnknownVariables, reportVariablesTo } from "./source-variables.ts";

/** How TLS connections to one source are made. */
export interface TlsSettings {
  /** PEM: the only roots that are trusted; null: those that the process trusts. */
  readonly ca: string | null;
  /** PEM: what the backend is shown if it asks for a certificate; null: nothing. */
  readonly client: { readonly certificate: string; readonly key: string } | null;
  /** The name that the backend's certificate has to have; null: the URL's host. */
  readonly serverName: string | null;
}

/** What a source's variables for TLS are called after its own name, `INVENTORY_TLS_`. */
const tlsVariables = ["CA_FILE", "CERT_FILE", "KEY_FILE", "SERVER_NAME"] as const;

/**
 * Reads a source's variables for TLS and the files that they name. Whatever is wrong with them is reported; null where
 * there are none.
 */
export function readSourceTls(
  { name, url }: { readonly name: string; readonly url: string },
  environment: Environment,
  problems: Problems,
): TlsSettings | null {
  const urlVariable = sourceUrlVariable(name);
  const prefix = `${urlVariable.slice(0, -"URL".length)}TLS_`;
  const report = reportVariablesTo(problems);
  reportUnknownVariables({ prefix, suffixes: tlsVariables }, environment, report);
  const names = tlsVariables.map((suffix) => prefix + suffix);
  const [first] = names.filter((variable) => environment[variable] !== undefined);
  if (first === undefined) return null;
  if (!/^(?:https|grpcs):/.test(url)) {
    const scheme = url.startsWith("grpc:") ? "grpcs://" : "https://";
    const expected = `a URL of ${urlVariable} that begins with ${scheme}, because TLS is configured`;
    report(first, expected, quoted(url));
  }
  const [caFile = "", certificateFile = "", keyFile = "", serverNameVariable = ""] = names;
  const ca = readPem(caFile, environment, report);
  if (ca !== null) parseCertificates(caFile, ca, report);
  const client = readCertifiedKey({ certificateFile, keyFile }, environment, report);
  return {
    ca,
    client: client === null ? null : { certificate: client.certificate, key: client.key },
    serverName: readServerName(serverNameVariable, environment, report),
  };
}

function readServerName(variable: string, environment: Environment, report: ReportVariable): string | null {
  const name = environment[variable];
  if (name === undefined) return null;
  if (/^(?=.{1,253}$)[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(name)) return name;
  report(variable, "a host name", quoted(name));
  return null;
}
