import { expect, test } from "vitest";
import { isTimeZone } from "../../gateway/core/time-zone.ts";

test.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "europe/berlin"])(
  "%s is a time zone",
  (name) => {
    expect(isTimeZone(name)).toBe(true);
  },
);

test.each([
  "",
  " ",
  "Berlin",
  "Europe/Berlln",
  "+01:00",
  "-0530",
  "UTC+1",
  "Europe/Berlin\n",
  "x".repeat(1000),
])("%j is none", (name) => {
  expect(isTimeZone(name)).toBe(false);
});
