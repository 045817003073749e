import { expect, it } from "vitest";
import { lockfileNode, TestProcess } from "../support/test-process.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { shopRoot } from "../support/test-gateway.ts";

it("a rejection that nobody handles is logged and counted, and the process goes on until its signal", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "overlock-stray-"));
  const program = path.join(folder, "program.ts");
  const entry = path.join(shopRoot, "gateway/index.ts");
  writeFileSync(
    program,
    `import { runUntilSignal, startGateway } from ${JSON.stringify(entry)};
     await runUntilSignal(async () => {
       const environment = { PORT: "0", ADMIN_PORT: "0" };
       const gateway = await startGateway({ root: ${JSON.stringify(shopRoot)}, environment });
       setTimeout(() => void Promise.reject(new Error("lost")), 10);
       setTimeout(async () => {
         const metrics = await (await fetch(gateway.adminUrl + "/metrics")).text();
         console.log(metrics.split("\\n").filter((line) => line.startsWith("overlock_stray")).join());
         process.kill(process.pid, "SIGTERM");
       }, 100);
       return gateway;
     });`,
  );
  const child = new TestProcess(lockfileNode, [program]);
  const { code } = await child.exited();
  rmSync(folder, { recursive: true, force: true });
  await child.stop();
  expect(code).toBe(0);
  expect(child.stdout).toContain("overlock_stray_rejections_total 1");
  expect(child.stdout).toContain('"msg":"stray rejection"');
});

it("SIGHUP makes the gateway read again what it can renew, as often as it comes, and ends nothing", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "overlock-hangup-"));
  const program = path.join(folder, "program.ts");
  const entry = path.join(shopRoot, "gateway/index.ts");
  writeFileSync(
    program,
    `import { runUntilSignal } from ${JSON.stringify(entry)};
     const send = (signal: NodeJS.Signals) => process.kill(process.pid, signal);
     let reloads = 0;
     // As the sockets of a gateway would do.
     const open = setInterval(() => {}, 1000);
     const starting = new Promise((resolve) => setTimeout(resolve, 50));
     const ended = runUntilSignal(async () => {
       send("SIGHUP");
       await starting;
       setTimeout(() => send("SIGHUP"), 10);
       return {
         reload() {
           reloads += 1;
           send(reloads < 3 ? "SIGHUP" : "SIGTERM");
         },
         reportStrayRejection() {},
         async close() {},
       };
     });
     await ended;
     clearInterval(open);
     console.log("reloads: " + reloads);`,
  );
  const child = new TestProcess(lockfileNode, [program]);
  const { code } = await child.exited();
  rmSync(folder, { recursive: true, force: true });
  await child.stop();
  expect([code, child.stdout]).toEqual([0, "reloads: 3\n"]);
});
