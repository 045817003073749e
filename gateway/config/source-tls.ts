import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { quoted } from "../core/errors.ts";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import { type Environment, sourceUrlVariable } from "./environment.ts";

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
  const report: Report = (variable, expected, found, hint = null) =>
    problems.error({
      place: { file: "environment", line: 0, column: 0 },
      coordinate: variable,
      expected,
      found,
      hint,
    });
  reportUnknown(prefix, environment, report);
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
  return {
    ca,
    client: readClient({ certificateFile, keyFile }, environment, report),
    serverName: readServerName(serverNameVariable, environment, report),
  };
}

type Report = (variable: string, expected: string, found: string, hint?: string | null) => void;

/** A misspelt name would leave a connection without what was meant to protect it. */
function reportUnknown(prefix: string, environment: Environment, report: Report): void {
  const suffixes: readonly string[] = tlsVariables;
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith(prefix)) continue;
    const suffix = variable.slice(prefix.length);
    // `books-tls` may be a source too.
    if (suffix === "URL" || suffixes.includes(suffix)) continue;
    const expected = `a variable that the gateway reads (${suffixes.map((one) => prefix + one).join(", ")})`;
    report(
      variable,
      expected,
      variable,
      nearestNameHint(
        variable,
        suffixes.map((one) => prefix + one),
      ),
    );
  }
}

function readClient(
  { certificateFile, keyFile }: { readonly certificateFile: string; readonly keyFile: string },
  environment: Environment,
  report: Report,
): TlsSettings["client"] {
  const isSet = [certificateFile, keyFile].map((variable) => environment[variable] !== undefined);
  if (isSet[0] !== isSet[1]) {
    const [missing, other] = isSet[0] ? [keyFile, certificateFile] : [certificateFile, keyFile];
    report(missing, `a value: it belongs together with ${other}`, "nothing");
    return null;
  }
  const certificate = readPem(certificateFile, environment, report);
  const key = readPem(keyFile, environment, report);
  if (certificate === null || key === null) return null;
  const [leaf] = parseCertificates(certificateFile, certificate, report);
  const privateKey = parseKey(key);
  if (privateKey === null) report(keyFile, "a private key in PEM without a passphrase", "something else");
  else if (leaf !== undefined && !leaf.checkPrivateKey(privateKey))
    report(keyFile, `the private key of the first certificate of ${certificateFile}`, "another key");
  return { certificate, key };
}

function readServerName(variable: string, environment: Environment, report: Report): string | null {
  const name = environment[variable];
  if (name === undefined) return null;
  if (/^(?=.{1,253}$)[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(name)) return name;
  report(variable, "a host name", quoted(name));
  return null;
}

/** The text of the file that a variable names; null where it is not set or, with a problem reported, not readable. */
function readPem(variable: string, environment: Environment, report: Report): string | null {
  const file = environment[variable];
  if (file === undefined) return null;
  try {
    const { size } = statSync(file);
    if (size <= maxPemBytes) return readFileSync(file, "utf8");
    report(variable, `a file of at most ${maxPemBytes} bytes`, `${size} bytes`);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    report(variable, "a readable file", `${quoted(file)} (${code})`);
  }
  return null;
}

const maxPemBytes = 1024 * 1024;

/** All certificates of a PEM text; none, with a problem reported, where one can't be read. */
function parseCertificates(variable: string, pem: string, report: Report): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Told below: what OpenSSL says would not help.
  }
  report(variable, "certificates in PEM", "something else");
  return [];
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
