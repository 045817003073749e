import type { SizeLimit } from "../../gateway/policy/limits.ts";
import type { Asked } from "./border-gateway.ts";

/** An operation that has exactly `count` of what a limit counts. */
export type Sized = (count: number) => Asked;

export interface SizeRow {
  /** What the limit is set to. */
  readonly max: number;
  /** What is counted, as the refusal says it. */
  readonly counts: string;
  /** The operation as anybody would write it. */
  readonly plain: Sized;
  /** The same amount, in ways that might pass the limit. */
  readonly around: Readonly<Record<string, Sized>>;
}

/** Every limit of what an operation is. */
export const sizeRows: Readonly<Record<SizeLimit, SizeRow>> = {
  maxDepth: {
    max: 4,
    counts: "levels of fields",
    plain: (count) => ({ query: `{ one ${nexts(count - 2)} }` }),
    around: {
      "named fragments": (count) => ({
        query: `{ ...A } fragment A on Query { one { ...B } } fragment B on Thing ${nexts(count - 2)}`,
      }),
      "inline fragments": (count) => ({
        query: `{ ... { one { ... on Thing { ... @include(if: true) ${nexts(count - 2)} } } } }`,
      }),
      "what is skipped": (count) => ({
        query: `query ($no: Boolean!) { many { id } one @skip(if: $no) ${nexts(count - 2)} }`,
        variables: { no: true },
      }),
      "an operation that is not run": (count) => ({
        query: `query A { one { id } } query B { one ${nexts(count - 2)} }`,
        operationName: "A",
      }),
      "aliases of __typename": (count) => ({ query: `{ one ${nexts(count - 2, "id: __typename")} }` }),
    },
  },
  maxAliases: {
    max: 4,
    counts: "aliases",
    plain: (count) => ({ query: `{ one { ${times(count, (n) => `a${n}: id`)} } }` }),
    around: {
      "fragments that are spread twice": (count) => ({
        query: `{ one { ...F next { ...F } ${times(count - 2, (n) => `a${n}: id`)} } } fragment F on Thing { f: id }`,
      }),
      "inline fragments": (count) => ({
        query: `{ one { ... { ... on Thing { ${times(count, (n) => `a${n}: id`)} } } } }`,
      }),
      "aliases that repeat the name": (count) => ({ query: `{ one { ${times(count, () => "id: id")} } }` }),
      "equal aliases": (count) => ({ query: `{ one { ${times(count, () => "a: id")} } }` }),
      "different levels": (count) => ({
        query: `{ a: one { b: next { ${times(count - 2, (n) => `a${n}: id`)} } } }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A { one { id } } query B { one { ${times(count, (n) => `a${n}: id`)} } }`,
        operationName: "A",
      }),
    },
  },
  maxRootFields: {
    max: 4,
    counts: "root fields",
    plain: (count) => ({ query: `{ ${times(count, (n) => `a${n}: dear`)} }` }),
    around: {
      "equal fields": (count) => ({ query: `{ ${times(count, () => "dear")} }` }),
      "fields of the schema's own": (count) => ({ query: `{ ${times(count, () => "__typename")} }` }),
      "fragments that are spread twice": (count) => ({
        query: `{ ...F ...F ${times(count - 2, () => "dear")} } fragment F on Query { dear }`,
      }),
      "inline fragments": (count) => ({
        query: `{ dear ... { dear ... on Query { ${times(count - 2, () => "dear")} } } }`,
      }),
      "what is left out": (count) => ({
        query: `query ($yes: Boolean = true) { dear ${times(count - 1, (n) => `a${n}: dear @skip(if: $yes)`)} }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A { dear } mutation B { ${times(count, (n) => `a${n}: change`)} }`,
        operationName: "A",
      }),
    },
  },
  maxDirectives: {
    max: 4,
    counts: "directives",
    plain: (count) => ({ query: `{ one { ${times(count, (n) => `a${n}: id @include(if: true)`)} } }` }),
    around: {
      "fragments that are spread twice": (count) => ({
        query: `{ one { ...F next { ...F } ${times(count - 2, () => "id @skip(if: false)")} } } fragment F on Thing { id @include(if: true) }`,
      }),
      "directives on fragments": (count) => ({
        query: `{ one { ...F @include(if: true) ${times(count - 1, () => "... @skip(if: false) { id }")} } } fragment F on Thing { id }`,
      }),
      "what is skipped": (count) => ({
        query: `{ one { id ... @skip(if: true) { ${times(count - 1, () => "id @include(if: true)")} } } }`,
      }),
      "different directives on one field": (count) => ({
        query: `{ one { id @skip(if: false) @include(if: true) ${times(count - 2, () => "id @skip(if: false)")} } }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A { one { id } } query B { one { ${times(count, () => "id @include(if: true)")} } }`,
        operationName: "A",
      }),
    },
  },
  maxFields: {
    max: 5,
    counts: "fields",
    plain: (count) => ({ query: `{ one { ${times(count - 1, (n) => `a${n}: id`)} } }` }),
    around: {
      "equal fields": (count) => ({ query: `{ one { ${times(count - 1, () => "id")} } }` }),
      "fragments that are spread twice": (count) => ({
        query: `{ one { ...F ...F ${times(count - 3, () => "text")} } } fragment F on Thing { id }`,
      }),
      "fragments in fragments": (count) => ({
        query: `{ one { ...F ...F ${times(count - 3, () => "text")} } } fragment F on Thing { ...G } fragment G on Thing { id }`,
      }),
      "inline fragments": (count) => ({
        query: `{ ... { one { ... on Thing { ${times(count - 1, () => "id")} } } } }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A { dear } query B { one { ${times(count - 1, () => "id")} } }`,
        operationName: "A",
      }),
    },
  },
  maxDocumentTokens: {
    max: 12,
    counts: "lexical tokens or more, values in fragments as often as they are spread",
    plain: (count) => ({ query: `{ one { ${times(count - 5, () => "id")} } }` }),
    around: {
      "no space between them": (count) => ({
        query: `{one{${Array(count - 5)
          .fill("id")
          .join(",")}}}`,
      }),
      "commas and comments, which are none": (count) => ({
        query: `{ one { ${times(count - 5, () => "id,,,,#, id id\n")} } }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A{dear} query B{${times(count - 9, () => "dear")} }`,
        operationName: "A",
      }),
      "a longer name for the same": (count) => ({
        query: `query ${"x".repeat(300)} { one { ${times(count - 7, () => "id")} } }`,
      }),
    },
  },
  maxDocumentBytes: {
    max: 60,
    counts: "bytes of document",
    plain: (count) => ({ query: filled("{ dear } #", count) }),
    around: {
      "characters of three bytes": (count) => ({ query: filled(`{ dear } #${"€".repeat(12)}`, count) }),
      "characters of four bytes": (count) => ({ query: filled(`{ dear } #${"😀".repeat(9)}`, count) }),
      "space and commas": (count) => ({ query: `{ dear }${", ".repeat(20)}`.padEnd(count, " ") }),
      "an operation that is not run": (count) => ({
        query: `query A { dear } query B { ${"x".repeat(count - 36)}: dear } `,
        operationName: "A",
      }),
    },
  },
  maxListLength: {
    max: 5,
    counts: "elements in one list",
    plain: (count) => ({ query: `{ find(ids: [${numbers(count).join(" ")}]) }` }),
    around: {
      "a variable": (count) => ({
        query: "query ($ids: [Int!]) { find(ids: $ids) }",
        variables: { ids: numbers(count) },
      }),
      "a variable's default": (count) => ({
        query: `query ($ids: [Int!] = [${numbers(count).join(" ")}]) { find(ids: $ids) }`,
      }),
      "a default that is not used": (count) => ({
        query: `query ($ids: [Int!] = [${numbers(count).join(" ")}]) { find(ids: $ids) }`,
        variables: { ids: [1] },
      }),
      "variables in a list": (count) => ({
        query: `query ($id: Int!) { find(ids: [${Array(count).fill("$id").join(" ")}]) }`,
        variables: { id: 1 },
      }),
      "objects in objects": (count) => ({
        query: `{ find(by: { and: [{ not: { ids: [${numbers(count).join(" ")}] } }] }) }`,
      }),
      "objects in objects of a variable": (count) => ({
        query: "query ($by: Filter) { find(by: { not: $by }) }",
        variables: { by: { and: [{ ids: numbers(count) }] } },
      }),
      "a fragment": (count) => ({
        query: `{ ...F } fragment F on Query { dear a: find(ids: [${numbers(count).join(" ")}]) }`,
      }),
      "what is skipped": (count) => ({
        query: `{ dear find(ids: [${numbers(count).join(" ")}]) @skip(if: true) }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A { dear } mutation B { change(ids: [${numbers(count).join(" ")}]) }`,
        operationName: "A",
      }),
    },
  },
  maxVariableDepth: {
    max: 4,
    counts: "levels of lists and objects in one value",
    plain: (count) => ({ query: `{ find(by: ${literalOf(nested(count))}) }` }),
    around: {
      "a variable": (count) => ({
        query: "query ($by: Filter) { find(by: $by) }",
        variables: { by: nested(count) },
      }),
      "a variable's default": (count) => ({
        query: `query ($by: Filter = ${literalOf(nested(count))}) { find(by: $by) }`,
      }),
      "a variable inside the document's own objects": (count) => ({
        query: "query ($by: Filter!) { find(by: { and: [$by] }) }",
        variables: { by: nested(count - 2) },
      }),
      "a default inside the document's own objects": (count) => ({
        query: `query ($by: Filter! = ${literalOf(nested(count - 1))}) { find(by: { not: $by }) }`,
      }),
      "a fragment": (count) => ({
        query: `{ ...F } fragment F on Query { find(by: ${literalOf(nested(count))}) }`,
      }),
      "an operation that is not run": (count) => ({
        query: `query A { dear } query B { find(by: ${literalOf(nested(count))}) }`,
        operationName: "A",
      }),
    },
  },
};

/** What is beyond all that a limit can be set to, in few bytes, and how much it is; other limits may be exceeded as well. */
export const beyondCeilings: Partial<Readonly<Record<SizeLimit, readonly [asked: Asked, found: number]>>> = {
  maxDepth: [{ query: `{ one ${nexts(199)} }` }, 201],
  maxAliases: [{ query: `{ ...F0 } ${doubling("a: dear")}` }, 2 ** 20],
  maxRootFields: [{ query: `{ ...F0 } ${doubling("dear")}` }, 2 ** 20],
  maxDirectives: [{ query: `{ ...F0 } ${doubling("dear @skip(if: true)")}` }, 2 ** 20],
  maxFields: [{ query: `{ ...F0 } ${doubling("dear")}` }, 2 ** 20],
  maxListLength: [
    { query: "query ($ids: [Int!]) { find(ids: $ids) }", variables: { ids: Array(1_000_001).fill(1) } },
    1_000_001,
  ],
  maxVariableDepth: [
    { query: "query ($by: Filter) { find(by: $by) }", variables: { by: nested(1001) } },
    1001,
  ],
};

function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(" ");
}

/** A selection of `levels` of `next` and a leaf. */
function nexts(levels: number, leaf = "id"): string {
  return `{ ${"next { ".repeat(levels)}${leaf} ${"} ".repeat(levels)}}`;
}

function filled(text: string, bytes: number): string {
  return text + "x".repeat(bytes - Buffer.byteLength(text));
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Filters of so many levels of objects and lists. */
function nested(levels: number): object {
  if (levels <= 1) return {};
  return levels === 2 ? { and: [] } : { and: [nested(levels - 2)] };
}

function literalOf(value: object): string {
  return JSON.stringify(value).replaceAll('"', "");
}

/** Fragments, each of which spreads the next twice, so that `selection` stands there 2^20 times. */
function doubling(selection: string): string {
  const spread = times(20, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`);
  return `${spread} fragment F20 on Query { ${selection} }`;
}
