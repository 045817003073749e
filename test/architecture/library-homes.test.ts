import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findImports, type ImportSite } from "./imports.ts";
import { readSourceFiles, repositoryRoot, type SourceFiles } from "./source-files.ts";
import { isMemberAccess, tokenize, type Token } from "./tokens.ts";

/** Folders and files of `gateway/` that may import a library, for its types too: to swap it is to edit its home. */
type Homes = ReadonlyMap<string, readonly string[]>;

const libraryHomes: Homes = new Map(
  Object.entries({
    // The common tongue of all that reads a schema or an operation.
    graphql: [
      "language",
      "shape",
      "sources",
      "compose",
      "policy",
      "prepare",
      "execute",
      "pipeline",
      "server",
    ],
    "@graphql-tools/delegate": ["compose"],
    "@graphql-tools/executor": ["execute"],
    "@graphql-tools/stitch": ["compose"],
    "@graphql-tools/utils": ["compose", "execute"],
    "@graphql-tools/wrap": ["compose"],
    "@graphql-yoga/render-graphiql": ["server"],
    "@grpc/grpc-js": ["outbound"],
    "@grpc/proto-loader": ["sources/grpc"],
    commander: ["cli"],
    dataloader: ["batching"],
    "graphql-rate-limit": ["pipeline/limit-rates.ts"],
    "graphql-yoga": ["server"],
    ioredis: ["state/redis-store.ts"],
    jose: ["identity"],
    picocolors: ["cli"],
    pino: ["observe/logger.ts"],
    "prom-client": ["observe/metrics.ts"],
    protobufjs: ["sources/grpc"],
    undici: ["outbound"],
    zod: ["config"],
  }),
);

/** Listed in package.json for the exact version of what another library loads, even while nothing imports them. */
const pinnedLibraries: readonly string[] = ["@graphql-tools/delegate"];

/** All but `core/`, which is pure. */
const aboveCore: readonly string[] = [
  "language",
  "config",
  "observe",
  "outbound",
  "batching",
  "shape",
  "state",
  "sources",
  "identity",
  "compose",
  "policy",
  "prepare",
  "execute",
  "pipeline",
  "server",
  "cli",
];
const everywhere: readonly string[] = ["core", ...aboveCore];

/**
 * Builtins of Node, without `node:`. One that is not listed has no home. Types may be imported anywhere, since
 * nothing can be opened with them.
 */
const builtinHomes: Homes = new Map(
  Object.entries({
    // Sockets: `outbound/` opens them upstream, `server/` accepts them. The one file knows addresses and opens nothing.
    net: ["outbound", "server", "config/address-ranges.ts"],
    tls: ["outbound", "server"],
    http2: ["outbound", "server"],
    https: ["outbound", "server"],
    http: ["server"],
    dns: ["outbound"],
    "dns/promises": ["outbound"],
    // Processes and code loaded by name.
    child_process: ["server", "cli"],
    cluster: ["server", "cli"],
    worker_threads: ["server", "cli"],
    // gRPC sources ask where the .proto files are that their library brings.
    module: ["config", "cli", "sources/grpc"],
    readline: ["cli"],
    "readline/promises": ["cli"],
    v8: ["cli/overlock.js", "observe", "server"],
    // Files and what asks the machine.
    fs: aboveCore,
    "fs/promises": aboveCore,
    os: aboveCore,
    process: aboveCore,
    // Nothing outside the process.
    assert: everywhere,
    async_hooks: everywhere,
    buffer: everywhere,
    crypto: everywhere,
    diagnostics_channel: everywhere,
    events: everywhere,
    path: everywhere,
    "path/posix": everywhere,
    perf_hooks: everywhere,
    querystring: everywhere,
    stream: everywhere,
    "stream/promises": everywhere,
    string_decoder: everywhere,
    timers: everywhere,
    "timers/promises": everywhere,
    url: everywhere,
    util: everywhere,
    "util/types": everywhere,
    zlib: everywhere,
  }),
);

describe("the repository", () => {
  const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(path.join(repositoryRoot, "package.json"), "utf8"),
  );
  const files = readSourceFiles("gateway");
  const rules: HomeRules = {
    dependencies: Object.keys(manifest.dependencies),
    homes: libraryHomes,
    pinned: pinnedLibraries,
  };

  test("keeps every library, every builtin and every socket in its home", () => {
    expect(findHomeProblems(files, rules)).toEqual([]);
  });

  test("gives every dependency a home and uses it there", () => {
    expect(findManifestProblems(files, rules)).toEqual([]);
  });
});

describe("what the homes allow", () => {
  test.each<[what: string, files: Record<string, string>]>([
    ["a library in its folder", { "gateway/outbound/rest/pool.ts": 'import { Pool } from "undici";' }],
    ["a library in its file", { "gateway/core/bounded-cache.ts": 'import { LRUCache } from "lru-cache";' }],
    ["a part of a library", { "gateway/outbound/a.ts": 'import type Pool from "undici/types/pool.d.ts";' }],
    ["sockets where they are opened", { "gateway/outbound/a.ts": 'import "node:tls"; import "node:http2";' }],
    ["sockets where they are accepted", { "gateway/server/a.ts": 'import "node:http"; import "node:net";' }],
    [
      "the types of a socket",
      { "gateway/pipeline/a.ts": 'import type { IncomingMessage } from "node:http";' },
    ],
    ["a harmless builtin", { "gateway/core/a.ts": 'import { randomUUID } from "node:crypto";' }],
    ["the gateway's own files", { "gateway/core/a.ts": 'import "./b.ts"; import "#c";' }],
    [
      "other things called fetch",
      {
        "gateway/sources/a.ts": `
          // fetch(url)
          const text = "fetch(url)";
          interface Rows { fetch(key: string): Row; fetch: () => Row }
          class RestRows { fetch(key: string) { return this.transport.fetch(key); } async fetch(key: string) {} }
          const rows = { fetch(key: string): Row { return prefetch(key); }, fetchAll() {} };
          const call = isCold ? rows?.fetch(key) : rows.fetch(key);`,
      },
    ],
  ])("%s", (_what, files) => {
    expect(findFixtureProblems(files)).toEqual([]);
  });
});

describe("what the homes refuse", () => {
  const socketAdvice = "sockets are opened through gateway/outbound";

  test.each<[what: string, files: Record<string, string>, problem: string]>([
    [
      "a library outside its folder",
      { "gateway/sources/rest/a.ts": '\nimport { Pool } from "undici";' },
      "gateway/sources/rest/a.ts:2 imports undici: expected this in gateway/outbound only",
    ],
    [
      "the types of a library outside its folder",
      { "gateway/server/a.ts": 'import type { Pool } from "undici";' },
      "gateway/server/a.ts:1 imports undici: expected this in gateway/outbound only",
    ],
    [
      "a part of a library outside its folder",
      { "gateway/server/a.ts": 'const pool = await import("undici/lib/pool.js");' },
      "gateway/server/a.ts:1 imports undici: expected this in gateway/outbound only",
    ],
    [
      "a library in a folder whose name starts like its home",
      { "gateway/outbound-rest/a.ts": 'import "undici";' },
      "gateway/outbound-rest/a.ts:1 imports undici: expected this in gateway/outbound only",
    ],
    [
      "a library beside its file",
      { "gateway/core/cache.ts": 'import { LRUCache } from "lru-cache";' },
      "gateway/core/cache.ts:1 imports lru-cache: expected this in gateway/core/bounded-cache.ts only",
    ],
    [
      "a library in the public entry",
      { "gateway/index.ts": 'export * from "undici";' },
      "gateway/index.ts:1 imports undici: expected this in gateway/outbound only",
    ],
    [
      "a library that is no dependency",
      { "gateway/cli/a.ts": 'import "@scope/left-pad/part";' },
      "gateway/cli/a.ts:1 imports @scope/left-pad: expected a dependency of package.json",
    ],
    [
      "TLS outside its homes",
      { "gateway/identity/a.ts": 'import tls from "node:tls";' },
      `gateway/identity/a.ts:1 imports node:tls: expected this in gateway/outbound, gateway/server only`,
    ],
    [
      "HTTP outside the server",
      { "gateway/outbound/a.ts": 'import { type IncomingMessage, request } from "node:http";' },
      "gateway/outbound/a.ts:1 imports node:http: expected this in gateway/server only",
    ],
    [
      "HTTP by inline types alone, because the import itself stays",
      { "gateway/pipeline/a.ts": 'import { type IncomingMessage } from "node:http";' },
      "gateway/pipeline/a.ts:1 imports node:http: expected this in gateway/server only",
    ],
    [
      "a builtin without its prefix",
      { "gateway/core/a.ts": 'import net from "net";' },
      "gateway/core/a.ts:1 imports node:net: expected this in gateway/outbound, gateway/server, gateway/config/address-ranges.ts only",
    ],
    [
      "a builtin that nobody listed",
      { "gateway/core/a.ts": 'import vm from "node:vm";' },
      "gateway/core/a.ts:1 imports node:vm: expected a builtin that has a home",
    ],
    [
      "a call of fetch",
      { "gateway/outbound/a.ts": "\nconst response = await fetch(url);" },
      `gateway/outbound/a.ts:2 calls fetch: ${socketAdvice}`,
    ],
    [
      "a call of fetch inside a template",
      { "gateway/cli/a.ts": "`${await fetch(url)}`;" },
      `gateway/cli/a.ts:1 calls fetch: ${socketAdvice}`,
    ],
    [
      "a call of fetch as a branch",
      { "gateway/cli/a.ts": "const a = isCold ? fetch(one) : b;" },
      `gateway/cli/a.ts:1 calls fetch: ${socketAdvice}`,
    ],
    [
      "a call of fetch as a statement",
      { "gateway/cli/a.ts": "if (isCold) { fetch(url); }" },
      `gateway/cli/a.ts:1 calls fetch: ${socketAdvice}`,
    ],
    [
      "fetch taken from the global object",
      { "gateway/cli/a.ts": "const load = globalThis.fetch;" },
      `gateway/cli/a.ts:1 calls fetch: ${socketAdvice}`,
    ],
  ])("%s", (_what, files, problem) => {
    expect(findFixtureProblems(files)).toEqual([problem]);
  });

  test.each<[what: string, rules: Partial<HomeRules>, problem: string]>([
    [
      "a dependency without a home",
      { dependencies: ["undici", "lru-cache", "left-pad"] },
      "package.json: left-pad has no home: list it in this test",
    ],
    [
      "a home without a dependency",
      { dependencies: ["undici"] },
      "package.json: lru-cache is no dependency: delete its home from this test",
    ],
    [
      "a dependency that is used nowhere",
      { pinned: [] },
      "package.json: lru-cache is used nowhere in gateway/: expected an import in gateway/core/bounded-cache.ts",
    ],
  ])("%s", (_what, rules, problem) => {
    expect(findManifestProblems(fixtureFiles, { ...fixtureRules, ...rules })).toEqual([problem]);
  });
});

interface HomeRules {
  readonly dependencies: readonly string[];
  readonly homes: Homes;
  /** Dependencies that may be used nowhere. */
  readonly pinned: readonly string[];
}

const fixtureRules: HomeRules = {
  dependencies: ["undici", "lru-cache"],
  homes: new Map([
    ["undici", ["outbound"]],
    ["lru-cache", ["core/bounded-cache.ts"]],
  ]),
  pinned: ["lru-cache"],
};

const fixtureFiles = new Map([["gateway/outbound/a.ts", 'import type { Pool } from "undici";']]);

function findFixtureProblems(files: Readonly<Record<string, string>>): readonly string[] {
  return findHomeProblems(new Map(Object.entries(files)), fixtureRules);
}

/** Every import outside its home and every call of `fetch`. */
function findHomeProblems(files: SourceFiles, rules: HomeRules): readonly string[] {
  return [...files].flatMap(([file, source]) => [
    ...findImports(source).flatMap((site) => {
      const problem = judgeImport(file, site, rules);
      return problem === null ? [] : [`${file}:${site.line} imports ${problem}`];
    }),
    ...findFetchCalls(source).map(
      (line) => `${file}:${line} calls fetch: sockets are opened through gateway/outbound`,
    ),
  ]);
}

/** What is wrong with an import, or null. Relative, computed and unclear ones are the concern of the layers. */
function judgeImport(file: string, site: ImportSite, rules: HomeRules): string | null {
  const name = nameOf(site);
  if (name === null || name === "overlock") return null;
  if (!isBuiltin(name)) {
    const homes = rules.homes.get(name);
    if (homes === undefined) return `${name}: expected a dependency of package.json`;
    return judgeHome(file, name, homes);
  }
  if (site.isTypeOnly) return null;
  const homes = builtinHomes.get(name.replace(/^node:/, ""));
  return homes === undefined ? `${name}: expected a builtin that has a home` : judgeHome(file, name, homes);
}

function judgeHome(file: string, name: string, homes: readonly string[]): string | null {
  if (homes.some((home) => `${file}/`.startsWith(`gateway/${home}/`))) return null;
  return `${name}: expected this in ${listPaths(homes)} only`;
}

function listPaths(homes: readonly string[]): string {
  return homes.map((home) => `gateway/${home}`).join(", ");
}

/** The package that is imported, or the builtin with its `node:`; null for a file and for a computed import. */
function nameOf({ specifier }: ImportSite): string | null {
  if (specifier === null) return null;
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  return /^(?:@[\w.-]+\/)?\w[\w.-]*(?=\/|$)/.exec(specifier)?.[0] ?? null;
}

/** The lines on which the global `fetch` is called, or taken from the global object to be called later. */
function findFetchCalls(source: string): readonly number[] {
  const code = tokenize(source).filter((token) => token.kind !== "comment");
  return code.flatMap((token, index) => {
    if (token.kind !== "word" || token.text !== "fetch") return [];
    if (isMemberAccess(code[index - 1])) {
      return code[index - 2]?.text === "globalThis" || code[index - 2]?.text === "global" ? [token.line] : [];
    }
    return code[index + 1]?.text === "(" && !isMethodHead(code, index) ? [token.line] : [];
  });
}

/** Whether `name(…)` at this place declares a method: what follows is its body or its type. */
function isMethodHead(code: readonly Token[], index: number): boolean {
  let depth = 0;
  const end = code.findIndex((token, place) => {
    if (place <= index || token.kind !== "punctuator") return false;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    return depth === 0;
  });
  const next = code[end + 1]?.text;
  // A colon follows a call only as the second half of `a ? b : c`, and there a `?` or an operator stands before.
  return (
    next === "{" ||
    (next === ":" && /^(?:[{};,*]|async|public|protected|private)$/.test(code[index - 1]?.text ?? ""))
  );
}

/** Every difference between the dependencies, their homes, and what the files import. */
function findManifestProblems(files: SourceFiles, rules: HomeRules): readonly string[] {
  const { dependencies, homes, pinned } = rules;
  const used = new Set([...files.values()].flatMap((source) => findImports(source).map(nameOf)));
  const withoutHome = dependencies.filter((name) => !homes.has(name));
  const withoutDependency = [...homes.keys()].filter((name) => !dependencies.includes(name));
  const withoutUse = dependencies.filter((name) => !used.has(name) && !pinned.includes(name));
  return [
    ...withoutHome.map((name) => `package.json: ${name} has no home: list it in this test`),
    ...withoutDependency.map(
      (name) => `package.json: ${name} is no dependency: delete its home from this test`,
    ),
    ...withoutUse
      .filter((name) => homes.has(name))
      .map((name) => {
        return `package.json: ${name} is used nowhere in gateway/: expected an import in ${listPaths(homes.get(name) ?? [])}`;
      }),
  ];
}
