import { describe, expect, it } from "vitest";
import { compileRanges } from "../../gateway/config/address-ranges.ts";
import { addressOfPeer, findClientAddress, noProxies } from "../../gateway/server/client-address.ts";

const proxies = compileRanges(["10.0.0.0/8", "2001:db8:1::/64"]);

function find(peer: string, forwardedFor?: string): string | null {
  return findClientAddress(addressOfPeer(peer), forwardedFor, proxies);
}

describe("the address of a client", () => {
  it("is the connection's where no proxy is trusted, whatever a header says", () => {
    for (const header of [undefined, "10.0.0.1", "192.0.2.9", "192.0.2.9, 10.0.0.1", "::1", ""])
      expect(findClientAddress("198.51.100.7", header, noProxies)).toBe("198.51.100.7");
  });

  it.each(["192.0.2.9", "10.0.0.1", "192.0.2.9, 10.0.0.1", "127.0.0.1", "unknown", ",", "\0"])(
    "is the connection's where it is no trusted proxy's, and the header %j a lie",
    (header) => {
      expect(find("198.51.100.7", header)).toBe("198.51.100.7");
      expect(find("11.0.0.1", header)).toBe("11.0.0.1");
    },
  );

  it.each<[header: string | undefined, found: string | null]>([
    [undefined, "10.0.0.1"],
    ["", "10.0.0.1"],
    [" , ,", "10.0.0.1"],
    ["192.0.2.9", "192.0.2.9"],
    [" 192.0.2.9 ", "192.0.2.9"],
    ["192.0.2.9,", "192.0.2.9"],
    // The client wrote what is left of the last entry.
    ["127.0.0.1, 192.0.2.9", "192.0.2.9"],
    ["10.0.0.5, 192.0.2.9", "192.0.2.9"],
    ["unknown, 192.0.2.9", "192.0.2.9"],
    ["127.0.0.1, 192.0.2.9, 10.0.0.2", "192.0.2.9"],
    ["127.0.0.1, 192.0.2.9, 10.0.0.3, 10.0.0.2", "192.0.2.9"],
    ["127.0.0.1,192.0.2.9,2001:db8:1::5", "192.0.2.9"],
    // Nobody but proxies: the first of them called.
    ["10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["192.0.2.9:4711", "192.0.2.9"],
    ["2001:db8::9", "2001:db8::9"],
    ["[2001:db8::9]", "2001:db8::9"],
    ["[2001:db8::9]:4711", "2001:db8::9"],
    ["::ffff:192.0.2.9", "192.0.2.9"],
    ["192.0.2.9, ::ffff:10.0.0.2", "192.0.2.9"],
    ["192.0.2.9, [2001:db8:1::5]:80", "192.0.2.9"],
    // What counts is no address.
    ["192.0.2.9, unknown", null],
    ["192.0.2.9, unknown, 10.0.0.2", null],
    ["192.0.2.9, _hidden", null],
    ["192.0.2.9, fe80::1%eth0", null],
    ["192.0.2.9, [fe80::1%25eth0]", null],
    ["192.0.2.9, [192.0.2.9]x", null],
    ["192.0.2.9, 10.0.0.2 10.0.0.3", null],
    ["192.0.2.9, 10.0.0.2:", null],
    ["192.0.2.9, 10.0.0.2:123456", null],
    ["192.0.2.9, 2001:db8:1::5]:80", null],
    ["192.0.2.9, 010.0.0.2", null],
    ['"192.0.2.9"', null],
    ["for=192.0.2.9", null],
    ["192.0.2.9; 10.0.0.2", null],
    ["localhost", null],
  ])("behind a trusted proxy that says %j is %j", (header, found) => {
    expect(find("10.0.0.1", header)).toBe(found);
    expect(find("::ffff:10.0.0.1", header)).toBe(found);
    expect(find("2001:db8:1::1", header)).toBe(found === "10.0.0.1" ? "2001:db8:1::1" : found);
  });

  it("is told where a link-local connection has a zone, and not where there is no connection", () => {
    expect([find("fe80::1%eth0", "192.0.2.9"), find("", "192.0.2.9")]).toEqual(["fe80::1", null]);
  });

  it("is believed behind 32 proxies and not behind 33", () => {
    const chain = (count: number) =>
      ["192.0.2.9", ...Array.from({ length: count }, () => "10.0.0.2")].join(",");
    expect([find("10.0.0.1", chain(31)), find("10.0.0.1", chain(32))]).toEqual(["192.0.2.9", null]);
    expect(find("10.0.0.1", "10.0.0.2,".repeat(100_000))).toBeNull();
  });
});
