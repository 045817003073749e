import { OverlockError } from "../../core/errors.ts";
import { compileSelection, rawRoots } from "../../language/evaluate-selection.ts";
import type { RestDeclaration } from "../../language/rest-declaration.ts";
import type { SelectionMap } from "../../language/selection-map.ts";

/**
 * Compiles a call's `select`. What stands deeper may be absent, but an answer that has not even one of the names that
 * the map begins with is not the answer that the schema describes (`200 {"error": …}`): UPSTREAM_INVALID_RESPONSE.
 */
export function compileRestSelect(
  { select }: RestDeclaration,
  coordinate: string,
): (decoded: unknown) => unknown {
  if (select === null) return (decoded) => decoded;
  const evaluate = compileSelection(select.map);
  const names = firstNames(select.map);
  return (decoded) => {
    if (decoded === null) return null;
    if (!Array.isArray(decoded) && !hasOneOf(decoded, names)) {
      const message = `the answer for ${coordinate} has nothing where select looks (${names.join(", ")})`;
      throw new OverlockError("UPSTREAM_INVALID_RESPONSE", message);
    }
    return evaluate(rawRoots(decoded));
  };
}

function hasOneOf(decoded: unknown, names: readonly string[]): boolean {
  return (
    typeof decoded === "object" && decoded !== null && names.some((name) => Object.hasOwn(decoded, name))
  );
}

function firstNames(map: SelectionMap): string[] {
  switch (map.kind) {
    case "path":
      return map.segments.slice(0, 1).map((segment) => segment.name);
    case "object":
      return map.fields.flatMap((field) => firstNames(field.value));
    case "alternatives":
      return map.options.flatMap(firstNames);
  }
}
