import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { startGateway } from "overlock";
import { Listener } from "../backends/listener.ts";
import { compileSetting } from "../support/compile-setting.ts";
import { publicJwk, ecKey, edKey, rsaKey, type TokenKey } from "./token-maker.ts";

export const audience = "shop-api";

/** What the issuer signs with; `encryption` is published, but not for signatures. */
export interface IssuerKeys {
  readonly rsa: TokenKey;
  /** That it is about to sign with. */
  readonly rsaNext: TokenKey;
  readonly ec: TokenKey;
  readonly ed: TokenKey;
  readonly encryption: TokenKey;
}

/**
 * A gateway, an issuer, a backend and a server of an attacker's, all on sockets of their own. `web` wants a token, `open`
 * answers anybody, `typed` wants a token of the type at+jwt and a client_id, signed by ES256.
 */
export interface AttackedGateway {
  readonly issuer: string;
  readonly keys: IssuerKeys;
  /** What the issuer publishes, as text. */
  readonly keySet: string;
  /** The address of the attacker's server. */
  readonly foreign: string;
  /** What the attacker's server was asked: nothing, if all is well. */
  readonly foreignRequests: string[];
  readonly keyRequests: string[];
  readonly backendRequests: string[];
  readonly logLines: string[];
  send(parts: AttackParts): Promise<AttackAnswer>;
  stop(): Promise<void>;
}

export interface AttackParts {
  readonly bff: Bff;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Behind the path, with its question mark. */
  readonly search?: string;
  readonly method?: "GET" | "POST";
  readonly body?: object;
}

export type Bff = "web" | "open" | "typed";

export interface AttackAnswer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly body: string;
}

/** What requests ask for: a call to the backend. */
const query = "{ secret }";

export async function startAttackedGateway(): Promise<AttackedGateway> {
  const keys: IssuerKeys = {
    rsa: rsaKey("r1"),
    rsaNext: rsaKey("r2"),
    ec: ecKey("e1"),
    ed: edKey("d1"),
    encryption: rsaKey("enc1"),
  };
  const keySet = JSON.stringify({
    keys: [
      publicJwk(keys.rsa),
      publicJwk(keys.rsaNext),
      publicJwk(keys.ec, { alg: "ES256", use: "sig" }),
      publicJwk(keys.ed, { use: "sig" }),
      publicJwk(keys.encryption, { use: "enc" }),
      { kty: "oct", kid: "s1", k: Buffer.from("a secret that was published").toString("base64url") },
    ],
  });
  const keyRequests: string[] = [];
  const foreignRequests: string[] = [];
  const backendRequests: string[] = [];
  let foreignUrl = "";
  const issuer = await listen((incoming, response) => {
    keyRequests.push(incoming.url ?? "");
    // Wherever a redirect of the issuer's leads, nobody follows.
    if (incoming.url !== "/keys") response.writeHead(302, { location: `${foreignUrl}/keys` }).end();
    else response.end(keySet);
  });
  const foreign = await listen((incoming, response) => {
    foreignRequests.push(`${incoming.method} ${incoming.url}`);
    response.end(keySet);
  });
  foreignUrl = foreign.url;
  const backend = await listen((incoming, response) => {
    backendRequests.push(incoming.url ?? "");
    response.writeHead(200, { "content-type": "application/json" }).end('"told"');
  });

  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  const credential = {
    kind: "jwt",
    issuer: issuer.url,
    audiences: [audience],
    jwksUrl: `${issuer.url}/keys`,
  };
  const typed = { tokenType: "at+jwt", requiredClaims: ["client_id"], algorithms: ["ES256"] };
  mkdirSync(path.join(root, "schemas"));
  writeFileSync(
    path.join(root, "schemas", "secrets.graphql"),
    'extend schema @source(name: "secrets", url: "http://localhost:1")\ntype Query { secret: String @rest(GET: "/secret") }\n',
  );
  writeBff(root, { name: "web", credentials: [credential] });
  writeBff(root, { name: "open", anonymous: true, credentials: [credential] });
  writeBff(root, { name: "typed", credentials: [{ ...credential, ...typed }] });

  const logLines: string[] = [];
  const gateway = await startGateway({
    root,
    environment: {
      PORT: "0",
      ADMIN_PORT: "0",
      LOG_LEVEL: "debug",
      ...compileSetting(),
      SECRETS_URL: backend.url,
    },
    logDestination: { write: (line) => void logLines.push(line) },
  });
  return {
    issuer: issuer.url,
    keys,
    keySet,
    foreign: foreign.url,
    foreignRequests,
    keyRequests,
    backendRequests,
    logLines,
    send: (parts) => sendAttack(gateway.url, parts),
    async stop() {
      await gateway.close({ idleGraceMs: 0 });
      await Promise.all([issuer.stop(), foreign.stop(), backend.stop()]);
      rmSync(root, { recursive: true });
    },
  };
}

function writeBff(root: string, config: { readonly name: Bff } & Readonly<Record<string, unknown>>): void {
  const folder = path.join(root, `bff-${config.name}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, "schema.graphql"), "type Query { secret: String }\n");
  writeFileSync(path.join(folder, "bff.config.ts"), `export default ${JSON.stringify(config)};\n`);
}

async function listen(answer: RequestListener): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const listener = new Listener(createServer(answer));
  await listener.start();
  return { url: `http://127.0.0.1:${listener.port}`, stop: () => listener.stop() };
}

/** By node:http, which sends headers as they are listed. */
function sendAttack(
  url: string,
  { bff, headers, search = "", method = "POST", body = { query } }: AttackParts,
): Promise<AttackAnswer> {
  const parameters =
    method === "GET" ? `${search === "" ? "?" : `${search}&`}query=${encodeURIComponent(query)}` : search;
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/${bff}/graphql${parameters}`, {
      method,
      headers: ["host", new URL(url).host, "content-type", "application/json", ...headers],
    });
    sent.once("error", reject).once("response", (response) => {
      text(response).then((answer) => {
        resolve({
          status: response.statusCode ?? 0,
          challenge: response.headers["www-authenticate"],
          body: answer,
        });
      }, reject);
    });
    sent.end(method === "GET" ? undefined : JSON.stringify(body));
  });
}
