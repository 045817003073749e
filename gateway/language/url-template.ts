/** One variable of a template: `args.id`, or the bare name of the batch's key list. */
export interface TemplateVariable {
  /** As written, without the explode mark. */
  readonly name: string;
  /** The name of its query pair: the last part of a dotted name. */
  readonly pairName: string;
  /** `*`: one pair for each element of a list, instead of one pair with commas. */
  readonly isExploded: boolean;
  readonly isInQuery: boolean;
  readonly offset: number;
}

type Part = { readonly literal: string } | { readonly variables: readonly TemplateVariable[] };

/**
 * An RFC 6570 template (https://www.rfc-editor.org/rfc/rfc6570) of the operators that can't let a value out of its
 * place: `{x}`, `{?x}`, `{&x}`, each with `*`. Dotted names are ours; they name where the value comes from.
 */
export interface UrlTemplate {
  readonly text: string;
  readonly parts: readonly Part[];
  readonly variables: readonly TemplateVariable[];
}

export class TemplateSyntaxError extends Error {
  readonly expected: string;
  readonly found: string;
  readonly offset: number;

  constructor(expected: string, found: string, offset: number) {
    super(`expected ${expected}, found ${found}`);
    this.name = "TemplateSyntaxError";
    this.expected = expected;
    this.found = found;
    this.offset = offset;
  }
}

const variablePattern = /^([A-Za-z_][-\w]*(?:\.[A-Za-z_][-\w]*)*)(\*?)$/;
/** What may stand in a path or query outside braces: RFC 3986's unreserved, sub-delims, ":", "@", "/", "?" and "%". */
const literalPattern = /^[-\w.~!$&'()*+,;=:@/?%]*$/;

/** Parses and checks a template. Raises {@link TemplateSyntaxError}. */
export function parseUrlTemplate(text: string): UrlTemplate {
  if (!text.startsWith("/")) throw new TemplateSyntaxError("a path that starts with /", quote(text), 0);
  const parts: Part[] = [];
  const variables: TemplateVariable[] = [];
  const pairNames = new Set<string>();
  let hasQuery = false;
  let at = 0;
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    hasQuery = pushLiteral(parts, text.slice(at, match.index), at, hasQuery);
    const expression = parseExpression(match[1] ?? "", match.index + 1, hasQuery);
    for (const variable of expression.variables) {
      if (!variable.isInQuery) continue;
      if (pairNames.has(variable.pairName)) {
        throw new TemplateSyntaxError("each query pair once", quote(variable.pairName), variable.offset);
      }
      pairNames.add(variable.pairName);
    }
    hasQuery ||= expression.startsQuery;
    parts.push({ variables: expression.variables });
    variables.push(...expression.variables);
    at = match.index + match[0].length;
  }
  pushLiteral(parts, text.slice(at), at, hasQuery);
  if (hasDangerousLiteral(parts)) {
    throw new TemplateSyntaxError("a path without empty, dot or encoded-slash segments", quote(text), 0);
  }
  return { text, parts, variables };
}

/**
 * The template with values in place: percent-encoded, lists joined by commas or exploded. Returns null where the call
 * must not be made: a value in the path is absent, or makes its segment empty, "." or "..". An absent value in the
 * query drops its pair; whether it may be absent is the caller's to decide beforehand.
 * `extraPairs` follow in the given order; lists in them repeat the pair.
 */
export function expandUrlTemplate(
  template: UrlTemplate,
  read: (variable: TemplateVariable) => unknown,
  extraPairs: readonly (readonly [name: string, value: unknown])[],
): string | null {
  let path = "";
  const pairs: string[] = [];
  let literalQuery: string | null = null;
  for (const part of template.parts) {
    if ("literal" in part) {
      if (literalQuery !== null) literalQuery += part.literal;
      else {
        const [before = "", after] = splitOnce(part.literal, "?");
        path += before;
        if (after !== undefined) literalQuery = after;
      }
      continue;
    }
    for (const [index, variable] of part.variables.entries()) {
      const value = read(variable);
      if (variable.isInQuery) pushPair(pairs, variable.pairName, value, variable.isExploded);
      else {
        const text = scalarTexts(value);
        if (text === null || text.includes("")) return null;
        path += (index === 0 ? "" : ",") + text.map(encode).join(",");
      }
    }
  }
  if (hasDotSegment(path)) return null;
  for (const [name, value] of extraPairs) pushPair(pairs, name, value, true);
  const query = [...(literalQuery === null || literalQuery === "" ? [] : [literalQuery]), ...pairs].join("&");
  return query === "" ? path : `${path}?${query}`;
}

/** Percent-encodes all but RFC 3986's unreserved characters; lone surrogates become U+FFFD. */
export function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function parseExpression(
  body: string,
  offset: number,
  hasQuery: boolean,
): { variables: TemplateVariable[]; startsQuery: boolean } {
  const operator = /^[^A-Za-z_]/.exec(body)?.[0] ?? "";
  if (!["", "?", "&"].includes(operator)) {
    throw new TemplateSyntaxError("{name}, {?name} or {&name}", quote(`{${body}}`), offset);
  }
  if (operator === "" && hasQuery) {
    throw new TemplateSyntaxError("{&name} after the query has begun", quote(`{${body}}`), offset);
  }
  if (operator === "?" && hasQuery)
    throw new TemplateSyntaxError("{&name} after the first ?", quote(`{${body}}`), offset);
  if (operator === "&" && !hasQuery)
    throw new TemplateSyntaxError("{?name} before any ?", quote(`{${body}}`), offset);
  const variables: TemplateVariable[] = [];
  let at = offset + operator.length;
  for (const item of body.slice(operator.length).split(",")) {
    const match = variablePattern.exec(item);
    if (match === null) throw new TemplateSyntaxError("a variable's name", quote(item), at);
    const name = match[1] ?? "";
    variables.push({
      name,
      pairName: name.slice(name.lastIndexOf(".") + 1),
      isExploded: match[2] === "*",
      isInQuery: operator !== "",
      offset: at,
    });
    at += item.length + 1;
  }
  return { variables, startsQuery: operator === "?" };
}

function pushLiteral(parts: Part[], literal: string, offset: number, hasQuery: boolean): boolean {
  if (literal === "") return hasQuery;
  if (!literalPattern.test(literal)) {
    throw new TemplateSyntaxError(
      "a path and query of URL characters, braces in pairs",
      quote(literal),
      offset,
    );
  }
  const questionMark = literal.indexOf("?");
  if (hasQuery && !literal.startsWith("&")) {
    throw new TemplateSyntaxError("& before a further query pair", quote(literal), offset);
  }
  parts.push({ literal });
  return hasQuery || questionMark !== -1;
}

function hasDangerousLiteral(parts: readonly Part[]): boolean {
  // A variable stands for at least one character, so "x" in its place shows what the literals alone make of the path.
  const path = parts
    .map((part) => ("literal" in part ? part.literal : part.variables[0]?.isInQuery ? "" : "x"))
    .join("");
  return /(^|\/)\.\.?(\/|$)|\/\/|%2e|%2f|%5c/i.test(path.split("?")[0] ?? "");
}

function hasDotSegment(path: string): boolean {
  return path.split("/").some((segment) => segment === "." || segment === "..");
}

function pushPair(pairs: string[], name: string, value: unknown, isExploded: boolean): void {
  const texts = scalarTexts(value);
  if (texts === null) return;
  if (isExploded) for (const text of texts) pairs.push(`${encode(name)}=${encode(text)}`);
  else pairs.push(`${encode(name)}=${texts.map(encode).join(",")}`);
}

/** Null where there is nothing to send. */
function scalarTexts(value: unknown): string[] | null {
  if (value === undefined || value === null) return null;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.filter((item) => item !== undefined && item !== null).map(scalarText);
  return texts.length === 0 ? null : texts;
}

function scalarText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  throw new TypeError(`a URL takes texts, numbers and Booleans, not ${typeof value}`);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
