import { quoted } from "../core/errors.ts";

/** One variable of a template: `args.id`, or the bare name of the batch's key list. */
export interface TemplateVariable {
  /** As written, without the explode mark. */
  readonly name: string;
  /** The name of its query pair: the last part of a dotted name. It needs no encoding. */
  readonly pairName: string;
  /** `*`: one pair for each element of a list, instead of one pair with commas. */
  readonly isExploded: boolean;
  readonly isInQuery: boolean;
  readonly offset: number;
}

/** Text that is sent as it stands, `&` and `?` between pairs left out, or the variables of one expression. */
type Part =
  | { readonly literal: string; readonly isInQuery: boolean }
  | { readonly variables: readonly TemplateVariable[] };

/**
 * An RFC 6570 template (https://www.rfc-editor.org/rfc/rfc6570) of the operators that can't let a value out of its
 * place: `{x}`, `{?x}`, `{&x}`, each with `*`. Dotted names are ours; they name where the value comes from.
 */
export interface UrlTemplate {
  readonly text: string;
  readonly parts: readonly Part[];
  readonly variables: readonly TemplateVariable[];
  /** Every query pair that the template sends, decoded; those of variables once each. */
  readonly pairNames: ReadonlySet<string>;
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

/** Parses and checks a template. Raises {@link TemplateSyntaxError}. */
export function parseUrlTemplate(text: string): UrlTemplate {
  if (!text.startsWith("/")) throw new TemplateSyntaxError("a path that starts with /", quoted(text), 0);
  const parser = new Parser(text);
  let at = 0;
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    parser.addLiteral(text.slice(at, match.index), at);
    parser.addExpression(match[1] ?? "", match.index + 1);
    at = match.index + match[0].length;
  }
  parser.addLiteral(text.slice(at), at);
  return parser.finish();
}

/**
 * The template with values in place: percent-encoded, lists joined by commas or exploded. Returns null where the call
 * must not be made: a value in the path is absent or empty, or makes a segment that some server along the way would
 * resolve to another path (".", "..", also behind an encoded slash). An absent value in the query drops its pair;
 * whether it may be absent is the caller's to decide beforehand. Raises TypeError for a value that is no scalar and no
 * list of scalars. `extraPairs` follow in the given order; lists in them repeat the pair.
 */
export function expandUrlTemplate(
  template: UrlTemplate,
  read: (variable: TemplateVariable) => unknown,
  extraPairs: readonly (readonly [name: string, value: unknown])[],
): string | null {
  let path = "";
  let query = "";
  for (const part of template.parts) {
    if ("literal" in part) {
      if (part.isInQuery) query += `&${part.literal}`;
      else path += part.literal;
      continue;
    }
    const { variables } = part;
    for (let index = 0; index < variables.length; index++) {
      const variable = variables[index] as TemplateVariable;
      const value = read(variable);
      if (variable.isInQuery) query += pairsOf(variable.pairName, value, variable.isExploded);
      else {
        const text = segmentOf(value);
        if (text === null) return null;
        path += index === 0 ? text : `,${text}`;
      }
    }
  }
  if (leadsElsewhere(path)) return null;
  for (const [name, value] of extraPairs) query += pairsOf(encode(name), value, true);
  return query === "" ? path : `${path}?${query.slice(1)}`;
}

const variablePattern = /^([A-Za-z_][-\w]*(?:\.[A-Za-z_][-\w]*)*)(\*?)$/;
/** What may stand in a path or query outside braces: RFC 3986's unreserved, sub-delims, ":", "@", "/", "?", "%xx". */
const literalPattern = /^(?:[-\w.~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;

class Parser {
  readonly #text: string;
  readonly #parts: Part[] = [];
  readonly #variables: TemplateVariable[] = [];
  readonly #pairNames = new Set<string>();
  readonly #variablePairs = new Set<string>();
  #isInQuery = false;
  /** The path with "x" for each variable: it stands for one character at least. */
  #path = "";

  constructor(text: string) {
    this.#text = text;
  }

  addLiteral(literal: string, offset: number): void {
    if (literal === "") return;
    if (!literalPattern.test(literal)) {
      const expected = "a path and query of URL characters, braces in pairs";
      throw new TemplateSyntaxError(expected, quoted(literal), offset);
    }
    const [path, query] = this.#isInQuery ? ["", literal] : splitOnce(literal, "?");
    if (this.#isInQuery && !literal.startsWith("&"))
      throw new TemplateSyntaxError("& before a further query pair", quoted(literal), offset);
    if (path !== "") this.#parts.push({ literal: path, isInQuery: false });
    this.#path += path;
    if (query === undefined) return;
    this.#isInQuery = true;
    for (const pair of query.split("&")) {
      if (pair === "") continue;
      const name = decoded(splitOnce(pair, "=")[0]);
      if (this.#variablePairs.has(name))
        throw new TemplateSyntaxError("each query pair once", quoted(name), offset);
      this.#pairNames.add(name);
      this.#parts.push({ literal: pair, isInQuery: true });
    }
  }

  addExpression(body: string, offset: number): void {
    const operator = /^[^A-Za-z_]/.exec(body)?.[0] ?? "";
    this.#checkOperator(operator, quoted(`{${body}}`), offset);
    this.#isInQuery = operator !== "";
    const variables: TemplateVariable[] = [];
    let at = offset + operator.length;
    for (const item of body.slice(operator.length).split(",")) {
      const match = variablePattern.exec(item);
      if (match === null) throw new TemplateSyntaxError("a variable's name", quoted(item), at);
      const [, name = "", star] = match;
      const pairName = name.slice(name.lastIndexOf(".") + 1);
      if (this.#isInQuery) {
        if (this.#pairNames.has(pairName))
          throw new TemplateSyntaxError("each query pair once", quoted(pairName), at);
        this.#pairNames.add(pairName);
        this.#variablePairs.add(pairName);
      } else this.#path += "x";
      variables.push({ name, pairName, isExploded: star === "*", isInQuery: this.#isInQuery, offset: at });
      at += item.length + 1;
    }
    this.#parts.push({ variables });
    this.#variables.push(...variables);
  }

  finish(): UrlTemplate {
    if (leadsElsewhere(this.#path) || /\/\/|%2f|%5c/i.test(this.#path)) {
      const expected = "a path without empty, dot or encoded-slash segments";
      throw new TemplateSyntaxError(expected, quoted(this.#text), 0);
    }
    return {
      text: this.#text,
      parts: this.#parts,
      variables: this.#variables,
      pairNames: this.#pairNames,
    };
  }

  #checkOperator(operator: string, found: string, offset: number): void {
    const allowed = this.#isInQuery ? ["&"] : ["", "?"];
    if (allowed.includes(operator)) return;
    const expected = this.#isInQuery ? "{&name}, because the query has begun" : "{name} or {?name}";
    throw new TemplateSyntaxError(expected, found, offset);
  }
}

/** Percent-encodes all but RFC 3986's unreserved characters; lone surrogates become U+FFFD. */
export function encode(text: string): string {
  if (unreservedPattern.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const unreservedPattern = /^[-\w.~]*$/;

/** Servers and proxies differ in whether they decode a path before they resolve its dot segments. */
function leadsElsewhere(path: string): boolean {
  if (!path.includes(".") && !path.includes("%2")) return false;
  return path
    .replaceAll(/%2e/gi, ".")
    .split(/\/|\\|%2f|%5c/i)
    .some((segment) => segment === "." || segment === "..");
}

/** What stands in a path for a value; null where it is absent, or a text in it is empty. */
function segmentOf(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : encode(value);
  const texts = scalarTexts(value);
  return texts === null || texts.includes("") ? null : texts.map(encode).join(",");
}

/** The pairs of a value, with "&" before each, `name` encoded; empty where there is nothing to send. */
function pairsOf(name: string, value: unknown, isExploded: boolean): string {
  if (value === undefined || value === null) return "";
  const start = `&${name}=`;
  if (!Array.isArray(value)) return start + encode(scalarText(value));
  let pairs = "";
  for (const item of value as readonly unknown[]) {
    if (item === undefined || item === null) continue;
    pairs += (isExploded || pairs === "" ? start : ",") + encode(scalarText(item));
  }
  return pairs;
}

/** A value as the texts of its pairs; null where there is nothing to send. Raises TypeError for anything but scalars. */
export function scalarTexts(value: unknown): string[] | null {
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

/** The text with percent-encoding taken off, or as it is where that is no UTF-8. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
