/**
 * The value of a JSON text in which no object names a member twice, at whatever depth: which of two counts differs from
 * parser to parser, so that somebody else may have checked the other one (https://www.rfc-editor.org/rfc/rfc8725#section-2.4).
 * Raises SyntaxError.
 */
export function parseStrictJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  const open: Set<string>[] = [];
  // The text is sound here: a text with a colon behind it can only be a member's name.
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (name !== undefined) {
      const names = open.at(-1);
      const member = JSON.parse(name) as string;
      if (names?.has(member) === true) throw new SyntaxError("a member is there twice");
      names?.add(member);
    }
  }
  return value;
}
