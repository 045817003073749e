import { OverlockError } from "../core/errors.ts";
import type { ShaperDefinition } from "./shaper.ts";

/**
 * `@globalId(type:)`: an id that says which type of object it is of, so that it is unique in the client's whole schema.
 * (https://relay.dev/graphql/objectidentification.htm)
 */
export const globalId: ShaperDefinition = {
  name: "globalId",
  compile(use, { coordinate }, { typeName, kind, listDepth }) {
    if (kind !== "scalar" || !keyTypes.has(typeName)) {
      use.refuse([], "an ID, a String or an Int, from which a global id is made", typeName);
      return null;
    }
    const type = use.text("type") ?? coordinate.split(".")[0] ?? "";
    if (!checkTypeName(type)) {
      use.refuse(["type"], "the name of a type", type);
      return null;
    }
    return {
      kind: "leaf",
      output: { typeName: "ID", kind: "scalar", listDepth },
      reads: [],
      shapeLeaf(value) {
        if (typeof value === "string" || typeof value === "number") return writeGlobalId(type, String(value));
        throw new OverlockError("CANNOT_SHAPE", `${coordinate}: expected an id, found ${typeof value}`);
      },
    };
  },
};

const keyTypes: ReadonlySet<string> = new Set(["ID", "String", "Int"]);

/** It is one name, so that where it ends in an id is plain. */
function checkTypeName(type: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(type);
}

/** The id that a client gets: opaque, and the same for the same object. */
function writeGlobalId(type: string, key: string): string {
  return Buffer.from(`${type}:${key}`).toString("base64url");
}

/** The key in a client's id. Raises BAD_USER_INPUT where it is none, or that of another type. */
export function readGlobalId(type: string, id: unknown): string {
  return readGlobalIdOf(new Map([[type, type]]), type, id).key;
}

/**
 * What a client's id means where it may name several types, together `what`: the entry of `types` that it names, and
 * its key. Raises BAD_USER_INPUT where it is none, or names another type.
 */
export function readGlobalIdOf<Entry>(
  types: ReadonlyMap<string, Entry>,
  what: string,
  id: unknown,
): { readonly entry: Entry; readonly key: string } {
  const text =
    typeof id === "string" && id.length <= maxIdLength ? Buffer.from(id, "base64url").toString() : "";
  const at = text.indexOf(":");
  const [type, key] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (!checkTypeName(type) || key === "" || writeGlobalId(type, key) !== id)
    throw new OverlockError("BAD_USER_INPUT", `Expected the id of a ${what}.`);
  const entry = types.get(type);
  if (entry === undefined)
    throw new OverlockError("BAD_USER_INPUT", `Expected the id of a ${what}; this is one of another type.`);
  return { entry, key };
}

const maxIdLength = 4096;
