import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shopRoot, startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { lockfileNode, TestProcess } from "../support/test-process.ts";

// The tour in the README is run as it stands: what it sends is sent, and what it shows is what comes back.

interface TourStep {
  readonly bff: "web" | "mobile";
  readonly isSignedIn: boolean;
  readonly query: string;
  readonly answer: unknown;
}

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const steps = readTour(readme);

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "info" });
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(() => test.stop());

describe("the README's tour", () => {
  it("has steps to run", () => {
    expect(steps.length).toBeGreaterThanOrEqual(6);
  });

  it.each(steps)("shows what $bff answers to $query", async ({ bff, isSignedIn, query, answer }) => {
    const { text } = await test.query(query, { bff, ...(isSignedIn && { token }) });
    expect(JSON.parse(text)).toEqual(answer);
  });

  it("says truly that the first query is five calls", async () => {
    test.shop.clearLogs();
    await test.query(steps[0]?.query ?? "");
    expect(test.shop.calls()).toHaveLength(5);
  });
});

describe("the README's plan and cost", () => {
  it.each(["plan", "cost"])("are what the commands print: %s", (name) => {
    const shown = new RegExp(
      `\`\`\`sh\\n(echo [^\`]*overlock\\.js ${name}[^\`]*)\`\`\`\\s+\`\`\`\\n([^\`]*)\`\`\``,
    );
    const [, command = "", printed = ""] = shown.exec(readme) ?? [];
    expect(printed).not.toBe("");
    const PATH = `${path.dirname(lockfileNode)}:${process.env["PATH"] ?? ""}`;
    expect(execFileSync("sh", ["-c", command], { cwd: shopRoot, encoding: "utf8", env: { PATH } })).toBe(
      printed,
    );
  });
});

describe("the README's mistake", () => {
  it("is told as it says", async () => {
    const root = mkdtempSync(path.join(tmpdir(), "overlock-readme-"));
    for (const folder of ["schemas", "protos", "bff-mobile"]) {
      cpSync(path.join(shopRoot, folder), path.join(root, folder), { recursive: true });
    }
    const file = path.join(root, "bff-mobile/schema.graphql");
    const sound = '@from(field: "body") @truncate(length: 140)';
    const text = readFileSync(file, "utf8");
    expect(text.split(sound)).toHaveLength(2);
    const [mistake = ""] = /@from\(field: "bdoy"\)[^`]*/.exec(readme) ?? [];
    writeFileSync(file, text.replace(sound, mistake));
    const check = new TestProcess(lockfileNode, [
      path.join(shopRoot, "gateway/cli/overlock.js"),
      "check",
      "--root",
      root,
    ]);
    const { code } = await check.exited();
    rmSync(root, { recursive: true, force: true });
    const [, shown = ""] = /```\n(2 problems found[^`]*)```/.exec(readme) ?? [];
    expect([code, check.stderr.trimEnd()]).toEqual([1, shown.trimEnd()]);
  });
});

/** Every `curl` in a `sh` block that a `json` block follows. */
function readTour(markdown: string): TourStep[] {
  const blocks = [...markdown.matchAll(/```sh\n(curl[^`]*)```\s+```json\n([^`]*)```/g)];
  return blocks.map(([, command = "", answer = ""]) => {
    const body = /-d '([^']*)'/.exec(command)?.[1]?.replaceAll("\n", "") ?? "{}";
    return {
      bff: command.includes("/mobile/graphql") ? "mobile" : "web",
      isSignedIn: command.includes("authorization: Bearer"),
      query: (JSON.parse(body) as { query: string }).query,
      answer: JSON.parse(answer) as unknown,
    };
  });
}
