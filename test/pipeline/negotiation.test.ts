import { expect, it } from "vitest";
import { negotiateMediaType } from "../../gateway/pipeline/accept-header.ts";
import { negotiateLocale } from "../../gateway/pipeline/accept-language.ts";
import { createNegotiation } from "../../gateway/pipeline/negotiation.ts";

const locales = ["en-US", "de", "fr"];

it.each([
  [undefined, undefined],
  ["", ""],
  ["*/*", "*"],
  ["application/graphql-response+json", "de-CH, fr;q=0.5"],
  ["image/png", "fr"],
  ["application/json;q=0", "xx"],
  ["x".repeat(5000), "y".repeat(5000)],
])("what clients accept is read as ever, the first time and later: %#", (accept, acceptLanguage) => {
  const negotiation = createNegotiation(locales);
  for (let time = 0; time < 3; time++) {
    expect(negotiation.mediaType(accept)).toBe(negotiateMediaType(accept));
    expect(negotiation.locale(acceptLanguage)).toBe(negotiateLocale(acceptLanguage, locales));
  }
});
