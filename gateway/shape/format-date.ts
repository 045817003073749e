import { quoted } from "../core/errors.ts";
import { isTimeZone } from "../core/time-zone.ts";
import { readDecimal } from "./decimal.ts";
import { type ParsedTime, parseRfc3339 } from "./rfc3339.ts";
import { type ShapedField, type ShaperDefinition, shapeText } from "./shaper.ts";
import { canHoldNumber, cannotShape, textOf } from "./text.ts";

/** `@formatDate(…)`: a point in time as the answer's language writes it, in the BFF's time zone or another. */
export const formatDate: ShaperDefinition = {
  name: "formatDate",
  compile(use, field, input) {
    if (!canHoldNumber(input)) {
      use.refuse([], "a text or number that is a time, or a list of them", shapeText(input));
      return null;
    }
    const isNumber = input.typeName === "Int" || input.typeName === "Float";
    const epoch = use.text("epoch");
    if (isNumber && epoch === null) {
      use.refuse(["epoch"], "SECONDS or MILLISECONDS, because the value is a number", "none");
      return null;
    }
    const dateStyle = styleOf(use.text("dateStyle"));
    const timeStyle = styleOf(use.text("timeStyle"));
    if (dateStyle === undefined && timeStyle === undefined) {
      use.refuse([], "a dateStyle or a timeStyle", "neither");
      return null;
    }
    const ownZone = use.text("timeZone");
    if (ownZone !== null && !isTimeZone(ownZone)) {
      use.refuse(["timeZone"], "an IANA time zone such as Europe/Berlin", quoted(ownZone));
      return null;
    }
    const formats = new Map<string, Intl.DateTimeFormat>();
    const formatFor = (locale: string, timeZone: string): Intl.DateTimeFormat => {
      const key = `${locale} ${timeZone}`;
      const styles = {
        ...(dateStyle !== undefined && { dateStyle }),
        ...(timeStyle !== undefined && { timeStyle }),
      };
      const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...styles, timeZone });
      formats.set(key, format);
      return format;
    };
    return {
      kind: "leaf",
      output: textOf(input),
      reads: [],
      shapeLeaf(value, { locale, timeZone }) {
        const { epochMs, isDateOnly } = readTime(value, epoch, field);
        if (isDateOnly && timeStyle !== undefined) throw cannotShape(field, "a time of day", "a date only");
        return formatFor(locale, isDateOnly ? "UTC" : (ownZone ?? timeZone)).format(epochMs);
      },
    };
  },
};

type Style = "full" | "long" | "medium" | "short";

function styleOf(name: string | null): Style | undefined {
  return name === null ? undefined : (name.toLowerCase() as Style);
}

/** The furthest from 1970 that a date can be, https://tc39.es/ecma262/#sec-time-values-and-time-range. */
const maxEpochMs = 8_640_000_000_000_000;

function readTime(value: unknown, epoch: string | null, field: ShapedField): ParsedTime {
  if (epoch === null) {
    const parsed = typeof value === "string" ? parseRfc3339(value) : null;
    if (parsed === null) throw cannotShape(field, "a date or time of RFC 3339", `another ${typeof value}`);
    return parsed;
  }
  const decimal = readDecimal(value);
  const epochMs = decimal === null ? Number.NaN : Number(decimal) * (epoch === "SECONDS" ? 1000 : 1);
  if (!(Math.abs(epochMs) <= maxEpochMs))
    throw cannotShape(
      field,
      `a number of ${epoch.toLowerCase()} within the range of dates`,
      `another ${typeof value}`,
    );
  return { epochMs: Math.floor(epochMs), isDateOnly: false };
}
