import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { GrpcChannel, type GrpcMethod } from "../../gateway/outbound/grpc-channel.ts";
import { GrpcStatusError } from "../../gateway/outbound/grpc-failure.ts";
import { loadGrpcService } from "../backends/grpc-backend.ts";
import { secretMessage } from "../backends/faults.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { caught } from "../support/caught.ts";
import { eventually } from "../support/eventually.ts";
import { findDeadAddress, startRawServer } from "../support/raw-server.ts";

const definition = loadGrpcService("shop/inventory/v1/inventory.proto", "shop.inventory.v1.InventoryService")[
  "BatchGetStock"
];

const batchGetStock: GrpcMethod = {
  path: definition?.path ?? "",
  serialize: (message) => definition?.requestSerialize(message) ?? Buffer.alloc(0),
  deserialize: (bytes) => definition?.responseDeserialize(bytes) as object,
};

const request = { message: { productIds: ["p1"] }, metadata: { "x-request-id": "r1" } };

let shop: Shop;
let channel: GrpcChannel;
let deadline: Deadline;

beforeAll(async () => {
  shop = await startShop();
});
afterAll(async () => {
  await shop.stop();
});
beforeEach(() => {
  channel = open();
  deadline = Deadline.start(5000, null);
});
afterEach(async () => {
  channel.dispose();
  deadline.dispose();
  shop.inventory.faults.clear();
  shop.clearLogs();
  await eventually(() => expect(shop.inventory.openSockets).toBe(0));
});

describe("a call", () => {
  test("sends its message, its metadata and its deadline", async () => {
    const answer = await channel.send(batchGetStock, request, deadline);
    expect(answer).toEqual({ items: [shop.data.stockByProductId.get("p1")] });
    const [entry] = shop.inventory.log.entries;
    expect(entry?.message).toEqual({ productIds: ["p1"] });
    expect(entry?.headers).toMatchObject({ "x-request-id": "r1" });
    expect(Number.parseInt(entry?.headers["grpc-timeout"] ?? "", 10)).toBeGreaterThan(4000);
    expect(Number.parseInt(entry?.headers["grpc-timeout"] ?? "", 10)).toBeLessThanOrEqual(5001);
  });

  test("shares the connection with the others", async () => {
    await Promise.all([1, 2, 3].map(() => channel.send(batchGetStock, request, deadline)));
    expect([shop.inventory.log.count(), shop.inventory.openSockets]).toEqual([3, 1]);
  });

  test("finds a backend again that was away", async () => {
    await channel.send(batchGetStock, request, deadline);
    await shop.inventory.stop();
    await expect(channel.send(batchGetStock, request, deadline)).rejects.toMatchObject({
      code: "UPSTREAM_UNREACHABLE",
    });
    await shop.inventory.start();
    await eventually(() => channel.send(batchGetStock, request, deadline));
  });
});

describe("a failure", () => {
  test.each([
    ["reset", "UPSTREAM_UNREACHABLE"],
    ["garbage", "UPSTREAM_INVALID_RESPONSE"],
    ["huge", "UPSTREAM_RESPONSE_TOO_LARGE"],
  ] as const)("of the kind %s is %s", async (fault, code) => {
    shop.inventory.faults.set({ fault });
    await expect(channel.send(batchGetStock, request, deadline)).rejects.toMatchObject({ code });
  });

  test("that the backend tells keeps its status and message", async () => {
    shop.inventory.faults.set({ fault: "error" });
    const error = await caught(channel.send(batchGetStock, request, deadline));
    expect(error).toBeInstanceOf(GrpcStatusError);
    expect(error).toMatchObject({ status: 13, message: secretMessage });
  });

  test("with the status of a quota is the backend's, not a response that is too large", async () => {
    shop.inventory.faults.set({ fault: "status:8" });
    await expect(channel.send(batchGetStock, request, deadline)).rejects.toMatchObject({ status: 8 });
  });

  test("to serialize is not the backend's, and sends nothing", async () => {
    const method = {
      ...batchGetStock,
      serialize: () => {
        throw new TypeError("no message");
      },
    };
    await expect(channel.send(method, request, deadline)).rejects.toThrow(TypeError);
    expect(shop.inventory.log.count()).toBe(0);
  });

  test("because nobody listens is UPSTREAM_UNREACHABLE", async () => {
    const nobody = open(await findDeadAddress());
    await expect(nobody.send(batchGetStock, request, deadline)).rejects.toMatchObject({
      code: "UPSTREAM_UNREACHABLE",
    });
    nobody.dispose();
  });

  test("because the name has no address is UPSTREAM_UNREACHABLE", async () => {
    const nobody = open("a..b:1");
    await expect(nobody.send(batchGetStock, request, deadline)).rejects.toMatchObject({
      code: "UPSTREAM_UNREACHABLE",
    });
    nobody.dispose();
  });

  test("because the backend speaks no HTTP/2 is UPSTREAM_UNREACHABLE", async () => {
    const server = await startRawServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const http1 = open(server.address);
    await expect(http1.send(batchGetStock, request, deadline)).rejects.toMatchObject({
      code: "UPSTREAM_UNREACHABLE",
    });
    http1.dispose();
    await server.stop();
  });

  test("because the backend has no such method is the backend's", async () => {
    const unknown = { ...batchGetStock, path: "/shop.inventory.v1.InventoryService/Nothing" };
    await expect(channel.send(unknown, request, deadline)).rejects.toMatchObject({ status: 12 });
  });
});

describe("a response", () => {
  test("may be as large as the limit and no larger", async () => {
    const bytes =
      definition?.responseSerialize({ items: [shop.data.stockByProductId.get("p1")] }).length ?? 0;
    for (const [limit, outcome] of [
      [bytes, "fulfilled"],
      [bytes - 1, "rejected"],
    ] as const) {
      const limited = open(undefined, limit);
      const [result] = await Promise.allSettled([limited.send(batchGetStock, request, deadline)]);
      expect(result.status).toBe(outcome);
      limited.dispose();
    }
  });
});

describe("the end of a call", () => {
  test("is told to the backend when its deadline passes", async () => {
    shop.inventory.faults.set({ fault: "hang" });
    const short = Deadline.start(100, null);
    const call = channel.send(batchGetStock, request, short);
    await expect(call).rejects.toThrow();
    await eventually(() => expect(shop.inventory.log.entries).toMatchObject([{ cancelled: true }]));
    short.dispose();
  });

  test("is told to the backend when the client goes away", async () => {
    shop.inventory.faults.set({ fault: "hang" });
    const client = new AbortController();
    const long = Deadline.start(5000, client.signal);
    const call = caught(channel.send(batchGetStock, request, long));
    await eventually(() => expect(shop.inventory.log.count()).toBe(1));
    client.abort();
    expect(await call).toMatchObject({ status: 1 });
    await eventually(() => expect(shop.inventory.log.entries).toMatchObject([{ cancelled: true }]));
    long.dispose();
  });

  test("comes before its beginning where the client is gone already", async () => {
    const gone = Deadline.start(5000, AbortSignal.abort());
    await expect(channel.send(batchGetStock, request, gone)).rejects.toMatchObject({ code: "CANCELLED" });
    expect(shop.inventory.log.count()).toBe(0);
    gone.dispose();
  });

  test("comes with the channel's, as UPSTREAM_UNREACHABLE", async () => {
    shop.inventory.faults.set({ fault: "hang" });
    const call = caught(channel.send(batchGetStock, request, deadline));
    await eventually(() => expect(shop.inventory.log.count()).toBe(1));
    channel.dispose();
    expect(await call).toMatchObject({ code: "UPSTREAM_UNREACHABLE" });
    await eventually(() => expect(shop.inventory.openSockets).toBe(0));
    await expect(channel.send(batchGetStock, request, deadline)).rejects.toMatchObject({
      code: "UPSTREAM_UNREACHABLE",
    });
  });
});

function open(address?: string, maxResponseBytes = 8_388_608): GrpcChannel {
  const target = address ?? shop.inventory.url.replace("grpc://", "");
  return new GrpcChannel(target, { isSecure: false, tls: null, maxResponseBytes, compression: null });
}
