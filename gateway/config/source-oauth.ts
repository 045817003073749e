import { quoted } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import { type Environment, sourceUrlVariable } from "./environment.ts";
import type { ReportVariable } from "./pem-files.ts";
import { reportUnknownVariables, reportVariablesTo } from "./source-variables.ts";

/** How the gateway gets tokens of its own for one source: https://www.rfc-editor.org/rfc/rfc6749#section-4.4. */
export interface OauthSettings {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Null: what the issuer gives without being asked. */
  readonly scope: string | null;
  readonly audience: string | null;
}

/** A source, and every header that it forwards, sets, or sets for one of its calls, by its name in lower case. */
export interface OauthSource {
  readonly name: string;
  readonly url: string;
  readonly headers: ReadonlySet<string>;
}

/** What a source's variables are called after its own name, `INVENTORY_OAUTH_`. */
const oauthVariables = ["TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "SCOPE", "AUDIENCE"] as const;

/** Reads a source's variables for tokens. Whatever is wrong with them is reported; null then, and where there are none. */
export function readSourceOauth(
  { name, url, headers }: OauthSource,
  environment: Environment,
  problems: Problems,
): OauthSettings | null {
  const urlVariable = sourceUrlVariable(name);
  const prefix = `${urlVariable.slice(0, -"URL".length)}OAUTH_`;
  const report = reportVariablesTo(problems);
  reportUnknownVariables({ prefix, suffixes: oauthVariables }, environment, report);
  const names = oauthVariables.map((suffix) => prefix + suffix);
  const [first] = names.filter((variable) => environment[variable] !== undefined);
  if (first === undefined) return null;
  const [tokenUrl, clientId, clientSecret, scope, audience] = names.map((variable) =>
    readText(variable, environment, report),
  );
  for (const [index, value] of [tokenUrl, clientId, clientSecret].entries())
    if (value === undefined && environment[names[index] ?? ""] === undefined)
      report(names[index] ?? "", `a value: it belongs together with ${first}`, "nothing");
  const [tokenUrlVariable = ""] = names;
  if (typeof tokenUrl === "string" && !isTokenUrl(tokenUrl)) {
    const expected = "a URL that begins with https://, or http:// on this machine, without credentials";
    report(tokenUrlVariable, expected, quoted(tokenUrl.replace(/\/\/[^/]*@/, "//…@")));
    return null;
  }
  if (!isSecure(url)) {
    const expected = `a URL of ${urlVariable} with TLS or on this machine, because a token is sent with every call`;
    report(first, expected, quoted(url));
  }
  if (headers.has("authorization")) {
    const expected = `${name} neither forwards nor sets authorization, which is the gateway's own token's`;
    report(first, expected, "a schema that does");
  }
  if (typeof tokenUrl !== "string" || typeof clientId !== "string" || typeof clientSecret !== "string")
    return null;
  return { tokenUrl, clientId, clientSecret, scope: scope ?? null, audience: audience ?? null };
}

/** Nothing of a value is told: it may be the secret. */
function readText(variable: string, environment: Environment, report: ReportVariable): string | undefined {
  const text = environment[variable];
  if (text === undefined || /^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/.test(text)) return text;
  report(variable, "printable ASCII of at most 4096 characters, without spaces around it", "something else");
  return undefined;
}

function isTokenUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return `${username}${password}${hash}` === "" && isSecure(text);
}

/** With TLS, or where nobody else can listen. */
function isSecure(url: string): boolean {
  return (
    /^(?:https|grpcs):/.test(url) || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
  );
}
