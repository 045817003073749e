import { readFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "../architecture/source-files.ts";

/** A row of a table: the text of each cell by the title of its column. */
export type MarkdownRow = ReadonlyMap<string, string>;

export interface MarkdownTable {
  /** The text of the nearest heading above. */
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly MarkdownRow[];
}

export interface MarkdownHeading {
  /** 1 for `#`. */
  readonly level: number;
  readonly text: string;
  /** What a link to it says after `#`, as GitHub makes it. */
  readonly anchor: string;
  readonly line: number;
}

export interface MarkdownCode {
  readonly language: string;
  readonly text: string;
  /** The line of its first character. */
  readonly line: number;
}

export interface MarkdownMention {
  readonly text: string;
  readonly line: number;
}

/** What the tests want to know of a markdown file. */
export interface MarkdownDocument {
  /** From the repository's root, with `/`. */
  readonly file: string;
  readonly headings: readonly MarkdownHeading[];
  readonly tables: readonly MarkdownTable[];
  readonly codes: readonly MarkdownCode[];
  /** The targets of links and images. */
  readonly links: readonly MarkdownMention[];
  /** What stands between single backticks. */
  readonly inlineCodes: readonly MarkdownMention[];
}

/** Reads a markdown file; `file` is relative to the repository's root. */
export function readMarkdownDocument(file: string): MarkdownDocument {
  return parseMarkdown(file, readFileSync(path.join(repositoryRoot, file), "utf8"));
}

/** Covers what our files use: headings with `#`, tables with outer bars, fences of backticks, inline links. */
export function parseMarkdown(file: string, text: string): MarkdownDocument {
  const { prose, codes } = splitFences(text.split("\n"));
  const headings = findHeadings(prose);
  const spans = prose.flatMap((line, index) => findSpans(line, index + 1));
  return {
    file,
    headings,
    tables: findTables(prose, headings),
    codes,
    links: spans.filter((span) => span.kind === "link"),
    inlineCodes: spans.filter((span) => span.kind === "code"),
  };
}

/** The first table under a heading. */
export function tableUnder(document: MarkdownDocument, heading: string): MarkdownTable {
  const table = document.tables.find((candidate) => candidate.heading === heading);
  if (table === undefined)
    throw new Error(`${document.file}: expected a table under "${heading}", found none`);
  return table;
}

/** A cell's text. */
export function cellOf(row: MarkdownRow, column: string): string {
  const text = row.get(column);
  if (text === undefined)
    throw new Error(`expected a column "${column}", found ${[...row.keys()].join(", ")}`);
  return text;
}

/** What a cell says between backticks, or all of it where it has none. */
export function codeOf(row: MarkdownRow, column: string): string {
  const text = cellOf(row, column);
  return /^`+ ?(.*?) ?`+$/.exec(text)?.[1] ?? text;
}

/** Takes the fences out, leaving empty lines, so that everything else keeps its number. */
function splitFences(lines: readonly string[]): { prose: string[]; codes: MarkdownCode[] } {
  const prose: string[] = [];
  const codes: MarkdownCode[] = [];
  let fence: { readonly language: string; readonly start: number; readonly body: string[] } | null = null;
  for (const [index, line] of lines.entries()) {
    const mark = /^ *```(.*)$/.exec(line);
    if (fence === null && mark === null) {
      prose.push(line);
      continue;
    }
    prose.push("");
    if (fence === null) fence = { language: (mark?.[1] ?? "").trim(), start: index + 2, body: [] };
    else if (mark === null) fence.body.push(line);
    else {
      codes.push({ language: fence.language, text: fence.body.join("\n"), line: fence.start });
      fence = null;
    }
  }
  return { prose, codes };
}

function findHeadings(prose: readonly string[]): MarkdownHeading[] {
  const headings: MarkdownHeading[] = [];
  const uses = new Map<string, number>();
  for (const [index, line] of prose.entries()) {
    const match = /^(#{1,6}) +(.*?) *$/.exec(line);
    if (match === null) continue;
    const text = (match[2] ?? "").replaceAll("`", "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    const base = text
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, "")
      .replaceAll(" ", "-");
    const earlier = uses.get(base) ?? 0;
    uses.set(base, earlier + 1);
    const anchor = earlier === 0 ? base : `${base}-${earlier}`;
    headings.push({ level: match[1]?.length ?? 0, text, anchor, line: index + 1 });
  }
  return headings;
}

function findTables(prose: readonly string[], headings: readonly MarkdownHeading[]): MarkdownTable[] {
  const tables: MarkdownTable[] = [];
  for (const [index, line] of prose.entries()) {
    if (!/^\|(?: *:?-+:? *\|)+$/.test(line.trim())) continue;
    const columns = cellsOf(prose[index - 1] ?? "");
    const rows: MarkdownRow[] = [];
    for (const row of prose.slice(index + 1)) {
      if (!row.startsWith("|")) break;
      const cells = cellsOf(row);
      rows.push(new Map(columns.map((column, at) => [column, cells[at] ?? ""])));
    }
    const heading = headings.findLast((candidate) => candidate.line <= index)?.text ?? "";
    tables.push({ heading, columns, rows });
  }
  return tables;
}

/** A bar inside a cell is written `\|`. */
function cellsOf(row: string): string[] {
  const cells = row.trim().split(/(?<!\\)\|/);
  return cells.slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

type Span = MarkdownMention & { readonly kind: "link" | "code" };

/** Links and inline code of one line; what looks like a link inside code is none. */
function findSpans(line: string, number: number): Span[] {
  const spans: Span[] = [];
  const outside = line.replaceAll(/(`+)(.*?[^`])\1(?!`)/g, (_match, _ticks, code: string) => {
    spans.push({ kind: "code", text: code.trim(), line: number });
    return "code";
  });
  for (const match of outside.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)) {
    spans.push({ kind: "link", text: match[1] ?? "", line: number });
  }
  const definition = /^ *\[[^\]]+\]: *(\S+)/.exec(outside);
  if (definition !== null) spans.push({ kind: "link", text: definition[1] ?? "", line: number });
  return spans;
}
