import { describe, expect, test } from "vitest";
import { negotiateLocale } from "../../gateway/pipeline/accept-language.ts";

const locales = ["en-US", "de", "fr-CA", "fr", "zh-Hant", "sr-Latn-RS"];

describe("the locale of an answer", () => {
  test.each([
    { header: "de", locale: "de" },
    { header: "DE", locale: "de" },
    { header: "de-CH", locale: "de" },
    { header: "de-CH-1996", locale: "de" },
    { header: "fr-CA", locale: "fr-CA" },
    { header: "fr-FR, en", locale: "fr" },
    { header: "zh-Hant-CN-x-private1-private2", locale: "zh-Hant" },
    { header: "zh-Hant-x-a-b", locale: "zh-Hant" },
    { header: "en-US,en;q=0.9,de;q=0.8", locale: "en-US" },
    { header: "es, de", locale: "de" },
    { header: "de;q=0.5, fr;q=0.9", locale: "fr" },
    { header: "de ; q=0.5 , fr ; q=0.501", locale: "fr" },
    { header: "de;q=0.8, fr;q=0.8", locale: "de" },
    { header: "fr;q=1.000, de", locale: "fr" },
    { header: "de;q=0, fr;q=0.1", locale: "fr" },
    { header: "de-AT, de;q=0", locale: "en-US" },
  ])("is the one that is wanted most: $header", ({ header, locale }) => {
    expect(negotiateLocale(header, locales)).toBe(locale);
  });

  test.each([
    undefined,
    "",
    " ",
    ",,,",
    "*",
    "*;q=0",
    "es",
    "zh",
    "sr",
    "sr-Latn",
    "en",
    "de;q=2",
    "de;q=-1",
    "de;q=0.1234",
    "de;q=NaN",
    "de;level=1",
    "d\u00e9",
    "../../de",
    "__proto__",
    "constructor",
    "toString",
    "de-",
    "-de",
    "de--CH",
    `de${"-x".repeat(8000)}`,
    "*,".repeat(8000),
  ])("is the first where none of them is asked for: %j", (header) => {
    expect(negotiateLocale(header, locales)).toBe("en-US");
  });

  test("is the only one that there is, whatever is asked for", () => {
    expect(negotiateLocale("de", ["fr"])).toBe("fr");
  });

  test("is found in no time in the longest header that a server takes", () => {
    const header = Array.from({ length: 1000 }, (_, index) => `x-${index}-a-b-c;q=0.5`).join(",");
    const startedMs = performance.now();
    expect(negotiateLocale(header, locales)).toBe("en-US");
    expect(performance.now() - startedMs).toBeLessThan(100);
  });
});
