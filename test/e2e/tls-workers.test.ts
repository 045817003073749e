import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Shop, startShop } from "../backends/shop.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { openSession, postHttp2 } from "../support/secure-clients.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const authority = new CertificateAuthority();
const renewing = new CertificateAuthority();
const shown = authority.issue("gateway", "IP:127.0.0.1");

let shop: Shop;
let gateway: TestProcess | null = null;

beforeAll(async () => {
  shop = await startShop();
});
afterAll(async () => {
  await gateway?.stop();
  await shop.stop();
  authority.remove();
  renewing.remove();
});

/** Whether a new connection gets a certificate of this authority. */
async function isShown(url: string, ca: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca });
  const outcome = await once(socket, "secureConnect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return outcome;
}

it("two workers serve HTTP/2, take up new certificates, and answer what is under way when they end", {
  timeout: 90_000,
}, async () => {
  gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", shopRoot, "--workers", "2"], {
    PORT: "0",
    ADMIN_PORT: "0",
    TLS_CERT_FILE: shown.certificateFile,
    TLS_KEY_FILE: shown.keyFile,
    ...shop.env,
  });
  await gateway.printed(/"msg":"listening"/, 30_000);
  const { url, adminUrl } = await listeningUrls(gateway);
  expect(url).toMatch(/^https:/);
  const ca = authority.certificate;
  const sessions = [await openSession(url, { ca }), await openSession(url, { ca })];
  for (const session of sessions) expect((await postHttp2(session, "{ __typename }")).status).toBe(200);
  await gateway.printed(/"worker":1.*"msg":"request"/);
  await gateway.printed(/"worker":2.*"msg":"request"/);

  const renewed = renewing.issue("gateway", "IP:127.0.0.1");
  writeFileSync(shown.certificateFile, renewed.certificate);
  writeFileSync(shown.keyFile, renewed.key);
  const readReloads = async (): Promise<number> => {
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    return Number(/^overlock_certificate_reloads_total\{result="done"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
  };
  await expect.poll(readReloads, { timeout: 20_000, interval: 100 }).toBe(2);
  const seen: boolean[] = [];
  for (let round = 0; round < 4; round++) seen.push(await isShown(url, renewing.certificate));
  expect([seen, await isShown(url, ca)]).toEqual([[true, true, true, true], false]);

  // Each worker reads its files once more, changed or not, and nobody ends.
  gateway.kill("SIGHUP");
  await expect.poll(readReloads, { timeout: 10_000, interval: 50 }).toBe(4);

  shop.catalog.faults.set({ latencyMs: 300 });
  shop.clearLogs();
  const underWay = sessions.map((session) => postHttp2(session, "{ products(first: 1) { totalCount } }"));
  await expect.poll(() => shop.calls().length, { timeout: 10_000 }).toBe(2);
  gateway.kill("SIGTERM");
  for (const { body } of await Promise.all(underWay))
    expect(body).toBe('{"data":{"products":{"totalCount":1000}}}');
  expect(await gateway.exited(20_000)).toEqual({ code: 0, signal: null });
});
