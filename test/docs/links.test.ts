import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "../architecture/source-files.ts";
import { type MarkdownDocument, type MarkdownMention, parseMarkdown } from "./markdown-document.ts";
import { readRepositoryTexts, type RepositoryText } from "./repository-text.ts";

describe("the repository's text", () => {
  const texts = readRepositoryTexts();
  const documents = texts
    .filter(({ file }) => file.endsWith(".md"))
    .map(({ file, text }) => parseMarkdown(file, text));

  test("has links that lead to files and headings", () => {
    expect(documents.map(({ file }) => file)).toContain("docs/README.md");
    expect(findBrokenLinks(documents, exists)).toEqual([]);
  });

  test("names files of the repository that are there", () => {
    const own = documents.filter(({ file }) => /^(?:docs|gateway)\//.test(file));
    expect(findLostPaths(own, exists)).toEqual([]);
  });

  test("lists every document in an index", () => {
    const listed = documents
      .filter(({ file }) => /^docs\/(?:decisions\/)?README\.md$/.test(file))
      .flatMap(({ file, links }) => links.map(({ text }) => path.posix.join(path.posix.dirname(file), text)));
    const unlisted = documents
      .map(({ file }) => file)
      .filter((file) => file.startsWith("docs/") && file !== "docs/README.md" && !listed.includes(file));
    expect(unlisted).toEqual([]);
  });

  test("mentions no path of anybody's machine", () => {
    expect(findMachinePaths(texts)).toEqual([]);
  });
});

describe("links", () => {
  const target = parseMarkdown("docs/b.md", "# There it is\n");
  const found = (text: string): readonly string[] =>
    findBrokenLinks([parseMarkdown("docs/a.md", `# Here\n${text}`), target], (file) =>
      ["docs/a.md", "docs/b.md", "docs/decisions", "LICENSE"].includes(file),
    );

  test.each([
    "[a](b.md)",
    "[a](b.md#there-it-is)",
    "[a](#here)",
    "[a](./decisions/)",
    "[a](../LICENSE)",
    "[a](https://example.test/c.md)",
  ])("%s leads somewhere", (text) => {
    expect(found(text)).toEqual([]);
  });

  test.each([
    ["[a](c.md)", "c.md: there is no docs/c.md"],
    ["[a](b.md#here)", "b.md#here: docs/b.md has no such heading"],
    ["[a](#there-it-is)", "#there-it-is: docs/a.md has no such heading"],
    ["[a](/LICENSE)", "/LICENSE: expected a relative link"],
    ["[a](../../LICENSE)", "../../LICENSE: there is no ../LICENSE"],
  ])("%s leads nowhere", (text, problem) => {
    expect(found(text)).toEqual([`docs/a.md:2 ${problem}`]);
  });
});

describe("paths of machines", () => {
  const found = (text: string): readonly string[] => findMachinePaths([{ file: "a.md", text: `\n${text}` }]);
  const folder = ["home", "alice"].join("/");

  test.each([
    "/users/{id}",
    "/home",
    "https://example.test/home/a",
    "https://home/a",
    "/usr/lib/x",
    "a/home/b",
  ])("%s is none", (text) => {
    expect(found(text)).toEqual([]);
  });

  test.each([
    `/${folder}`,
    `see \`/${folder}/a.ts\``,
    `file:///${folder}`,
    `C:\\${["Users", "alice"].join("\\")}`,
  ])("%s is one", (text) => {
    expect(found(text)).toHaveLength(1);
  });
});

function exists(file: string): boolean {
  return existsSync(path.join(repositoryRoot, file));
}

function findBrokenLinks(
  documents: readonly MarkdownDocument[],
  isThere: (file: string) => boolean,
): readonly string[] {
  const byFile = new Map(documents.map((document) => [document.file, document]));
  return documents.flatMap((document) =>
    document.links.flatMap((link) => {
      const problem = judgeLink(document, link, byFile, isThere);
      return problem === null ? [] : [`${document.file}:${link.line} ${link.text}: ${problem}`];
    }),
  );
}

function judgeLink(
  document: MarkdownDocument,
  { text }: MarkdownMention,
  byFile: ReadonlyMap<string, MarkdownDocument>,
  isThere: (file: string) => boolean,
): string | null {
  if (/^[a-z][-+.a-z0-9]*:/.test(text)) return null;
  if (text.startsWith("/")) return "expected a relative link";
  const [relative = "", anchor = ""] = text.split("#");
  const folder = path.posix.dirname(document.file);
  const file = relative === "" ? document.file : path.posix.join(folder, relative).replace(/\/$/, "");
  if (!isThere(file)) return `there is no ${file}`;
  if (anchor === "") return null;
  const isKnown = byFile.get(file)?.headings.some((heading) => heading.anchor === anchor) === true;
  return isKnown ? null : `${file} has no such heading`;
}

/** Paths between backticks that begin with a folder of the repository; those with a placeholder are left alone. */
function findLostPaths(
  documents: readonly MarkdownDocument[],
  isThere: (file: string) => boolean,
): readonly string[] {
  return documents.flatMap(({ file, inlineCodes }) =>
    inlineCodes
      .filter(({ text }) => /^(?:gateway|docs|test|schemas|protos|bff-[a-z]+)\/[-./\w]*$/.test(text))
      .filter(({ text }) => !isThere(text))
      .map(({ text, line }) => `${file}:${line} names ${text}, which is not there`),
  );
}

/** Folders that are somebody's own: home folders and checkouts at the root of a disk. */
function findMachinePaths(texts: readonly RepositoryText[]): readonly string[] {
  const pattern =
    /(?<![\w.~)}\]*>-])(?<!:\/)\/(?:home|root|Users|work|workspaces?)\/[\w.]|\b[A-Z]:\\+Users\\+\w/;
  return texts.flatMap(({ file, text }) =>
    text.split("\n").flatMap((line, index) => {
      const match = pattern.exec(line);
      return match === null
        ? []
        : [`${file}:${index + 1} mentions ${line.slice(match.index, match.index + 40)}`];
    }),
  );
}
