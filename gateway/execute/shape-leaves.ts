import type { GraphQLLeafType } from "graphql";
import type { FieldBinding } from "../compose/bindings.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { Shaper } from "../shape/shaper.ts";

type PathBinding = Extract<FieldBinding, { kind: "path" }>;

/** Where a field stands in the answer. */
export interface FieldPath {
  readonly prev: FieldPath | undefined;
  readonly key: string | number;
}

/** Reads a field's value and brings it into the shape that the client schema promises. */
export type ShapeLeaves = (read: () => unknown, scope: RequestScope, path: FieldPath) => unknown;

/**
 * Compiles what happens to a leaf field's value: shapers in the order written, then the check against the leaf type
 * (INVALID_VALUE), then the replacement of null and, where a shaper absorbs errors, of failures. A denial is never
 * absorbed; what is absorbed is recorded in the scope.
 */
export function shapeLeaves(binding: PathBinding, leafType: GraphQLLeafType): ShapeLeaves {
  const { shapers, coordinate } = binding;
  const shapeOne = compileShapers(shapers, leafType, coordinate);
  const replacement = shapers.find((shaper) => shaper.replacement !== undefined)?.replacement;
  const absorbs = shapers.some((shaper) => shaper.absorbsErrors);
  const finish = (value: unknown): unknown => value ?? replacement ?? null;

  if (!absorbs) {
    return (read) => {
      const found = read();
      return found instanceof Promise
        ? found.then((value: unknown) => finish(mapLeaves(value, shapeOne)))
        : finish(mapLeaves(found, shapeOne));
    };
  }
  return async (read, scope, path) => {
    try {
      return finish(await settleLeaves(mapLeaves(await read(), shapeOne)));
    } catch (thrown) {
      const error = toOverlockError(thrown);
      if (error.entry.isDenial || error.code === "INTERNAL_SERVER_ERROR") throw error;
      scope.absorbed.push({ path: pathToArray(path), code: error.code });
      return replacement;
    }
  };
}

function compileShapers(
  shapers: readonly Shaper[],
  leafType: GraphQLLeafType,
  coordinate: string,
): (value: unknown) => unknown {
  return (value) => {
    let shaped = value;
    for (const shaper of shapers) shaped = shaper.shapeLeaf(shaped);
    try {
      return leafType.serialize(shaped);
    } catch (cause) {
      throw new OverlockError("INVALID_VALUE", `${coordinate}: not a value of ${leafType.name}`, { cause });
    }
  };
}

/** Applies `shape` to every leaf that is there; an element that fails is the error itself, in its place. */
function mapLeaves(value: unknown, shape: (leaf: unknown) => unknown): unknown {
  if (value === null || value === undefined || value instanceof Error) return value;
  if (!Array.isArray(value)) return shape(value);
  return value.map((element: unknown) => {
    if (element instanceof Promise) return element.then((found: unknown) => mapLeaves(found, shape));
    try {
      return mapLeaves(element, shape);
    } catch (error) {
      return error;
    }
  });
}

/** Waits for every element of a list and raises the first error in it. */
async function settleLeaves(value: unknown): Promise<unknown> {
  if (value instanceof Error) throw value;
  if (!Array.isArray(value)) return value;
  return Promise.all(value.map(async (element: unknown) => settleLeaves(await element)));
}

function pathToArray(path: FieldPath): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at: FieldPath | undefined = path; at !== undefined; at = at.prev) keys.push(at.key);
  return keys.toReversed();
}
