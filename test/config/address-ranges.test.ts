import { describe, expect, test } from "vitest";
import { canonicalAddress, compileRanges, isAddressRange } from "../../gateway/config/address-ranges.ts";

describe("an address", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:C000:0201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::", "::"],
    ["::1", "::1"],
    // Not mapped, but compatible, translated, or looking like it.
    ["::192.0.2.1", "::c000:201"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["::ffff:0:192.0.2.1", "::ffff:0:c000:201"],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  test.each([
    "",
    " 192.0.2.1",
    "192.0.2",
    "192.0.2.256",
    "192.0.2.01",
    "0xc0.0.2.1",
    "3221225985",
    "192.0.2.1:80",
    "[::1]",
    "fe80::1%eth0",
    "fe80::1%25eth0",
    ":::",
    "1:2:3:4:5:6:7:8:9",
    "localhost",
    "unknown",
    "::1\0",
    "::1]/@evil.example",
    "１９２.0.2.1",
  ])("%j is none", (text) => {
    expect(canonicalAddress(text)).toBeNull();
    expect(isAddressRange(text)).toBe(false);
  });
});

describe("a range", () => {
  test.each([
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:1"]],
    ["192.0.2.64/26", ["192.0.2.64", "192.0.2.127"], ["192.0.2.63", "192.0.2.128"]],
    ["192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]],
    ["192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "2001:db8::1"]],
    ["::/0", ["::", "2001:db8::1"], ["192.0.2.1"]],
    ["2001:db8::/33", ["2001:db8::", "2001:db8:7fff::1"], ["2001:db8:8000::", "2001:db7::"]],
    ["::1", ["::1"], ["::2", "127.0.0.1", "0.0.0.1"]],
    ["::ffff:10.0.0.0/104", ["10.0.0.0", "10.255.255.255"], ["11.0.0.0", "::a00:1"]],
  ] as const)(
    "%s has its first and its last address, and not those beside them",
    (range, inside, outside) => {
      const ranges = compileRanges([range]);
      expect(inside.map((address) => ranges.has(address))).toEqual(inside.map(() => true));
      expect(outside.map((address) => ranges.has(address))).toEqual(outside.map(() => false));
    },
  );

  test.each([
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "::/129",
    "10.0.0.0/8 ",
    "*",
    "10.*",
  ])("%j is none", (text) => {
    expect(isAddressRange(text)).toBe(false);
  });

  test("of IPv4 that is written as one of IPv6 has at least the bits that say so", () => {
    expect([isAddressRange("::ffff:10.0.0.0/96"), isAddressRange("::ffff:10.0.0.0/95")]).toEqual([
      true,
      false,
    ]);
  });
});

test("no ranges have no address", () => {
  expect(compileRanges([]).has("127.0.0.1")).toBe(false);
});
