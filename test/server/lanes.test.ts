import { describe, expect, it } from "vitest";
import { chooseLane, type LaneName } from "../../gateway/server/lanes.ts";

const page = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";

describe("a request", () => {
  it.each<[method: "GET" | "POST", accept: string | undefined, lane: LaneName]>([
    // Plain ones.
    ["POST", undefined, "fast"],
    ["GET", undefined, "fast"],
    ["POST", "", "fast"],
    ["POST", "*/*", "fast"],
    ["GET", "*/*", "fast"],
    ["POST", "application/json", "fast"],
    ["POST", "application/graphql-response+json", "fast"],
    ["GET", "application/graphql-response+json, application/json;q=0.9", "fast"],
    // What some clients send with every request: a stream would be welcome, JSON will do.
    [
      "POST",
      "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
      "fast",
    ],
    ["POST", "multipart/mixed;deferSpec=20220824, application/json", "fast"],
    ["POST", "text/event-stream, */*;q=0.1", "fast"],
    // Nothing but a stream.
    ["POST", "text/event-stream", "yoga"],
    ["GET", "text/event-stream", "yoga"],
    ["GET", "Text/Event-Stream; charset=utf-8", "yoga"],
    ["POST", "multipart/mixed", "yoga"],
    ["POST", 'multipart/mixed;boundary="-", text/event-stream', "yoga"],
    ["POST", "image/png, text/event-stream", "yoga"],
    ["POST", "application/json;q=0, text/event-stream", "yoga"],
    // Pages are for browsers, which open them by GET.
    ["GET", page, "explorer"],
    ["GET", "text/html", "explorer"],
    ["POST", page, "fast"],
    ["POST", "text/html", "fast"],
    ["GET", "application/json, text/html", "fast"],
    // Nothing that we have: refused in JSON.
    ["POST", "image/png", "fast"],
    ["GET", "application/xml", "fast"],
    ["POST", "text/event-streams", "fast"],
    ["POST", ";;,;", "fast"],
  ])("by %s that accepts %j belongs to %s", (method, accept, lane) => {
    expect(chooseLane(method, accept)).toBe(lane);
  });
});
