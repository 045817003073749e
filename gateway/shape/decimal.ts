/** A number written out: what `Intl.NumberFormat` formats digit by digit, so that nothing is rounded on the way. */
export type Decimal = Intl.StringNumericLiteral;

/** The most digits of a number that is written as a text. */
const maxDigits = 100;

/**
 * A number or a text that writes one out (`-12.50`), exact; null for anything else: not finite, in other notations, or
 * with more than 100 digits.
 */
export function readDecimal(value: unknown): Decimal | null {
  // The shortest text that is this number, as JSON has it: 0.1 stays 0.1.
  if (typeof value === "number") return Number.isFinite(value) ? (String(value) as Decimal) : null;
  if (typeof value === "bigint") return `${value}` as Decimal;
  if (typeof value !== "string" || value.length > maxDigits + 2) return null;
  return /^-?\d+(?:\.\d+)?$/.test(value) ? (value as Decimal) : null;
}

const maxUnits = 2n ** 63n - 1n;

/**
 * Whole units plus billionths, as in
 * [google.type.Money](https://github.com/googleapis/googleapis/blob/master/google/type/money.proto): both of one sign.
 * Null where they are not.
 */
export function addNanos(units: unknown, nanos: unknown): Decimal | null {
  const text = readDecimal(units);
  if (text === null || text.includes(".")) return null;
  if (typeof units === "number" && !Number.isSafeInteger(units)) return null;
  if (typeof nanos !== "number" || !Number.isInteger(nanos) || Math.abs(nanos) > 999_999_999) return null;
  // Nearly all amounts are small; to count with large ones takes several times as long.
  const whole = text.length <= maxSafeDigits ? Number(text) : BigInt(text);
  if (whole > maxUnits || whole < -maxUnits - 1n) return null;
  if ((whole > 0 && nanos < 0) || (whole < 0 && nanos > 0)) return null;
  const sign = whole < 0 || nanos < 0 ? "-" : "";
  const digits = whole < 0 ? -whole : whole;
  return `${sign}${digits}.${String(Math.abs(nanos)).padStart(9, "0")}` as Decimal;
}

/** Of a number that is exact with each of its digits. */
const maxSafeDigits = 15;
