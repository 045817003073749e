import { describe, expect, it } from "vitest";
import { negotiateMediaType, prefersHtml } from "../../gateway/pipeline/accept-header.ts";

const modern = "application/graphql-response+json";
const plain = "application/json";

describe("negotiateMediaType", () => {
  it.each<[accept: string | undefined, expected: string | null]>([
    [undefined, plain],
    ["", plain],
    ["  ", plain],
    ["*/*", plain],
    ["application/*", plain],
    [modern, modern],
    [plain, plain],
    ["APPLICATION/JSON", plain],
    [`${modern}, ${plain}`, modern],
    [`${plain}, ${modern}`, plain],
    [`${modern};q=0.8, ${plain};q=0.9`, plain],
    [`${plain};q=0.8, ${modern};q=0.9`, modern],
    [`${modern}, ${plain};q=0.9, */*;q=0.1`, modern],
    [`*/*, ${modern}`, modern],
    [`*/*;q=0.1, ${modern};q=0.1`, modern],
    [`${plain};q=0, */*`, modern],
    [`${modern};q=0, application/*`, plain],
    [`application/*;q=0, ${plain}`, plain],
    [`text/html, ${plain};q=0.1`, plain],
    [`${plain}; charset=utf-8`, plain],
    [`${plain}; charset="UTF-8"; q=0.5`, plain],
    [`${plain};q=2`, plain],
    [`${plain};q=1.0`, plain],
    [`${plain}; version=1`, plain],
    [`${plain}; charset=iso-8859-1`, null],
    [`${plain};q=0`, null],
    [`${plain};q=-1`, null],
    [`${plain};q=x`, null],
    ["*/*;q=0", null],
    ["text/html", null],
    ["text/*", null],
    ["json", null],
    [",;,;;", null],
  ])("for %j is %j", (accept, expected) => {
    expect(negotiateMediaType(accept)).toBe(expected);
  });

  it("takes no longer for the longest header that the server reads", () => {
    const accept = "a/b;q=0.1;".repeat(800) + ",".repeat(8000);
    const startedMs = performance.now();
    expect(negotiateMediaType(accept)).toBeNull();
    expect(performance.now() - startedMs).toBeLessThan(100);
  });
});

describe("prefersHtml", () => {
  it.each([
    "text/html",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html, */*",
    "text/html;q=0.9, application/json;q=0.8",
  ])("is true for %j", (accept) => {
    expect(prefersHtml(accept)).toBe(true);
  });

  it.each([
    undefined,
    "",
    "*/*",
    "text/*",
    "application/json",
    "text/html;q=0",
    "text/html, application/json",
    "application/json, text/html",
    "text/html;q=0.1, */*",
    "application/graphql-response+json, text/html;q=0.9",
  ])("is false for %j", (accept) => {
    expect(prefersHtml(accept)).toBe(false);
  });
});
