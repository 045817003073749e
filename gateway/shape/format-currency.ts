import { quoted } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import { addNanos, type Decimal, readDecimal } from "./decimal.ts";
import { type ShaperDefinition, shapeText } from "./shaper.ts";
import { canHoldNumber, cannotShape, textOf } from "./text.ts";

/**
 * `@formatCurrency(currency:)`: an amount of money as the answer's language writes it. An object brings its own currency
 * (`units`, `nanos`, `currencyCode`); a number needs the argument.
 */
export const formatCurrency: ShaperDefinition = {
  name: "formatCurrency",
  compile(use, field, input) {
    const isObject = input.kind === "object";
    const currency = use.text("currency");
    if (!isObject && !canHoldNumber(input)) {
      use.refuse([], `an object with ${moneyFields.join(", ")}, or a number`, shapeText(input));
      return null;
    }
    if (isObject && currency !== null) {
      use.refuse(["currency"], `no currency: ${input.typeName} brings its own`, quoted(currency));
      return null;
    }
    if (!isObject && (currency === null || !currencies.has(currency))) {
      const found = currency === null ? "none" : quoted(currency);
      const hint = currency === null ? null : nearestNameHint(currency, currencies, 1);
      use.refuse(["currency"], "an ISO 4217 code such as EUR, for a number", found, hint);
      return null;
    }
    // As many as the runtime knows currencies, for each locale of the BFF.
    const formats = new Map<string, Intl.NumberFormat>();
    const format = (amount: Decimal, code: string, locale: string): string => {
      const key = `${locale} ${code}`;
      const known = formats.get(key) ?? new Intl.NumberFormat(locale, { style: "currency", currency: code });
      formats.set(key, known);
      return known.format(amount);
    };
    return {
      kind: "leaf",
      output: textOf(input),
      reads: isObject ? moneyFields : [],
      shapeLeaf(value, { locale }) {
        const { amount, code } =
          currency === null ? readMoney(value) : { amount: readDecimal(value), code: currency };
        if (amount === null) throw cannotShape(field, "a finite amount", "something else");
        if (code === null) throw cannotShape(field, "an ISO 4217 currency code", "something else");
        return format(amount, code, locale);
      },
    };
  },
};

const moneyFields = ["units", "nanos", "currencyCode"] as const;
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** Null for what is not as it should be. */
function readMoney(value: unknown): { readonly amount: Decimal | null; readonly code: string | null } {
  const { units, nanos, currencyCode } = value as Readonly<Record<(typeof moneyFields)[number], unknown>>;
  const isKnown = typeof currencyCode === "string" && currencies.has(currencyCode);
  return { amount: addNanos(units, nanos), code: isKnown ? currencyCode : null };
}
