import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { maxWaiting, serveInOrder } from "../../gateway/server/serve-in-order.ts";
import { eventually } from "../support/eventually.ts";
import { RawConnection, rawRequest } from "../support/raw-connection.ts";

/** Requests that were begun and are not answered. */
const underWay: { readonly url: string; readonly answer: () => void }[] = [];
const begun: string[] = [];
let server: Server;
let url: string;

function handle(request: IncomingMessage, response: ServerResponse): void {
  begun.push(request.url ?? "");
  let bytes = 0;
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  request.on("end", () => {
    const text = `${request.url} ${bytes}`;
    underWay.push({ url: request.url ?? "", answer: () => response.end(text) });
  });
}

beforeEach(async () => {
  begun.length = 0;
  underWay.length = 0;
  server = createServer(serveInOrder(handle));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function answerNext(): Promise<void> {
  await eventually(() => expect(underWay).toHaveLength(1));
  underWay.shift()?.answer();
}

it("of requests that are pipelined one is under way at a time, and each has its body and its answer", async () => {
  const connection = await RawConnection.open(url);
  const body = "x".repeat(200_000);
  connection.write(
    rawRequest("GET /1 HTTP/1.1") +
      rawRequest("POST /2 HTTP/1.1", {}, "abc") +
      rawRequest("POST /3 HTTP/1.1", {}, body) +
      rawRequest("GET /4 HTTP/1.1"),
  );
  const answers: string[] = [];
  for (const path of ["/1", "/2", "/3", "/4"]) {
    await eventually(() => expect(underWay.map((one) => one.url)).toEqual([path]));
    // Another that had begun would show by now.
    await sleep(20);
    expect(begun.at(-1)).toBe(path);
    await answerNext();
    answers.push((await connection.readAnswer()).body);
  }
  expect(answers).toEqual(["/1 0", "/2 3", "/3 200000", "/4 0"]);
  connection.destroy();
});

it("requests of other connections wait for nobody", async () => {
  const connections = [await RawConnection.open(url), await RawConnection.open(url)];
  for (const connection of connections) connection.write(rawRequest("GET /one HTTP/1.1").repeat(2));
  await eventually(() => expect(underWay).toHaveLength(2));
  for (const connection of connections) connection.destroy();
});

it("as many as may wait are answered, one after another", async () => {
  const connection = await RawConnection.open(url);
  connection.write(rawRequest("GET /x HTTP/1.1").repeat(maxWaiting + 1));
  for (let answered = 0; answered <= maxWaiting; answered++) {
    await answerNext();
    expect((await connection.readAnswer()).body).toBe("/x 0");
  }
  expect(begun).toHaveLength(maxWaiting + 1);
  connection.destroy();
});

it("one more than may wait ends the connection, and none of those that waited begins", async () => {
  const connection = await RawConnection.open(url);
  connection.write(rawRequest("GET /x HTTP/1.1").repeat(maxWaiting + 2));
  await connection.closed();
  expect(begun).toEqual(["/x"]);
});

it("requests that wait when the client goes away never begin", async () => {
  const connection = await RawConnection.open(url);
  connection.write(rawRequest("GET /x HTTP/1.1").repeat(3));
  await eventually(() => expect(underWay).toHaveLength(1));
  connection.destroy();
  await eventually(async () => {
    const open = await new Promise<number>((resolve) =>
      server.getConnections((_error, count) => resolve(count)),
    );
    expect(open).toBe(0);
  });
  underWay.shift()?.answer();
  await sleep(20);
  expect(begun).toEqual(["/x"]);
});
