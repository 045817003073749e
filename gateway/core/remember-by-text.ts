/**
 * `compute`, whose results are kept by their text: for what clients repeat with every request, such as the headers that
 * say what they accept. At most `maxEntries` are kept, then all are forgotten at once; texts longer than 200
 * characters, which no client of good will sends, never are.
 */
export function rememberByText<Value>(
  compute: (text: string) => Value,
  maxEntries = 256,
): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const kept = known.get(text);
    if (kept !== undefined) return kept;
    const value = compute(text);
    if (text.length <= maxTextLength) {
      if (known.size >= maxEntries) known.clear();
      known.set(text, value);
    }
    return value;
  };
}

const maxTextLength = 200;
