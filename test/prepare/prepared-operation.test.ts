import { buildSchema, type OperationDefinitionNode, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { noGuards } from "../../gateway/policy/operation-guards.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import { PreparedOperation } from "../../gateway/prepare/prepared-operation.ts";
import { compileCost } from "../../gateway/policy/operation-cost.ts";
import { openAccess } from "../support/open-access.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { ampleLimits } from "../support/ample-limits.ts";
import { countFigures } from "../../gateway/policy/operation-figures.ts";

const schema = buildSchema("type Query { x(on: Boolean): Int }");

function prepare(query: string): PreparedOperation {
  const limits = { limits: ampleLimits, maxPreparedOperations: 10 };
  return new OperationPreparer(
    { schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    limits,
    () => {},
  ).prepare(query, null);
}

/** An operation with that many conditions, `$c0` and so on. */
function conditional(count: number): PreparedOperation {
  const names = Array.from({ length: count }, (_, index) => `$c${index}`);
  const fields = names.map((name, index) => `x${index}: x @skip(if: ${name})`);
  return prepare(`query (${names.map((name) => `${name}: Boolean!`).join(" ")}) { ${fields.join(" ")} }`);
}

/** The values of `count` conditions: the bits of a number. */
function valuesOf(bits: number, count: number): Record<string, boolean> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`c${index}`, Math.floor(bits / 2 ** index) % 2 === 1]),
  );
}

describe("the formula of an operation's calls", () => {
  it("is made once for a variant, and counts in what is kept as long as the variant is", () => {
    const document = parse("{ x }");
    const operation = document.definitions[0] as OperationDefinitionNode;
    const derived = {
      coerceVariables: () => ({}),
      guards: noGuards,
      introspection: null,
      rates: null,
      figures: countFigures(document),
      cost: compileCost(plainCosts, schema, document, operation),
    };
    const growths: number[] = [];
    const prepared = new PreparedOperation(document, operation, derived, (bytes) => void growths.push(bytes));
    const formula = { estimatedBytes: 100, upstreamCalls: () => 1 };
    const variant = prepared.variantFor({}, null);
    expect([1, 2].map(() => variant?.callFormula(() => formula))).toEqual([formula, formula]);
    expect(prepared.callFormula(() => ({ ...formula, estimatedBytes: 30 })).estimatedBytes).toBe(30);
    variant?.dispose();
    variant?.dispose();
    expect(growths).toEqual([100, 30, -100]);
    expect(variant?.callFormula(() => formula)).toBe(formula);
    expect(growths).toEqual([100, 30, -100]);
  });
});

describe("a prepared operation", () => {
  it("without conditions has one variant", () => {
    const prepared = prepare("query ($on: Boolean) { x(on: $on) }");
    const variant = prepared.variantFor({ on: true }, null);
    expect(prepared.variantFor({ on: null }, null)).toBe(variant);
    expect(variant?.uses).toBe(2);
    expect(variant?.conditions).toEqual(new Map());
  });

  it("has a variant for each set of values of its conditions, and counts what it is used", () => {
    const prepared = conditional(4);
    const variants = Array.from({ length: 32 }, (_, index) =>
      prepared.variantFor(valuesOf(index % 16, 4), null),
    );
    expect(new Set(variants).size).toBe(16);
    for (const [index, variant] of variants.entries()) {
      expect(Object.fromEntries(variant?.conditions ?? [])).toEqual(valuesOf(index % 16, 4));
      expect(variant?.uses).toBe(2);
    }
  });

  it("has no variant where a condition is null", () => {
    expect(conditional(1).variantFor({ c0: null }, null)).toBeNull();
  });

  it("keeps 16 variants that are used, whatever else is asked for", () => {
    const prepared = conditional(6);
    const kept = Array.from({ length: 16 }, (_, index) => prepared.variantFor(valuesOf(index, 6), null));
    for (let round = 0; round < 20; round++) {
      for (let index = 16; index < 64; index += 4)
        expect(prepared.variantFor(valuesOf(index, 6), null)).toBeNull();
      for (const [index, variant] of kept.entries())
        expect(prepared.variantFor(valuesOf(index, 6), null)).toBe(variant);
    }
  });

  it("drops the variant that was not used for the longest time, with its compiled form", () => {
    const prepared = conditional(5);
    const kept = Array.from({ length: 16 }, (_, index) => prepared.variantFor(valuesOf(index, 5), null));
    kept[3]?.attach({ estimatedBytes: 1, sharing: null });
    for (let time = 0; time < 256; time++)
      for (let index = 0; index < 16; index++) if (index !== 3) prepared.variantFor(valuesOf(index, 5), null);
    expect(prepared.variantFor(valuesOf(16, 5), null)?.uses).toBe(1);
    expect(kept[3]?.compiled).toBeNull();
    expect(prepared.variantFor(valuesOf(3, 5), null)).toBeNull();
    expect(prepared.variantFor(valuesOf(4, 5), null)).toBe(kept[4]);
  });

  it("has nothing to do with what is compiled for a variant that was dropped meanwhile", () => {
    let bytes = 0;
    const document = parse("query ($on: Boolean!) { x @skip(if: $on) }");
    const [operation] = document.definitions as [OperationDefinitionNode];
    const onGrowth = (difference: number): void => void (bytes += difference);
    const noCost = compileCost(plainCosts, schema, document, operation);
    const prepared = new PreparedOperation(
      document,
      operation,
      {
        coerceVariables: () => null,
        guards: noGuards,
        rates: null,
        figures: countFigures(document),
        introspection: null,
        cost: noCost,
      },
      onGrowth,
    );
    const variant = prepared.variantFor({ on: true }, null);
    variant?.attach({ estimatedBytes: 5, sharing: null });
    variant?.dispose();
    variant?.attach({ estimatedBytes: 7, sharing: null });
    expect(variant?.compiled).toBeNull();
    expect(bytes).toBe(0);
  });

  it("tells up to 30 conditions apart, and has no variants beyond", () => {
    const prepared = conditional(30);
    const last = prepared.variantFor(valuesOf(2 ** 29, 30), null);
    expect(last).not.toBeNull();
    expect(prepared.variantFor(valuesOf(0, 30), null)).not.toBe(last);
    expect(prepared.variantFor(valuesOf(2 ** 30 - 1, 30), null)).not.toBe(last);
    expect(prepared.variantFor(valuesOf(2 ** 29, 30), null)).toBe(last);
    expect(conditional(31).variantFor(valuesOf(0, 31), null)).toBeNull();
  });
});
