import { auditServer } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { createSecureFetch } from "../support/secure-clients.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// The audits of the reference implementation of GraphQL over HTTP, https://graphql.github.io/graphql-over-http/draft/.

const bffs = ["web", "mobile"] as const;

async function failedAudits(url: string, fetchFn: typeof fetch): Promise<string[]> {
  const results = await auditServer({ url, fetchFn });
  expect(results).toHaveLength(61);
  return results.flatMap((result) =>
    result.status === "ok" ? [] : [`${result.id} ${result.name}: ${result.reason}`],
  );
}

describe("on a plain port", () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ NODE_ENV: "development", LOG_LEVEL: "silent" });
  });
  afterAll(() => test.stop());

  it.each(bffs)("the %s BFF passes all 61 audits", async (bff) => {
    expect(await failedAudits(`${test.gateway.url}/${bff}/graphql`, fetch)).toEqual([]);
  });
});

describe("on a port with TLS", () => {
  let test: TestGateway;
  let authority: CertificateAuthority;

  beforeAll(async () => {
    authority = new CertificateAuthority();
    const { certificateFile, keyFile } = authority.issue("gateway", "IP:127.0.0.1");
    test = await startTestGateway({
      NODE_ENV: "development",
      LOG_LEVEL: "silent",
      TLS_CERT_FILE: certificateFile,
      TLS_KEY_FILE: keyFile,
    });
  });
  afterAll(async () => {
    await test.stop();
    authority.remove();
  });

  it.each(["h2", "http/1.1"] as const)("both BFFs pass all 61 audits over %s", async (protocol) => {
    const client = createSecureFetch({ ca: authority.certificate }, protocol);
    for (const bff of bffs)
      expect(await failedAudits(`${test.gateway.url}/${bff}/graphql`, client.fetch)).toEqual([]);
    await client.close();
  });
});
