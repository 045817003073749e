import { quoted } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import type { DirectiveUse } from "../language/directive-reader.ts";
import { addNanos, type Decimal, readDecimal } from "./decimal.ts";
import { fromMinorUnits } from "./minor-units.ts";
import { type ShaperDefinition, shapeText, type ValueShape } from "./shaper.ts";
import { canHoldNumber, cannotShape, textOf } from "./text.ts";

/**
 * `@formatCurrency(currency:, amount:, currencyField:, minorUnits:)`: an amount of money as the answer's language writes
 * it. An object brings its own currency, in `currencyCode` beside `units` and `nanos` or in a field that the use names; a
 * number needs the argument.
 */
export const formatCurrency: ShaperDefinition = {
  name: "formatCurrency",
  compile(use, field, input) {
    const money = readUse(use, input);
    if (money === null) return null;
    // As many as the runtime knows currencies, for each locale of the BFF.
    const formats = new Map<string, Map<string, Intl.NumberFormat>>();
    const formatOf = (code: string, locale: string): Intl.NumberFormat => {
      let ofLocale = formats.get(locale);
      if (ofLocale === undefined) {
        ofLocale = new Map<string, Intl.NumberFormat>();
        formats.set(locale, ofLocale);
      }
      let format = ofLocale.get(code);
      if (format === undefined) {
        format = new Intl.NumberFormat(locale, { style: "currency", currency: code });
        ofLocale.set(code, format);
      }
      return format;
    };
    return {
      kind: "leaf",
      output: textOf(input),
      reads: money.reads,
      ...(money.expectedOf !== undefined && { expectedOf: money.expectedOf }),
      shapeLeaf(value, { locale }) {
        const code = money.currencyOf(value);
        if (typeof code !== "string" || !currencies.has(code))
          throw cannotShape(field, "an ISO 4217 currency code", "something else");
        const amount = money.amountOf(value, code);
        if (amount === null) throw cannotShape(field, money.expected, "something else");
        return formatOf(code, locale).format(amount);
      },
    };
  },
};

/** How a use reads an amount and its currency of a value. */
interface Money {
  readonly reads: readonly string[];
  readonly expectedOf?: (name: string, shape: ValueShape) => string | null;
  /** Null for what is no amount. */
  amountOf(value: unknown, code: string): Decimal | null;
  currencyOf(value: unknown): unknown;
  /** What an amount is, for messages. */
  readonly expected: string;
}

const moneyFields = ["units", "nanos", "currencyCode"] as const;
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/** Null, with problems reported, where its arguments do not go with each other or with the value. */
function readUse(use: DirectiveUse, input: ValueShape): Money | null {
  if (input.kind === "object") return readObjectUse(use, input);
  if (!canHoldNumber(input)) {
    use.refuse([], `an object with ${moneyFields.join(", ")}, or a number`, shapeText(input));
    return null;
  }
  const named = ["amount", "currencyField"].find((argument) => use.text(argument) !== null);
  if (named !== undefined) {
    use.refuse([named], `no ${named}: the value is the number itself`, quoted(use.text(named) ?? ""));
    return null;
  }
  const currency = use.text("currency");
  if (!isCurrency(use, "an ISO 4217 code such as EUR, for a number")) return null;
  return { reads: [], ...amountIn(use, (value) => value), currencyOf: () => currency };
}

function readObjectUse(use: DirectiveUse, { typeName }: ValueShape): Money | null {
  const currency = use.text("currency");
  const amount = use.text("amount");
  const currencyField = use.text("currencyField");
  if (amount === null) {
    if (currencyField !== null)
      use.refuse(["amount"], "the field with the amount, beside currencyField", "none");
    else if (currency !== null)
      use.refuse(["currency"], `no currency: ${typeName} brings its own`, quoted(currency));
    else if (use.flag("minorUnits"))
      use.refuse(["minorUnits"], "no minorUnits without amount: units are whole ones", "true");
    else return { reads: moneyFields, ...unitsAndNanos };
    return null;
  }
  if (currencyField === amount) {
    use.refuse(["currencyField"], "another field than the amount's", quoted(amount));
    return null;
  }
  const of = (name: string) => (value: unknown) => (value as Readonly<Record<string, unknown>>)[name];
  const expectedOf = (name: string, shape: ValueShape): string | null => {
    if (name === amount) return canHoldNumber(shape) ? null : "Int, Float or String";
    return shape.kind === "enum" || shape.typeName === "String" ? null : "String, or an enum";
  };
  const found = amountIn(use, of(amount));
  if (currencyField === null) {
    if (!isCurrency(use, "an ISO 4217 code such as EUR, or currencyField")) return null;
    return { reads: [amount], expectedOf, ...found, currencyOf: () => currency };
  }
  if (currency !== null) {
    use.refuse(["currency"], "currency or currencyField, not both", quoted(currency));
    return null;
  }
  return { reads: [amount, currencyField], expectedOf, ...found, currencyOf: of(currencyField) };
}

/** Checks `currency`, which is needed. */
function isCurrency(use: DirectiveUse, expected: string): boolean {
  const currency = use.text("currency");
  if (currency !== null && currencies.has(currency)) return true;
  const hint = currency === null ? null : nearestNameHint(currency, currencies, 1);
  use.refuse(["currency"], expected, currency === null ? "none" : quoted(currency), hint);
  return false;
}

/** A number, in whole units or in minor ones. */
function amountIn(
  use: DirectiveUse,
  numberOf: (value: unknown) => unknown,
): Pick<Money, "amountOf" | "expected"> {
  if (!use.flag("minorUnits"))
    return { expected: "a finite amount", amountOf: (value) => readDecimal(numberOf(value)) };
  return {
    expected: "a whole number of minor units",
    amountOf(value, code) {
      const found = numberOf(value);
      // Above it, a number has no longer every digit that was sent.
      if (typeof found === "number" && !Number.isSafeInteger(found)) return null;
      const amount = readDecimal(found);
      return amount === null ? null : fromMinorUnits(amount, code);
    },
  };
}

const unitsAndNanos: Pick<Money, "amountOf" | "currencyOf" | "expected"> = {
  expected: "a finite amount",
  amountOf(value) {
    const { units, nanos } = value as MoneyRow;
    return addNanos(units, nanos);
  },
  currencyOf: (value) => (value as MoneyRow).currencyCode,
};

type MoneyRow = Readonly<Record<(typeof moneyFields)[number], unknown>>;
