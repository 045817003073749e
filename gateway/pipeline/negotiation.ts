import { rememberByText } from "../core/remember-by-text.ts";
import { negotiateMediaType, type ResponseMediaType } from "./accept-header.ts";
import { negotiateLocale } from "./accept-language.ts";

/** What the clients of one BFF accept, by the texts of their headers. */
export interface Negotiation {
  /** See {@link negotiateMediaType}. */
  mediaType(accept: string | undefined): ResponseMediaType | null;
  /** See {@link negotiateLocale}. */
  locale(acceptLanguage: string | undefined): string;
}

/** Keeps a bounded number of answers: clients send the same few headers again and again. */
export function createNegotiation(locales: readonly string[]): Negotiation {
  // Wrapped, so that a refusal is remembered too.
  const mediaTypeFor = rememberByText((accept) => ({ type: negotiateMediaType(accept) }));
  const localeFor = rememberByText((acceptLanguage) => negotiateLocale(acceptLanguage, locales));
  const [withoutWish, localeWithoutWish] = [
    negotiateMediaType(undefined),
    negotiateLocale(undefined, locales),
  ];
  return {
    mediaType: (accept) => (accept === undefined ? withoutWish : mediaTypeFor(accept).type),
    locale: (acceptLanguage) =>
      acceptLanguage === undefined ? localeWithoutWish : localeFor(acceptLanguage),
  };
}
