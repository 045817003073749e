import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startGateway, StartupError } from "overlock";
import { startShop } from "../backends/shop.ts";
import { RawConnection, rawRequest } from "../support/raw-connection.ts";
import { shopRoot, startTestGateway } from "../support/test-gateway.ts";

const ignored = { write: () => {} };

describe("a start", () => {
  it("needs no backend: what is down costs its own fields", async () => {
    const environment = { PORT: "0", ADMIN_PORT: "0", CATALOG_URL: "grpc://127.0.0.1:1" };
    const gateway = await startGateway({ root: shopRoot, environment, logDestination: ignored });
    const response = await fetch(`${gateway.url}/web/graphql?query={categories{id}}`);
    expect(await response.json()).toMatchObject({
      data: { categories: null },
      errors: [{ extensions: { code: "UPSTREAM_UNREACHABLE" } }],
    });
    await gateway.close({ idleGraceMs: 0 });
  });

  it("names its endpoints, without the port that it was told to choose itself", async () => {
    const test = await startTestGateway();
    expect([...test.gateway.endpoints]).toEqual([
      ["mobile", `${test.gateway.url}/mobile/graphql`],
      ["web", `${test.gateway.url}/web/graphql`],
    ]);
    expect(test.gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    await test.stop();
  });

  it.each(["PORT", "ADMIN_PORT"])(
    "whose %s is taken is refused, and leaves nothing open",
    async (variable) => {
      const holder = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => holder.once("listening", resolve));
      const { port } = holder.address() as AddressInfo;
      const countServers = (): number =>
        process.getActiveResourcesInfo().filter((resource) => resource === "TCPServerWrap").length;
      await sleep(100);
      const serversBefore = countServers();
      const environment = { PORT: "0", ADMIN_PORT: "0", [variable]: String(port) };
      const start = startGateway({ root: shopRoot, environment, logDestination: ignored });
      await expect(start).rejects.toThrow(StartupError);
      await expect(start).rejects.toThrow(
        `1 problem found; nothing was started.

environment  ${variable}
  expected  an address that can be listened on, 127.0.0.1:${port} is not
  found     another process listens there
  hint      set ${variable} to another port, or to 0 for a free one`,
      );
      await expect.poll(countServers).toBeLessThanOrEqual(serversBefore);
      await new Promise((resolve) => holder.close(resolve));
    },
  );
});

describe("closing", () => {
  it("may be asked for twice", async () => {
    const test = await startTestGateway();
    await Promise.all([test.gateway.close({ idleGraceMs: 0 }), test.gateway.close()]);
    expect(test.gateway.openSockets).toBe(0);
    await test.stop();
  });

  it("takes no new connections, but answers those that are there", async () => {
    const test = await startTestGateway();
    const connection = await RawConnection.open(test.gateway.url);
    await sleep(20);
    const closing = test.gateway.close({ idleGraceMs: 500 });
    await sleep(50);
    await expect(RawConnection.open(test.gateway.url)).rejects.toThrow("ECONNREFUSED");
    connection.write(
      rawRequest(
        "POST /web/graphql HTTP/1.1",
        { "content-type": "application/json" },
        '{"query":"{ products(first: 1) { totalCount } }"}',
      ),
    );
    const answer = await connection.readAnswer();
    expect(answer.body).toBe('{"data":{"products":{"totalCount":1000}}}');
    expect(answer.headers.get("connection")).toBe("close");
    await connection.closed();
    await closing;
    await test.stop();
  });

  it("does not wait for a client that has connected and says nothing", async () => {
    const test = await startTestGateway();
    const connections = [
      await RawConnection.open(test.gateway.url),
      await RawConnection.open(test.gateway.adminUrl),
    ];
    await sleep(20);
    const startedMs = performance.now();
    await test.gateway.close({ idleGraceMs: 200 });
    expect(performance.now() - startedMs).toBeLessThan(1000);
    for (const connection of connections) await connection.closed();
    await test.stop();
  });

  it("ends upstream connections, those with calls under way among them", async () => {
    const shop = await startShop();
    const environment = { PORT: "0", ADMIN_PORT: "0", SHUTDOWN_TIMEOUT_MS: "100", ...shop.env };
    const gateway = await startGateway({ root: shopRoot, environment, logDestination: ignored });
    shop.catalog.faults.set({ method: "ListCategories", fault: "hang" });
    shop.reviews.faults.set({ fault: "hang" });
    const cut = fetch(
      `${gateway.url}/web/graphql?query={categories{id}products(first:1){items{rating{count}}}}`,
    );
    await expect.poll(() => shop.calls()).toHaveLength(3);
    expect([shop.catalog.openSockets, shop.reviews.openSockets]).toEqual([1, 1]);
    await Promise.all([gateway.close({ idleGraceMs: 0 }), expect(cut).rejects.toThrow("fetch failed")]);
    await expect.poll(() => [shop.catalog.openSockets, shop.reviews.openSockets]).toEqual([0, 0]);
    await shop.stop();
  });
});
