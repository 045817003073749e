import { once } from "node:events";
import { Agent, request } from "node:http";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

/** An answer of a gateway to one document. */
export interface DocumentAnswer {
  /** Of its first error; `ok` where it has none. */
  readonly code: string;
  /** Which limit that was about; empty where it was about none. */
  readonly limit: string;
  readonly durationMs: number;
}

interface Order {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly parallel: number;
}

/** A client that keeps nobody else waiting: it has a thread of its own. */
export class ClientThread {
  readonly #worker = new Worker(new URL(import.meta.url));

  /** Posts the bodies, `parallel` at a time, and waits for all of these before the next; the answers in the same order. */
  async post(url: string, bodies: readonly string[], parallel = 1): Promise<readonly DocumentAnswer[]> {
    this.#worker.postMessage({ url, bodies, parallel } satisfies Order, []);
    const [answers] = (await once(this.#worker, "message")) as [readonly DocumentAnswer[]];
    return answers;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Over `agent`'s connections. */
export function postDocument(url: string, body: string, agent: Agent): Promise<DocumentAnswer> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method: "POST", headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const durationMs = performance.now() - startedMs;
        const { errors } = JSON.parse(Buffer.concat(chunks).toString()) as {
          readonly errors?: readonly {
            readonly extensions: { readonly code: string; readonly limit?: string };
          }[];
        };
        const { code = "ok", limit = "" } = errors?.[0]?.extensions ?? {};
        resolve({ code, limit, durationMs });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

async function carryOut({ url, bodies, parallel }: Order, agent: Agent): Promise<readonly DocumentAnswer[]> {
  const answers: DocumentAnswer[] = [];
  for (let start = 0; start < bodies.length; start += parallel) {
    const together = bodies.slice(start, start + parallel);
    answers.push(...(await Promise.all(together.map((body) => postDocument(url, body, agent)))));
  }
  return answers;
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const agent = new Agent({ keepAlive: true });
  port.on(
    "message",
    (order: Order) => void carryOut(order, agent).then((answers) => port.postMessage(answers, [])),
  );
}
