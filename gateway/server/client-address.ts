import { type AddressRanges, canonicalAddress, compileRanges } from "../config/address-ranges.ts";

/** Nobody in front is believed. */
export const noProxies: AddressRanges = compileRanges([]);

/** The canonical address at the other end of a connection; null where it is gone. */
export function addressOfPeer(remoteAddress: string): string | null {
  // The zone says by which of our own interfaces it came.
  return canonicalAddress(remoteAddress.replace(/%.*$/s, ""));
}

/**
 * The address of the client: the one of the connection, or, where that is a trusted proxy's, the rightmost address in
 * X-Forwarded-For that is not. Each proxy adds the address that it sees at the end; what stands further left is only what
 * somebody else has claimed. Null where it can't be told: the entry that counts is no address, the connection is gone.
 */
export function findClientAddress(
  peerAddress: string | null,
  forwardedFor: string | undefined,
  proxies: AddressRanges,
): string | null {
  let address = peerAddress;
  if (address === null || forwardedFor === undefined || !proxies.has(address)) return address;
  let end = forwardedFor.length;
  for (let hops = 0; end > 0; ) {
    const start = forwardedFor.lastIndexOf(",", end - 1) + 1;
    const entry = forwardedFor.slice(start, end).trim();
    end = start - 1;
    // https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2
    if (entry === "") continue;
    address = canonicalAddress(withoutPort(entry));
    if (address === null || ++hops > maxHops) return null;
    if (!proxies.has(address)) return address;
  }
  return address;
}

/** More proxies than this, one behind the other, are a list that somebody made up. */
const maxHops = 32;

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed, ipv4] = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(entry) ?? [];
  return bracketed ?? ipv4 ?? entry;
}
