import { inspect } from "node:util";
import type { z } from "zod";
import { shortened } from "../core/errors.ts";
import { nearestNameHint, type ProblemFacts } from "../core/problems.ts";

/** What is wrong in a file, where no line is known. */
export type FileFacts = Omit<ProblemFacts, "place">;

/**
 * One issue of parsing `value` by `options`, as problems: which option, what was expected, what came. Options inside others
 * are named in full, `credentials[1].keys`; a list of texts is told of as a whole. What may be a secret is not repeated.
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  options: z.core.$ZodType,
  value: unknown,
): FileFacts[] {
  if (issue.code === "unrecognized_keys") {
    const known = optionsAt(options, value, issue.path);
    const expected = `one of the options ${known.join(", ")}`;
    return issue.keys.map((key) => ({
      coordinate: coordinateOf([...issue.path, key]),
      expected,
      found: shortened(key),
      hint: nearestNameHint(key, known),
    }));
  }
  const path = isTextInList(options, value, issue.path) ? issue.path.slice(0, -1) : issue.path;
  const found = valueAt(value, path);
  const isSecret = mayBeSecret(`${coordinateOf(path)}: ${inspected(found)}`);
  return [
    {
      coordinate: coordinateOf(path),
      expected: issue.message,
      found: isSecret ? kindOf(found) : inspected(found),
    },
  ];
}

/** A value of a config as a problem shows it: at most 100 characters. */
export function inspected(value: unknown): string {
  if (value === undefined) return "nothing";
  return shortened(inspect(value, { depth: 1, breakLength: Infinity }));
}

function coordinateOf(path: readonly PropertyKey[]): string {
  const [option = "", ...inside] = path;
  const steps = inside.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`));
  return String(option) + steps.join("");
}

function isTextInList(options: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): boolean {
  return typeof path.at(-1) === "number" && optionsAt(options, value, path).length === 0;
}

/** The names of the options at a path; none where there is no object of options. */
function optionsAt(
  options: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): readonly string[] {
  let at: z.core.$ZodType | null = options;
  let found = value;
  for (const part of path) {
    at = at === null ? null : partOf(settled(at, found), part);
    found = valueAt(found, [part]);
  }
  return at === null ? [] : namesOf(at, found);
}

function namesOf(type: z.core.$ZodType, value: unknown): readonly string[] {
  const { def } = (settled(type, value) as z.core.$ZodTypes)._zod;
  if (def.type === "object") return Object.keys(def.shape);
  // Which kind of object it is meant to be is not known; that it is one is.
  return def.type === "union" && "discriminator" in def ? [String(def.discriminator)] : [];
}

/** The type without what is around it, and of several kinds of objects the one that `value` is. */
function settled(type: z.core.$ZodType, value: unknown): z.core.$ZodType {
  const { def } = (type as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "default":
    case "nullable":
    case "optional":
      return settled(def.innerType, value);
    case "pipe":
      return settled(def.in, value);
    case "union": {
      if (!("discriminator" in def)) return type;
      const name = String(def.discriminator);
      const kind = valueAt(value, [name]);
      return def.options.find((option) => isOfKind(option, name, kind)) ?? type;
    }
    default:
      return type;
  }
}

function isOfKind(option: z.core.$ZodType, name: string, kind: unknown): boolean {
  const property = partOf(option, name) as z.core.$ZodTypes | null;
  return property?._zod.def.type === "literal" && property._zod.def.values.includes(kind as string);
}

function partOf(type: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | null {
  const { def } = (type as z.core.$ZodTypes)._zod;
  if (def.type === "array") return def.element;
  if (def.type === "record") return def.valueType;
  return def.type === "object" ? (def.shape[String(part)] ?? null) : null;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (outer, part) =>
      typeof outer === "object" && outer !== null && Object.hasOwn(outer, part)
        ? (outer as Record<PropertyKey, unknown>)[part]
        : undefined,
    value,
  );
}

/** Whether a property that may hold a secret is in a text of properties. */
function mayBeSecret(text: string): boolean {
  return /(?:secret|keys?|token|password)(?:'?: |\.|\[)/i.test(text);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return { string: "a text", object: "an object" }[typeof value as string] ?? `a ${typeof value}`;
}
