import { OverlockError } from "../core/errors.ts";
import type { Authenticator, ClientCertificate } from "./authenticator.ts";
import { callerOfConsumer, type Consumer } from "./consumer-caller.ts";

/** Whose certificate it is. */
export interface CertificateConsumer extends Consumer {
  /** One of the names of {@link namesOf}. */
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
    authenticate({ certificate }) {
      if (certificate === null) return null;
      const [found] = namesOf(certificate)
        .flatMap((name) => known.get(comparableName(name)) ?? [])
        .toSorted((left, right) => left.place - right.place);
      if (found === undefined)
        throw new OverlockError(
          "CREDENTIAL_INVALID",
          "The client certificate is not one of a known consumer.",
        );
      return found.caller;
    },
    async dispose() {},
  };
}

function namesOf({ subject, alternativeNames, fingerprint }: ClientCertificate): readonly string[] {
  return [subject, ...alternativeNames, `SHA256:${fingerprint}`];
}

/** Host names and fingerprints are the same in upper and lower case; all else is compared to the letter. */
export function comparableName(name: string): string {
  const [, kind = "", value = ""] = /^(DNS|SHA256):(.*)$/s.exec(name) ?? [];
  if (kind === "DNS") return `DNS:${value.toLowerCase()}`;
  return kind === "SHA256" ? `SHA256:${value.replaceAll(":", "").toUpperCase()}` : name;
}
