import {
  type ConstValueNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from "graphql";
import { quoted } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import { type DirectiveReader, type DirectiveUse, placeOf } from "./directive-reader.ts";
import { readOwn } from "./evaluate-selection.ts";
import { isListTypeNode, namedTypeOf } from "./sdl-file.ts";

/** One `@rateLimit`: how often a field may be used. */
export interface RateLimit {
  /** `Type.field`. */
  readonly coordinate: string;
  /** Uses in a window, 0 to 100000. */
  readonly max: number;
  /** 100 ms to 31 days. */
  readonly windowMs: number;
  /** As it is written: `1m`. */
  readonly window: string;
  /** What who is refused is told; null: the field and its limit. */
  readonly message: string | null;
  /** Each value of these arguments has a limit of its own; none: all uses have one together. */
  readonly identityArguments: readonly ArgumentPath[];
  /** The list whose elements are a use each; null: each occurrence of the field is one. */
  readonly lengthArgument: ArgumentPath | null;
}

/** An argument of a field, or a part of one that is an input object. */
export interface ArgumentPath {
  /** `id`, `input.product.id`. */
  readonly text: string;
  /** What stands there in the coerced arguments of the field; null where nothing does. */
  readonly read: (args: Readonly<Record<string, unknown>>) => unknown;
}

/**
 * Reads `@rateLimit` of a file all of whose directives the reader has read, by coordinate. A use with a problem is left
 * out; so is one on a field of an interface, which was told.
 */
export function readRateLimits(
  document: DocumentNode,
  reader: DirectiveReader,
): ReadonlyMap<string, RateLimit> {
  const types = new Map(
    document.definitions.filter(isTypeDefinitionNode).map((node) => [node.name.value, node]),
  );
  const limits = new Map<string, RateLimit>();
  for (const { coordinate, use } of reader.found("rateLimit")) {
    const [typeName = "", fieldName] = coordinate.split(".");
    const type = types.get(typeName);
    if (type?.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const field = type.fields?.find(({ name }) => name.value === fieldName);
    const limit = field === undefined ? null : readRateLimit(use, { coordinate, field, types });
    if (limit !== null) limits.set(coordinate, limit);
  }
  return limits;
}

interface LimitedField {
  readonly coordinate: string;
  readonly field: FieldDefinitionNode;
  /** The file's own types by name. */
  readonly types: ReadonlyMap<string, TypeDefinitionNode>;
}

function readRateLimit(use: DirectiveUse, limited: LimitedField): RateLimit | null {
  const max = use.integer("max", 0, maxUses);
  const window = use.text("window") ?? "";
  const windowMs = readWindow(use, window);
  const message = use.text("message");
  if (message?.trim() === "") use.refuse(["message"], "a text that says something", quoted(message));
  else if (message !== null && message.length > maxMessageLength)
    use.refuse(["message"], `at most ${maxMessageLength} characters`, String(message.length));
  const identityArguments = readIdentityArguments(use, limited);
  const length = use.text("arrayLengthField");
  const lengthArgument = length === null ? null : readLengthArgument(use, length, limited);
  if (!use.isSound || max === null || windowMs === null) return null;
  const { coordinate } = limited;
  return { coordinate, max, windowMs, window, message, identityArguments, lengthArgument };
}

const maxUses = 100_000;
const maxMessageLength = 500;

/** A number and its unit, as https://github.com/vercel/ms reads them. */
function readWindow(use: DirectiveUse, text: string): number | null {
  const [, number = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/.exec(text) ?? [];
  const windowMs = Math.round(Number(number) * (unitMs.get(unit) ?? 0));
  if (windowMs >= minWindowMs && windowMs <= maxWindowMs) return windowMs;
  use.refuse(["window"], 'a time from 100ms to 31d, such as "10s", "1m", "1h" or "1d"', quoted(text));
  return null;
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const minWindowMs = 100;
const maxWindowMs = 31 * 86_400_000;

function readIdentityArguments(use: DirectiveUse, limited: LimitedField): readonly ArgumentPath[] {
  const value = use.value("identityArgs");
  const texts = Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
  const list = use.nodeAt(["identityArgs"]);
  return texts.flatMap((text, index): readonly ArgumentPath[] => {
    const node = (list?.kind === Kind.LIST ? list.values[index] : list) ?? use.node;
    const refused = { use, argument: "identityArgs", node };
    if (texts.indexOf(text) !== index) {
      refuse(refused, "each argument once", `${quoted(text)} again`);
      return [];
    }
    const found = findArgument(text, limited, refused);
    return found === null ? [] : [found.path];
  });
}

function readLengthArgument(use: DirectiveUse, text: string, limited: LimitedField): ArgumentPath | null {
  const node = use.nodeAt(["arrayLengthField"]) ?? use.node;
  const refused = { use, argument: "arrayLengthField", node };
  const found = findArgument(text, limited, refused);
  if (found === null) return null;
  if (isListTypeNode(found.node.type)) return found.path;
  refuse(refused, "an argument that is a list", text);
  return null;
}

/** What a problem is about, and where it is told. */
interface RefusedArgument {
  readonly use: DirectiveUse;
  readonly argument: string;
  readonly node: ConstValueNode | DirectiveUse["node"];
}

function refuse(
  { use, argument, node }: RefusedArgument,
  ...[expected, found, hint = null]: readonly [expected: string, found: string, hint?: string | null]
): void {
  use.refuseAt({ place: placeOf(node, use.file), path: [argument], expected, found, hint });
}

/** Follows a path through a field's arguments and the input objects in them; null, with a problem, where it leads nowhere. */
function findArgument(
  text: string,
  { field, types }: LimitedField,
  refused: RefusedArgument,
): { readonly path: ArgumentPath; readonly node: InputValueDefinitionNode } | null {
  const names = text.split(".");
  let members: readonly InputValueDefinitionNode[] = field.arguments ?? [];
  let node: InputValueDefinitionNode | undefined;
  for (const [depth, name] of names.entries()) {
    const isOfObject = node === undefined || !isListTypeNode(node.type);
    const known = isOfObject ? members.map((member) => member.name.value) : [];
    node = members.find((member) => member.name.value === name);
    if (node === undefined || !isOfObject) {
      const what = depth === 0 ? "an argument of the field" : `a field of ${names.slice(0, depth).join(".")}`;
      const expected = `${what} (${known.join(", ") || "it has none"})`;
      refuse(refused, expected, quoted(text), nearestNameHint(name, known));
      return null;
    }
    if (node.directives?.some((directive) => directive.name.value === "require") === true) {
      refuse(refused, "an argument that clients give", `${text}, which @require fills`);
      return null;
    }
    const input = types.get(namedTypeOf(node.type));
    members = input?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? (input.fields ?? []) : [];
  }
  if (node === undefined) return null;
  const read = (args: unknown): unknown => names.reduce(readOwn, args) ?? null;
  return { path: { text, read }, node };
}
