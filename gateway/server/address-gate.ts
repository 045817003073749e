import { compileRanges } from "../config/address-ranges.ts";
import type { ClientAddressSettings } from "../config/client-addresses.ts";
import { RequestRefusal } from "../core/request-refusal.ts";

/** From where a BFF may be called. */
export interface AddressGate {
  /** Raises ADDRESS_REFUSED for an address that may not, and for null: one that could not be told. */
  check(address: string | null): void;
}

/** Null where everybody may. */
export function createAddressGate(settings: ClientAddressSettings | null): AddressGate | null {
  if (settings === null) return null;
  const allowed = settings.allow === null ? null : compileRanges(settings.allow);
  const denied = compileRanges(settings.deny);
  return {
    check(address) {
      const mayCall = address !== null && allowed?.has(address) !== false && !denied.has(address);
      if (!mayCall) throw RequestRefusal.of("ADDRESS_REFUSED");
    },
  };
}
