/** One link of a `Link` header whose context is the resource that was asked for. */
export interface WebLink {
  /** As written: relative references are not resolved. */
  readonly target: string;
  /** Lower case. */
  readonly relations: readonly string[];
}

/**
 * Parses a `Link` header (https://www.rfc-editor.org/rfc/rfc8288#section-3). Of several `rel` the first counts, links
 * with an `anchor` are about something else and left out, empty elements are skipped. Null: it is no such header.
 */
export function parseLinkHeader(text: string): readonly WebLink[] | null {
  const links: WebLink[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(/[\s,]*/y);
    if (at === text.length) return links;
    const target = match(/<([^<>"]*)>/y)?.[1];
    if (target === undefined) return null;
    const parameters = new Map<string, string>();
    while (match(/\s*;\s*/y) !== null) {
      const name = match(/[!#$%&'*+\-.^_`|~\w]+/y)?.[0].toLowerCase();
      // An empty parameter, as in `; ;`, means nothing.
      if (name === undefined) continue;
      let value = "";
      if (match(/\s*=\s*/y) !== null) {
        const found = match(/"((?:[^"\\]|\\.)*)"|([^\s;,"]*)/y);
        value = found?.[1] === undefined ? (found?.[2] ?? "") : found[1].replaceAll(/\\(.)/g, "$1");
      }
      if (!parameters.has(name)) parameters.set(name, value);
    }
    match(/\s*/y);
    if (at < text.length && text[at] !== ",") return null;
    const relations = (parameters.get("rel") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    if (!parameters.has("anchor")) links.push({ target, relations });
  }
}
