import { nextTurn } from "../core/next-turn.ts";
import { JsonDocumentError, maxJsonDepth } from "./json-document.ts";

/**
 * Parses a JSON document as `parseJsonDocument` does, with turns of the event loop for others: long lists are parsed slice
 * by slice, and put together. What is long without a list, such as an object of very many members, is parsed at once.
 * Rejects with {@link JsonDocumentError}. `sliceLength`: in characters; as many take some milliseconds to parse.
 */
export async function parseLongJsonDocument(bytes: Uint8Array, sliceLength = 256 * 1024): Promise<unknown> {
  const clock = new TurnClock();
  try {
    const text = utf8.decode(bytes);
    const { skeleton, slices } = await cutText(text, sliceLength, clock);
    await clock.look();
    const value: unknown = JSON.parse(skeleton);
    if (slices.length === 0) return value;
    const parsed = new Map<unknown, readonly unknown[]>();
    // A slice may stand in for others, which were cut before it.
    for (const slice of slices) {
      await clock.look();
      const elements = JSON.parse(`[${slice.text}]`) as unknown[];
      if (slice.hasOthers) putBack(elements, parsed);
      parsed.set(slice.name, elements);
    }
    await clock.look();
    putBack(value, parsed);
    return value;
  } catch (cause) {
    if (cause instanceof JsonDocumentError) throw cause;
    throw new JsonDocumentError("the body is not JSON in UTF-8", { cause });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Elements of a list that were cut out of a text. */
interface Slice {
  /** The text value that stands in their place. */
  readonly name: string;
  readonly text: string;
  readonly hasOthers: boolean;
}

/** A part of a text, and what stands there instead. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly isSlice: boolean;
}

/** A list or object that is open where the text is read. */
interface OpenBracket {
  readonly isList: boolean;
  /** Where the elements begin that are not cut out yet. */
  start: number;
  /** How much of them was cut out already, in lists inside. */
  removed: number;
}

/**
 * Cuts long runs of elements out of a text, and quotes numbers that JavaScript can't hold. What is no JSON stays none: it
 * is left to who parses what comes of it.
 */
async function cutText(
  text: string,
  sliceLength: number,
  clock: TurnClock,
): Promise<{ skeleton: string; slices: Slice[] }> {
  // Nobody who writes a document can know it.
  const prefix = `slice ${Math.random()} `;
  const edits: Edit[] = [];
  const slices: Slice[] = [];
  const open: OpenBracket[] = [];
  let steps = 0;
  for (let at = 0; at < text.length; at++) {
    if (++steps % stepsPerLook === 0) await clock.look();
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfText(text, at);
      if (at === -1) break;
    } else if (code === openList || code === openObject) {
      if (open.length === maxJsonDepth)
        throw new JsonDocumentError(`the body is nested deeper than ${maxJsonDepth} levels`);
      open.push({ isList: code === openList, start: at + 1, removed: 0 });
    } else if (code === closeList || code === closeObject) {
      if (open.pop()?.isList !== (code === closeList)) break;
    } else if (code === comma) {
      const list = open.at(-1);
      if (list?.isList !== true || at - list.start - list.removed < sliceLength) continue;
      const inside = edits.splice(firstFrom(edits, list.start));
      const name = `${prefix}${slices.length}`;
      const hasOthers = inside.some(({ isSlice }) => isSlice);
      slices.push({ name, text: edited(text, inside, list.start, at), hasOthers });
      edits.push({ from: list.start, to: at, text: JSON.stringify(name), isSlice: true });
      const length = at - list.start - list.removed;
      list.removed = 0;
      list.start = at + 1;
      for (const around of open.slice(0, -1)) around.removed += length;
    } else if (code === minus || (code >= zero && code <= nine)) {
      const to = endOfNumber(text, at);
      if (mayBeInexact(text, at, to)) {
        const number = text.slice(at, to);
        if (isQuoted(number) && !isBeforeColon(text, to))
          edits.push({ from: at, to, text: `"${number}"`, isSlice: false });
      }
      at = to - 1;
    }
  }
  return { skeleton: edited(text, edits, 0, text.length), slices };
}

/** The closing quotation mark of the text value that begins at an index; -1: there is none. */
function endOfText(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === backslash) before--;
    if ((end - before) % 2 === 0) return end;
  }
  return -1;
}

function endOfNumber(text: string, from: number): number {
  let to = from + 1;
  for (; to < text.length; to++) {
    const code = text.charCodeAt(to);
    const isPart =
      (code >= zero && code <= nine) ||
      code === minus ||
      code === plus ||
      code === point ||
      code === smallE ||
      code === bigE;
    if (!isPart) break;
  }
  return to;
}

/** Of numbers that are shorter only those with an exponent are too large. */
function mayBeInexact(text: string, from: number, to: number): boolean {
  if (to - from >= fewestDigits) return true;
  for (let at = from; at < to; at++) if ((text.charCodeAt(at) | 32) === smallE) return true;
  return false;
}

const fewestDigits = 16;

/** As `parseJsonDocument` has it: an integer beyond 2^53, or anything beyond 1.8e308. */
function isQuoted(number: string): boolean {
  if (!jsonNumber.test(number)) return false;
  const value = Number(number);
  return !Number.isFinite(value) || (!Number.isSafeInteger(value) && /^-?\d+$/.test(number));
}

/** https://www.rfc-editor.org/rfc/rfc8259#section-6 */
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** No name of a member is a number; a quoted one would be. */
function isBeforeColon(text: string, from: number): boolean {
  let at = from;
  while (text.charCodeAt(at) <= space) at++;
  return text.charCodeAt(at) === colon;
}

/** The index of the first edit at or behind a place. They are in order. */
function firstFrom(edits: readonly Edit[], place: number): number {
  let index = edits.length;
  while (index > 0 && (edits[index - 1]?.from ?? 0) >= place) index--;
  return index;
}

/** A part of a text with its edits. */
function edited(text: string, edits: readonly Edit[], from: number, to: number): string {
  const parts: string[] = [];
  let at = from;
  for (const edit of edits) {
    parts.push(text.slice(at, edit.from), edit.text);
    at = edit.to;
  }
  parts.push(text.slice(at, to));
  return parts.join("");
}

/** Puts elements in the places that stand for them. */
function putBack(value: unknown, slices: ReadonlyMap<unknown, readonly unknown[]>): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) {
    for (const member of Object.values(value)) putBack(member, slices);
    return;
  }
  const list = value as unknown[];
  const found = list.map((element) => (typeof element === "string" ? slices.get(element) : undefined));
  // Elements of slices are whole already.
  for (const [index, element] of list.entries()) if (found[index] === undefined) putBack(element, slices);
  if (found.every((elements) => elements === undefined)) return;
  const before = list.splice(0);
  for (const [index, element] of before.entries()) {
    const elements = found[index];
    if (elements === undefined) list.push(element);
    else for (const one of elements) list.push(one);
  }
}

/** Gives others their turns when some milliseconds are over. */
class TurnClock {
  #endsAtMs = performance.now() + maxPartMs;

  async look(): Promise<void> {
    if (performance.now() < this.#endsAtMs) return;
    await nextTurn();
    this.#endsAtMs = performance.now() + maxPartMs;
  }
}

const maxPartMs = 10;
const stepsPerLook = 20_000;

const [quote, backslash, comma, colon, space] = [0x22, 0x5c, 0x2c, 0x3a, 0x20];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const [minus, plus, point, zero, nine, smallE, bigE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39, 0x65, 0x45];
