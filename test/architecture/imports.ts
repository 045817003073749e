import { isMemberAccess, tokenize, type Token } from "./tokens.ts";

/** One place where a source file names another module. */
export interface ImportSite {
  /** The module named; null when it is only known at run time, so that no rule can judge it. */
  readonly specifier: string | null;
  /** The line of the keyword, from 1. */
  readonly line: number;
  /**
   * `import type` and `export type`, which are gone before the program runs. A `type` inside the braces does not
   * count: there the import itself stays and loads the module.
   */
  readonly isTypeOnly: boolean;
}

/**
 * Finds every import of a TypeScript or JavaScript source, in order: static, for effect, `export … from`,
 * dynamic (and the type `import("…")`), and `require`.
 * @throws Error, naming the line, for a source that is not well formed
 */
export function findImports(source: string): readonly ImportSite[] {
  const code = tokenize(source).filter((token) => token.kind !== "comment");
  return code.flatMap((token, index) => {
    if (!keywords.has(token.text) || token.kind !== "word" || isMemberAccess(code[index - 1])) return [];
    const rest = code.slice(index + 1);
    const specifier = readSpecifier(token.text, rest);
    if (specifier === undefined) return [];
    return [{ specifier, line: token.line, isTypeOnly: isTypeClause(rest) }];
  });
}

const keywords = new Set(["import", "export", "require"]);

/** The specifier after a keyword; null when it is computed, undefined when this is no import. */
function readSpecifier(keyword: string, rest: readonly Token[]): string | null | undefined {
  const [first, second] = rest;
  if (keyword === "export") {
    const start = first?.text === "type" ? second : first;
    return isPunctuator(start, "{") || isPunctuator(start, "*") ? readFromClause(rest) : undefined;
  }
  if (isPunctuator(first, "(")) return readArgument(rest);
  if (keyword === "require") return undefined;
  return first?.kind === "string" ? readLiteral(first) : readFromClause(rest);
}

function readArgument([, argument, end]: readonly Token[]): string | null {
  return isPunctuator(end, ")") || isPunctuator(end, ",") ? readLiteral(argument) : null;
}

/** Reads on to `from "…"`; undefined where something else than an import clause stands. */
function readFromClause(rest: readonly Token[]): string | null | undefined {
  let depth = 0;
  for (const [index, token] of rest.entries()) {
    const next = rest[index + 1];
    if (isPunctuator(token, "{")) depth += 1;
    else if (isPunctuator(token, "}")) {
      depth -= 1;
      if (next?.text !== "from") return undefined;
    } else if (depth === 0) {
      if (token.text === "from" && next?.kind === "string") return readLiteral(next);
      if (token.kind !== "word" && !isPunctuator(token, "*") && !isPunctuator(token, ",")) return undefined;
    }
  }
  return undefined;
}

/** Escapes in a specifier have no honest use: such a one counts as computed. */
function readLiteral(token: Token | undefined): string | null {
  const isLiteral = token?.kind === "string" || token?.kind === "template";
  return isLiteral && !token.text.includes("\\") ? token.text : null;
}

/** `import type from "x"` imports a default called `type`; it is not the type clause. */
function isTypeClause([first, second, third]: readonly Token[]): boolean {
  return (
    first?.text === "type" &&
    !isPunctuator(second, ",") &&
    !(second?.text === "from" && third?.kind === "string")
  );
}

function isPunctuator(token: Token | undefined, text: string): boolean {
  return token?.kind === "punctuator" && token.text === text;
}
