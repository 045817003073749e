import path from "node:path";
import { describe, expect, test } from "vitest";
import { findImports, type ImportSite } from "./imports.ts";
import { readBffFolders, readSourceFiles, type SourceFiles } from "./source-files.ts";

/** The rank of each folder of `gateway/`. A file imports its own folder and folders of a lower rank. */
const ranks: ReadonlyMap<string, number> = new Map(
  [
    ["core"],
    ["language", "config"],
    ["observe", "outbound", "batching", "shape", "state"],
    ["sources", "identity"],
    ["compose"],
    ["policy"],
    ["prepare"],
    ["execute"],
    ["pipeline"],
    ["server"],
    ["cli"],
  ].flatMap((folders, rank) => folders.map((folder) => [folder, rank])),
);

/** What other packages import as `overlock`: it may import all of `gateway/`, and nothing there imports it. */
const publicEntry = "gateway/index.ts";

/** Where a module is loaded by a path that a person configured, such as a BFF's config file. */
const computedImportHomes: readonly string[] = ["config", "cli"];

describe("the repository", () => {
  const files = readSourceFiles("gateway", ...readBffFolders());

  test("has gateway files and BFF files to check", () => {
    expect([...files.keys()].filter((file) => file.startsWith("gateway/"))).not.toEqual([]);
    expect(readBffFolders()).not.toEqual([]);
  });

  test("imports point down the layers, and never in a circle", () => {
    expect(findLayerProblems(files)).toEqual([]);
  });
});

describe("what the layers allow", () => {
  test.each<[why: string, files: Record<string, string>]>([
    ["a lower rank", { "gateway/server/a.ts": 'import "../core/b.ts";', "gateway/core/b.ts": "" }],
    ["one's own folder", { "gateway/core/a.ts": 'import "./b.ts";', "gateway/core/b.ts": "" }],
    ["a folder inside one's own", { "gateway/sources/a.ts": 'import "./rest/b.ts";' }],
    ["a package", { "gateway/core/a.ts": 'import "node:fs"; import "graphql"; import "@grpc/grpc-js";' }],
    ["anything from the public entry", { "gateway/index.ts": 'export * from "./cli/a.ts";' }],
    ["the package from a BFF", { "bff-web/bff.config.ts": 'import { defineBff } from "overlock";' }],
    ["a computed import where config files are loaded", { "gateway/config/a.ts": "await import(file);" }],
  ])("%s", (_why, files) => {
    expect(findLayerProblems(new Map(Object.entries(files)))).toEqual([]);
  });
});

describe("what the layers refuse", () => {
  test.each<[what: string, files: Record<string, string>, problem: string]>([
    [
      "an upward import",
      { "gateway/core/a.ts": '\nimport { b } from "../server/b.ts";' },
      "gateway/core/a.ts:2 imports gateway/server/b.ts: expected a rank below 0 (core), found 9 (server)",
    ],
    [
      "an upward import that is erased at run time",
      { "gateway/language/a.ts": 'import type { B } from "../observe/b.ts";' },
      "gateway/language/a.ts:1 imports gateway/observe/b.ts: expected a rank below 1 (language), found 2 (observe)",
    ],
    [
      "an upward import that happens late",
      { "gateway/pipeline/a.ts": 'const b = () => import("../server/b.ts");' },
      "gateway/pipeline/a.ts:1 imports gateway/server/b.ts: expected a rank below 8 (pipeline), found 9 (server)",
    ],
    [
      "an upward export",
      { "gateway/prepare/a.ts": 'export { b } from "../execute/b.ts";' },
      "gateway/prepare/a.ts:1 imports gateway/execute/b.ts: expected a rank below 6 (prepare), found 7 (execute)",
    ],
    [
      "an import between folders of one rank",
      { "gateway/outbound/a.ts": 'import "../batching/b.ts";' },
      "gateway/outbound/a.ts:1 imports gateway/batching/b.ts: expected a rank below 2 (outbound), found 2 (batching)",
    ],
    [
      "a circle of two files",
      {
        "gateway/core/a.ts": 'import "./b.ts";',
        "gateway/core/b.ts": '\n\nimport type { A } from "./a.ts";',
      },
      "gateway/core/a.ts:1 imports in a circle: gateway/core/a.ts → gateway/core/b.ts → gateway/core/a.ts",
    ],
    [
      "a circle that is entered from outside",
      {
        "gateway/core/a.ts": 'import "./b.ts";',
        "gateway/core/b.ts": 'import "./c.ts";',
        "gateway/core/c.ts": 'import "./d.ts";',
        "gateway/core/d.ts": 'import "./b.ts";',
      },
      "gateway/core/b.ts:1 imports in a circle: gateway/core/b.ts → gateway/core/c.ts → gateway/core/d.ts → gateway/core/b.ts",
    ],
    [
      "a file that imports itself",
      { "gateway/core/a.ts": 'import "./a.ts";' },
      "gateway/core/a.ts:1 imports in a circle: gateway/core/a.ts → gateway/core/a.ts",
    ],
    [
      "a folder without a rank",
      { "gateway/misc/a.ts": 'import "../core/b.ts";' },
      "gateway/misc/a.ts:1 lies in a folder without a rank: expected one of core, language, config, observe, outbound, batching, shape, state, sources, identity, compose, policy, prepare, execute, pipeline, server, cli",
    ],
    [
      "a file beside the public entry",
      { "gateway/start.ts": "" },
      "gateway/start.ts:1 lies in no folder: only gateway/index.ts does",
    ],
    [
      "an import of a folder without a rank",
      { "gateway/cli/a.ts": 'import "../misc/b.ts";' },
      "gateway/cli/a.ts:1 imports gateway/misc/b.ts: expected a rank below 10 (cli), found none (misc)",
    ],
    [
      "an import of the public entry",
      { "gateway/cli/a.ts": 'import "../index.ts";' },
      "gateway/cli/a.ts:1 imports gateway/index.ts: expected the file behind it, found the public entry",
    ],
    [
      "an import of the public entry by its package name",
      { "gateway/cli/a.ts": 'import "overlock";' },
      "gateway/cli/a.ts:1 imports overlock: expected the file behind it, found the public entry",
    ],
    [
      "an import that leaves gateway/",
      { "gateway/cli/a.ts": 'import "../../test/backends/b.ts";' },
      "gateway/cli/a.ts:1 imports test/backends/b.ts: expected a file of gateway/ or a package",
    ],
    [
      "an import that leaves gateway/ from the public entry",
      { "gateway/index.ts": 'export * from "../bff-web/a.ts";' },
      "gateway/index.ts:1 imports bff-web/a.ts: expected a file of gateway/ or a package",
    ],
    [
      "an import by an absolute path",
      { "gateway/core/a.ts": 'import "/tmp/b.ts";' },
      "gateway/core/a.ts:1 imports /tmp/b.ts: expected a file of gateway/ or a package",
    ],
    [
      "an import by a URL",
      { "gateway/core/a.ts": 'import "file:///tmp/b.ts";' },
      "gateway/core/a.ts:1 imports file:///tmp/b.ts: expected a file of gateway/ or a package",
    ],
    [
      "an import by a package-internal alias",
      { "gateway/core/a.ts": 'import "#server/b.ts";' },
      "gateway/core/a.ts:1 imports #server/b.ts: expected a file of gateway/ or a package",
    ],
    [
      "an import that no rule can judge",
      { "gateway/shape/a.ts": "await import(`../${folder}/b.ts`);" },
      "gateway/shape/a.ts:1 imports what is only known at run time: expected this in config, cli only",
    ],
    [
      "a gateway file in a BFF",
      { "bff-web/bff.config.ts": 'import "../gateway/index.ts";' },
      "bff-web/bff.config.ts:1 imports ../gateway/index.ts: expected nothing but overlock and files of its own folder",
    ],
    [
      "a file of another BFF",
      { "bff-web/bff.config.ts": 'import "../bff-mobile/a.ts";' },
      "bff-web/bff.config.ts:1 imports ../bff-mobile/a.ts: expected nothing but overlock and files of its own folder",
    ],
    [
      "a package in a BFF",
      { "bff-mobile/bff.config.ts": 'import { parse } from "graphql";' },
      "bff-mobile/bff.config.ts:1 imports graphql: expected nothing but overlock and files of its own folder",
    ],
    [
      "a part of the package in a BFF",
      { "bff-mobile/bff.config.ts": 'import "overlock/gateway/core/a.ts";' },
      "bff-mobile/bff.config.ts:1 imports overlock/gateway/core/a.ts: expected nothing but overlock and files of its own folder",
    ],
    [
      "a computed import in a BFF",
      { "bff-mobile/bff.config.ts": "await import(file);" },
      "bff-mobile/bff.config.ts:1 imports what is only known at run time: expected nothing but overlock and files of its own folder",
    ],
  ])("%s", (_what, files, problem) => {
    expect(findLayerProblems(new Map(Object.entries(files)))).toEqual([problem]);
  });

  test("every problem of every file, and of two circles both", () => {
    const files = {
      "gateway/core/a.ts": 'import "./b.ts";\nimport "./c.ts";\nimport "../cli/x.ts";',
      "gateway/core/b.ts": 'import "./a.ts";\nimport "./c.ts";',
      "gateway/core/c.ts": 'import "./b.ts";',
      "bff-web/a.ts": 'import "undici";',
    };
    expect(findLayerProblems(new Map(Object.entries(files)))).toEqual([
      "gateway/core/a.ts:3 imports gateway/cli/x.ts: expected a rank below 0 (core), found 10 (cli)",
      "bff-web/a.ts:1 imports undici: expected nothing but overlock and files of its own folder",
      "gateway/core/a.ts:1 imports in a circle: gateway/core/a.ts → gateway/core/b.ts → gateway/core/a.ts",
      "gateway/core/b.ts:2 imports in a circle: gateway/core/b.ts → gateway/core/c.ts → gateway/core/b.ts",
    ]);
  });
});

/** Every breach of the layers, as `file:line` and what was expected instead. */
function findLayerProblems(files: SourceFiles): readonly string[] {
  const imports = new Map([...files].map(([file, source]) => [file, findImports(source)]));
  return [
    ...[...imports].flatMap(([file, sites]) => [
      ...findMisplacedFile(file),
      ...sites.flatMap((site) => {
        const problem = file.startsWith("gateway/")
          ? judgeGatewayImport(file, site)
          : judgeBffImport(file, site);
        return problem === null ? [] : [`${file}:${site.line} imports ${problem}`];
      }),
    ]),
    ...findCircles(imports),
  ];
}

function findMisplacedFile(file: string): readonly string[] {
  if (!file.startsWith("gateway/") || file === publicEntry || ranks.has(folderOf(file))) return [];
  if (folderOf(file) === "") return [`${file}:1 lies in no folder: only ${publicEntry} does`];
  return [`${file}:1 lies in a folder without a rank: expected one of ${[...ranks.keys()].join(", ")}`];
}

/** What is wrong with an import, or null. */
function judgeGatewayImport(file: string, { specifier }: ImportSite): string | null {
  const folder = folderOf(file);
  if (specifier === null) {
    if (computedImportHomes.includes(folder)) return null;
    return `what is only known at run time: expected this in ${computedImportHomes.join(", ")} only`;
  }
  const target = resolveTarget(file, specifier);
  if (target === publicEntry || packageName.exec(target)?.[0] === "overlock") {
    return `${target}: expected the file behind it, found the public entry`;
  }
  if (!isRelative(specifier) && packageName.test(specifier)) return null;
  if (!target.startsWith("gateway/")) return `${target}: expected a file of gateway/ or a package`;
  const rank = ranks.get(folder);
  const targetFolder = folderOf(target);
  const targetRank = ranks.get(targetFolder);
  if (rank === undefined || targetFolder === folder || (targetRank !== undefined && targetRank < rank)) {
    return null;
  }
  return `${target}: expected a rank below ${rank} (${folder}), found ${targetRank ?? "none"} (${targetFolder})`;
}

function judgeBffImport(file: string, { specifier }: ImportSite): string | null {
  if (specifier === "overlock") return null;
  if (specifier !== null && isRelative(specifier)) {
    const [folder] = file.split("/");
    if (resolveTarget(file, specifier).startsWith(`${folder}/`)) return null;
  }
  return `${specifier ?? "what is only known at run time"}: expected nothing but overlock and files of its own folder`;
}

/**
 * For every file, the shortest way back to itself over files that sort after it. The first file of a circle thus
 * names it, and no circle is named twice.
 */
function findCircles(imports: ReadonlyMap<string, readonly ImportSite[]>): readonly string[] {
  return [...imports.keys()].toSorted().flatMap((start) => {
    const circle = findWayBack(imports, start);
    if (circle === null) return [];
    const line = edgesOf(imports, start).find(({ target }) => target === circle[1])?.line;
    return [`${start}:${line} imports in a circle: ${circle.join(" → ")}`];
  });
}

function findWayBack(
  imports: ReadonlyMap<string, readonly ImportSite[]>,
  start: string,
): readonly string[] | null {
  const ways: (readonly [...string[], string])[] = [[start]];
  const seen = new Set<string>();
  // The list grows while it is walked: nearer files first.
  for (const way of ways) {
    for (const { target } of edgesOf(imports, way.at(-1) ?? start)) {
      if (target === start) return [...way, start];
      if (target < start || seen.has(target)) continue;
      seen.add(target);
      ways.push([...way, target]);
    }
  }
  return null;
}

function edgesOf(
  imports: ReadonlyMap<string, readonly ImportSite[]>,
  file: string,
): readonly { readonly target: string; readonly line: number }[] {
  return (imports.get(file) ?? []).flatMap(({ specifier, line }) =>
    specifier === null ? [] : [{ target: resolveTarget(file, specifier), line }],
  );
}

/** The path from the repository's root that a relative specifier names; any other specifier as it is. */
function resolveTarget(file: string, specifier: string): string {
  return isRelative(specifier) ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
}

function isRelative(specifier: string): boolean {
  return /^\.\.?(?:\/|$)/.test(specifier);
}

/** The name of a package or of a Node builtin; an absolute path, a URL and a `#` alias have none. */
const packageName = /^(?:node:)?(?:@[\w.-]+\/)?\w[\w.-]*(?=\/|$)/;

/** The folder of `gateway/` in which a file lies; empty for a file directly in `gateway/`. */
function folderOf(file: string): string {
  return /^gateway\/([^/]+)\//.exec(file)?.[1] ?? "";
}
