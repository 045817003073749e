/**
 * A tokenizer for TypeScript and JavaScript, exact enough to tell code from comments, strings, templates and
 * regular expressions. The architecture tests read the source through it, because TypeScript 7 offers no parser
 * to call.
 */

export interface Token {
  /** A template with substitutions comes as `templatePart`s with the tokens of its expressions between them. */
  readonly kind:
    | "word"
    | "number"
    | "string"
    | "template"
    | "templatePart"
    | "regex"
    | "punctuator"
    | "comment";
  /** The source text; for strings and templates, what stands between the quotes, escapes untouched. */
  readonly text: string;
  /** The line on which the token starts, from 1. */
  readonly line: number;
}

/**
 * Splits a source text into its tokens; white space is left out, comments are kept.
 * @throws Error, naming the line, for a string or a template that does not end
 */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** Brackets still open; `head(` opens the condition of an `if`, a `while`, a `for` or a `with`. */
  const brackets: string[] = [];
  let at = 0;
  let line = 1;
  /** `/` starts a regular expression where a value may start, and divides after one. */
  let valueMayStart = true;

  while (at < source.length) {
    const space = take(patterns.space);
    if (space !== null) {
      line += countNewlines(space);
      continue;
    }
    const comment = take(at === 0 ? patterns.hashbangOrComment : patterns.comment);
    if (comment !== null) {
      emit("comment", comment);
      continue;
    }
    const word = take(patterns.word);
    if (word !== null) {
      valueMayStart = wordsBeforeValues.has(word) && !isMemberAccess(tokens.at(-1));
      emit("word", word);
      continue;
    }
    const number = take(patterns.number);
    if (number !== null) {
      valueMayStart = false;
      emit("number", number);
      continue;
    }
    const string = take(patterns.string);
    if (string !== null) {
      valueMayStart = false;
      emit("string", string, string.slice(1, -1));
      continue;
    }
    const regex = valueMayStart ? take(patterns.regex) : null;
    if (regex !== null) {
      valueMayStart = false;
      emit("regex", regex);
      continue;
    }
    const punctuator = take(patterns.punctuator) ?? "";
    if (punctuator === "`") readTemplateChunk(true);
    else readPunctuator(punctuator);
  }
  return tokens;

  /** Consumes what the pattern matches at the present place; null where it does not match. */
  function take(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text === undefined || text === "") return null;
    at += text.length;
    return text;
  }

  function emit(kind: Token["kind"], consumed: string, text = consumed): void {
    tokens.push({ kind, text, line });
    line += countNewlines(consumed);
  }

  function readPunctuator(text: string): void {
    if (text === '"' || text === "'") {
      throw new Error(`line ${line}: expected the end of a string, found the end of the line`);
    }
    if (!")]}".includes(text)) {
      if (text === "(") brackets.push(isConditionKeyword(tokens) ? "head(" : text);
      else if (text === "[" || text === "{") brackets.push(text);
      valueMayStart = text !== "++" && text !== "--";
      emit("punctuator", text);
      return;
    }
    const opener = brackets.pop();
    // A statement may start after `if (…)` and after a block; after any other bracket an operator follows.
    valueMayStart = opener === "head(" || text === "}";
    emit("punctuator", text);
    if (opener === "${") readTemplateChunk(false);
  }

  /** Reads from the opening quote or from the end of a substitution to the next substitution or the closing quote. */
  function readTemplateChunk(isFirst: boolean): void {
    const chunk = take(patterns.templateChunk);
    if (chunk === null)
      throw new Error(`line ${line}: expected the end of a template, found the end of the file`);
    if (chunk.endsWith("`")) {
      emit(isFirst ? "template" : "templatePart", chunk, chunk.slice(0, -1));
      valueMayStart = false;
    } else {
      emit("templatePart", chunk, chunk.slice(0, -2));
      brackets.push("${");
      emit("punctuator", "${");
      valueMayStart = true;
    }
  }
}

/** Whether a token is the dot of `a.b` or of `a?.b`, after which every word is a plain name. */
export function isMemberAccess(token: Token | undefined): boolean {
  return token?.kind === "punctuator" && (token.text === "." || token.text === "?.");
}

const patterns = {
  space: /\s+/y,
  hashbangOrComment: /#![^\n]*|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y,
  comment: /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y,
  word: /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy,
  number: /\d\w*(?:\.\w+)?/y,
  string: /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/y,
  regex: /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y,
  templateChunk: /(?:[^`\\$]|\\[^]|\$(?!\{))*(?:`|\$\{)/y,
  punctuator: /\.{3}|\?\.(?!\d)|\+\+|--|=>|[^]/y,
};

const wordsBeforeValues = new Set(
  "await case default delete do else extends in instanceof new of return throw typeof void yield".split(" "),
);

function isConditionKeyword(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  return last?.kind === "word" && /^(?:if|while|for|with)$/.test(last.text) && !isMemberAccess(tokens.at(-2));
}

function countNewlines(text: string): number {
  return text.split("\n").length - 1;
}
