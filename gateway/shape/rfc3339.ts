/** What a text says of a time. */
export interface ParsedTime {
  readonly epochMs: number;
  /** A date without a time of day: the same day wherever it is shown. */
  readonly isDateOnly: boolean;
}

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:[Zz]|([+-])(\d\d):(\d\d)))?$/;

/**
 * A date-time or full-date of [RFC 3339, section 5.6](https://www.rfc-editor.org/rfc/rfc3339#section-5.6); null for
 * anything else and for days that there are not. What is finer than a millisecond is cut off; a leap second reads as
 * the second after.
 */
export function parseRfc3339(text: string): ParsedTime | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "0"] = match;
  const [sign = "+", offsetHours = "0", offsetMinutes = "0"] = match.slice(8);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const date = new Date(0);
  // Date.UTC takes years below 100 for those of the last century.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  date.setUTCHours(Number(hour), Number(minute), Number(second), milliseconds);
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return {
    epochMs: sign === "-" ? date.getTime() + offsetMs : date.getTime() - offsetMs,
    isDateOnly: match[4] === undefined,
  };
}
