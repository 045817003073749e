import { z } from "zod";
import { quoted } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import type { Environment } from "./environment.ts";
import { type EnvironmentReference, readReference, referenceOption } from "./environment-reference.ts";

/** Which pages of other origins may call a BFF from a browser: https://fetch.spec.whatwg.org/#http-cors-protocol. */
export interface BffCors {
  /**
   * Exact origins, `https://shop.example`, 1 to 100; or `"*"` alone, which is every origin but `null`. `env("NAME")`: the
   * same as text, with commas between them.
   */
  readonly origins: readonly string[] | EnvironmentReference;
  /** Browsers add the user's cookies and certificates. Not with `"*"`. Default false. */
  readonly credentials?: boolean;
  /** The request headers that pages may set; `content-type` is always one of them. Default `authorization`. */
  readonly headers?: readonly string[];
  /** The answer's headers that pages may read. Default `x-request-id`. */
  readonly exposedHeaders?: readonly string[];
  /** For how long browsers remember what a preflight was told, 0 to 86400. Default 600. */
  readonly maxAgeSeconds?: number;
}

/** The same with nothing left open but what the environment says; names of headers in lower case. */
export type CorsSettings = Required<BffCors>;

/** The same with the environment at hand. */
export interface CorsRules extends CorsSettings {
  readonly origins: readonly string[];
}

const maxOrigins = 100;
const expectedOrigins =
  'a list of 1 to 100 origins such as https://shop.example, without a path or a default port, or ["*"], or env("NAME")';
const expectedOriginsText =
  "1 to 100 origins such as https://shop.example, with commas between them, without paths or default ports, or *";
const expectedCredentials = 'true or false, and false where origins is ["*"]';
const expectedHeaders = "a list of at most 100 names of headers";
const expectedAge = "a whole number from 0 to 86400";

/** An origin as browsers write it. Apps in a web view have schemes of their own: `capacitor://localhost`. */
function isOrigin(text: string): boolean {
  if (/^https?:/.test(text))
    return !text.includes("*") && URL.canParse(text) && new URL(text).origin === text;
  return /^[a-z][-a-z0-9+.]*:\/\/[-a-z0-9.]+(?::[0-9]{1,5})?$/.test(text);
}

function areOrigins(origins: readonly string[]): boolean {
  return (origins.length === 1 && origins[0] === "*") || origins.every(isOrigin);
}

const headerNames = z
  .array(z.string(expectedHeaders).regex(/^[-\w!#$%&'+.^`|~]+$/, expectedHeaders), expectedHeaders)
  .max(100, expectedHeaders)
  .transform((names): readonly string[] => names.map((name) => name.toLowerCase()));

/** Parses {@link BffCors} into {@link CorsSettings}. */
export const corsOption = z
  .strictObject(
    {
      origins: z.union(
        [
          z
            .array(z.string(expectedOrigins), expectedOrigins)
            .min(1, expectedOrigins)
            .max(maxOrigins, expectedOrigins)
            .refine(areOrigins, expectedOrigins),
          referenceOption(expectedOrigins),
        ],
        expectedOrigins,
      ),
      credentials: z.boolean(expectedCredentials).default(false),
      headers: headerNames.default(["authorization"]),
      exposedHeaders: headerNames.default(["x-request-id"]),
      maxAgeSeconds: z.int(expectedAge).min(0, expectedAge).max(86_400, expectedAge).default(600),
    },
    "an object, { origins: […] }, with credentials, headers, exposedHeaders and maxAgeSeconds where needed",
  )
  .refine(
    ({ origins, credentials }) => !credentials || "environmentVariable" in origins || !isOpen(origins),
    {
      error: expectedCredentials,
      path: ["credentials"],
    },
  );

/** The rules of a BFF; null, with a problem reported, where the environment has no origins or wrong ones. */
export function readCorsRules(
  settings: CorsSettings,
  file: string,
  { environment, problems }: { readonly environment: Environment; readonly problems: Problems },
): CorsRules | null {
  const { origins } = settings;
  if (!("environmentVariable" in origins)) return { ...settings, origins };
  const text = readReference(origins, environment);
  const report = (coordinate: string, expected: string, found: string): null => {
    problems.error({ place: { file, line: 0, column: 0 }, coordinate, expected, found });
    return null;
  };
  const variable = origins.environmentVariable;
  if (text === null)
    return report("cors.origins", `a value of the environment variable ${variable}`, "nothing");
  const listed = text.split(",").map((origin) => origin.trim());
  if (listed.length > maxOrigins || !areOrigins(listed))
    return report("cors.origins", `${variable} to be ${expectedOriginsText}`, quoted(text));
  if (settings.credentials && isOpen(listed))
    return report("cors.credentials", expectedCredentials, `true, while ${variable} is *`);
  return { ...settings, origins: listed };
}

function isOpen([first]: readonly string[]): boolean {
  return first === "*";
}
