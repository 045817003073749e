import { OverlockError } from "../../core/errors.ts";
import type { NamedSelection } from "../../language/call-declaration.ts";
import { defineOwn } from "../../language/evaluate-selection.ts";
import { type BodyDeclaration, isWhole } from "../../language/rest-body.ts";
import { encode, scalarTexts } from "../../language/url-template.ts";
import { type CallInput, compileBodyInput, compileInput } from "../declared-call.ts";

/** A body as it is sent. */
export interface RequestBody {
  readonly contentType: string;
  readonly text: string;
}

/** Writes the body of one call; null where there is none. Raises INVALID_VALUE for what it can't carry. */
export type BodyWriter = (values: readonly unknown[], keys: readonly unknown[] | null) => RequestBody | null;

/** Compiles a body. `addInput` takes note of an input and says where its value will be. */
export function compileBody(
  { type, content, keysAt }: BodyDeclaration,
  { isSafe, coordinate }: { readonly isSafe: boolean; readonly coordinate: string },
  addInput: (input: CallInput) => number,
): BodyWriter {
  const write = type === "FORM" ? writeForm : writeJson;
  const add: AddSelection = (selection) =>
    addInput(type === "FORM" ? compileInput(selection, true) : compileBodyInput(selection, isSafe));
  const read = isWhole(content) ? readSlot(add(content)) : compileMembers(content, add);
  return (values, keys) => {
    const value = read(values);
    if (keys !== null && keysAt !== null) setAt(value as Record<string, unknown>, keysAt, keys);
    if (value === undefined) return null;
    try {
      return write(value);
    } catch (cause) {
      const message = `a value for ${coordinate} can't stand in its body`;
      throw new OverlockError("INVALID_VALUE", message, { cause });
    }
  };
}

type AddSelection = (selection: Parameters<typeof compileInput>[0]) => number;
type ReadValues = (values: readonly unknown[]) => unknown;

function readSlot(slot: number): ReadValues {
  return (values) => values[slot];
}

/** An absent value leaves its member out. */
function compileMembers(members: readonly NamedSelection[], add: AddSelection): ReadValues {
  const compiled = members.map(({ name, selection }) => ({
    name,
    read: "fields" in selection ? compileMembers(selection.fields, add) : readSlot(add(selection)),
  }));
  return (values) => {
    const result: Record<string, unknown> = {};
    for (const { name, read } of compiled) {
      const value = read(values);
      if (value !== undefined) defineOwn(result, name, value);
    }
    return result;
  };
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) return defineOwn(target, name, value);
  const inner = Object.hasOwn(target, name) ? target[name] : {};
  defineOwn(target, name, inner);
  setAt(inner as Record<string, unknown>, rest, value);
}

function writeJson(value: unknown): RequestBody {
  return { contentType: "application/json", text: JSON.stringify(value, onlyFinite) };
}

/** JSON has no other numbers, and null would be something else. */
function onlyFinite(_name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new TypeError("JSON takes finite numbers only");
  return value;
}

/** https://url.spec.whatwg.org/#application/x-www-form-urlencoded, everything but unreserved characters encoded. */
function writeForm(value: unknown): RequestBody {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("a form takes an object");
  const pairs = Object.entries(value).flatMap(([name, member]) =>
    (scalarTexts(member) ?? []).map((text) => `${encode(name)}=${encode(text)}`),
  );
  return { contentType: "application/x-www-form-urlencoded", text: pairs.join("&") };
}
