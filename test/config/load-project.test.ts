import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { standardLimits } from "../../gateway/config/demand-control.ts";
import { loadProject, type Project } from "../../gateway/config/load-project.ts";
import { type Problem, Problems } from "../../gateway/core/problems.ts";

const expectedOrigins =
  'a list of 1 to 100 origins such as https://shop.example, without a path or a default port, or ["*"], or env("NAME")';
const expectedCredentials = 'true or false, and false where origins is ["*"]';
let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "overlock-project-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe("a project", () => {
  test("is its source schemas, its BFFs and its protos, in a stable order", async () => {
    write("schemas/b.graphql", "b");
    write("schemas/a.graphql", "a");
    write("schemas/directives.graphql", "not a source");
    write("schemas/notes.md", "not a source");
    write("bff-web/bff.config.ts", 'export default { name: "web" };');
    write("bff-web/schema.graphql", "web");
    write(
      "bff-app/bff.config.ts",
      'export default { name: "app", schema: "other/app.graphql", explorer: false };',
    );
    write("bff-app/other/app.graphql", "app");
    write("bff-notes.md", "no folder");
    const { project, problems } = await load();
    expect(problems).toEqual([]);
    expect(project).toEqual({
      root,
      protosFolder: path.join(root, "protos"),
      sourceCount: 2,
      sourceFiles: [
        { file: "schemas/a.graphql", text: "a" },
        { file: "schemas/b.graphql", text: "b" },
      ],
      bffs: [
        {
          file: "bff-app/bff.config.ts",
          settings: { ...defaults, name: "app", schema: "other/app.graphql", explorer: false },
          schema: { file: "bff-app/other/app.graphql", text: "app" },
        },
        {
          file: "bff-web/bff.config.ts",
          settings: { ...defaults, name: "web" },
          schema: { file: "bff-web/schema.graphql", text: "web" },
        },
      ],
    });
    expect(Object.isFrozen(project.bffs[0]?.settings)).toBe(true);
  });

  test("without anything in it is told what belongs there", async () => {
    const { project, problems } = await load();
    expect(project).toMatchObject({ sourceFiles: [], bffs: [] });
    expect(problems).toEqual([
      "schemas  schemas/: at least one source schema, schemas/<source>.graphql, found none",
      ".  bff-*/: at least one BFF folder, bff-<name>/bff.config.ts, found none",
    ]);
  });

  test("with one unreadable source says so once", async () => {
    write("bff-web/bff.config.ts", 'export default { name: "web" };');
    write("bff-web/schema.graphql", "web");
    mkdirSync(path.join(root, "schemas/a.graphql"), { recursive: true });
    expect((await load()).problems).toEqual([
      "schemas/a.graphql  file: a readable file, found a folder (EISDIR)",
    ]);
  });

  test("whose schemas/ is no folder says so", async () => {
    write("bff-web/bff.config.ts", 'export default { name: "web" };');
    write("bff-web/schema.graphql", "web");
    write("schemas", "a file");
    expect((await load()).problems).toEqual([
      "schemas  folder: a readable folder, found a file (ENOTDIR)",
      "schemas  schemas/: at least one source schema, schemas/<source>.graphql, found none",
    ]);
  });

  test("reads a file of 16 MiB and refuses one byte more", async () => {
    write("bff-web/bff.config.ts", 'export default { name: "web" };');
    write("bff-web/schema.graphql", "web");
    write("schemas/a.graphql", "");
    const file = path.join(root, "schemas/a.graphql");
    truncateSync(file, 16 * 1024 * 1024);
    expect((await load()).problems).toEqual([]);
    truncateSync(file, 16 * 1024 * 1024 + 1);
    expect((await load()).problems).toEqual([
      "schemas/a.graphql  file: at most 16777216 bytes, found 16777217 bytes",
    ]);
  });
});

describe("a BFF folder", () => {
  beforeEach(() => {
    write("schemas/a.graphql", "a");
    write("bff-web/schema.graphql", "web");
  });

  test.each([
    ["export const name = 1;", "export default: defineBff({ name: … }), found nothing"],
    ["export default null;", "export default: defineBff({ name: … }), found null"],
    ['export default "web";', "export default: defineBff({ name: … }), found 'web'"],
    ["throw new Error('no key');", "config: a module that loads, found Error: no key"],
    ["export default {};", "name: a name in quotes, found nothing"],
    ["export default { name: 7 };", "name: a name in quotes, found 7"],
    ["export default { name: 7n };", "name: a name in quotes, found 7n"],
    [
      "const a = {}; a.name = a; export default a;",
      "name: a name in quotes, found <ref *1> { name: [Circular *1] }",
    ],
    [
      'export default { name: "Web" };',
      "name: lower-case letters, digits and dashes, a letter first, at most 63, found 'Web'",
    ],
    [
      `export default { name: "${"a".repeat(64)}" };`,
      `name: lower-case letters, digits and dashes, a letter first, at most 63, found '${"a".repeat(64)}'`,
    ],
    ['export default { name: "web", schema: "" };', "schema: a file's path, found ''"],
    [
      'export default { name: "web", schema: "no.graphql" };',
      "file: a readable file, found nothing of that name (ENOENT)",
    ],
    ['export default { name: "web", explorer: "yes" };', "explorer: true or false, found 'yes'"],
    ['export default { name: "web", showPlan: 1 };', "showPlan: true or false, found 1"],
    ['export default { name: "web", showCost: 1 };', "showCost: true or false, found 1"],
    [
      'export default { name: "web", explorerOperation: 1 };',
      "explorerOperation: an operation as text, found 1",
    ],
    ...["requestTimeoutMs", "maxPreparedOperations"].flatMap((name) => {
      const max = name === "requestTimeoutMs" ? 600_000 : 1_000_000;
      return [0, max + 1, 1.5, '"1"', "null", "Infinity"].map((value) => [
        `export default { name: "web", ${name}: ${value} };`,
        `${name}: a whole number from 1 to ${max}, found ${String(value).replaceAll('"', "'")}`,
      ]);
    }),
    ...[
      "[]",
      '"de"',
      "[7]",
      '["de", ""]',
      '["xx"]',
      '["de_DE"]',
      '["de-u-nu-arab"]',
      '["de", "de"]',
      '["de-DE", "de-de"]',
    ].map((value) => [
      `export default { name: "web", locales: ${value} };`,
      `locales: a list of 1 to 100 different language tags that are known here, without extensions, found ${inWords(value)}`,
    ]),
    ...['"Berlin"', '"+01:00"', '""', "7", "null"].map((value) => [
      `export default { name: "web", timeZone: ${value} };`,
      `timeZone: an IANA time zone such as Europe/Berlin, found ${value.replaceAll('"', "'")}`,
    ]),
    ...[
      ['{ origins: ["*"], credentials: true }', `credentials: ${expectedCredentials}, found true`],
      ["{}", `origins: ${expectedOrigins}, found nothing`],
      ["{ origins: [] }", `origins: ${expectedOrigins}, found []`],
      ['{ origins: "*" }', `origins: ${expectedOrigins}, found '*'`],
      ...[
        "https://shop.example/",
        "https://shop.example:443",
        "https://SHOP.example",
        "https://*.example",
        "https://shöp.example",
        "https://u@shop.example",
        "shop.example",
        "null",
        "",
        "*",
        "*.example",
        "file://",
      ].map((origin) => [
        `{ origins: ["https://a.example", "${origin}"] }`,
        `origins: ${expectedOrigins}, found [ 'https://a.example', '${origin}' ]`,
      ]),
      [
        '{ origins: ["*"], headers: ["*"] }',
        "headers: a list of at most 100 names of headers, found [ '*' ]",
      ],
      [
        '{ origins: ["*"], exposedHeaders: ["a b"] }',
        "exposedHeaders: a list of at most 100 names of headers, found [ 'a b' ]",
      ],
      [
        '{ origins: ["*"], maxAgeSeconds: 86401 }',
        "maxAgeSeconds: a whole number from 0 to 86400, found 86401",
      ],
    ].map(([cors, problem]) => [`export default { name: "web", cors: ${cors} };`, `cors.${problem}`]),
    ...[
      ['"10.0.0.0/8"', ": an object, { allow: […], deny: […] }, found '10.0.0.0/8'"],
      [
        "{ allow: [] }",
        ".allow: a list of 1 to 10000 addresses and ranges such as 10.0.0.0/8 or 2001:db8::/32, found []",
      ],
      [
        '{ deny: ["10.0.0.0/33"] }',
        ".deny: a list of at most 10000 addresses and ranges such as 10.0.0.0/8 or 2001:db8::/32, found [ '10.0.0.0/33' ]",
      ],
    ].map(([addresses, problem]) => [
      `export default { name: "web", clientAddresses: ${addresses} };`,
      `clientAddresses${problem}`,
    ]),
    [
      'export default { name: "web", cors: { origins: ["*"], origin: "x" } };',
      "cors.origin: one of the options origins, credentials, headers, exposedHeaders, maxAgeSeconds, found origin",
    ],
  ])("with %s has one problem: %s", async (config, problem) => {
    write("bff-web/bff.config.ts", config);
    const { problems, project } = await load();
    expect(problems.map((line) => line.replace(/^.*? {2}/, ""))).toEqual([problem]);
    expect(project.bffs).toEqual([]);
  });

  test("keeps its locales as everybody writes them", async () => {
    write("bff-web/bff.config.ts", 'export default { name: "web", locales: ["EN-gb", "zh-hant", "de"] };');
    expect((await load()).project.bffs[0]?.settings.locales).toEqual(["en-GB", "zh-Hant", "de"]);
  });

  test("names the file of each problem", async () => {
    write("bff-web/bff.config.ts", 'export default { name: "web", explorer: 1, schema: 1 };');
    expect((await load()).problems).toEqual([
      "bff-web/bff.config.ts  schema: a file's path, found 1",
      "bff-web/bff.config.ts  explorer: true or false, found 1",
    ]);
  });

  test("has the nearest name for an option that is none", async () => {
    write("bff-web/bff.config.ts", 'export default { name: "web", requestTimeout: 1, __proto: 1 };');
    const known =
      "name, schema, explorer, explorerOperation, showPlan, showCost, requestTimeoutMs, maxPreparedOperations, maxResolvedValues, locales, timeZone, shapers, anonymous, denied, shareRequests, introspection, policies, credentials, cors, clientAddresses, limits, assumedListSize, budgets, preparing, tiers";
    const { facts } = await load();
    expect(facts.map(({ coordinate, expected, found, hint }) => [coordinate, expected, found, hint])).toEqual(
      [
        [
          "requestTimeout",
          `one of the options ${known}`,
          "requestTimeout",
          'did you mean "requestTimeoutMs"?',
        ],
        ["__proto", `one of the options ${known}`, "__proto", null],
      ],
    );
  });

  test.each([
    ["requestTimeoutMs", 1, 600_000],
    ["maxPreparedOperations", 1, 1_000_000],
    ["maxResolvedValues", 1, 100_000_000],
  ])("takes %s from %i to %i", async (name, min, max) => {
    for (const [index, value] of [min, max].entries()) {
      const folder = `bff-${name.toLowerCase()}-${index}`;
      write(`${folder}/bff.config.ts`, `export default { name: "x${index}", ${name}: ${value} };`);
      write(`${folder}/schema.graphql`, "x");
    }
    write("bff-web/bff.config.ts", 'export default { name: "web" };');
    const { problems, project } = await load();
    expect(problems).toEqual([]);
    expect(project.bffs.map(({ settings }) => settings)).toMatchObject([
      { [name]: min },
      { [name]: max },
      {},
    ]);
  });

  test("needs a config", async () => {
    expect((await load()).problems).toEqual([
      "bff-web  bff-web: bff.config.ts in the BFF's folder, found none",
    ]);
  });

  test("needs a name of its own", async () => {
    for (const folder of ["bff-web", "bff-web2"]) {
      write(`${folder}/bff.config.ts`, 'export default { name: "web" };');
      write(`${folder}/schema.graphql`, "x");
    }
    const { problems, project } = await load();
    expect(problems).toEqual([
      "bff-web2/bff.config.ts  name: a name that no other BFF has (bff-web has it), found web",
    ]);
    expect(project.bffs).toHaveLength(1);
  });
});

/** As the problem shows a list or a text. */
function inWords(literal: string): string {
  return literal.replace(/^\[(.+)\]$/, "[ $1 ]").replaceAll('"', "'");
}

const defaults = {
  schema: "schema.graphql",
  explorer: null,
  explorerOperation: null,
  showPlan: null,
  showCost: null,
  requestTimeoutMs: 10_000,
  maxPreparedOperations: 5000,
  maxResolvedValues: 100_000,
  locales: ["en-US"],
  timeZone: "UTC",
  shapers: [],
  anonymous: false,
  denied: "filter",
  introspection: null,
  shareRequests: true,
  policies: {},
  credentials: null,
  cors: null,
  clientAddresses: null,
  limits: standardLimits,
  assumedListSize: 10,
  budgets: [],
  preparing: { capacityMs: 2000, refillMsPerSecond: 200 },
  tiers: {},
};

function write(file: string, text: string): void {
  const absolute = path.join(root, file);
  mkdirSync(path.dirname(absolute), { recursive: true });
  writeFileSync(absolute, text);
}

async function load(): Promise<{ project: Project; problems: string[]; facts: readonly Problem[] }> {
  const problems = new Problems();
  const project = await loadProject(root, problems);
  const lines = problems.errors.map(
    ({ place, coordinate, expected, found }) => `${place.file}  ${coordinate}: ${expected}, found ${found}`,
  );
  return { project, problems: lines, facts: problems.errors };
}
