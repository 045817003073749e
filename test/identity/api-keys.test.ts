import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ApiKey } from "../../gateway/config/api-keys.ts";
import type { Caller } from "../../gateway/core/caller.ts";
import { ApiKeyList } from "../../gateway/identity/api-key-list.ts";
import { createApiKeyAuthenticator } from "../../gateway/identity/api-keys.ts";

const key = "shop_k3yWithLetters-And_Digits";

function known(sent: string, consumer: string, more: Partial<ApiKey> = {}): ApiKey {
  return { sha256: hash("sha256", sent), consumer, tier: null, scopes: [], ...more };
}

const keys = [
  known(key, "stock-sync", { tier: "partner", scopes: ["stock:read", "stock:write"] }),
  known("another", "reports"),
  known("~!#$%&'*+-.^_`|()<>@;:/[]?={}\"\\", "odd"),
  known("x".repeat(256), "long"),
];

function identify(headers: Readonly<Record<string, string>>, header = "x-api-key"): Caller | null {
  const authenticator = createApiKeyAuthenticator({ header, list: new ApiKeyList(keys) });
  return authenticator.authenticate({
    headers: new Map(Object.entries(headers)),
    certificate: null,
  }) as Caller | null;
}

describe("a key", () => {
  it("that is known says which machine calls, and what it may", () => {
    const caller = identify({ "x-api-key": key });
    expect(caller).toEqual({
      kind: "apiKey",
      subject: null,
      consumer: "stock-sync",
      tier: "partner",
      scopes: new Set(["stock:read", "stock:write"]),
      issuer: null,
      claims: {},
    });
    expect(Object.isFrozen(caller)).toBe(true);
    expect(Object.getPrototypeOf(caller?.claims)).toBeNull();
  });

  it.each([
    ["another", "reports"],
    [keys[2]?.consumer === "odd" ? "~!#$%&'*+-.^_`|()<>@;:/[]?={}\"\\" : "", "odd"],
    ["x".repeat(256), "long"],
  ])("is any text of at most 256 visible characters without a comma: %.40s", (sent, consumer) => {
    expect(identify({ "x-api-key": sent })).toMatchObject({ consumer, tier: null, scopes: new Set() });
  });

  it("is looked for in the header that is configured, and nowhere else", () => {
    expect(identify({ "x-shop-key": key }, "x-shop-key")).toMatchObject({ consumer: "stock-sync" });
    expect(identify({ "x-api-key": key, authorization: `Bearer ${key}` }, "x-shop-key")).toBeNull();
    expect(identify({})).toBeNull();
  });

  it.each([
    ["unknown", "unknown"],
    ["in other letters", key.toUpperCase()],
    ["cut", key.slice(0, -1)],
    ["longer", `${key}x`],
    ["the hash of a key", hash("sha256", key)],
    ["a name of every object", "__proto__"],
  ])("(%s) that is not known is refused", (_what, sent) => {
    expect(() => identify({ "x-api-key": sent })).toThrow(
      expect.objectContaining({ code: "CREDENTIAL_INVALID", message: "The key is not valid." }) as Error,
    );
  });

  it.each([
    ["nothing", ""],
    ["twice the same", `${key}, ${key}`],
    ["two keys", `${key}, another`],
    ["two keys without a space", `${key},another`],
    ["a space inside", "another key"],
    ["a tab", "another\t"],
    ["a letter beyond ASCII", "schlüssel"],
    ["a control character", "another\u0000"],
    ["a line break", "another\n"],
    ["too long", "x".repeat(257)],
  ])("(%s) that is not one key is refused", (_what, sent) => {
    expect(() => identify({ "x-api-key": sent })).toThrow(
      expect.objectContaining({
        code: "CREDENTIAL_INVALID",
        message: "The header x-api-key is not one key.",
      }) as Error,
    );
  });

  it("whose hash begins like that of another is told from it", () => {
    const digest = hash("sha256", key);
    const alike = ["0", "1"].map((end) => ({ ...known(key, "other"), sha256: digest.slice(0, -1) + end }));
    const others = alike.filter(({ sha256 }) => sha256 !== digest);
    const authenticator = createApiKeyAuthenticator({
      header: "x-api-key",
      list: new ApiKeyList([...others, ...keys]),
    });
    const headers = new Map([["x-api-key", key]]);
    expect(authenticator.authenticate({ headers, certificate: null })).toMatchObject({
      consumer: "stock-sync",
    });
    const without = createApiKeyAuthenticator({ header: "x-api-key", list: new ApiKeyList(others) });
    expect(() => without.authenticate({ headers, certificate: null })).toThrow("The key is not valid.");
  });
});
