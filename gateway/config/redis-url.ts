import { z } from "zod";

/** Where a Redis server is, and how to log in. */
export interface RedisSettings {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** Null: Redis's `default`. */
  readonly username: string | null;
  /** Null: none is sent. */
  readonly password: string | null;
  readonly database: number;
}

const expected = "a URL such as redis://user:password@host:6379/0, or rediss:// for TLS, without query";

/** Parses `redis://` and `rediss://` URLs. */
export const redisUrl = z.string().transform((text, context): RedisSettings => {
  const settings = parse(text);
  if (settings !== null) return settings;
  context.addIssue({ code: "custom", message: expected });
  return z.NEVER;
});

function parse(text: string): RedisSettings | null {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const database = /^\/?([0-9]{0,4})$/.exec(url.pathname)?.[1];
  if (url.hostname === "" || url.search !== "" || url.hash !== "" || database === undefined) return null;
  try {
    return {
      isTls: url.protocol === "rediss:",
      host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? 6379 : Number(url.port),
      username: textOrNull(decodeURIComponent(url.username)),
      password: textOrNull(decodeURIComponent(url.password)),
      database: Number(database),
    };
  } catch {
    // A percent sign that encodes nothing.
    return null;
  }
}

function textOrNull(text: string): string | null {
  return text === "" ? null : text;
}
