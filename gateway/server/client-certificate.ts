import type { X509Certificate } from "node:crypto";
import type { ClientCertificate } from "../identity/authenticator.ts";

/** What of a verified certificate tells who a client is. */
export function describeCertificate(certificate: X509Certificate): ClientCertificate {
  return {
    subject: subjectOf(certificate.subject),
    alternativeNames: alternativeNamesOf(certificate.subjectAltName ?? ""),
    fingerprint: certificate.fingerprint256.replaceAll(":", ""),
  };
}

/**
 * OpenSSL writes one part in a line, the least specific first, with what is special escaped as in
 * https://www.rfc-editor.org/rfc/rfc4514, line breaks and plus signs among it.
 */
function subjectOf(lines: string): string {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replaceAll(" + ", "+"))
    .toReversed()
    .join(",");
}

const kinds: ReadonlyMap<string, string> = new Map([
  ["DNS", "DNS"],
  ["URI", "URI"],
  ["email", "EMAIL"],
  ["IP Address", "IP"],
]);

/**
 * Node writes `DNS:a, URI:b`, and a value that could be taken for several as a JSON string; other kinds of names than
 * these four are left out.
 */
function alternativeNamesOf(text: string): readonly string[] {
  const names: string[] = [];
  for (const [, kind = "", value = ""] of text.matchAll(
    /([^:,"]+):((?:"(?:[^"\\]|\\.)*"|[^,"])*)(?:, |$)/g,
  )) {
    const known = kinds.get(kind);
    if (known !== undefined) names.push(`${known}:${unquoted(value)}`);
  }
  return names;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? (JSON.parse(value) as string) : value;
}
