import { describe, expect, test } from "vitest";
import { addNanos, readDecimal } from "../../gateway/shape/decimal.ts";

describe("a number written out", () => {
  test.each([
    { value: 0, decimal: "0" },
    { value: 0.1, decimal: "0.1" },
    { value: -12.5, decimal: "-12.5" },
    { value: Number.MAX_SAFE_INTEGER, decimal: "9007199254740991" },
    { value: Number.MAX_VALUE, decimal: "1.7976931348623157e+308" },
    { value: 10n ** 30n, decimal: `1${"0".repeat(30)}` },
    { value: "007.50", decimal: "007.50" },
    { value: `-${"9".repeat(100)}`, decimal: `-${"9".repeat(100)}` },
  ])("is $decimal", ({ value, decimal }) => {
    expect(readDecimal(value)).toBe(decimal);
  });

  test.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    "",
    " ",
    " 1",
    "1\n",
    "+1",
    "--1",
    "1e5",
    "1.",
    ".5",
    "0x10",
    "1,000",
    "١٢",
    "NaN",
    "Infinity",
    "9".repeat(1000),
    "9".repeat(5_000_000),
    true,
    {},
    [],
    null,
    undefined,
  ])("is none: %j", (value) => {
    expect(readDecimal(value)).toBeNull();
  });
});

describe("units and billionths", () => {
  test.each([
    { units: "12", nanos: 990_000_000, sum: "12.990000000" },
    { units: "0", nanos: 1, sum: "0.000000001" },
    { units: "0", nanos: -500_000_000, sum: "-0.500000000" },
    { units: "-1", nanos: -999_999_999, sum: "-1.999999999" },
    { units: "-1", nanos: 0, sum: "-1.000000000" },
    { units: 7, nanos: 0, sum: "7.000000000" },
    { units: "-0", nanos: 0, sum: "0.000000000" },
    { units: "000000000000000007", nanos: 0, sum: "7.000000000" },
    { units: "999999999999999", nanos: 999_999_999, sum: "999999999999999.999999999" },
    { units: "9007199254740993", nanos: 1, sum: "9007199254740993.000000001" },
    { units: "-99999999999999", nanos: -1, sum: "-99999999999999.000000001" },
    { units: "-9007199254740993", nanos: -1, sum: "-9007199254740993.000000001" },
    { units: 9n, nanos: 1, sum: "9.000000001" },
    { units: "9223372036854775807", nanos: 999_999_999, sum: "9223372036854775807.999999999" },
    { units: "-9223372036854775808", nanos: 0, sum: "-9223372036854775808.000000000" },
  ])("$units and $nanos are $sum", ({ units, nanos, sum }) => {
    expect(addNanos(units, nanos)).toBe(sum);
  });

  test.each([
    { units: "9223372036854775808", nanos: 0 },
    { units: "-9223372036854775809", nanos: 0 },
    { units: "1", nanos: 1_000_000_000 },
    { units: "-1", nanos: -1_000_000_000 },
    { units: "1", nanos: -1 },
    { units: "-1", nanos: 1 },
    { units: "1.5", nanos: 0 },
    { units: 1.5, nanos: 0 },
    { units: 1e-7, nanos: 0 },
    { units: 2 ** 53, nanos: 0 },
    { units: "1", nanos: 0.5 },
    { units: "1", nanos: Number.NaN },
    { units: "1", nanos: "0" },
    { units: "", nanos: 0 },
    { units: null, nanos: 0 },
    { units: "1", nanos: null },
    { units: "1", nanos: undefined },
  ])("are no amount: $units and $nanos", ({ units, nanos }) => {
    expect(addNanos(units, nanos)).toBeNull();
  });
});
