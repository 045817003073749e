import { describe, expect, it } from "vitest";
import type { ClientCertificate } from "../../gateway/identity/authenticator.ts";
import { createCertificateAuthenticator } from "../../gateway/identity/certificates.ts";

const fingerprint = "0A1B".repeat(16);
const certificate: ClientCertificate = {
  subject: "CN=orders-job,O=Shop",
  alternativeNames: [
    "DNS:Orders.example",
    "URI:spiffe://shop/orders",
    "EMAIL:ops@shop.example",
    "IP:10.0.0.7",
  ],
  fingerprint,
};

function consumerOf(names: readonly string[], shown: ClientCertificate | null = certificate) {
  const consumers = names.map((name) => ({ name, consumer: `the one of ${name}`, tier: null, scopes: [] }));
  return createCertificateAuthenticator(consumers).authenticate({ headers: new Map(), certificate: shown });
}

describe("a client certificate", () => {
  it("says which machine calls, and what it may", () => {
    const authenticator = createCertificateAuthenticator([
      { name: "CN=orders-job,O=Shop", consumer: "orders", tier: "internal", scopes: ["orders:read"] },
    ]);
    expect(authenticator.authenticate({ headers: new Map(), certificate })).toEqual({
      kind: "certificate",
      subject: "CN=orders-job,O=Shop",
      consumer: "orders",
      tier: "internal",
      scopes: new Set(["orders:read"]),
      issuer: null,
      claims: {},
    });
  });

  it.each([
    "CN=orders-job,O=Shop",
    "DNS:orders.example",
    "DNS:ORDERS.EXAMPLE",
    "URI:spiffe://shop/orders",
    "EMAIL:ops@shop.example",
    "IP:10.0.0.7",
    `SHA256:${fingerprint}`,
    `SHA256:${fingerprint.toLowerCase()}`,
    `SHA256:${fingerprint.replaceAll(/..(?=.)/g, "$&:")}`,
  ])("is known by any of its names: %s", (name) => {
    expect(consumerOf(["CN=other", name])).toMatchObject({ consumer: `the one of ${name}` });
  });

  it("with several of the names is that of the first in the list", () => {
    const names = ["URI:spiffe://shop/orders", "CN=orders-job,O=Shop", `SHA256:${fingerprint}`];
    expect(consumerOf(names)).toMatchObject({ subject: names[0] });
    expect(consumerOf(names.toReversed())).toMatchObject({ subject: names[2] });
  });

  it.each([
    "CN=orders-job",
    "O=Shop,CN=orders-job",
    "cn=orders-job,O=Shop",
    "CN=orders-job,O=Shop,C=DE",
    "CN=Orders-Job,O=Shop",
    "DNS:example",
    "DNS:*.example",
    "DNS:orders.example.",
    "DNS:spiffe://shop/orders",
    "URI:orders.example",
    "URI:spiffe://SHOP/orders",
    "EMAIL:OPS@shop.example",
    `SHA256:${fingerprint.slice(2)}`,
  ])("that nobody in the list has is refused: %s", (name) => {
    expect(() => consumerOf([name])).toThrow(
      expect.objectContaining({
        code: "CREDENTIAL_INVALID",
        message: "The client certificate is not one of a known consumer.",
      }) as Error,
    );
  });

  it.each([
    ["its subject", { subject: "DNS:orders.example" }],
    ["its subject, in another way", { subject: `SHA256:${fingerprint}` }],
  ])("does not get another's name by what it calls itself in %s", (_where, changes) => {
    const stranger = { ...certificate, alternativeNames: [], fingerprint: "FF".repeat(32), ...changes };
    expect(() => consumerOf(["DNS:orders.example", `SHA256:${fingerprint}`], stranger)).toThrow(
      expect.objectContaining({ code: "CREDENTIAL_INVALID" }) as Error,
    );
  });

  it("may be absent, and then the next credential is looked for", () => {
    expect(consumerOf(["CN=orders-job,O=Shop"], null)).toBeNull();
  });
});
