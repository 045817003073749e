import { OverlockError, quoted } from "../core/errors.ts";
import type { Authenticator, ClientCertificate } from "./authenticator.ts";
import { callerOfConsumer, type Consumer } from "./consumer-caller.ts";

/** Whose certificate it is. */
export interface CertificateConsumer extends Consumer {
  /** `CN=orders-job,O=Shop`, `DNS:…`, `URI:…`, `EMAIL:…`, `IP:…` or `SHA256:…`. */
  readonly name: string;
}

/**
 * Knows machines by the certificate that the TLS port has verified. Of the consumers whose name it has, the first of the
 * list is who calls; a certificate that is no consumer's is refused, as any credential that is no good.
 */
export function createCertificateAuthenticator(consumers: readonly CertificateConsumer[]): Authenticator {
  const known = new Map(
    consumers.map((consumer, place) => {
      const name = comparableName(consumer.name);
      return [name, { place, caller: callerOfConsumer("certificate", consumer.name, consumer) }];
    }),
  );
  return {
    takesBearerTokens: false,
    authenticate({ certificate }) {
      if (certificate === null) return null;
      const [found] = namesOf(certificate)
        .flatMap((name) => known.get(name) ?? [])
        .toSorted((left, right) => left.place - right.place);
      if (found === undefined)
        throw new OverlockError(
          "CREDENTIAL_INVALID",
          "The client certificate is not one of a known consumer.",
          {
            cause: new Error(`its names are ${certificateNames(certificate)}`),
          },
        );
      return found.caller;
    },
    async dispose() {},
  };
}

/** For the log, where it says what to write into the list. */
function certificateNames({ subject, alternativeNames, fingerprint }: ClientCertificate): string {
  return [subject, ...alternativeNames.slice(0, maxLoggedNames), `SHA256:${fingerprint}`]
    .map(quoted)
    .join(", ");
}

const maxLoggedNames = 10;

/** Its names as {@link comparableName} makes them. */
function namesOf({ subject, alternativeNames, fingerprint }: ClientCertificate): readonly string[] {
  return [subjectName(subject), ...alternativeNames.map(comparableName), `SHA256:${fingerprint}`];
}

/**
 * A name of a consumer's, equal for what are the same names: host names and fingerprints are so in upper and lower case.
 * What has no kind before it is a subject, and no subject is taken for anything else.
 */
export function comparableName(name: string): string {
  const [, kind, value = ""] = /^(DNS|URI|EMAIL|IP|SHA256):(.*)$/s.exec(name) ?? [];
  switch (kind) {
    case undefined:
      return subjectName(name);
    case "DNS":
      return `DNS:${value.toLowerCase()}`;
    case "SHA256":
      return `SHA256:${value.replaceAll(":", "").toUpperCase()}`;
    default:
      return name;
  }
}

function subjectName(subject: string): string {
  return `subject:${subject}`;
}
