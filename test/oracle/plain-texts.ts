import type { Money } from "../backends/shop-data.ts";

// The shapers once more, as anybody would write them who had only the documentation and the platform's own Intl.

export function cut(text: string, length: number): string {
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

export function inTitleCase(text: string): string {
  return text.replaceAll(
    /\p{L}[\p{L}\p{M}\d]*/gu,
    (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
  );
}

/** Of the first two words. */
export function initialsOf(name: string): string {
  const [first = "", second = ""] = name.split(" ");
  return (first.slice(0, 1) + second.slice(0, 1)).toUpperCase();
}

/** All but the first character hidden. */
export function maskAfterFirst(text: string): string {
  const [first = "", ...others] = text;
  return others.length === 0 ? "•" : first + "•".repeat(others.length);
}

/** Cents are exact as numbers. */
export function moneyText({ units, nanos, currencyCode }: Money, locale: string): string {
  const amount = Number(units) + nanos / 1e9;
  return new Intl.NumberFormat(locale, { style: "currency", currency: currencyCode }).format(amount);
}

export function gramsText(grams: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: "gram" }).format(grams);
}

/** In the shop's time zone. */
export function timeText(time: string, locale: string, styles: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale, { ...styles, timeZone: "Europe/Berlin" }).format(new Date(time));
}
