/**
 * JSON text that is equal for equal values, whatever the order of their keys. `undefined` members are left out as in
 * JSON.stringify. For plain JSON values only.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) {
    // Clients send long ones, and what has no keys has no order of them: written at once in a tenth of the time.
    if (!value.some(hasMembers)) return JSON.stringify(value);
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  const members: string[] = [];
  for (const name of Object.keys(value).toSorted()) {
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

function hasMembers(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
