import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createShopProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const olderNode = findOlderNode();
const freePorts = { PORT: "0", ADMIN_PORT: "0" };

let overlock: TestProcess;
afterEach(() => overlock.stop());

async function run(node: string, ...args: readonly string[]) {
  overlock = new TestProcess(node, [launcher, ...args]);
  const { code, signal } = await overlock.exited();
  return { status: code ?? signal, stdout: overlock.stdout, stderr: overlock.stderr };
}

/** A project that can't start: its client schema asks for a field that no source has. */
function brokenProject() {
  return createShopProject(
    "type Query { categories: [Category!] nothing: String } type Category { id: ID! }",
  );
}

describe("overlock, on the Node of the lockfile", () => {
  it("hands on what was printed and the status", async () => {
    const sound = await run(lockfileNode, "check", "--root", shopRoot);
    expect([sound.status, sound.stderr]).toEqual([0, ""]);
    expect(sound.stdout).toMatch(/ok no problems, \d+ warnings\n$/);
    const project = brokenProject();
    const refused = await run(lockfileNode, "start", "--root", project.root);
    project.remove();
    expect([refused.status, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("Query.nothing");
  });

  it("sets the engine before it reads its own code, and the engine knows the setting", async () => {
    // Tells of each setting, and whether the command line was loaded by then.
    const watching = `import v8 from "node:v8";
      import { registerHooks, syncBuiltinESMExports } from "node:module";
      let loaded = 0;
      registerHooks({ load(url, context, next) { loaded += url.endsWith("/main.ts") ? 1 : 0; return next(url, context); } });
      const set = v8.setFlagsFromString;
      v8.setFlagsFromString = (flags) => { console.log(loaded, flags); set(flags); };
      syncBuiltinESMExports();`;
    const preload = `data:text/javascript,${encodeURIComponent(watching)}`;
    overlock = new TestProcess(lockfileNode, ["--import", preload, launcher, "--help"]);
    const { code } = await overlock.exited();
    expect([code, overlock.stderr]).toEqual([0, ""]);
    expect(overlock.stdout).toMatch(/^0 --no-allocation-site-pretenuring\nUsage: overlock /);
  });

  it("finds itself in the configs of a project that stands elsewhere, and says where there is no project", async () => {
    const root = mkdtempSync(path.join(tmpdir(), "overlock-elsewhere-"));
    for (const folder of ["schemas", "protos", "bff-web"]) {
      cpSync(path.join(shopRoot, folder), path.join(root, folder), { recursive: true });
    }
    const sound = await run(lockfileNode, "check", "--root", root);
    rmSync(root, { recursive: true, force: true });
    expect([sound.status, sound.stderr]).toEqual([0, ""]);
    const nowhere = await run(lockfileNode, "check", "--root", root);
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toContain("expected  the folder of a project");
  });

  it("a second signal ends a start that is still closing, as signals do", async () => {
    overlock = new TestProcess(lockfileNode, [launcher, "start", "--root", shopRoot], {
      ...freePorts,
      SHUTDOWN_DELAY_MS: "60000",
    });
    const { url } = await listeningUrls(overlock);
    overlock.kill("SIGTERM");
    await expect.poll(async () => (await fetch(`${url}/health/ready`)).status).toBe(503);
    overlock.kill("SIGTERM");
    expect(await overlock.exited()).toEqual({ code: null, signal: "SIGTERM" });
  });
});

// Skipped where the machine has no other Node than that of the lockfile.
describe.skipIf(olderNode === null)(
  `overlock, on an older Node (${olderNode ?? "none on this machine"})`,
  () => {
    const node = olderNode ?? "";

    it("runs itself on the Node that came with the package, and hands on what was printed and the status", async () => {
      const sound = await run(node, "check", "--root", shopRoot);
      expect([sound.status, sound.stderr]).toEqual([0, ""]);
      expect(sound.stdout).toContain("ok no problems");
      const project = brokenProject();
      const refused = await run(node, "check", "--root", project.root);
      project.remove();
      expect([refused.status, refused.stdout]).toEqual([1, ""]);
      expect(refused.stderr).toContain("Query.nothing");
    });

    it.each(["SIGTERM", "SIGINT"] as const)(
      "hands on %s, and ends as what it started ended",
      async (signal) => {
        overlock = new TestProcess(node, [launcher, "start", "--root", shopRoot], freePorts);
        const { url } = await listeningUrls(overlock);
        expect((await fetch(`${url}/health/ready`)).status).toBe(200);
        overlock.kill(signal);
        expect(await overlock.exited()).toEqual({ code: 0, signal: null });
        expect(overlock.isGroupAlive).toBe(false);
      },
    );

    it("says what it needs where no other Node came with it", async () => {
      const folder = mkdtempSync(path.join(tmpdir(), "overlock-launcher-"));
      cpSync(launcher, path.join(folder, "overlock.mjs"));
      overlock = new TestProcess(node, [path.join(folder, "overlock.mjs"), "check"]);
      const { code } = await overlock.exited();
      rmSync(folder, { recursive: true });
      expect(code).toBe(1);
      expect(overlock.stderr).toMatch(/^overlock needs Node 24\.12 or newer; this is \d+\.\d+\.\d+\.\n$/);
    });
  },
);

/** A Node on this machine that can't run the gateway itself. */
function findOlderNode(): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/bin", "/usr/local/bin"];
  for (const folder of folders) {
    const node = path.join(folder, "node");
    if (folder.includes("node_modules") || !existsSync(node)) continue;
    const version = execFileSync(node, ["--version"], { encoding: "utf8" });
    if (Number(/^v(\d+)\./.exec(version)?.[1]) < 24) return node;
  }
  return null;
}
