import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HttpAnswer, HttpBackend, HttpError } from "./http-backend.ts";
import { countUp, RequestLog } from "./request-log.ts";

const backend = new HttpBackend(
  [
    { method: "GET", path: "/rows", answer: () => [{ id: "a" }, { id: "b" }] },
    { method: "GET", path: "/long", answer: () => ({ text: "x".repeat(2000) }) },
    {
      method: "PUT",
      path: "/rows/{id}",
      answer: ({ body }) => new HttpAnswer(201, body, { location: "/rows/a" }),
    },
    { method: "DELETE", path: "/rows/{id}", answer: () => new HttpAnswer(204) },
    {
      method: "PATCH",
      path: "/rows/{id}",
      answer: ({ headers }) => {
        throw new HttpError(422, `No row for ${headers["x-user-id"]}.`, "NO_ROW");
      },
    },
  ],
  new RequestLog(countUp()),
);

beforeAll(() => backend.start());
afterAll(() => backend.stop());
beforeEach(() => backend.log.clear());

describe("an HTTP backend", () => {
  test("answers HEAD as GET, without the body", async () => {
    const response = await fetch(`${backend.url}/rows`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([
      200,
      "23",
      "",
    ]);
    expect(backend.log.entries.map(({ method }) => method)).toEqual(["HEAD /rows"]);
    expect((await fetch(`${backend.url}/nothing`, { method: "HEAD" })).status).toBe(404);
  });

  // A backend that closes what is idle may do so while a request is on its way, which then fails: after a pause of the
  // whole process longer than that time, a test would see an error that nobody has planted.
  test("leaves it to its callers to close what is idle", async () => {
    const response = await fetch(`${backend.url}/rows`);
    expect(await response.json()).toHaveLength(2);
    expect([response.headers.get("connection"), response.headers.get("keep-alive")]).toEqual([
      "keep-alive",
      null,
    ]);
  });

  test("answers with other statuses and headers, and with no body", async () => {
    const put = await fetch(`${backend.url}/rows/a`, { method: "PUT", body: '{"n":1}' });
    expect([put.status, put.headers.get("location"), await put.json()]).toEqual([201, "/rows/a", { n: 1 }]);
    const deleted = await fetch(`${backend.url}/rows/a`, { method: "DELETE" });
    expect([deleted.status, deleted.headers.get("content-type"), await deleted.text()]).toEqual([
      204,
      null,
      "",
    ]);
  });

  test("refuses with a code where the route gives one", async () => {
    const response = await fetch(`${backend.url}/rows/a`, {
      method: "PATCH",
      headers: { "x-user-id": "u1" },
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({ error: { code: "NO_ROW", message: "No row for u1." } });
  });

  test("reads forms, a name that comes twice as a list", async () => {
    const body = new URLSearchParams([
      ["topic", "garden"],
      ["topic", "kitchen & co"],
      ["weekly", "true"],
    ]);
    const response = await fetch(`${backend.url}/rows/a`, { method: "PUT", body });
    const read = { topic: ["garden", "kitchen & co"], weekly: "true" };
    expect(await response.json()).toEqual(read);
    expect(backend.log.entries[0]?.message).toEqual(read);
  });

  test.each([
    ["/long", "gzip, br", "gzip"],
    ["/long", "identity", null],
    ["/rows", "gzip", null],
  ])("packs %s for who accepts %s: %s", async (path, accepted, encoding) => {
    const response = await fetch(backend.url + path, { headers: { "accept-encoding": accepted } });
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(JSON.stringify(await response.json())).toHaveLength(path === "/long" ? 2011 : 23);
  });

  test("lets a test change one row of an answer", async () => {
    backend.faults.set({ method: "GET /rows", rewrite: () => [{ id: "a" }, { id: 7 }], times: 1 });
    expect(await (await fetch(`${backend.url}/rows`)).json()).toEqual([{ id: "a" }, { id: 7 }]);
    expect(await (await fetch(`${backend.url}/rows`)).json()).toEqual([{ id: "a" }, { id: "b" }]);
  });
});
