import { describe, expect, test } from "vitest";
import { anonymousCaller, type Caller } from "../../gateway/core/caller.ts";
import { consumerKey } from "../../gateway/policy/consumer-key.ts";

const jwt: Caller = { ...anonymousCaller, kind: "jwt", issuer: "https://issuer.example" };
const named = (facts: Partial<Caller>): Caller => ({ ...jwt, ...facts });
const claims = (value: Caller["claims"]): Caller => named({ subject: "ann", claims: value });

function keyOf(caller: Caller, by: string | null = null, address: string | null = "192.0.2.1"): string {
  return consumerKey({ caller, address }, by);
}

describe("whose budget it is", () => {
  test("is the consumer's, else the subject's, else the address's, else nobody's in particular", () => {
    const app = named({ consumer: "app", subject: "ann" });
    expect(keyOf(app)).toBe(keyOf(named({ consumer: "app", subject: "bob" })));
    expect(keyOf(app)).not.toBe(keyOf(named({ subject: "ann" })));
    expect(keyOf(named({ subject: "ann" }))).toBe(keyOf(named({ subject: "ann" }), null, "192.0.2.2"));
    expect(keyOf(anonymousCaller)).toBe("address 192.0.2.1");
    expect(keyOf(anonymousCaller, null, null)).toBe("unknown");
  });

  test("can be said, and is what is left where that is not known", () => {
    const app = named({ consumer: "app", subject: "ann" });
    expect(keyOf(app, "subject")).toBe(keyOf(named({ subject: "ann" })));
    expect(keyOf(app, "address")).toBe("address 192.0.2.1");
    expect(keyOf(app, "address", null)).toBe(keyOf(app));
    expect(keyOf(named({ consumer: "app" }), "subject")).toBe(keyOf(app));
    expect(keyOf(named({ subject: "ann" }), "consumer")).toBe(keyOf(named({ subject: "ann" })));
  });

  test("can be a claim's, whatever it holds", () => {
    const values = [1, "1", true, ["a", "b"], ["a,b"], { a: 1, b: 2 }, "t"];
    const keys = values.map((tenant) => keyOf(claims({ tenant }), "$claims.tenant"));
    expect(new Set(keys).size).toBe(values.length);
    expect(keyOf(claims({ tenant: { b: 2, a: 1 } }), "$claims.tenant")).toBe(keys[5]);
    expect(keyOf(claims({ org: { id: "t" } }), "$claims.org.id")).toBe(
      keyOf(claims({ org: { id: "t", name: "x" } }), "$claims.org.id"),
    );
    for (const without of [{}, { tenant: null }, { tenant: "" }, { tenant: { id: 1 } }])
      expect(keyOf(claims(without), "$claims.tenant.name")).toBe(keyOf(named({ subject: "ann" })));
  });

  test("is not that of a namesake: of another issuer, another kind, or another kind of name", () => {
    const keys = [
      keyOf(named({ consumer: "x" })),
      keyOf(named({ consumer: "x", issuer: "https://other.example" })),
      keyOf({ ...anonymousCaller, kind: "apiKey", consumer: "x" }),
      keyOf({ ...anonymousCaller, kind: "certificate", consumer: "x" }),
      keyOf(named({ consumer: "x", issuer: "apiKey" })),
      keyOf(named({ subject: "x" })),
      keyOf(named({ subject: 'x","y' })),
      keyOf(claims({ tenant: "x" }), "$claims.tenant"),
      keyOf({ ...claims({ tenant: "x" }), issuer: "https://other.example" }, "$claims.tenant"),
      keyOf(anonymousCaller, null, "192.0.2.1"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::", "fe80:0:0:0::/64"],
    ["1:0:0:2::", "1:0:0:2::/64"],
    ["192.0.2.7", "192.0.2.7"],
  ])("of a client at %s is that of %s", (address, network) => {
    expect(keyOf(anonymousCaller, null, address)).toBe(`address ${network}`);
  });
});
