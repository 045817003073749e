import type { IncomingMessage } from "node:http";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { CorsPolicy } from "./cors.ts";
import type { HttpExchange } from "./http-exchange.ts";

/**
 * Refuses with CROSS_SITE_REQUEST what a browser says a page of another site has asked for, so that no page uses what
 * the browser adds by itself: cookies, client certificates, the network it is in. Browsers say it by `Sec-Fetch-Site`
 * (https://www.w3.org/TR/fetch-metadata/) and by `Origin`, which pages can't set. Requests without both, of apps and
 * servers, pass, and so do pages of origins that `cors` allows.
 */
export function checkSite({ request, facts: { headers } }: HttpExchange, cors: CorsPolicy | null): void {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (origin === undefined) {
    if (site === undefined || ownSites.has(site)) return;
  } else {
    if (cors?.allows(origin) === true) return;
    const host = headers.get("host") ?? "";
    const isMarked = site !== undefined && !ownSites.has(site);
    if (!isMarked && isOwnOrigin(origin, host, isEncrypted(request))) return;
  }
  throw RequestRefusal.of("CROSS_SITE_REQUEST");
}

/** Of the same scheme, host and port; or nobody's: an address that was typed, a bookmark. */
const ownSites: ReadonlySet<string> = new Set(["same-origin", "none"]);

/**
 * The origin of the very host that was asked. Behind a proxy that ends TLS the scheme of the client's connection is not
 * known here, and either will do.
 */
function isOwnOrigin(origin: string, host: string, isTls: boolean): boolean {
  const scheme = origin.startsWith("https:") ? "https" : "http";
  if (host === "" || (isTls && scheme === "http")) return false;
  const bare = host.toLowerCase().replace(scheme === "https" ? /:443$/ : /:80$/, "");
  return origin === `${scheme}://${bare}`;
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}
