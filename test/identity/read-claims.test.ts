import { describe, expect, it } from "vitest";
import { callerOfClaims, type ClaimPaths } from "../../gateway/identity/read-claims.ts";

const none: ClaimPaths = { scopeClaims: [], consumerClaims: [], tierClaims: [] };

function scopesOf(claims: Readonly<Record<string, unknown>>, ...scopeClaims: readonly string[]): string[] {
  return [...callerOfClaims("jwt", claims, { ...none, scopeClaims }).scopes];
}

describe("scopes", () => {
  it.each<readonly [what: string, claims: Readonly<Record<string, unknown>>, path: string, scopes: string[]]>(
    [
      ["in a text", { scope: "a b:c" }, "scope", ["a", "b:c"]],
      ["in a text with more spaces than needed", { scope: "  a   b " }, "scope", ["a", "b"]],
      ["in an empty text", { scope: "" }, "scope", []],
      ["in a list", { scp: ["a", "b"] }, "scp", ["a", "b"]],
      ["in a list, where a space is part of one", { roles: ["Store Manager"] }, "roles", ["Store Manager"]],
      ["at a path", { realm_access: { roles: ["a"] } }, "realm_access.roles", ["a"]],
      [
        "at a path with dashes",
        { resource_access: { "shop-api": { roles: ["a"] } } },
        "resource_access.shop-api.roles",
        ["a"],
      ],
      [
        "in a claim that is named by a URL",
        { "https://shop.example/roles": ["a"] },
        "https://shop.example/roles",
        ["a"],
      ],
      ["in a claim with dots, before what is at the path", { "a.b": "x", a: { b: "y" } }, "a.b", ["x"]],
      ["nowhere", {}, "scope", []],
      ["at a path that ends early", { realm_access: "roles" }, "realm_access.roles", []],
      ["behind a list", { groups: [{ name: "a" }] }, "groups.0.name", []],
      ["behind null", { realm_access: null }, "realm_access.roles", []],
      ["in a number", { scope: 5 }, "scope", []],
      ["in an object", { scope: { a: true } }, "scope", []],
      ["in true", { scope: true }, "scope", []],
      ["in a list of other things", { scope: [1, null, "", ["a"], { b: 1 }, "c"] }, "scope", ["c"]],
      ["in what every object has", {}, "constructor.name", []],
      ["in what every text has", { scope: "a" }, "scope.length", []],
      ["in what every list has", { scope: ["a"] }, "scope.length", []],
      [
        "in a claim called __proto__",
        JSON.parse('{"__proto__":{"scope":"a"}}') as object & Record<string, unknown>,
        "scope",
        [],
      ],
    ],
  )("%s", (_what, claims, path, scopes) => {
    expect(scopesOf(claims, path)).toEqual(scopes);
  });

  it("of several claims are all taken, each once", () => {
    const claims = { scope: "a b", scp: ["b", "c"], realm: { roles: ["d"] } };
    expect(scopesOf(claims, "scope", "scp", "realm.roles", "none")).toEqual(["a", "b", "c", "d"]);
  });
});

describe("consumer and tier", () => {
  const paths = {
    ...none,
    consumerClaims: ["client_id", "azp", "app.id"],
    tierClaims: ["https://shop.example/tier"],
  };
  const read = (claims: Readonly<Record<string, unknown>>) => {
    const { consumer, tier } = callerOfClaims("jwt", claims, paths);
    return [consumer, tier];
  };

  it("are in the first claim that names one", () => {
    expect(read({ client_id: "a", azp: "b" })).toEqual(["a", null]);
    expect(read({ azp: "b", app: { id: "c" } })).toEqual(["b", null]);
    expect(read({ app: { id: "c" }, "https://shop.example/tier": "gold" })).toEqual(["c", "gold"]);
  });

  it("are in no claim that is empty or no text", () => {
    expect(read({ client_id: "", azp: 5, app: { id: ["c"] }, "https://shop.example/tier": null })).toEqual([
      null,
      null,
    ]);
  });
});

describe("a caller", () => {
  it("has the claims as they were, in an object without a prototype that nothing changes", () => {
    const claims = { iss: "i", sub: "u1", roles: ["a"] };
    const caller = callerOfClaims("jwt", claims, none);
    expect(caller).toMatchObject({ kind: "jwt", issuer: "i", subject: "u1", claims });
    expect(Object.getPrototypeOf(caller.claims)).toBeNull();
    expect(Object.isFrozen(caller) && Object.isFrozen(caller.claims)).toBe(true);
  });

  it.each([[5], [null], [["u1"]], [""]])("has no subject where sub is %j", (sub) => {
    expect(callerOfClaims("opaqueToken", { sub, iss: 5 }, none)).toMatchObject({
      subject: null,
      issuer: null,
    });
  });
});
