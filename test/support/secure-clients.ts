import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { Agent, fetch as undiciFetch } from "undici";
import type { SecureContextOptions } from "node:tls";

/** What a client shows and trusts. */
export type ClientTls = Pick<SecureContextOptions, "ca" | "cert" | "key">;

export interface SecureFetch {
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

/** The Fetch API over TLS, on HTTP/2 or on HTTP/1.1. */
export function createSecureFetch(tls: ClientTls, protocol: "h2" | "http/1.1"): SecureFetch {
  const dispatcher = new Agent({ allowH2: protocol === "h2", connect: { ...tls } });
  return {
    fetch: ((url: string, init: object) =>
      undiciFetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch,
    close: () => dispatcher.destroy(),
  };
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A session, once it is there. */
export async function openSession(url: string, tls: ClientTls): Promise<ClientHttp2Session> {
  // Node's client counts what it has not sent of a request that was refused, and has had enough after a while.
  const session = connectHttp2(url, { ...tls, maxSessionMemory: 1000 });
  session.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    session.once("connect", () => resolve());
    session.once("error", reject);
  });
  return session;
}

/** One request on a session; rejects where the stream ends without an answer. */
export function sendHttp2(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string | string[]>>,
  body: string | null = null,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ...headers }, { endStream: body === null });
    let answer: IncomingHttpHeaders = {};
    let text = "";
    stream.once("response", (received) => (answer = received));
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    stream.once("error", reject);
    stream.once("close", () => {
      const status = Number(answer[":status"] ?? 0);
      if (status === 0) reject(new Error(`no answer, the stream ended with ${stream.rstCode}`));
      else resolve({ status, headers: answer, body: text });
    });
    if (body !== null) stream.end(body);
  });
}

/** A JSON POST of one operation. */
export function postHttp2(session: ClientHttp2Session, query: string, bff = "web"): Promise<Http2Answer> {
  return sendHttp2(
    session,
    { ":method": "POST", ":path": `/${bff}/graphql`, "content-type": "application/json" },
    JSON.stringify({ query }),
  );
}
