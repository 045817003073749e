import { hash } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const folder = mkdtempSync(path.join(tmpdir(), "overlock-keys-"));
const file = path.join(folder, "keys.json");
const backend = new ScriptedBackend();
let project: ProjectGateway;

interface Listed {
  readonly key: string;
  readonly consumer?: string;
  readonly scopes?: readonly string[];
}

function listOf(...keys: readonly Listed[]): string {
  return JSON.stringify(
    keys.map(({ key, consumer = key, scopes = [] }) => ({ sha256: hash("sha256", key), consumer, scopes })),
  );
}

beforeAll(async () => {
  writeFileSync(file, listOf({ key: "old" }, { key: "leaked" }));
  await backend.start();
  backend.answer = { body: { value: 7 } };
  const config = `{ name: "web", credentials: [{ kind: "apiKey", file: ${JSON.stringify(file)} }] }`;
  project = await startProject(
    {
      stock:
        'extend schema @source(name: "stock", url: "http://localhost:1")\ntype Query { level: Int @rest(GET: "/level", select: "value") }',
    },
    'type Query { level: Int @requiresScopes(scopes: [["stock:read"]]) }',
    { STOCK_URL: backend.url },
    { config },
  );
});
afterAll(async () => {
  await project.stop();
  await backend.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  writeFileSync(file, listOf({ key: "old" }, { key: "leaked" }));
  project.gateway.reload();
});

async function statusOf(key: string): Promise<number> {
  return (await project.query("{ __typename }", { headers: { "x-api-key": key } })).status;
}

async function count(result: string): Promise<number> {
  const metrics = await (await fetch(`${project.gateway.adminUrl}/metrics`)).text();
  const pattern = new RegExp(`^overlock_api_key_reloads_total\\{result="${result}"\\} (\\d+)$`, "m");
  return Number(pattern.exec(metrics)?.[1] ?? 0);
}

it("a key that is taken from its file is refused two seconds later, and a new one let in", async () => {
  expect([await statusOf("old"), await statusOf("leaked"), await statusOf("new")]).toEqual([200, 200, 401]);
  const done = await count("done");
  writeFileSync(`${file}.new`, listOf({ key: "old" }, { key: "new" }));
  renameSync(`${file}.new`, file);
  const changedMs = performance.now();
  await expect.poll(() => statusOf("leaked"), { timeout: 10_000, interval: 20 }).toBe(401);
  // Two looks, one second apart, and what a busy machine adds.
  expect(performance.now() - changedMs).toBeLessThan(4000);
  expect([await statusOf("old"), await statusOf("new"), await count("done")]).toEqual([200, 200, done + 1]);
  expect(project.log.text).toContain('"keys":2,"msg":"API keys reloaded"');
});

it("what a key may changes with its line in the file", async () => {
  const levelFor = async (): Promise<unknown> =>
    (await project.query("{ level }", { headers: { "x-api-key": "old" } })).data;
  expect(await levelFor()).toEqual({ level: null });
  writeFileSync(file, listOf({ key: "old", scopes: ["stock:read"] }));
  project.gateway.reload();
  expect(await levelFor()).toEqual({ level: 7 });
  writeFileSync(file, listOf({ key: "old" }));
  project.gateway.reload();
  expect(await levelFor()).toEqual({ level: null });
});

it.each<[what: string, change: () => void, told: string]>([
  [
    "is half written",
    () => writeFileSync(file, listOf({ key: "new" }).slice(0, -5)),
    "a text that is no JSON",
  ],
  ["is empty", () => writeFileSync(file, ""), "a text that is no JSON"],
  ["has no key", () => writeFileSync(file, "[]"), "a list of 1 to 10000 keys"],
  [
    "has a key as it is",
    () => writeFileSync(file, '[{ "sha256": "s3cret-key", "consumer": "x" }]'),
    "SHA-256",
  ],
  ["has a key twice", () => writeFileSync(file, listOf({ key: "new" }, { key: "new" })), "a key of its own"],
  ["is gone", () => unlinkSync(file), "nothing of that name"],
])("where the file %s, the keys before stay, which is told and counted", async (_what, change, told) => {
  const failed = await count("failed");
  const logged = project.log.text.length;
  change();
  project.gateway.reload();
  expect([await statusOf("old"), await statusOf("leaked"), await statusOf("new")]).toEqual([200, 200, 401]);
  expect(await count("failed")).toBe(failed + 1);
  const log = project.log.text.slice(logged);
  expect(log).toContain("API keys could not be reloaded, the ones before stay in use");
  expect(log).toContain('"level":"warn"');
  expect(log).toContain(told);
  expect(log).not.toContain("s3cret-key");
});
