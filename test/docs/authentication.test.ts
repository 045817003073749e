import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readApiKeys } from "../../gateway/config/api-keys.ts";
import { loadProject } from "../../gateway/config/load-project.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { ApiKeyList } from "../../gateway/identity/api-key-list.ts";
import { createApiKeyAuthenticator } from "../../gateway/identity/api-keys.ts";
import { callerOfClaims } from "../../gateway/identity/read-claims.ts";
import { editProject, ProjectFolders } from "../start/minimal-project.ts";
import { refusalOf } from "../start/refusals.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { lockfileNode } from "../support/test-process.ts";

// The how-tos are tried as they stand: what they write in a config starts, and what they say to type does what they say.

const page = readFileSync(new URL("../../docs/authentication.md", import.meta.url), "utf8");
const folders = new ProjectFolders();
afterAll(() => folders.remove());

/** The blocks of code in a section, by their language. */
function blocksOf(section: string, language: string): readonly string[] {
  const [, text = ""] = page.split(`\n## ${section}\n`);
  const [own = ""] = text.split("\n## ");
  return [...own.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(
    ([, code = ""]) => code,
  );
}

function run(command: string, folder = "."): string {
  const PATH = `${path.dirname(lockfileNode)}:${process.env["PATH"] ?? ""}`;
  return execFileSync("sh", ["-c", command], { cwd: folder, encoding: "utf8", env: { PATH } });
}

const [keyList = ""] = blocksOf("Machine keys", "json");

describe("docs/authentication.md", () => {
  test.each(["Opaque tokens", "Machine keys", "Client certificates", "Several kinds at once"])(
    "has credentials under %j that a BFF starts with",
    async (section) => {
      const blocks = blocksOf(section, "ts");
      expect(blocks).toHaveLength(1);
      const [, listed = blocks[0] ?? ""] = /^credentials: \[\n(.*)^\]/ms.exec(blocks[0] ?? "") ?? [];
      const config = `import { defineBff, env } from "overlock";\n\nexport default defineBff({ name: "web", credentials: [${listed}] });\n`;
      const folder = folders.write(
        editProject([
          ["bff-web/bff.config.ts", config],
          ["bff-web/api-keys.json", keyList],
        ]),
      );
      const environment = {
        INTROSPECTION_URL: "http://127.0.0.1:1/introspect",
        INTROSPECTION_SECRET: "s3cret",
        CUSTOMERS_ISSUER: "http://127.0.0.1:1",
      };
      expect(await refusalOf(folder, environment)).toBeNull();
    },
  );

  const issued: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "Auth0-style": {
      iss: "https://shop.eu.auth0.com/",
      aud: ["https://api.shop.example", "https://shop.eu.auth0.com/userinfo"],
      azp: "the-app",
      scope: "openid orders:read",
      permissions: ["orders:write"],
      "https://shop.example/roles": ["manager"],
    },
    "Okta-style": {
      iss: "https://shop.okta.com/oauth2/default",
      aud: "api://default",
      cid: "the-app",
      scp: ["openid", "orders:read"],
      groups: ["orders:write", "manager"],
    },
    "Entra-style": {
      iss: "https://login.microsoftonline.com/<tenant>/v2.0",
      aud: "<the API's application id>",
      azp: "the-app",
      scp: "openid orders:read",
      roles: ["orders:write", "manager"],
    },
    "Keycloak-style": {
      iss: "https://id.shop.example/realms/shop",
      aud: ["shop-api", "account"],
      azp: "the-app",
      scope: "openid orders:read",
      realm_access: { roles: ["manager"] },
      resource_access: { "shop-api": { roles: ["orders:write"] }, account: { roles: ["view-profile"] } },
    },
  };

  test.each(Object.entries(issued))(
    "has a credential that reads what a token is, %s",
    async (name, claims) => {
      const [, text = ""] = page.split(`\n### ${name}\n`);
      const [, credential = ""] = /^```ts\n(.*?)^```/ms.exec(text) ?? [];
      const config = `export default { name: "web", credentials: [${credential}] };\n`;
      const folder = folders.write(editProject([["bff-web/bff.config.ts", config]]));
      expect(await refusalOf(folder)).toBeNull();
      const project = await loadProject(folder, new Problems());
      const [settings] = project.bffs[0]?.settings.credentials ?? [];
      if (settings?.kind !== "jwt") throw new Error(`Expected a jwt, found ${settings?.kind}.`);
      expect(settings.issuer).toBe(claims["iss"]);
      expect([claims["aud"]].flat()).toContain(settings.audiences[0]);
      const caller = callerOfClaims("jwt", claims, settings);
      expect(caller.consumer).toBe("the-app");
      expect(caller.scopes).toEqual(new Set(["openid", "orders:read", "orders:write", "manager"]));
    },
  );

  test("has a line that shows the claims of a token", () => {
    const [command = ""] = blocksOf("Signed tokens (JWT)", "sh");
    const claims = { iss: "https://issuer.example", sub: "ünï~??" };
    const token = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.AA`;
    expect(JSON.parse(run(`TOKEN=${token}; ${command}`))).toEqual(claims);
  });

  test("has a line that makes a key and the hash that its list wants", () => {
    const [command = ""] = blocksOf("Machine keys", "sh");
    const [key = "", sha256 = ""] = run(command).trim().split(" ");
    expect(key).toMatch(/^shop_[-\w]{43}$/);
    expect(run(command)).not.toContain(key);
    const problems: object[] = [];
    const keys = readApiKeys(
      keyList.replace(/[0-9a-f]{64}/, sha256),
      "keys",
      (facts) => void problems.push(facts),
    );
    expect(problems).toEqual([]);
    const authenticator = createApiKeyAuthenticator({
      header: "x-api-key",
      list: new ApiKeyList(keys ?? []),
    });
    expect(
      authenticator.authenticate({ headers: new Map([["x-api-key", key]]), certificate: null }),
    ).toMatchObject({
      consumer: "stock-sync",
      tier: "partner",
      scopes: new Set(["stock:read", "stock:write"]),
    });
  });

  test("has a line that shows what the names of a certificate are", () => {
    const [command = ""] = blocksOf("Client certificates", "sh");
    const authority = new CertificateAuthority();
    authority.issue("client", "DNS:reports.shop.example,URI:spiffe://shop.example/orders");
    const printed = run(command, authority.folder);
    authority.remove();
    expect(printed).toContain("subject=CN=client");
    expect(printed).toContain("DNS:reports.shop.example, URI:spiffe://shop.example/orders");
    expect(printed).toMatch(/sha256 Fingerprint=(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/);
  });
});
