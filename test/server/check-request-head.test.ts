import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { RawConnection, rawRequest, sendRaw } from "../support/raw-connection.ts";
import { openSession, sendHttp2 } from "../support/secure-clients.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const maxBodyBytes = 2000;
const body = JSON.stringify({ query: "{ __typename }" });
const answered = '{"data":{"__typename":"Query"}}';
const json = { "content-type": "application/json" };
const refusal = {
  errors: [
    {
      message: "A request may expect 100-continue and nothing else.",
      extensions: { code: "EXPECTATION_FAILED" },
    },
  ],
};

describe("what a request of HTTP/1.1 expects", () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ MAX_BODY_BYTES: String(maxBodyBytes) });
  });
  afterAll(() => test.stop());

  const post = (expectation: string, text: string = body): string =>
    rawRequest("POST /web/graphql HTTP/1.1", { ...json, expect: expectation }, text);

  it.each(["foo", "", "100-continued", "foo, 100-continue", "100-continue, 100-continue"])(
    "(%j) is refused with 417, in the usual form and with a line in the log",
    async (expectation) => {
      const linesBefore = test.logLines.length;
      const { status, headers, body: text } = await sendRaw(test.gateway.url, post(expectation));
      expect([status, JSON.parse(text)]).toEqual([417, refusal]);
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(headers.get("x-request-id")).toBeDefined();
      expect(test.logLines.slice(linesBefore)).toMatchObject([
        { status: 417, errorCodes: { EXPECTATION_FAILED: 1 } },
      ]);
    },
  );

  it("is refused on other paths, too", async () => {
    for (const path of ["/nothing", "/health/live"]) {
      const head = rawRequest(`GET ${path} HTTP/1.1`, { expect: "foo" });
      expect((await sendRaw(test.gateway.url, head)).status).toBe(417);
    }
  });

  it.each(["100-continue", "100-Continue"])(
    "%s: the body is asked for, and the request answered",
    async (expectation) => {
      const connection = await RawConnection.open(test.gateway.url);
      const [head = ""] = post(expectation).split("\r\n\r\n");
      connection.write(`${head}\r\n\r\n`);
      expect(await connection.readInterim()).toBe("HTTP/1.1 100 Continue");
      connection.write(body);
      expect((await connection.readAnswer()).body).toBe(answered);
      // And once more: nothing that ends the connection has happened.
      connection.write(post(expectation));
      expect((await connection.readAnswer()).body).toBe(answered);
      connection.destroy();
    },
  );

  it.each<[what: string, line: string, headers: Record<string, string>, status: number]>([
    ["a body that is too large", "POST /web/graphql HTTP/1.1", { "content-length": "2001" }, 413],
    ["another kind of body", "POST /web/graphql HTTP/1.1", { "content-type": "text/plain" }, 415],
    ["a method that is not allowed", "PUT /web/graphql HTTP/1.1", {}, 405],
    ["a path that is none", "POST /nothing HTTP/1.1", {}, 404],
  ])("100-continue: %s is refused without being asked for", async (_what, line, headers, status) => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(
      rawRequest(line, { ...json, "content-length": "10", expect: "100-continue", ...headers }),
    );
    expect(await connection.readInterim()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const answer = await connection.readAnswer();
    expect([answer.status, answer.headers.get("connection")]).toEqual([status, "close"]);
    connection.destroy();
  });

  it("a body that was sent although it is too large is read no further than that", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(post("100-continue", "x".repeat(maxBodyBytes + 1)));
    expect((await connection.readAnswer()).status).toBe(413);
    await connection.closed();
  });

  it("is nothing to HTTP/1.0, which does not know it", async () => {
    const head = `POST /web/graphql HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    for (const expectation of ["foo", "100-continue"]) {
      const answer = await sendRaw(test.gateway.url, `${head}\r\nexpect: ${expectation}\r\n\r\n${body}`);
      expect(answer.body).toBe(answered);
    }
  });
});

describe("what a request of HTTP/2 expects", () => {
  const authority = new CertificateAuthority();
  const pair = authority.issue("gateway", "IP:127.0.0.1");
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({
      MAX_BODY_BYTES: String(maxBodyBytes),
      TLS_CERT_FILE: pair.certificateFile,
      TLS_KEY_FILE: pair.keyFile,
    });
  });
  afterAll(async () => {
    await test.stop();
    authority.remove();
  });

  const head = { ":method": "POST", ":path": "/web/graphql", ...json };

  it("is refused with 417 unless it is 100-continue, and the connection goes on", async () => {
    const session = await openSession(test.gateway.url, { ca: authority.certificate });
    for (const expectation of ["foo", "foo, 100-continue"]) {
      const refused = await sendHttp2(session, { ...head, expect: expectation }, body);
      expect([refused.status, JSON.parse(refused.body)]).toEqual([417, refusal]);
    }
    const taken = await sendHttp2(session, { ...head, expect: "100-continue" }, body);
    expect([taken.status, taken.body]).toEqual([200, answered]);
    session.close();
  });

  it("100-continue: the body is asked for unless it is refused", async () => {
    const session = await openSession(test.gateway.url, { ca: authority.certificate });
    const ask = (bytes: number): Promise<readonly [isAsked: boolean, status: number]> =>
      new Promise((resolve) => {
        const stream = session.request({ ...head, "content-length": bytes, expect: "100-continue" });
        let isAsked = false;
        stream.once("continue", () => {
          isAsked = true;
          stream.end(body.padEnd(bytes));
        });
        stream.once("response", (headers) => {
          resolve([isAsked, headers[":status"] ?? 0]);
          stream.close();
        });
        stream.on("error", () => {});
      });
    expect(await ask(maxBodyBytes)).toEqual([true, 200]);
    expect(await ask(maxBodyBytes + 1)).toEqual([false, 413]);
    session.close();
  });
});
