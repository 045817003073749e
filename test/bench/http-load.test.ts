import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { HttpConnection, runClosedLoop, runOpenLoop } from "../../bench/http-load.ts";

const request = Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
const ok = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Answers each request with these pieces, one packet each. */
async function startServer(...pieces: readonly string[]): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", () => {
      void (async () => {
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    socket.on("error", () => {});
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("an answer", () => {
  test.each([
    ["in one piece", [ok]],
    ["in pieces", ["HTTP/1.1 200 OK\r\nContent-", "Length: 4\r\n\r", "\nfo", "ur"]],
    [
      "in chunks",
      ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nfou\r\n", "1\r\nr\r\n0\r\n", "\r\n"],
    ],
  ])("is read %s", async (_how, pieces) => {
    const connection = await HttpConnection.open(await startServer(...pieces));
    const answers = [await connection.send(request), await connection.send(request)];
    connection.close();
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([
      [200, "four"],
      [200, "four"],
    ]);
  });
});

describe("a closed loop", () => {
  test("sends as many requests as it may, and counts what comes after the first ones alone", async () => {
    const load = { port: await startServer(ok), request, connections: 3, maxMs: Infinity, bodyBytes: 4 };
    let isOpen = false;
    const result = await runClosedLoop({ ...load, maxRequests: 50 }, async () => {
      isOpen = true;
      await Promise.resolve();
    });
    expect([isOpen, result.requests, result.latenciesMs.length]).toEqual([true, 50, 50]);
    expect([...result.latenciesMs]).toEqual([...result.latenciesMs].toSorted((left, right) => left - right));
  });

  test.each([
    ["another status", "HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\nfour", /Expected 200/],
    [
      "another length",
      "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nfew",
      /with 4 bytes, got 200 with 3 bytes: few/,
    ],
  ])("ends with an error at %s", async (_what, answer, message) => {
    const load = { port: await startServer(answer), request, connections: 1, maxMs: 1000, bodyBytes: 4 };
    await expect(runClosedLoop({ ...load, maxRequests: 5 })).rejects.toThrow(message);
  });
});

test("an open loop sends at its own rate, more than there are connections if it has to", async () => {
  const load = { port: await startServer(ok), request, connections: 1, maxRequests: Infinity, bodyBytes: 4 };
  const result = await runOpenLoop({ ...load, maxMs: 100, perSecond: 500 });
  expect(result.requests).toBe(50);
  expect(result.elapsedMs).toBeGreaterThan(90);
});
