import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lockfileNode, TestProcess } from "../support/test-process.ts";
import { shopRoot } from "../support/test-gateway.ts";

// What `npm start` runs. npm itself would stand between us and the exit status.
const script = path.join(shopRoot, "test/demo/start.ts");
const maxStartMs = 5000;

let demo: TestProcess;

function startDemo(environment: Readonly<Record<string, string>> = {}): TestProcess {
  return new TestProcess(lockfileNode, [script], { PORT: "0", ADMIN_PORT: "0", ...environment });
}

describe("npm start prints and serves", () => {
  let text: string;

  beforeAll(async () => {
    const startedMs = performance.now();
    demo = startDemo();
    await demo.printed(/Overlock is ready\.[^]*Ctrl-C stops everything\./);
    expect(performance.now() - startedMs).toBeLessThan(maxStartMs);
    text = demo.stdout;
  });
  afterAll(() => demo.stop());

  it("prints endpoints, explorers and admin pages that answer", async () => {
    const [, web = "", mobile = ""] = /^ {2}web +(\S+)[^]*^ {2}mobile +(\S+)/m.exec(text) ?? [];
    const [, metrics = "", supergraph = ""] = /^ {2}admin +(\S+) +(\S+)/m.exec(text) ?? [];
    for (const url of [web, mobile, supergraph]) {
      const page = await fetch(url, { headers: { accept: "text/html" } });
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      await page.arrayBuffer();
    }
    expect(await (await fetch(metrics)).text()).toContain("overlock_requests_total");
    expect(await (await fetch(new URL("/health/ready", web))).json()).toEqual({ status: "ready" });
  });

  it("prints a token, and commands to paste that give data without errors", async () => {
    const [, token = ""] = /^export TOKEN=(\S+)$/m.exec(text) ?? [];
    const commands = parseCommands(text, token);
    expect(commands).toHaveLength(2);
    const answers: unknown[] = [];
    for (const { url, headers, body } of commands) {
      const response = await fetch(url, { method: "POST", headers, body });
      answers.push(await response.json());
    }
    expect(answers).toEqual([
      {
        data: {
          products: {
            items: [
              { name: expect.any(String), stock: { level: expect.any(String) }, reviews: expect.any(Array) },
              { name: expect.any(String), stock: { level: expect.any(String) }, reviews: expect.any(Array) },
            ],
          },
        },
      },
      {
        data: {
          home: {
            unread: expect.any(Number),
            featured: [expect.any(Object), expect.any(Object)],
            orders: [{ status: expect.any(String) }],
          },
        },
      },
    ]);
    const signedIn = await fetch(commands[0]?.url ?? "", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: '{"query":"{ viewer { profile { id } } }"}',
    });
    expect(await signedIn.json()).toEqual({ data: { viewer: { profile: { id: "u1" } } } });
  });

  it("prints nothing else but log lines", async () => {
    const lines = text.slice(0, text.indexOf("\n  Overlock is ready.")).split("\n");
    for (const line of lines.filter((one) => one !== ""))
      expect(JSON.parse(line)).toMatchObject({ msg: "listening" });
    expect(demo.stderr).toBe("");
  });

  it("ends with status 0 on SIGTERM, leaving nothing behind", async () => {
    demo.kill("SIGTERM");
    expect(await demo.exited()).toEqual({ code: 0, signal: null });
    expect(demo.stderr).toBe("");
    expect(demo.isGroupAlive).toBe(false);
  });
});

describe("npm start", () => {
  afterEach(() => demo.stop());

  it("ends with status 0 on Ctrl-C, leaving nothing behind", async () => {
    demo = startDemo();
    await demo.printed(/Ctrl-C stops everything\./);
    demo.kill("SIGINT");
    expect(await demo.exited()).toEqual({ code: 0, signal: null });
    expect(demo.isGroupAlive).toBe(false);
  });

  it("ends with status 0 on a SIGTERM that comes the moment it listens", async () => {
    demo = startDemo();
    await demo.printed(/"msg":"listening"/);
    demo.kill("SIGTERM");
    expect(await demo.exited()).toEqual({ code: 0, signal: null });
    expect(demo.isGroupAlive).toBe(false);
  });

  it.each(["PORT", "ADMIN_PORT"])(
    "says that its %s is taken, ends with status 1 and leaves nothing behind",
    async (variable) => {
      const holder = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => holder.once("listening", resolve));
      const port = String((holder.address() as AddressInfo).port);
      demo = startDemo({ [variable]: port });
      const exit = await demo.exited();
      await new Promise((resolve) => holder.close(resolve));
      expect(exit).toEqual({ code: 1, signal: null });
      expect(demo.stderr).toBe(
        [
          "1 problem found; nothing was started.",
          "",
          `environment  ${variable}`,
          `  expected  an address that can be listened on, 127.0.0.1:${port} is not`,
          "  found     another process listens there",
          `  hint      set ${variable} to another port, or to 0 for a free one`,
          "",
        ].join("\n"),
      );
      expect(demo.stdout).toBe("");
      expect(demo.isGroupAlive).toBe(false);
    },
  );
});

interface PrintedCommand {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The curl commands of the text, as a shell would read them. */
function parseCommands(printed: string, token: string): PrintedCommand[] {
  const pattern = /^curl -s (\S+)((?: -H (?:'[^'\n]*'|"[^"\n]*"))+) \\\n {2}-d '([^'\n]*)'$/gm;
  return [...printed.matchAll(pattern)].map(([, url = "", flags = "", body = ""]) => {
    const headers = [...flags.matchAll(/ -H (?:'([^']*)'|"([^"]*)")/g)].map(([, literal, expanded]) => {
      const header = literal ?? (expanded ?? "").replaceAll("$TOKEN", token);
      const colon = header.indexOf(": ");
      return [header.slice(0, colon), header.slice(colon + 2)] as const;
    });
    return { url, headers: Object.fromEntries(headers), body };
  });
}
