import type { CostLimit } from "../../gateway/policy/cost-limits.ts";
import type { Asked } from "./border-gateway.ts";
import type { SizeRow } from "./size-rows.ts";

export interface CostRow extends SizeRow {
  readonly of: "typeCost" | "fieldCost" | "upstreamCalls";
}

/** Every limit of what an operation costs. */
export const costRows: Readonly<Record<CostLimit, CostRow>> = {
  maxTypeCost: {
    max: 24,
    counts: "as type cost",
    of: "typeCost",
    plain: (count) => ({ query: `{ many(first: ${count - 1}) { id } }` }),
    around: {
      "a variable": (count) => ({
        query: "query ($first: Int!) { many(first: $first) { id } }",
        variables: { first: count - 1 },
      }),
      "a variable's default": (count) => ({
        query: `query ($first: Int = ${count - 1}) { many(first: $first) { id } }`,
      }),
      "the argument's default": (count) => ({
        query: `{ many { id } more: many(first: ${count - 11}) { id } }`,
      }),
      "a variable without a value, whose argument has a default": (count) => ({
        query: `query ($first: Int) { many(first: $first) { id } more: many(first: ${count - 11}) { id } }`,
      }),
      "an input object": (count) => ({ query: `{ paged(page: { size: ${count - 1} }) { id } }` }),
      "an input object in a variable": (count) => ({
        query: "query ($page: Page) { paged(page: $page) { id } }",
        variables: { page: { size: count - 1 } },
      }),
      "the default of an input field": (count) => ({
        query: `{ paged(page: {}) { id } many(first: ${count - 11}) { id } }`,
      }),
      aliases: (count) => ({ query: `{ a: many(first: 10) { id } b: many(first: ${count - 11}) { id } }` }),
      "fragments spread twice, which are merged": (count) => ({
        query: `{ ...F ...F } fragment F on Query { many(first: ${count - 1}) { id } }`,
      }),
      "fragments in different places": (count) => ({
        query: `{ a: many(first: 4) { ...F } b: many(first: 2) { ...F } rest: many(first: ${count - 19}) { id } } fragment F on Thing { pieces { id } }`,
      }),
      "lists in lists": (count) => ({
        query: `{ many(first: 6) { pieces { id } } rest: many(first: ${count - 19}) { id } }`,
      }),
      "what a variable includes": (count) => ({
        query: `query ($yes: Boolean!) { many(first: 10) { id } ... @include(if: $yes) { more: many(first: ${count - 11}) { id } } }`,
        variables: { yes: true },
      }),
      "the second of several operations": (count) => ({
        query: `query A { dear } query B { many(first: ${count - 1}) { id } }`,
        operationName: "B",
      }),
    },
  },
  maxFieldCost: {
    max: 8,
    counts: "as field cost",
    of: "fieldCost",
    plain: (count) => ({ query: ones(count) }),
    around: {
      "input objects, which count": (count) => ({ query: `{ find(by: {}) ...F } ${fragmentOf(count - 1)}` }),
      "what is in them": (count) => ({
        query: `{ find(by: { and: [${"{ not: {} } ".repeat(count - 2)}] }) }`,
      }),
      "input objects in a variable": (count) => ({
        query: "query ($by: Filter) { find(by: $by) }",
        variables: { by: { and: Array.from({ length: count - 2 }, () => ({ not: {} })) } },
      }),
      "fields with a weight": (count) => ({ query: `{ dear ...F } ${fragmentOf(count - 5)}` }),
      "rows that have a field": (count) => ({ query: `{ many(first: ${count - 1}) { pair { id } } }` }),
      "fragments in different places": (count) => ({
        query: `{ a: one { ...P } b: one { ...P } ...F } ${fragmentOf(count - 4)} fragment P on Thing { pair { id } }`,
      }),
      "the second of several operations": (count) => ({
        query: `query A { dear } query B ${ones(count)}`,
        operationName: "B",
      }),
    },
  },
  maxUpstreamCalls: {
    max: 8,
    counts: "calls of backends",
    of: "upstreamCalls",
    plain: (count) => ({ query: calls(count) }),
    around: {
      "a fragment": (count) => ({ query: `{ ...F } fragment F on Query ${calls(count)}` }),
      "calls that are equal, which are one": (count) => ({
        query: `{ ...F again: find(ids: [0]) } fragment F on Query ${calls(count)}`,
      }),
      "a call for each row": (count) => ({ query: `{ many(first: ${count - 1}) { own } }` }),
      "a call for each two rows": (count) => ({
        query: `{ many(first: ${2 * (count - 1) - 1}) { pair { id } } }`,
      }),
      "a variable": (count) => ({
        query: "query ($first: Int) { many(first: $first) { own } }",
        variables: { first: count - 1 },
      }),
      "a variable's default": (count) => ({
        query: `query ($first: Int = ${count - 1}) { many(first: $first) { own } }`,
      }),
      "what a variable includes": (count) => ({
        query: `query ($yes: Boolean!) { many(first: ${count - 1}) { id own @include(if: $yes) } }`,
        variables: { yes: true },
      }),
      "the second of several operations": (count) => ({
        query: `query A { dear } query B ${calls(count)}`,
        operationName: "B",
      }),
    },
  },
};

/** So many objects beside the root, and fields that return one; all by one call. */
export function ones(count: number): string {
  return `{ ${aliases(count)} }`;
}

/** So many calls, and no object but the root. */
export function calls(count: number): string {
  return `{ ${Array.from({ length: count }, (_, index) => `c${index}: find(ids: [${index}])`).join(" ")} }`;
}

/** What costs more than a limit of cost can be set to. */
export const beyondAllCosts: Asked = {
  query: `{ many(first: 2147483647) { ${Array.from({ length: 500 }, (_, n) => `a${n}: own(part: ${n}) p${n}: pair { id }`).join(" ")} } }`,
};

function fragmentOf(count: number): string {
  return `fragment F on Query { ${aliases(count)} }`;
}

function aliases(count: number): string {
  return Array.from({ length: count }, (_, index) => `o${index}: one { id }`).join(" ");
}
