import { limitCeilings, type LimitSettings } from "../../gateway/config/demand-control.ts";

/** As wide as limits can be set, for tests that are about something else; as many errors are told as the standard executor tells. */
export const ampleLimits: LimitSettings = { ...limitCeilings, maxErrors: 50, measure: [] };
