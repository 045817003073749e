import { Kind, type ConstValueNode, type ValueNode } from "graphql";

/** Where a path starts; `value` is the raw backend value (source schemas) or the supergraph type (client schemas). */
export type SelectionRoot = "value" | "args" | "parent" | "claims" | "headers" | "item";

/** An argument handed over inside a client path: `products(first: $args.first)`. */
export interface SegmentArgument {
  readonly name: string;
  /** A GraphQL literal; `$args.a.b` stands in it as a variable named `a.b`. */
  readonly value: ValueNode;
  readonly offset: number;
}

export interface PathSegment {
  readonly name: string;
  readonly arguments: readonly SegmentArgument[];
  /** `media<Book>`: objects of other types are null. In client schemas only. */
  readonly onType: TypeCondition | null;
  /** Where the segment stands in the text, from 0. */
  readonly offset: number;
}

export interface TypeCondition {
  readonly typeName: string;
  readonly offset: number;
}

export interface PathSelection {
  readonly kind: "path";
  readonly root: SelectionRoot;
  /** Empty where the root itself is meant, as in `$item`. */
  readonly segments: readonly PathSegment[];
  /** `path.{ … }` builds an object from what the path finds, `path[ … ]` a list from each of its elements. */
  readonly then: ObjectSelection | ListSelection | null;
  readonly offset: number;
}

export interface ObjectSelection {
  readonly kind: "object";
  readonly fields: readonly {
    readonly name: string;
    readonly value: SelectionMap;
    readonly offset: number;
  }[];
  readonly offset: number;
}

export interface ListSelection {
  readonly kind: "list";
  readonly element: SelectionMap;
  readonly offset: number;
}

export interface AlternativesSelection {
  readonly kind: "alternatives";
  /** The first that is neither absent nor null is taken. */
  readonly options: readonly SelectionMap[];
  readonly offset: number;
}

/**
 * One value of the mapping language: the FieldSelectionMap of the Composite Schemas draft
 * (https://graphql.github.io/composite-schemas-spec/draft/#sec-Appendix-A-Specification-of-FieldSelectionMap-Scalar)
 * with roots, and with arguments on the path segments of client schemas.
 */
export type SelectionMap = PathSelection | ObjectSelection | AlternativesSelection;

/** A text that is no FieldSelectionMap; `offset` counts from 0 in the text. */
export class SelectionSyntaxError extends Error {
  readonly expected: string;
  readonly found: string;
  readonly offset: number;

  constructor(expected: string, found: string, offset: number) {
    super(`expected ${expected}, found ${found}`);
    this.name = "SelectionSyntaxError";
    this.expected = expected;
    this.found = found;
    this.offset = offset;
  }
}

/** Parses one FieldSelectionMap. Raises {@link SelectionSyntaxError}. */
export function parseSelectionMap(text: string): SelectionMap {
  if (text.length > maxTextLength) {
    throw new SelectionSyntaxError(`at most ${maxTextLength} characters`, `${text.length} characters`, 0);
  }
  return new Parser(text).parse();
}

/** Every path in a map, those inside objects, lists and alternatives included. */
export function pathsOf(map: SelectionMap | ListSelection): PathSelection[] {
  switch (map.kind) {
    case "path":
      return map.then === null ? [map] : [map, ...pathsOf(map.then)];
    case "object":
      return map.fields.flatMap((field) => pathsOf(field.value));
    case "list":
      return pathsOf(map.element);
    case "alternatives":
      return map.options.flatMap(pathsOf);
  }
}

/** The names of a path's segments joined by dots, for messages. */
export function printPath(path: PathSelection): string {
  const names = path.segments.map((segment) => segment.name);
  return (path.root === "value" ? names : [`$${path.root}`, ...names]).join(".");
}

/** A map of source schemas as it would be written, in one line. */
export function printSelectionMap(map: SelectionMap | ListSelection): string {
  switch (map.kind) {
    case "path": {
      const path = printPath(map);
      if (map.then === null) return path;
      return `${path}${map.then.kind === "object" ? "." : ""}${printSelectionMap(map.then)}`;
    }
    case "object":
      return `{ ${map.fields.map(({ name, value }) => `${name}: ${printSelectionMap(value)}`).join(", ")} }`;
    case "list":
      return `[${printSelectionMap(map.element)}]`;
    case "alternatives":
      return map.options.map(printSelectionMap).join(" | ");
  }
}

/** The names of a path that finds one thing, without roots, lists and alternatives; null for every other map, and for none. */
export function plainNamesOf(map: SelectionMap | undefined): readonly string[] | null {
  if (map?.kind !== "path" || map.root !== "value" || map.then !== null) return null;
  return map.segments.map(({ name }) => name);
}

const maxTextLength = 4096;
const maxDepth = 32;
const roots: ReadonlySet<string> = new Set<SelectionRoot>(["args", "parent", "claims", "headers", "item"]);
const namePattern = /[_A-Za-z][_0-9A-Za-z]*/y;
/** Claims and headers have names that are no GraphQL names. */
const loosePattern = /[_A-Za-z][-_0-9A-Za-z]*/y;
/** As in GraphQL, no name and no further digit may touch a number. */
const numberPattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![.\w])/y;
/** Every text that fits is also a JSON string. */
const stringPattern = /"(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/uy;
const ignoredPattern = /[\s,]*/y;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  /** How many `[ ]` are open: `$item` has a meaning inside of one only. */
  #openLists = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): SelectionMap {
    const map = this.#selectedValue();
    if (this.#peek() !== "") this.#fail("the end");
    return map;
  }

  #selectedValue(): SelectionMap {
    if (++this.#depth > maxDepth) this.#fail(`at most ${maxDepth} levels`);
    const offset = this.#skip();
    const options = [this.#entry()];
    while (this.#take("|")) options.push(this.#entry());
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "alternatives", options, offset };
  }

  #entry(): SelectionMap {
    if (this.#peek() === "{") return this.#object();
    return this.#path();
  }

  #object(): ObjectSelection {
    const offset = this.#skip();
    this.#expect("{");
    const fields: { name: string; value: SelectionMap; offset: number }[] = [];
    while (!this.#take("}")) {
      const fieldOffset = this.#skip();
      const name = this.#match(namePattern) ?? this.#fail("a field name or }");
      if (fields.some((field) => field.name === name)) this.#fail("each name once", fieldOffset);
      const value = this.#take(":") ? this.#selectedValue() : valuePath(name, fieldOffset);
      fields.push({ name, value, offset: fieldOffset });
    }
    if (fields.length === 0) this.#fail("at least one field", offset);
    return { kind: "object", fields, offset };
  }

  #path(): PathSelection {
    const offset = this.#skip();
    if (this.#peek() === "<") this.#fail("a field before the type condition");
    let root: SelectionRoot = "value";
    if (this.#take("$")) {
      const name = this.#match(namePattern) ?? "";
      if (!roots.has(name)) {
        this.#fail("one of $args, $parent, $claims, $headers, $item", offset);
      }
      root = name as SelectionRoot;
      if (root === "item" && this.#openLists === 0) this.#fail("$item inside [ ] only", offset);
    }
    const segments: PathSegment[] = [];
    let then: PathSelection["then"] = null;
    if (root === "value") segments.push(this.#segment(root));
    while (this.#take(".")) {
      if (this.#peek() === "{") {
        then = this.#object();
        break;
      }
      segments.push(this.#segment(root));
    }
    if (then === null && this.#peek() === "[") then = this.#list();
    return { kind: "path", root, segments, then, offset };
  }

  #segment(root: SelectionRoot): PathSegment {
    const offset = this.#skip();
    const pattern = root === "claims" || root === "headers" ? loosePattern : namePattern;
    const name = this.#match(pattern) ?? this.#fail("a name");
    const segmentArguments: SegmentArgument[] = [];
    if (this.#take("(")) {
      while (!this.#take(")")) {
        const argumentOffset = this.#skip();
        const argumentName = this.#match(namePattern) ?? this.#fail("an argument's name or )");
        if (segmentArguments.some((argument) => argument.name === argumentName))
          this.#fail("each argument once", argumentOffset);
        this.#expect(":");
        segmentArguments.push({ name: argumentName, value: this.#literal(), offset: argumentOffset });
      }
    }
    return { name, arguments: segmentArguments, onType: this.#typeCondition(), offset };
  }

  #typeCondition(): TypeCondition | null {
    if (!this.#take("<")) return null;
    const offset = this.#skip();
    const typeName = this.#match(namePattern) ?? this.#fail("the name of a type");
    this.#expect(">");
    return { typeName, offset };
  }

  #list(): ListSelection {
    const offset = this.#skip();
    this.#expect("[");
    this.#openLists++;
    const element = this.#selectedValue();
    this.#openLists--;
    this.#expect("]");
    return { kind: "list", element, offset };
  }

  #literal(): ValueNode {
    if (++this.#depth > maxDepth) this.#fail(`at most ${maxDepth} levels`);
    const value = this.#literalBody();
    this.#depth--;
    return value;
  }

  #literalBody(): ValueNode {
    const offset = this.#skip();
    if (this.#take("$")) {
      if (this.#match(namePattern) !== "args") this.#fail("$args.<argument>", offset);
      const names: string[] = [];
      while (this.#take(".")) names.push(this.#match(namePattern) ?? this.#fail("an argument's name"));
      if (names.length === 0) this.#fail("$args.<argument>", offset);
      return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: names.join(".") } };
    }
    if (this.#take("[")) {
      const values: ValueNode[] = [];
      while (!this.#take("]")) values.push(this.#literal());
      return { kind: Kind.LIST, values };
    }
    if (this.#take("{")) {
      const fields: {
        kind: Kind.OBJECT_FIELD;
        name: { kind: Kind.NAME; value: string };
        value: ValueNode;
      }[] = [];
      while (!this.#take("}")) {
        const fieldOffset = this.#skip();
        const name = this.#match(namePattern) ?? this.#fail("a field name or }");
        if (fields.some((field) => field.name.value === name)) this.#fail("each name once", fieldOffset);
        this.#expect(":");
        fields.push({
          kind: Kind.OBJECT_FIELD,
          name: { kind: Kind.NAME, value: name },
          value: this.#literal(),
        });
      }
      return { kind: Kind.OBJECT, fields };
    }
    return this.#scalar();
  }

  #scalar(): ConstValueNode {
    this.#skip();
    const text = this.#match(stringPattern);
    if (text !== null) return { kind: Kind.STRING, value: JSON.parse(text) as string };
    const number = this.#match(numberPattern);
    if (number !== null) return { kind: /[.eE]/.test(number) ? Kind.FLOAT : Kind.INT, value: number };
    const name = this.#match(namePattern) ?? this.#fail("a value");
    if (name === "null") return { kind: Kind.NULL };
    if (name === "true" || name === "false") return { kind: Kind.BOOLEAN, value: name === "true" };
    return { kind: Kind.ENUM, value: name };
  }

  /** Skips white space and commas; returns where it stands. */
  #skip(): number {
    ignoredPattern.lastIndex = this.#at;
    ignoredPattern.test(this.#text);
    this.#at = ignoredPattern.lastIndex;
    return this.#at;
  }

  #peek(): string {
    return this.#text.charAt(this.#skip());
  }

  #take(punctuator: string): boolean {
    if (this.#peek() !== punctuator) return false;
    this.#at++;
    return true;
  }

  #expect(punctuator: string): void {
    if (!this.#take(punctuator)) this.#fail(punctuator);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #fail(expected: string, offset = this.#skip()): never {
    const rest = this.#text.slice(offset, offset + 20).toWellFormed();
    throw new SelectionSyntaxError(expected, rest === "" ? "the end" : JSON.stringify(rest), offset);
  }
}

function valuePath(name: string, offset: number): PathSelection {
  return {
    kind: "path",
    root: "value",
    segments: [{ name, arguments: [], onType: null, offset }],
    then: null,
    offset,
  };
}
