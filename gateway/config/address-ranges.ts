import { BlockList, isIP } from "node:net";

/** A set of addresses of clients. */
export interface AddressRanges {
  /** `address` is one that {@link canonicalAddress} has returned. */
  has(address: string): boolean;
}

/**
 * One way to write each address: an IPv4 address that comes in an IPv6 one (`::ffff:10.0.0.1`, of which sockets and
 * clients are fond) as the IPv4 address, other IPv6 addresses as in https://www.rfc-editor.org/rfc/rfc5952. Null for what
 * is no address, and for one with a zone, which means something on one machine only.
 */
export function canonicalAddress(text: string): string | null {
  const family = isIP(text);
  if (family === 4) return text;
  if (family === 0 || text.includes("%")) return null;
  const address = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return address;
  const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Whether a text is an address, or a range of them in the notation of https://www.rfc-editor.org/rfc/rfc4632#section-3.1. */
export function isAddressRange(text: string): boolean {
  return parseRange(text) !== null;
}

/** All addresses of some ranges, of which each {@link isAddressRange}. IPv4 addresses are in ranges of IPv4 only. */
export function compileRanges(ranges: readonly string[]): AddressRanges {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of ranges.map(parseRange))
    if (range !== null) lists[range.family].addSubnet(range.address, range.bits, range.family);
  return {
    has(address) {
      const family = familyOf(address);
      return lists[family].check(address, family);
    },
  };
}

interface Range {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

function parseRange(text: string): Range | null {
  const [, written = "", bitsText] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const address = canonicalAddress(written);
  if (address === null) return null;
  const family = familyOf(address);
  const mostBits = family === "ipv4" ? 32 : 128;
  // Of an IPv4 range that is written as one of IPv6, 96 bits say that.
  const outerBits = isIP(written) === 6 && family === "ipv4" ? 96 : 0;
  const bits = bitsText === undefined ? mostBits : Number(bitsText) - outerBits;
  return bits < 0 || bits > mostBits ? null : { address, bits, family };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}
