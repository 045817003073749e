import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { CertificateAuthority, type IssuedCertificate } from "../support/certificates.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { shopRoot } from "../support/test-gateway.ts";

const books = `extend schema @source(name: "books", url: "https://localhost:1", timeoutMs: 2000)
type Query { book: Book @rest(GET: "/book") }
type Book { title: String }`;
const stock = `extend schema @source(name: "stock", url: "grpcs://localhost:1", timeoutMs: 2000,
  proto: "shop/inventory/v1/inventory.proto", service: "shop.inventory.v1.InventoryService")
type Query { stocks(ids: [ID!]!): Stocks @grpc(method: "BatchGetStock", request: { product_ids: "$args.ids" }) }
type Stocks { items: [Stock!] }
type Stock { product_id: ID }`;
const client = `type Query { book: Book stocks(ids: [ID!]!): Stocks }
type Book { title: String } type Stocks { items: [Stock!] } type Stock { product_id: ID }`;

const ca = new CertificateAuthority();
const strangers = new CertificateAuthority();
const loopback = ca.issue("loopback", "IP:127.0.0.1");
const elsewhere = ca.issue("books.example", "DNS:books.example");
const ours = ca.issue("gateway", "DNS:gateway.example");
const stolen = strangers.issue("gateway", "DNS:gateway.example");
let gateway: ProjectGateway | null = null;
let stopBackends: (() => Promise<void>) | null = null;

afterEach(async () => {
  await gateway?.stop();
  await stopBackends?.();
  gateway = null;
  stopBackends = null;
});
afterAll(() => {
  ca.remove();
  strangers.remove();
});

interface Backends {
  readonly certificate: IssuedCertificate;
  /** They ask for a certificate of this authority. */
  readonly asksFor?: CertificateAuthority;
}

/** Both backends with TLS, and the gateway with these variables for each source. */
async function start(
  { certificate, asksFor }: Backends,
  variables: Readonly<Record<string, string>>,
): Promise<() => Promise<readonly [unknown, unknown]>> {
  const { certificate: cert, key } = certificate;
  const mutual = asksFor === undefined ? {} : { ca: asksFor.certificate, requestCert: true };
  const rest = new ScriptedBackend({ cert, key, ...mutual });
  await rest.start();
  rest.answer = { body: { title: "Emma" } };
  const grpc = await startGrpcServer(certificate, asksFor);
  stopBackends = async () => {
    await rest.stop();
    grpc.server.forceShutdown();
  };
  const environment: Record<string, string> = {
    LOG_LEVEL: "debug",
    BOOKS_URL: rest.url,
    STOCK_URL: `grpcs://127.0.0.1:${grpc.port}`,
  };
  for (const [suffix, value] of Object.entries(variables)) {
    environment[`BOOKS_TLS_${suffix}`] = value;
    environment[`STOCK_TLS_${suffix}`] = value;
  }
  gateway = await startProject({ books, stock }, client, environment, { protos: `${shopRoot}protos` });
  const asked = gateway;
  return async () => {
    const found = [];
    for (const query of ["{ book { title } }", '{ stocks(ids: ["p1"]) { items { product_id } } }']) {
      const { data, errors, text } = await asked.query(query);
      for (const word of ["certificate", "SSL", "altname", "127.0.0.1", ca.folder])
        expect(text).not.toContain(word);
      const [error] = errors;
      expect(error?.message ?? "A backend could not be reached.").toBe("A backend could not be reached.");
      found.push(error === undefined ? data : error.extensions.code);
    }
    expect(rest.requests).toHaveLength(found[0] === "UPSTREAM_UNREACHABLE" ? 0 : 1);
    return found as unknown as readonly [unknown, unknown];
  };
}

async function startGrpcServer(
  { certificate, key }: IssuedCertificate,
  asksFor: CertificateAuthority | undefined,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server();
  const pass = (bytes: Buffer): Buffer => bytes;
  server.addService(
    {
      batchGetStock: {
        path: "/shop.inventory.v1.InventoryService/BatchGetStock",
        requestStream: false,
        responseStream: false,
        requestSerialize: pass,
        requestDeserialize: pass,
        responseSerialize: pass,
        responseDeserialize: pass,
      },
    },
    {
      batchGetStock: (_call: unknown, answer: (error: null, bytes: Buffer) => void) =>
        answer(null, Buffer.alloc(0)),
    },
  );
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) };
  const roots = asksFor === undefined ? null : Buffer.from(asksFor.certificate);
  const credentials = ServerCredentials.createSsl(roots, [pair], asksFor !== undefined);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { server, port };
}

const answers = [{ book: { title: "Emma" } }, { stocks: { items: [] } }];
const unreachable = ["UPSTREAM_UNREACHABLE", "UPSTREAM_UNREACHABLE"];
const pair = (issued: IssuedCertificate) => ({
  CERT_FILE: issued.certificateFile,
  KEY_FILE: issued.keyFile,
});

describe("a source with TLS", () => {
  test("is reached where its certificate is of the authority and for the host", async () => {
    const ask = await start({ certificate: loopback }, { CA_FILE: ca.certificateFile });
    expect(await ask()).toEqual(answers);
  });

  test("is not reached where nobody said that its authority is trusted", async () => {
    const ask = await start({ certificate: loopback }, {});
    expect(await ask()).toEqual(unreachable);
    expect(gateway?.log.text).toMatch(/certificate/);
  });

  test("is not reached where its certificate is of another authority", async () => {
    const ask = await start({ certificate: loopback }, { CA_FILE: strangers.certificateFile });
    expect(await ask()).toEqual(unreachable);
  });

  test("is not reached where its certificate is for another name", async () => {
    const ask = await start({ certificate: elsewhere }, { CA_FILE: ca.certificateFile });
    expect(await ask()).toEqual(unreachable);
  });

  test("is reached where its certificate is for the name that was set", async () => {
    const variables = { CA_FILE: ca.certificateFile, SERVER_NAME: "books.example" };
    expect(await (await start({ certificate: elsewhere }, variables))()).toEqual(answers);
  });

  test("is not reached where its certificate is for the host but not for the name that was set", async () => {
    const variables = { CA_FILE: ca.certificateFile, SERVER_NAME: "books.example" };
    expect(await (await start({ certificate: loopback }, variables))()).toEqual(unreachable);
  });
});

describe("a source with mutual TLS", () => {
  const asking: Backends = { certificate: loopback, asksFor: ca };

  test("is reached with a certificate of its authority", async () => {
    const ask = await start(asking, { CA_FILE: ca.certificateFile, ...pair(ours) });
    expect(await ask()).toEqual(answers);
  });

  test("is not reached without a certificate", async () => {
    expect(await (await start(asking, { CA_FILE: ca.certificateFile }))()).toEqual(unreachable);
  });

  test("is not reached with a certificate of another authority", async () => {
    const ask = await start(asking, { CA_FILE: ca.certificateFile, ...pair(stolen) });
    expect(await ask()).toEqual(unreachable);
  });
});

describe("a start is refused for TLS that", () => {
  test.each<[what: string, variables: Record<string, string>, problem: RegExp]>([
    [
      "names a file that is not there",
      { BOOKS_TLS_CA_FILE: "/nowhere/ca.pem" },
      /BOOKS_TLS_CA_FILE\n  expected  a readable file\n  found     "\/nowhere\/ca.pem" \(ENOENT\)/,
    ],
    [
      "names a folder",
      { BOOKS_TLS_CA_FILE: ca.folder },
      /BOOKS_TLS_CA_FILE\n  expected  a readable file\n  found     .*\(EISDIR\)/,
    ],
    ["names no file", { BOOKS_TLS_CA_FILE: "" }, /BOOKS_TLS_CA_FILE\n  expected  a readable file/],
    [
      "has a key for an authority",
      { BOOKS_TLS_CA_FILE: ours.keyFile },
      /BOOKS_TLS_CA_FILE\n  expected  certificates in PEM\n  found     something else/,
    ],
    [
      "has a certificate alone",
      { BOOKS_TLS_CERT_FILE: ours.certificateFile },
      /BOOKS_TLS_KEY_FILE\n  expected  a value: it belongs together with BOOKS_TLS_CERT_FILE\n  found     nothing/,
    ],
    [
      "has a key alone",
      { STOCK_TLS_KEY_FILE: ours.keyFile },
      /STOCK_TLS_CERT_FILE\n  expected  a value: it belongs together with STOCK_TLS_KEY_FILE\n  found     nothing/,
    ],
    [
      "has another's key",
      { BOOKS_TLS_CERT_FILE: ours.certificateFile, BOOKS_TLS_KEY_FILE: stolen.keyFile },
      /BOOKS_TLS_KEY_FILE\n  expected  the private key of the first certificate of BOOKS_TLS_CERT_FILE\n  found     another key/,
    ],
    [
      "has a certificate for a key",
      { BOOKS_TLS_CERT_FILE: ours.certificateFile, BOOKS_TLS_KEY_FILE: ours.certificateFile },
      /BOOKS_TLS_KEY_FILE\n  expected  a private key in PEM without a passphrase\n  found     something else/,
    ],
    [
      "has a name that is none",
      { STOCK_TLS_SERVER_NAME: "a b" },
      /STOCK_TLS_SERVER_NAME\n  expected  a host name\n  found     "a b"/,
    ],
    [
      "is misspelt",
      { BOOKS_TLS_CAFILE: ca.certificateFile },
      /BOOKS_TLS_CAFILE\n.*\n  found     BOOKS_TLS_CAFILE\n  hint      did you mean "BOOKS_TLS_CA_FILE"\?/,
    ],
    [
      "would not be used",
      { BOOKS_URL: "http://localhost:1", BOOKS_TLS_CA_FILE: ca.certificateFile },
      /BOOKS_TLS_CA_FILE\n  expected  a URL of BOOKS_URL that begins with https:\/\/, because TLS is configured\n  found     "http:\/\/localhost:1"/,
    ],
    [
      "would not be used by gRPC",
      { STOCK_URL: "grpc://localhost:1", STOCK_TLS_SERVER_NAME: "a" },
      /STOCK_TLS_SERVER_NAME\n  expected  a URL of STOCK_URL that begins with grpcs:\/\//,
    ],
  ])("%s", async (_what, variables, problem) => {
    await expect(
      startProject({ books, stock }, client, variables, { protos: `${shopRoot}protos` }),
    ).rejects.toThrow(problem);
  });
});
