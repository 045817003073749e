import type { IncomingMessage } from "node:http";
import { RequestRefusal } from "../core/request-refusal.ts";

/** Refuses what is no GraphQL over HTTP before its body is read. */
export function checkRequestKind({ method, headers }: IncomingMessage): void {
  if (method === "GET") return;
  if (method !== "POST") {
    const reason = { message: "GraphQL is served by GET and POST.", locations: [] };
    throw new RequestRefusal("METHOD_NOT_ALLOWED", [reason], { allow: "GET, POST" });
  }
  // What nearly all clients send.
  if (headers["content-type"] === "application/json" && headers["content-encoding"] === undefined) return;
  const [mediaType, ...parameters] = (headers["content-type"] ?? "")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every(
    (parameter) => !parameter.startsWith("charset=") || /^charset="?utf-?8"?$/.test(parameter),
  );
  if (mediaType !== "application/json" || !isUtf8)
    throw RequestRefusal.of(
      "UNSUPPORTED_MEDIA_TYPE",
      "Expected the content type application/json, in UTF-8.",
    );
  if ((headers["content-encoding"] ?? "identity") !== "identity")
    throw RequestRefusal.of("UNSUPPORTED_MEDIA_TYPE", "Expected a body without content-encoding.");
}
