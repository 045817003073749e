import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest, sendRaw } from "../support/raw-connection.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { shopRoot, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** What Firefox sends when somebody opens a page; other browsers say the same in other words. */
const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8" };
const schema = readFileSync(path.join(shopRoot, "bff-web/schema.graphql"), "utf8");

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ NODE_ENV: "development" });
});
afterAll(() => test.stop());

function open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, { headers: { ...browser, ...headers } });
}

describe("the explorer", () => {
  it.each(["/web/graphql", "/mobile/graphql", "/web/graphql?query={__typename}"])(
    "is what a browser gets at %s",
    async (target) => {
      const response = await open(test.gateway.url + target);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("x-frame-options")).toBe("DENY");
      expect(await response.text()).toMatch(/^<!doctype html>/i);
    },
  );

  it("loads nothing from elsewhere", async () => {
    const response = await open(`${test.gateway.url}/web/graphql`);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'self' data: blob: /);
    const page = (await response.text()).replaceAll(/"data:[^"]*"/g, '""');
    // Everything outside of its own scripts and styles: the elements that a browser would follow.
    const markup = page
      .replaceAll(/<script\b([^>]*)>[\s\S]*?<\/script>/g, "<script$1></script>")
      .replaceAll(/<style\b([^>]*)>[\s\S]*?<\/style>/g, "<style$1></style>");
    expect(markup.length).toBeLessThan(2000);
    const references = [...markup.matchAll(/\b(?:src|href|action|srcset|data)\s*=\s*["']?([^"'\s>]*)/g)];
    expect(references.map(([, url]) => url).filter((url) => url !== "")).toEqual([]);
    const styles = [...page.matchAll(/<style\b[^>]*>([\s\S]*?)<\/style>/g)].map(([, css]) => css).join("\n");
    expect(styles).not.toMatch(/@import|url\(\s*["']?(?:https?:)?\/\//);
  });

  it("opens with the operation that the BFF's settings name", async () => {
    const page = await (await open(`${test.gateway.url}/web/graphql`)).text();
    expect(page).toContain("query FeaturedProducts {");
    const mobile = await (await open(`${test.gateway.url}/mobile/graphql`)).text();
    expect(mobile).toContain("query Home {");
  });

  it("is sent packed to browsers that unpack it, and plain to others", async () => {
    const target = rawRequest("GET /web/graphql HTTP/1.1", { ...browser, "accept-encoding": "gzip, br" });
    const identity = await open(`${test.gateway.url}/web/graphql`, { "accept-encoding": "identity" });
    expect(identity.headers.get("content-encoding")).toBeNull();
    const plain = await identity.arrayBuffer();
    const packed = await sendRaw(test.gateway.url, target, false);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("vary")).toBe("accept, accept-encoding");
    expect(Number(packed.headers.get("content-length"))).toBeLessThan(plain.byteLength / 2);
    const unpacked = await open(`${test.gateway.url}/web/graphql`, { "accept-encoding": "gzip" });
    expect(unpacked.headers.get("content-encoding")).toBe("gzip");
    expect((await unpacked.arrayBuffer()).byteLength).toBe(plain.byteLength);
    const refused = await open(`${test.gateway.url}/web/graphql`, { "accept-encoding": "gzip;q=0" });
    expect(refused.headers.get("content-encoding")).toBeNull();
    await refused.arrayBuffer();
  });

  it("is not sent again to a browser that has it", async () => {
    const first = await open(`${test.gateway.url}/web/graphql`);
    await first.arrayBuffer();
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^W\/"[-\w]+"$/);
    for (const known of [etag, `"other", ${etag}`, etag.replace("W/", "")]) {
      const again = await sendRaw(
        test.gateway.url,
        rawRequest("GET /web/graphql HTTP/1.1", { ...browser, "if-none-match": known }),
      );
      expect(again.status).toBe(304);
      expect(again.body).toBe("");
      expect(again.headers.get("etag")).toBe(etag);
    }
    const other = await open(`${test.gateway.url}/web/graphql`, { "if-none-match": '"other"' });
    expect(other.status).toBe(200);
    await other.arrayBuffer();
  });

  it.each(["application/json", "*/*", "application/json, text/html;q=0.5", "text/html;q=0, */*", ""])(
    "is not what a client gets that accepts %j",
    async (accept) => {
      const response = await fetch(`${test.gateway.url}/web/graphql?query={__typename}`, {
        headers: { accept },
      });
      expect(await response.text()).toBe('{"data":{"__typename":"Query"}}');
    },
  );

  it("is not in the log", async () => {
    const before = test.logLines.length;
    await (await open(`${test.gateway.url}/web/graphql`)).arrayBuffer();
    expect(test.logLines.length).toBe(before);
  });
});

describe("in production", () => {
  it.each([
    [{}, 406],
    [{ NODE_ENV: "test" }, 406],
    [{ NODE_ENV: "production" }, 406],
    [{ NODE_ENV: "development" }, 200],
  ])(
    "and wherever else NODE_ENV is not development there is no explorer: %j",
    async (environment, status) => {
      const production = await startTestGateway(environment);
      const answer = await open(`${production.gateway.url}/web/graphql`, { accept: "text/html" });
      await answer.arrayBuffer();
      await production.stop();
      expect(answer.status).toBe(status);
    },
  );

  it("a BFF whose settings switch it on has one", async () => {
    const project = createShopProject(schema, { explorer: true });
    const production = await startTestGateway({}, project.root);
    const answer = await open(`${production.gateway.url}/web/graphql`);
    await answer.arrayBuffer();
    await production.stop();
    project.remove();
    expect(answer.status).toBe(200);
  });
});

describe("a BFF whose settings switch the explorer off", () => {
  let project: TemporaryProject;
  let closedTest: TestGateway;

  beforeAll(async () => {
    project = createShopProject(schema, { explorer: false });
    closedTest = await startTestGateway({ NODE_ENV: "development" }, project.root);
  });
  afterAll(async () => {
    await closedTest.stop();
    project.remove();
  });

  it("answers browsers with JSON, and those that accept pages only with 406", async () => {
    const url = `${closedTest.gateway.url}/web/graphql?query={__typename}`;
    const response = await open(url);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await response.text()).toBe('{"data":{"__typename":"Query"}}');
    const refused = await open(url, { accept: "text/html" });
    expect(refused.status).toBe(406);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "NOT_ACCEPTABLE" } }] });
  });
});
