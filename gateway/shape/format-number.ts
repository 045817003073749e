import { quoted } from "../core/errors.ts";
import { readDecimal } from "./decimal.ts";
import { type ShaperDefinition, shapeText } from "./shaper.ts";
import { canHoldNumber, cannotShape, textOf } from "./text.ts";

/** `@formatNumber(…)`: a number as the answer's language writes it, digit by digit where it came as a text. */
export const formatNumber: ShaperDefinition = {
  name: "formatNumber",
  compile(use, field, input) {
    if (!canHoldNumber(input)) {
      use.refuse([], "a number, a text that is one, or a list of them", shapeText(input));
      return null;
    }
    const unit = use.text("unit");
    if (unit !== null && !isUnit(unit)) {
      use.refuse(["unit"], "a unit of ECMA-402, such as gram or kilometer-per-hour", quoted(unit));
      return null;
    }
    const style = use.text("style");
    if (unit !== null && style === "PERCENT") {
      use.refuse(["unit"], "no unit for a percentage", quoted(unit));
      return null;
    }
    const least = use.integer("minFractionDigits", 0, 20);
    const most = use.integer("maxFractionDigits", 0, 20);
    if (least === null || most === null) return null;
    if (least > most) {
      use.refuse(["minFractionDigits"], `at most ${most}, which is maxFractionDigits`, String(least));
      return null;
    }
    const options: Intl.NumberFormatOptions = {
      style: unit === null ? (style === "PERCENT" ? "percent" : "decimal") : "unit",
      ...(unit !== null && { unit }),
      notation: use.text("notation") === "COMPACT" ? "compact" : "standard",
      minimumFractionDigits: least,
      maximumFractionDigits: most,
    };
    const formats = new Map<string, Intl.NumberFormat>();
    return {
      kind: "leaf",
      output: textOf(input),
      reads: [],
      shapeLeaf(value, { locale }) {
        const decimal = readDecimal(value);
        if (decimal === null) throw cannotShape(field, "a finite number", `another ${typeof value}`);
        const format = formats.get(locale) ?? new Intl.NumberFormat(locale, options);
        formats.set(locale, format);
        return format.format(decimal);
      },
    };
  },
};

function isUnit(unit: string): boolean {
  try {
    return new Intl.NumberFormat("en-US", { style: "unit", unit }).format(0) !== "";
  } catch {
    // A RangeError is the only answer that there is for an unknown unit.
    return false;
  }
}
