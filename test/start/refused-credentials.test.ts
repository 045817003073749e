import { afterAll, describe, expect, test } from "vitest";
import { checkProject } from "../../gateway/server/check-project.ts";
import { type Edit, editProject, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const config = "bff-web/bff.config.ts";
const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** The minimal project whose BFF has these credentials. */
function credentials(text: string): readonly Edit[] {
  return [[config, 'name: "web"', `name: "web", credentials: [${text}]`]];
}

describe("a credential of the kind jwt is refused", () => {
  refuses(
    "for what the environment does not have",
    credentials(
      '{ kind: "jwt", issuer: { environmentVariable: "ISSUER", default: null }, audiences: [{ environmentVariable: "AUDIENCE", default: null }] }',
    ),
    `
bff-web/bff.config.ts  credentials[0].issuer
  expected  a value of the environment variable ISSUER
  found     nothing

bff-web/bff.config.ts  credentials[0].audiences[0]
  expected  a value of the environment variable AUDIENCE
  found     nothing
`,
  );

  refuses(
    "for keys at two places",
    credentials('{ kind: "jwt", issuer: "i", audiences: ["a"], jwksUrl: "http://k", jwksFile: "k.json" }'),
    `
bff-web/bff.config.ts  credentials[0].jwksFile
  expected  one of jwksUrl and jwksFile
  found     both
`,
  );

  refuses(
    "for keys at no place, where the issuer is no URL",
    credentials('{ kind: "jwt", issuer: "shop", audiences: ["a"] }'),
    `
bff-web/bff.config.ts  credentials[0].jwksUrl
  expected  jwksUrl or jwksFile
  found     neither
  hint      they are found by themselves where the issuer is a URL and has an OpenID configuration
`,
  );

  refuses(
    "for an address of keys that is none, or has credentials, and does not repeat it",
    credentials(
      '{ kind: "jwt", issuer: "i", audiences: ["a"], jwksUrl: "ftp://keys" }, { kind: "jwt", issuer: "j", audiences: ["a"], jwksUrl: "https://u:p@keys" }',
    ),
    `
bff-web/bff.config.ts  credentials[0].jwksUrl
  expected  a URL that begins with http:// or https://, without credentials and fragment
  found     another text

bff-web/bff.config.ts  credentials[1].jwksUrl
  expected  a URL that begins with http:// or https://, without credentials and fragment
  found     another text
`,
  );

  refuses(
    "for a file of keys that is not there, or is something else",
    credentials(
      '{ kind: "jwt", issuer: "i", audiences: ["a"], jwksFile: "keys.json" }, { kind: "jwt", issuer: "j", audiences: ["a"], jwksFile: "schema.graphql" }',
    ),
    `
bff-web/bff.config.ts  credentials[0].jwksFile
  expected  a readable file
  found     nothing of that name (ENOENT)

bff-web/bff.config.ts  credentials[1].jwksFile
  expected  a JSON Web Key Set
  found     something else
`,
  );

  refuses(
    "for an issuer that another one has",
    credentials(
      '{ kind: "jwt", issuer: "https://i", audiences: ["a"] }, { kind: "jwt", issuer: "https://i", audiences: ["b"] }',
    ),
    `
bff-web/bff.config.ts  credentials[1].issuer
  expected  an issuer that no credential before it has
  found     "https://i"
  hint      the first decides about its tokens
`,
  );
});

describe("a credential of the kind jwt is accepted", () => {
  test("with keys in a file beside the config, at a URL, and where the issuer says", async () => {
    const files = editProject(
      credentials(
        '{ kind: "jwt", issuer: "i", audiences: ["a"], jwksFile: "keys.json" }, ' +
          '{ kind: "jwt", issuer: "j", audiences: ["a"], jwksUrl: "https://keys.example" }, ' +
          '{ kind: "jwt", issuer: "https://issuer.example/", audiences: ["a"] }',
      ),
    );
    const root = folders.write({ ...files, "bff-web/keys.json": '{"keys":[]}' });
    expect(await checkProject(root, {})).toEqual([]);
  });
});
