import type { Decimal } from "./decimal.ts";

/**
 * How many decimal digits the minor unit of a currency has by ISO 4217, where it is not 2: 1 Kuwaiti dinar is 1000 fils.
 * Intl does not tell: its digits are those that people write, which are none for forints although there are fillér.
 */
const minorDigits: ReadonlyMap<string, number> = new Map([
  ..."BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
    .split(" ")
    .map((code) => [code, 0] as const),
  ..."BHD IQD JOD KWD LYD OMR TND".split(" ").map((code) => [code, 3] as const),
]);

/** An amount of minor units (cents) in whole ones, exact; null where it is no whole number of them. */
export function fromMinorUnits(amount: Decimal, currency: string): Decimal | null {
  if (!/^-?\d+$/.test(amount)) return null;
  const digits = minorDigits.get(currency) ?? 2;
  if (digits === 0) return amount;
  const sign = amount.startsWith("-") ? "-" : "";
  const padded = amount.slice(sign.length).padStart(digits + 1, "0");
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}` as Decimal;
}
