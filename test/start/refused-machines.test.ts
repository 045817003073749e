import { hash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { checkProject } from "../../gateway/server/check-project.ts";
import { type Edit, editProject, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** The config with these credentials, as they would be written. */
function withCredentials(credentials: string): Edit {
  return [
    "bff-web/bff.config.ts",
    `import { defineBff, env } from "overlock";

export default defineBff({ name: "web", credentials: ${credentials} as never });
`,
  ];
}

const introspection = `kind: "introspection", url: "https://issuer.example/introspect", clientId: "gateway", clientSecret: env("SECRET")`;
const sha256 = hash("sha256", "a key");
const environment = { SECRET: "s3cret", KEYS: JSON.stringify([{ sha256, consumer: "job" }]) };

describe("a start is refused for credentials", () => {
  refuses(
    "of a kind that is none, and without a list",
    [withCredentials(`[{ kind: "apikey" }, "jwt", { clientSecret: "s3cret" }]`)],
    `
bff-web/bff.config.ts  credentials[0].kind
  expected  a credential with the kind "jwt", "introspection", "apiKey" or "certificate"
  found     'apikey'

bff-web/bff.config.ts  credentials[1]
  expected  a credential with the kind "jwt", "introspection", "apiKey" or "certificate"
  found     'jwt'

bff-web/bff.config.ts  credentials[2].kind
  expected  a credential with the kind "jwt", "introspection", "apiKey" or "certificate"
  found     nothing
`,
  );

  refuses(
    "that leave nothing for one another",
    [
      withCredentials(`[
        { ${introspection} },
        { kind: "jwt", issuer: "i", audiences: ["a"], jwksUrl: "https://issuer.example/keys" },
        { kind: "apiKey", keys: env("KEYS") },
        { kind: "apiKey", keys: env("KEYS"), header: "x-other-key" },
        { kind: "apiKey", keys: env("KEYS") },
        { kind: "certificate", consumers: [{ name: "CN=a", consumer: "a" }] },
        { kind: "certificate", consumers: [{ name: "CN=b", consumer: "b" }] },
        { ${introspection} },
      ]`),
    ],
    `
bff-web/bff.config.ts  credentials[1]
  expected  a credential that something is left for
  found     one that is never asked: credentials[0] takes everything that it would

bff-web/bff.config.ts  credentials[4]
  expected  a credential that something is left for
  found     one that is never asked: credentials[2] takes everything that it would

bff-web/bff.config.ts  credentials[6]
  expected  a credential that something is left for
  found     one that is never asked: credentials[5] takes everything that it would

bff-web/bff.config.ts  credentials[7]
  expected  a credential that something is left for
  found     one that is never asked: credentials[0] takes everything that it would
`,
    environment,
  );
});

describe("a start is refused for opaque tokens", () => {
  refuses(
    "whose options are wrong, without a word of the secret",
    [
      withCredentials(`[{
        kind: "introspection", url: "", clientId: 7, clientSecret: "s3cret", audience: "shop", audiences: "shop",
        maxAgeSeconds: 3601, timeoutMs: 0, scopeClaims: [7],
      }]`),
    ],
    `
bff-web/bff.config.ts  credentials[0].url
  expected  a URL
  found     ''

bff-web/bff.config.ts  credentials[0].clientId
  expected  the gateway's client id
  found     7

bff-web/bff.config.ts  credentials[0].clientSecret
  expected  env("NAME") without a default: secrets come from the environment
  found     a text

bff-web/bff.config.ts  credentials[0].audiences
  expected  a list of 1 to 20 audiences
  found     'shop'

bff-web/bff.config.ts  credentials[0].maxAgeSeconds
  expected  a whole number from 0 to 3600
  found     3601

bff-web/bff.config.ts  credentials[0].timeoutMs
  expected  a whole number from 1 to 60000
  found     0

bff-web/bff.config.ts  credentials[0].scopeClaims
  expected  a list of claims or paths of claims such as realm_access.roles
  found     [ 7 ]

bff-web/bff.config.ts  credentials[0].audience
  expected  one of the options kind, url, clientId, clientSecret, audiences, maxAgeSeconds, timeoutMs, scopeClaims, consumerClaims, tierClaims
  found     audience
  hint      did you mean "audiences"?
`,
  );

  refuses(
    "whose secret stands in the config as a default",
    [withCredentials(`[{ ${introspection.replace('env("SECRET")', 'env("SECRET", "s3cret")')} }]`)],
    `
bff-web/bff.config.ts  credentials[0].clientSecret
  expected  env("NAME") without a default: secrets come from the environment
  found     an object
`,
  );

  refuses(
    "without their variables in the environment",
    [
      withCredentials(
        `[{ kind: "introspection", url: env("URL"), clientId: env("ID"), clientSecret: env("SECRET"), audiences: ["a", env("AUDIENCE")] }]`,
      ),
    ],
    `
bff-web/bff.config.ts  credentials[0].url
  expected  a value of the environment variable URL
  found     nothing

bff-web/bff.config.ts  credentials[0].clientId
  expected  a value of the environment variable ID
  found     nothing

bff-web/bff.config.ts  credentials[0].clientSecret
  expected  a value of the environment variable SECRET
  found     nothing

bff-web/bff.config.ts  credentials[0].audiences[1]
  expected  a value of the environment variable AUDIENCE
  found     nothing
`,
  );

  for (const url of [
    "ftp://issuer.example",
    "issuer.example",
    "https://u:p4ss@issuer.example",
    "https://a/#b",
    "https://",
  ])
    refuses(
      `at an address that is none: ${url}`,
      [
        withCredentials(
          `[{ kind: "introspection", url: "${url}", clientId: "a", clientSecret: env("SECRET") }]`,
        ),
      ],
      `
bff-web/bff.config.ts  credentials[0].url
  expected  a URL that begins with http:// or https://, without credentials and fragment
  found     another text
`,
      environment,
    );
});

describe("a start is refused for keys of machines", () => {
  refuses(
    "that are nowhere, in two places, or in a header of HTTP's own",
    [
      withCredentials(`[
        { kind: "apiKey" },
        { kind: "apiKey", header: "x-b", file: "keys.json", keys: env("KEYS") },
      ]`),
    ],
    `
bff-web/bff.config.ts  credentials[0]
  expected  one of file and keys
  found     neither

bff-web/bff.config.ts  credentials[1].keys
  expected  one of file and keys
  found     both
`,
    environment,
  );

  for (const header of ["authorization", "cookie", "X-API-Key", "x api key", "", "content-type"])
    refuses(
      `in a header that can't have them: ${JSON.stringify(header)}`,
      [withCredentials(`[{ kind: "apiKey", keys: env("KEYS"), header: "${header}" }]`)],
      `
bff-web/bff.config.ts  credentials[0].header
  expected  a header's name in lower case, one that HTTP has no other use for
  found     '${header}'
`,
      environment,
    );

  refuses(
    "that stand in the config",
    [withCredentials(`[{ kind: "apiKey", keys: "a-real-key" }]`)],
    `
bff-web/bff.config.ts  credentials[0].keys
  expected  env("NAME"), of a list of keys
  found     a text
`,
  );

  refuses(
    "whose file is not there",
    [
      withCredentials(
        `[{ kind: "apiKey", file: "keys.json" }, { kind: "apiKey", header: "x-b", file: env("KEY_FILE") }]`,
      ),
    ],
    `
bff-web/bff.config.ts  credentials[0].file
  expected  a readable file
  found     nothing of that name (ENOENT)

bff-web/bff.config.ts  credentials[1].file
  expected  a value of the environment variable KEY_FILE
  found     nothing
`,
  );

  const inFile = (text: string): readonly Edit[] => [
    withCredentials(`[{ kind: "apiKey", file: "keys.json" }]`),
    ["bff-web/keys.json", text],
  ];

  refuses(
    "whose file is no JSON, without a word of it",
    inFile('[{ "sha256": "a-real-key"'),
    `
bff-web/keys.json  keys
  expected  a list of 1 to 10000 keys, { sha256, consumer }, in JSON
  found     a text that is no JSON
`,
  );

  refuses(
    "whose list is empty",
    inFile("[]"),
    `
bff-web/keys.json  keys
  expected  a list of 1 to 10000 keys, { sha256, consumer }
  found     a list
`,
  );

  refuses(
    "that stand in the file themselves, without a word of them",
    inFile(
      JSON.stringify([
        { sha256: "a-real-key", consumer: "job" },
        "a-real-key",
        { sha256: [sha256], consumer: "" },
        { key: "a-real-key", consumer: "job", tier: 7, scopes: ["a b"] },
      ]),
    ),
    `
bff-web/keys.json  keys[0].sha256
  expected  the SHA-256 of a key, 64 hexadecimal digits
  found     a text

bff-web/keys.json  keys[1]
  expected  a key, { sha256, consumer }
  found     a text

bff-web/keys.json  keys[2].sha256
  expected  the SHA-256 of a key, 64 hexadecimal digits
  found     a list

bff-web/keys.json  keys[2].consumer
  expected  a consumer's name of at most 100 characters
  found     a text

bff-web/keys.json  keys[3].sha256
  expected  the SHA-256 of a key, 64 hexadecimal digits
  found     nothing

bff-web/keys.json  keys[3].tier
  expected  a tier's name of at most 100 characters
  found     a number

bff-web/keys.json  keys[3].scopes
  expected  a list of at most 1000 scopes
  found     a list

bff-web/keys.json  keys[3].key
  expected  one of the options sha256, consumer, tier, scopes
  found     key
`,
  );

  refuses(
    "of which one is there twice, in the environment",
    [withCredentials(`[{ kind: "apiKey", keys: env("SHOP_KEYS") }]`)],
    `
environment  SHOP_KEYS[1].sha256
  expected  the hash of a key of its own
  found     that of SHOP_KEYS[0]
`,
    {
      SHOP_KEYS: JSON.stringify([
        { sha256, consumer: "one" },
        { sha256: sha256.toUpperCase(), consumer: "two" },
      ]),
    },
  );

  refuses(
    "that are not a list, in the environment",
    [withCredentials(`[{ kind: "apiKey", keys: env("SHOP_KEYS") }]`)],
    `
environment  SHOP_KEYS
  expected  a list of 1 to 10000 keys, { sha256, consumer }
  found     an object
`,
    { SHOP_KEYS: JSON.stringify({ [sha256]: "job" }) },
  );
});

describe("a start is refused for client certificates", () => {
  refuses(
    "of nobody",
    [withCredentials(`[{ kind: "certificate", consumers: [] }]`)],
    `
bff-web/bff.config.ts  credentials[0].consumers
  expected  a list of 1 to 1000 consumers, { name, consumer }
  found     []
`,
  );

  refuses(
    "with names that no certificate can have",
    [
      withCredentials(`[{ kind: "certificate", consumers: [
        { name: "orders-job", consumer: "a" },
        { name: "dns:orders.example", consumer: "b" },
        { name: "SHA256:ab", consumer: "c" },
        { name: "CN=d" },
      ] }]`),
    ],
    `
bff-web/bff.config.ts  credentials[0].consumers[0].name
  expected  a subject such as CN=orders-job,O=Shop, or DNS:, URI:, EMAIL:, IP: or SHA256: and a name
  found     'orders-job'

bff-web/bff.config.ts  credentials[0].consumers[1].name
  expected  a subject such as CN=orders-job,O=Shop, or DNS:, URI:, EMAIL:, IP: or SHA256: and a name
  found     'dns:orders.example'

bff-web/bff.config.ts  credentials[0].consumers[2].name
  expected  a subject such as CN=orders-job,O=Shop, or DNS:, URI:, EMAIL:, IP: or SHA256: and a name
  found     'SHA256:ab'

bff-web/bff.config.ts  credentials[0].consumers[3].consumer
  expected  a consumer's name of at most 100 characters
  found     nothing
`,
  );

  refuses(
    "of which two are of one name",
    [
      withCredentials(`[{ kind: "certificate", consumers: [
        { name: "DNS:orders.example", consumer: "a" }, { name: "DNS:Orders.Example", consumer: "b" },
        { name: "SHA256:${"ab".repeat(32)}", consumer: "c" }, { name: "SHA256:${"AB:".repeat(31)}AB", consumer: "d" },
      ] }]`),
    ],
    `
bff-web/bff.config.ts  credentials[0].consumers[1].name
  expected  a name of its own
  found     that of consumers[0]

bff-web/bff.config.ts  credentials[0].consumers[3].name
  expected  a name of its own
  found     that of consumers[2]
`,
  );
});

describe("a start warns", () => {
  test.each([
    ["http://issuer.example/introspect", 1],
    ["http://10.0.0.7/introspect", 1],
    ["https://issuer.example/introspect", 0],
    ["http://localhost:8080/introspect", 0],
    ["http://127.0.0.1:8080/introspect", 0],
    ["http://[::1]:8080/introspect", 0],
  ])(
    "of an address at which tokens and secrets can be read on their way: %s, %i times",
    async (url, count) => {
      const credentials = `[{ ${introspection.replace("https://issuer.example/introspect", url)} }]`;
      const warnings = await checkProject(
        folders.write(editProject([withCredentials(credentials)])),
        environment,
      );
      const warning = {
        severity: "warning",
        place: { file: "bff-web/bff.config.ts" },
        coordinate: "credentials[0].url",
        expected: "https://, unless the address is of this machine",
        found: "http://",
      };
      expect(warnings).toMatchObject(Array.from({ length: count }, () => warning));
    },
  );
});
