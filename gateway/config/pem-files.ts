import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { quoted } from "../core/errors.ts";
import type { Environment } from "./environment.ts";

/** Takes what is wrong with a variable. */
export type ReportVariable = (
  variable: string,
  expected: string,
  found: string,
  hint?: string | null,
) => void;

/** The text of the file that a variable names; null where it is not set or, with a problem reported, not readable. */
export function readPem(variable: string, environment: Environment, report: ReportVariable): string | null {
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
export function parseCertificates(variable: string, pem: string, report: ReportVariable): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Told below: what OpenSSL says would not help.
  }
  report(variable, "certificates in PEM", "something else");
  return [];
}

/** A certificate, with its intermediates, and its private key, both in PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
  /** The first of the certificates, which the key belongs to. */
  readonly leaf: X509Certificate;
}

/** The pair that two variables name. They belong together; null where neither is set or, with problems reported, no use. */
export function readCertifiedKey(
  { certificateFile, keyFile }: { readonly certificateFile: string; readonly keyFile: string },
  environment: Environment,
  report: ReportVariable,
): CertifiedKey | null {
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
  if (privateKey === null || leaf === undefined) return null;
  if (leaf.checkPrivateKey(privateKey)) return { certificate, key, leaf };
  report(keyFile, `the private key of the first certificate of ${certificateFile}`, "another key");
  return null;
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
