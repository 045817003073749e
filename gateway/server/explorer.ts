import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HttpAnswer } from "../pipeline/gateway-request.ts";

/** The GraphiQL page of one endpoint, complete in itself: it loads nothing from elsewhere. */
export interface Explorer {
  /** The page for a browser that opens the endpoint. */
  answer(request: IncomingMessage): Promise<HttpAnswer>;
}

interface Page {
  readonly html: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** The page is some 9 MB, so it is made once, by the first browser that asks for it, and revalidated afterwards. */
export function createExplorer(options: {
  readonly title: string;
  readonly defaultQuery: string | null;
}): Explorer {
  let page: Promise<Page> | null = null;
  return {
    answer(request) {
      page ??= renderPage(options);
      return page.then((rendered) => answerPage(request, rendered));
    },
  };
}

async function renderPage({
  title,
  defaultQuery,
}: {
  title: string;
  defaultQuery: string | null;
}): Promise<Page> {
  // It holds the page twice over, 29 MB, which nobody needs until somebody opens it.
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const html = Buffer.from(
    renderGraphiQL({ title, ...(defaultQuery !== null && { defaultQuery }) }).trimStart(),
  );
  // Weak: it stands for the page packed and unpacked.
  const etag = `W/"${createHash("sha256").update(html).digest("base64url")}"`;
  return { html, gzipped: await promisify(gzip)(html), etag };
}

function answerPage(request: IncomingMessage, { html, gzipped, etag }: Page): HttpAnswer {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "x-frame-options": "DENY",
    // Browsers hold the page to it: scripts, styles, fonts and requests from this origin only.
    "content-security-policy":
      "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'",
    vary: "accept, accept-encoding",
    etag,
  };
  if (isKnown(etag, request.headers["if-none-match"] ?? "")) return new HttpAnswer(304, headers, "");
  const acceptsGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(
    request.headers["accept-encoding"] ?? "",
  );
  return acceptsGzip
    ? new HttpAnswer(200, { ...headers, "content-encoding": "gzip" }, gzipped)
    : new HttpAnswer(200, headers, html);
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
function isKnown(etag: string, ifNoneMatch: string): boolean {
  return ifNoneMatch.split(",").some((known) => known.trim().replace(/^(?!W\/)/, "W/") === etag);
}
