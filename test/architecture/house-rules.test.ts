import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  readBffFolders,
  readFilePaths,
  readSourceFiles,
  repositoryRoot,
  type SourceFiles,
} from "./source-files.ts";
import { isMemberAccess, tokenize } from "./tokens.ts";

/** The number of lines that the README of a folder inside `gateway/` may have. */
const maxReadmeLines = 10;

/** Names of files and folders that say nothing about what is inside. */
const emptyNames: ReadonlySet<string> = new Set(["utils", "types", "helpers"]);

/** The number of characters from which on the words beside a silenced check count as a reason. */
const minReasonLength = 10;

describe("the repository", () => {
  const sources = readSourceFiles("gateway", "test", ...readBffFolders());
  const readmes = readFilePaths("gateway").filter((file) => path.basename(file) === "README.md");
  const readmeTexts = readmes.map(
    (file) => [file, readFileSync(path.join(repositoryRoot, file), "utf8")] as const,
  );

  test("has a short README in every folder of gateway/", () => {
    expect(findReadmeProblems(new Map([...sources, ...readmeTexts]))).toEqual([]);
  });

  test("names files and folders after what is inside", () => {
    expect(findNameProblems(sources)).toEqual([]);
  });

  test("exports by name", () => {
    expect(findDefaultExports(sources)).toEqual([]);
  });

  test("keeps no state in modules", () => {
    expect(findModuleState(sources)).toEqual([]);
  });

  test("gives a reason wherever a check is silenced", () => {
    expect(findSilencedChecks(sources)).toEqual([]);
  });
});

describe("READMEs", () => {
  const readme = "gateway/README.md";

  test("are as long as the limit, with a final newline or without", () => {
    const files = {
      [readme]: "line\n".repeat(50),
      "gateway/core/README.md": "line\n".repeat(10),
      "gateway/core/a.ts": "",
      "gateway/cli/README.md": "line\n".repeat(9) + "line",
      "gateway/cli/a.ts": "",
      "test/e2e/a.ts": "",
    };
    expect(findReadmeProblems(new Map(Object.entries(files)))).toEqual([]);
  });

  test.each<[what: string, files: Record<string, string>, problem: string]>([
    [
      "no README in a folder",
      { [readme]: "", "gateway/core/a.ts": "" },
      "gateway/core/README.md is missing: expected to read there what lives in gateway/core",
    ],
    [
      "no README in a folder that has only folders",
      { [readme]: "", "gateway/sources/rest/a.ts": "", "gateway/sources/rest/README.md": "" },
      "gateway/sources/README.md is missing: expected to read there what lives in gateway/sources",
    ],
    [
      "no README of the gateway",
      { "gateway/index.ts": "" },
      "gateway/README.md is missing: expected to read there what lives in gateway",
    ],
    [
      "a README just over the limit",
      { [readme]: "", "gateway/core/README.md": "line\n".repeat(11) },
      "gateway/core/README.md has 11 lines: expected at most 10",
    ],
    [
      "a README just over the limit, further down",
      {
        [readme]: "",
        "gateway/core/README.md": "",
        "gateway/core/a/README.md": "line\n".repeat(10) + "line",
      },
      "gateway/core/a/README.md has 11 lines: expected at most 10",
    ],
  ])("%s is a problem", (_what, files, problem) => {
    expect(findReadmeProblems(new Map(Object.entries(files)))).toEqual([problem]);
  });
});

describe("names", () => {
  test("are kebab-case, with further parts after a dot", () => {
    const files = [
      "gateway/core/error-codes.ts",
      "test/spec/graphql-over-http.test.ts",
      "bff-web/bff.config.ts",
    ];
    expect(findNameProblems(new Map(files.map((file) => [file, ""])))).toEqual([]);
  });

  test.each([
    ["gateway/core/errorCodes.ts", "errorCodes.ts is not kebab-case"],
    ["gateway/core/error_codes.ts", "error_codes.ts is not kebab-case"],
    ["gateway/core/Deadline.ts", "Deadline.ts is not kebab-case"],
    ["gateway/coreParts/deadline.ts", "coreParts is not kebab-case"],
    ["test/core/deadline.slowTest.ts", "deadline.slowTest.ts is not kebab-case"],
    ["gateway/core/utils.ts", "utils.ts says nothing about what is inside"],
    ["gateway/core/types.ts", "types.ts says nothing about what is inside"],
    ["gateway/core/types.d.ts", "types.d.ts says nothing about what is inside"],
    ["gateway/core/helpers.js", "helpers.js says nothing about what is inside"],
    ["test/helpers/wait.ts", "helpers says nothing about what is inside"],
  ])("%s is a problem", (file, problem) => {
    expect(findNameProblems(new Map([[file, ""]]))).toEqual([`${file}: ${problem}`]);
  });
});

describe("default exports", () => {
  test.each([
    ["gateway/a.ts", "export const a = 1;"],
    ["gateway/a.ts", 'export { default as a } from "a";'],
    ["gateway/a.ts", "// export default a;"],
    ["gateway/a.ts", "switch (a) { default: }"],
    ["bff-web/bff.config.ts", "export default defineBff({});"],
  ])("%s may say %s", (file, source) => {
    expect(findDefaultExports(new Map([[file, source]]))).toEqual([]);
  });

  test.each([
    "export default a;",
    "export default function a() {}",
    "export { a as default };",
    "export { a, b as default, c };",
    'export { default } from "a";',
    'export { a, default } from "a";',
    'export * as default from "a";',
    "export type { A as default };",
  ])("no file may say %s, unless it is a config file", (source) => {
    const files = new Map([
      ["gateway/core/a.ts", `\n${source}`],
      ["test/a.config.ts", source],
    ]);
    expect(findDefaultExports(files)).toEqual([
      "gateway/core/a.ts:2 has a default export: expected a named one",
    ]);
  });
});

describe("state in modules", () => {
  test.each([
    ["gateway/a.ts", "const a = 1;"],
    ["gateway/a.ts", "function a() { let b = 1; return b; }"],
    ["gateway/a.ts", "for (let a = 0; a < 1; a += 1) {}"],
    ["gateway/a.ts", "const a = `${(() => { let b = 1; return b; })()}`;"],
    ["gateway/a.ts", "a.let = 1;"],
    ["test/a.test.ts", "let server: Server;"],
  ])("%s may say %s", (file, source) => {
    expect(findModuleState(new Map([[file, source]]))).toEqual([]);
  });

  test.each(["let a = 1;", "var a = 1;", "export let a = 1;", "{ }; let a = `${b}`;"])(
    "no file of the gateway may say %s",
    (source) => {
      expect(findModuleState(new Map([["gateway/core/a.ts", `\n${source}`]]))).toEqual([
        "gateway/core/a.ts:2 keeps state in the module: expected a constant, or state that its user owns",
      ]);
    },
  );
});

describe("silenced checks", () => {
  test.each([
    "// @ts-expect-error the library's type lacks the second argument",
    "/* @ts-expect-error: the library's type lacks the second argument */",
    "// oxlint-disable-next-line no-await-in-loop -- each page names the next one",
    "/* oxlint-disable no-await-in-loop, no-bitwise -- each page names the next one */",
    "a(); // oxlint-disable-line typescript/no-explicit-any -- the library returns it",
    "// biome-ignore format: the columns of the table stay readable",
    "// oxlint-enable no-await-in-loop",
    "// A word on @ts-ignore: it is not used here.",
    'const text = "// @ts-ignore";',
  ])("%s is fine", (source) => {
    expect(findSilencedChecks(new Map([["gateway/core/a.ts", source]]))).toEqual([]);
  });

  test.each([
    ["// @ts-ignore the library's type is wrong", "@ts-ignore: expected @ts-expect-error with a reason"],
    ["// @ts-nocheck the library's type is wrong", "@ts-nocheck: expected @ts-expect-error with a reason"],
    ["/**\n * @ts-ignore\n */", "@ts-ignore: expected @ts-expect-error with a reason"],
    ["// @ts-expect-error", "@ts-expect-error: expected a reason after it"],
    ["// @ts-expect-error: wrong", "@ts-expect-error: expected a reason after it"],
    ["// oxlint-disable", "oxlint-disable: expected the names of the rules, ` -- ` and a reason"],
    [
      "// oxlint-disable-next-line no-bitwise",
      "oxlint-disable-next-line: expected the names of the rules, ` -- ` and a reason",
    ],
    [
      "// oxlint-disable-next-line -- each page names the next one",
      "oxlint-disable-next-line: expected the names of the rules, ` -- ` and a reason",
    ],
    [
      "a(); // eslint-disable-line no-bitwise -- flags",
      "eslint-disable-line: expected the names of the rules, ` -- ` and a reason",
    ],
    ["// biome-ignore format", "biome-ignore: expected the name of the rule, a colon and a reason"],
  ])("%j is a problem", (source, problem) => {
    expect(findSilencedChecks(new Map([["gateway/core/a.ts", `\n${source}`]]))).toEqual([
      `gateway/core/a.ts:2 has ${problem}`,
    ]);
  });
});

function findReadmeProblems(files: SourceFiles): readonly string[] {
  const folders = [...files.keys()].flatMap((file) => /^gateway\/[^/]+(?=\/)/.exec(file)?.[0] ?? []);
  const missing = ["gateway", ...new Set(folders)].filter((folder) => !files.has(`${folder}/README.md`));
  const tooLong = [...files]
    .filter(([file]) => /^gateway\/.+\/README\.md$/.test(file))
    .map(([file, text]) => [file, text.trimEnd().split("\n").length] as const)
    .filter(([, lines]) => lines > maxReadmeLines);
  return [
    ...missing.map(
      (folder) => `${folder}/README.md is missing: expected to read there what lives in ${folder}`,
    ),
    ...tooLong.map(([file, lines]) => `${file} has ${lines} lines: expected at most ${maxReadmeLines}`),
  ];
}

function findNameProblems(files: SourceFiles): readonly string[] {
  const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;
  return [...files.keys()].flatMap((file) => {
    const names = file.split("/");
    return [
      ...names.filter((name) => !kebabCase.test(name)).map((name) => `${file}: ${name} is not kebab-case`),
      ...names
        .filter((name) => emptyNames.has(name.replace(/\..*/, "")))
        .map((name) => `${file}: ${name} says nothing about what is inside`),
    ];
  });
}

/** Default exports outside of config files, where the tool that loads them asks for one. */
function findDefaultExports(files: SourceFiles): readonly string[] {
  return [...files]
    .filter(([file]) => !/\.config\.[jt]s$/.test(file))
    .flatMap(([file, source]) => {
      const code = tokenize(source).filter((token) => token.kind !== "comment");
      const lines = code.flatMap((token, index) => {
        if (token.kind !== "word" || token.text !== "export" || isMemberAccess(code[index - 1])) return [];
        return exportsDefault(code.slice(index + 1).map(({ text }) => text)) ? [token.line] : [];
      });
      return lines.map((line) => `${file}:${line} has a default export: expected a named one`);
    });
}

/** Judges what follows `export`: `default …`, `* as default …`, or braces in which the last name is `default`. */
function exportsDefault([first, ...rest]: readonly string[]): boolean {
  if (first === "type") return exportsDefault(rest);
  if (first === "default") return true;
  if (first === "*") return rest[0] === "as" && rest[1] === "default";
  if (first !== "{") return false;
  const names = rest.slice(0, rest.indexOf("}") + 1);
  return names.some((name, index) => name === "default" && names[index + 1] !== "as");
}

/** `let` and `var` outside of every bracket of a gateway file. */
function findModuleState(files: SourceFiles): readonly string[] {
  return [...files]
    .filter(([file]) => file.startsWith("gateway/"))
    .flatMap(([file, source]) => {
      const tokens = tokenize(source);
      const lines: number[] = [];
      let depth = 0;
      for (const [index, { kind, text, line }] of tokens.entries()) {
        if (kind === "punctuator" && openers.has(text)) depth += 1;
        if (kind === "punctuator" && closers.has(text)) depth -= 1;
        const isDeclaration = kind === "word" && (text === "let" || text === "var");
        if (isDeclaration && depth === 0 && !isMemberAccess(tokens[index - 1])) lines.push(line);
      }
      return lines.map(
        (line) =>
          `${file}:${line} keeps state in the module: expected a constant, or state that its user owns`,
      );
    });
}

const openers: ReadonlySet<string> = new Set(["(", "[", "{", "${"]);
const closers: ReadonlySet<string> = new Set([")", "]", "}"]);

/** Comments that switch a check off and do not say which and why. */
function findSilencedChecks(files: SourceFiles): readonly string[] {
  return [...files].flatMap(([file, source]) =>
    tokenize(source)
      .filter((token) => token.kind === "comment")
      .flatMap((comment) => {
        const problem = judgeComment(comment.text);
        return problem === null ? [] : [`${file}:${comment.line} has ${problem}`];
      }),
  );
}

/** What is wrong with a comment, or null. A directive counts at the start of any of its lines, as it does for tools. */
function judgeComment(comment: string): string | null {
  const directive =
    /^(?:\/\/+|\/\*+|\s*\*)?[ \t]*(@ts-\w+(?:-\w+)*|(?:ox|es)lint-disable(?:-\w+)*|biome-ignore)\b(.*)$/m.exec(
      comment.replace(/\*\/$/, ""),
    );
  if (directive === null) return null;
  const [, name = "", words = ""] = directive;
  if (name === "@ts-ignore" || name === "@ts-nocheck") {
    return `${name}: expected @ts-expect-error with a reason`;
  }
  if (name === "@ts-expect-error") {
    return isReason(words) ? null : `${name}: expected a reason after it`;
  }
  if (name === "biome-ignore") {
    const [rule = "", reason = ""] = words.split(/:(.*)/);
    return rule.trim() !== "" && isReason(reason)
      ? null
      : `${name}: expected the name of the rule, a colon and a reason`;
  }
  const [rules = "", reason = ""] = words.split(/ -- (.*)/);
  return rules.trim() !== "" && isReason(reason)
    ? null
    : `${name}: expected the names of the rules, \` -- \` and a reason`;
}

function isReason(words: string): boolean {
  return words.replace(/^[\s:–-]+/, "").trim().length >= minReasonLength;
}
