import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readListenerTls } from "../../gateway/config/listener-tls.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { describeCertificate } from "../../gateway/server/client-certificate.ts";
import { CertificateAuthority, type IssuedCertificate } from "../support/certificates.ts";
import { createSecureFetch } from "../support/secure-clients.ts";
import { createShopProject } from "../support/temporary-project.ts";
import { startTestGateway } from "../support/test-gateway.ts";

let authority: CertificateAuthority;
let gatewayPair: IssuedCertificate;
let job: IssuedCertificate;

beforeAll(() => {
  authority = new CertificateAuthority();
  gatewayPair = authority.issue("gateway", "IP:127.0.0.1");
  job = authority.issue(
    "orders-job",
    "DNS:orders.example,URI:spiffe://shop/orders,IP:10.0.0.7,email:ops@shop.example",
  );
});
afterAll(() => authority.remove());

describe("a certificate", () => {
  it("is told by its subject, its names and its fingerprint", () => {
    const certificate = new X509Certificate(job.certificate);
    expect(describeCertificate(certificate)).toEqual({
      subject: "CN=orders-job",
      alternativeNames: [
        "DNS:orders.example",
        "URI:spiffe://shop/orders",
        "IP:10.0.0.7",
        "EMAIL:ops@shop.example",
      ],
      fingerprint: certificate.fingerprint256.replaceAll(":", ""),
    });
  });

  const told = (subject: string, subjectAltName: string | undefined) => {
    const fingerprint256 = "AB:CD";
    return describeCertificate({ subject, subjectAltName, fingerprint256 } as X509Certificate);
  };

  it("has its most specific part first, with what is special escaped", () => {
    expect(told("C=DE\nO=Shop\\, Inc.\nOU=a + CN=b\\+c", undefined)).toEqual({
      subject: "OU=a+CN=b\\+c,O=Shop\\, Inc.,C=DE",
      alternativeNames: [],
      fingerprint: "ABCD",
    });
  });

  it("has no name that another name only quotes", () => {
    const names =
      'DNS:"a.example, DNS:victim.example", URI:"http://x/\\", DNS:victim.example", othername:x, DNS:own.example';
    expect(told("", names).alternativeNames).toEqual([
      "DNS:a.example, DNS:victim.example",
      'URI:http://x/", DNS:victim.example',
      "DNS:own.example",
    ]);
  });
});

describe("a client that shows a certificate", () => {
  it.each(["h2", "http/1.1"] as const)(
    "is known by it over %s, and nobody is who shows none",
    async (protocol) => {
      const project = createShopProject(
        "type Query { categories: [Category!] }\ntype Category { id: ID! }\n",
        {
          anonymous: false,
          credentials: [
            {
              kind: "certificate",
              consumers: [{ name: "URI:spiffe://shop/orders", consumer: "orders-job" }],
            },
          ],
        },
      );
      const test = await startTestGateway(
        {
          TLS_CERT_FILE: gatewayPair.certificateFile,
          TLS_KEY_FILE: gatewayPair.keyFile,
          TLS_CLIENT_CA_FILE: authority.certificateFile,
          TLS_CLIENT_CERTIFICATE: "optional",
        },
        project.root,
      );
      const ca = authority.certificate;
      const known = createSecureFetch({ ca, cert: job.certificate, key: job.key }, protocol);
      const stranger = createSecureFetch({ ca }, protocol);
      const other = createSecureFetch({ ca, cert: gatewayPair.certificate, key: gatewayPair.key }, protocol);
      const url = `${test.gateway.url}/web/graphql?query={__typename}`;
      const statuses: number[] = [];
      // The second request of each comes on the same connection, or on one that resumes its session.
      for (const client of [known, known, stranger, stranger, other, known])
        statuses.push(
          (await client.fetch(url, { headers: { "x-client-cert": job.certificate.slice(0, 20).trim() } }))
            .status,
        );
      expect(statuses).toEqual([200, 200, 401, 401, 401, 200]);
      expect(test.logLines.filter(({ consumer }) => consumer === "orders-job")).toHaveLength(3);
      await Promise.all([known.close(), stranger.close(), other.close()]);
      await test.stop();
      project.remove();
    },
  );
});

describe("the variables of TLS", () => {
  const problemsOf = (
    environment: Readonly<Record<string, string>>,
    mode: "none" | "optional" | "required" = "none",
  ): string[] => {
    const problems = new Problems();
    readListenerTls(environment, mode, problems);
    return problems.errors.map(
      ({ coordinate, expected, found }) => `${coordinate}: ${expected}, found ${found}`,
    );
  };
  const pair = () => ({ TLS_CERT_FILE: gatewayPair.certificateFile, TLS_KEY_FILE: gatewayPair.keyFile });

  it("are not needed, and the port is plain then", () => {
    expect(readListenerTls({}, "none", new Problems())).toBeNull();
    expect(problemsOf({})).toEqual([]);
    expect(problemsOf(pair())).toEqual([]);
  });

  it("belong together", () => {
    const { TLS_CERT_FILE, TLS_KEY_FILE } = pair();
    const ca = { TLS_CLIENT_CA_FILE: authority.certificateFile };
    expect(problemsOf({ TLS_CERT_FILE })).toEqual([
      "TLS_KEY_FILE: a value: it belongs together with TLS_CERT_FILE, found nothing",
    ]);
    expect(problemsOf({ TLS_KEY_FILE })).toEqual([
      "TLS_CERT_FILE: a value: it belongs together with TLS_KEY_FILE, found nothing",
    ]);
    expect(problemsOf({ ...ca, TLS_CLIENT_CERTIFICATE: "required" }, "required")).toEqual([
      "TLS_CERT_FILE: a file, because TLS_CLIENT_CA_FILE is set, found nothing",
    ]);
    expect(problemsOf({ ...pair(), TLS_CLIENT_CERTIFICATE: "required" }, "required")).toEqual([
      "TLS_CLIENT_CA_FILE: a file: TLS_CLIENT_CERTIFICATE is required, found nothing",
    ]);
    expect(problemsOf({ ...pair(), ...ca })).toEqual([
      'TLS_CLIENT_CERTIFICATE: optional or required, because TLS_CLIENT_CA_FILE is set, found "nothing"',
    ]);
  });

  it("name files that can be read and are what they should be", () => {
    const file = (name: string, text: string): string => {
      const full = path.join(authority.folder, name);
      writeFileSync(full, text);
      return full;
    };
    const empty = file("empty.pem", "");
    const broken = file("broken.pem", gatewayPair.certificate.replace(/[A-Za-z]{20}/, "AAAA"));
    const secret = file(
      "locked.key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    expect(problemsOf({ ...pair(), TLS_CERT_FILE: "/nowhere/x.pem" })).toEqual([
      'TLS_CERT_FILE: a readable file, found "/nowhere/x.pem" (ENOENT)',
    ]);
    for (const bad of [empty, broken, gatewayPair.keyFile])
      expect(problemsOf({ ...pair(), TLS_CERT_FILE: bad })).toEqual([
        "TLS_CERT_FILE: certificates in PEM, found something else",
      ]);
    for (const bad of [empty, secret, gatewayPair.certificateFile])
      expect(problemsOf({ ...pair(), TLS_KEY_FILE: bad })).toEqual([
        "TLS_KEY_FILE: a private key in PEM without a passphrase, found something else",
      ]);
    expect(problemsOf({ ...pair(), TLS_KEY_FILE: job.keyFile })).toEqual([
      "TLS_KEY_FILE: the private key of the first certificate of TLS_CERT_FILE, found another key",
    ]);
    expect(
      problemsOf({ ...pair(), TLS_CLIENT_CA_FILE: empty, TLS_CLIENT_CERTIFICATE: "optional" }, "optional"),
    ).toEqual(["TLS_CLIENT_CA_FILE: certificates in PEM, found something else"]);
  });
});
