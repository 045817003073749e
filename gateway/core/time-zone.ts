/** Whether `name` is a time zone of the IANA database that the runtime knows; offsets such as `+01:00` are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    // A RangeError is the only answer that there is for an unknown zone.
    return false;
  }
}
