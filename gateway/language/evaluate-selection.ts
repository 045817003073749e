import type { RequestHeaders } from "../core/request-scope.ts";
import type { PathSelection, SelectionMap } from "./selection-map.ts";

/** What the roots of a map stand for while it is evaluated. */
export interface SelectionRoots {
  /** The raw backend value. */
  readonly value: unknown;
  readonly args: Readonly<Record<string, unknown>>;
  /** Fields of the parent object that the map names, by name; `undefined` where absent. */
  readonly parent: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly headers: RequestHeaders;
}

/** A map made ready to run. Yields `undefined` where the value is absent, `null` where it is null. */
export interface CompiledSelection {
  (roots: SelectionRoots): unknown;
  /** What it was compiled from; absent where more is done than the map says. */
  readonly map?: SelectionMap;
}

const noNames = Object.freeze(Object.create(null) as Record<string, unknown>);

/** The roots of a map that reads a raw backend value only. */
export function rawRoots(value: unknown): SelectionRoots {
  return { value, args: noNames, parent: noNames, claims: noNames, headers: noHeaders };
}

const noHeaders: ReadonlyMap<string, string> = new Map();

/**
 * Compiles a map. A path through a list keeps the list's depth; a path through null is null; a path through anything
 * else that has no such own property is absent. Properties of prototypes are never read.
 */
export function compileSelection(map: SelectionMap): CompiledSelection {
  const evaluate = compile(map);
  return Object.assign((roots: SelectionRoots) => evaluate(roots, undefined), { map });
}

type Evaluate = (roots: SelectionRoots, item: unknown) => unknown;

function compile(map: SelectionMap): Evaluate {
  switch (map.kind) {
    case "path":
      return compilePath(map);
    case "object": {
      const fields = map.fields.map(({ name, value }) => ({ name, evaluate: compile(value) }));
      return (roots, item) => {
        const result: Record<string, unknown> = {};
        for (const { name, evaluate } of fields) defineOwn(result, name, evaluate(roots, item));
        return result;
      };
    }
    case "alternatives": {
      const options = map.options.map(compile);
      return (roots, item) => {
        let last: unknown;
        for (const evaluate of options) {
          last = evaluate(roots, item);
          if (last !== undefined && last !== null) return last;
        }
        return last;
      };
    }
  }
}

function compilePath(path: PathSelection): Evaluate {
  const names = path.segments.map((segment) => segment.name);
  const start = compileRoot(path);
  const rest = path.root === "headers" ? [] : names;
  const follow = path.then === null ? null : compileThen(path.then);
  return (roots, item) => {
    const found = readNames(start(roots, item), rest, 0);
    if (follow === null || found === undefined || found === null) return found;
    return follow({ ...roots, value: found }, item);
  };
}

function compileRoot(path: PathSelection): Evaluate {
  switch (path.root) {
    case "value":
      return (roots) => roots.value;
    case "args":
      return (roots) => roots.args;
    case "parent":
      return (roots) => roots.parent;
    case "claims":
      return (roots) => roots.claims;
    case "item":
      return (_roots, item) => item;
    case "headers": {
      const name = (path.segments[0]?.name ?? "").toLowerCase();
      return (roots) => roots.headers.get(name);
    }
  }
}

/** What follows a path reads from what the path found: an object from it, a list from each of its elements. */
function compileThen(then: NonNullable<PathSelection["then"]>): Evaluate {
  if (then.kind === "object") return compile(then);
  const evaluate = compile(then.element);
  return (roots) => {
    if (!Array.isArray(roots.value)) return undefined;
    return roots.value.map((element: unknown) =>
      element === null || element === undefined
        ? null
        : (evaluate({ ...roots, value: element }, element) ?? null),
    );
  };
}

function readNames(value: unknown, names: readonly string[], at: number): unknown {
  let current = value;
  for (let index = at; index < names.length; index++) {
    if (current === null || current === undefined) return current;
    if (Array.isArray(current))
      return current.map((element: unknown) => readNames(element, names, index) ?? null);
    current = readOwn(current, names[index] ?? "");
  }
  return current;
}

/** The value's own property of that name, or `undefined`; never one of a prototype. */
export function readOwn(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Sets an own property, `__proto__` included. */
export function defineOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

/** The names that paths read of a root, each once: fields of `$parent`, arguments of `$args`. */
export function namesReadOf(root: PathSelection["root"], paths: readonly PathSelection[]): string[] {
  return [...new Set(paths.filter((path) => path.root === root).map((path) => path.segments[0]?.name ?? ""))];
}
