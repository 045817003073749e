import { setImmediate as nextTurn } from "node:timers/promises";
import { buildSchema } from "graphql";
import { beforeEach, describe, expect, it } from "vitest";
import { CompileQueue } from "../../gateway/prepare/compile-queue.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { OperationVariant } from "../../gateway/prepare/prepared-operation.ts";
import { openAccess } from "../support/open-access.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { ampleLimits } from "../support/ample-limits.ts";

const schema = buildSchema("type Query { x: Int }");
const limits = { limits: ampleLimits, maxPreparedOperations: 100 };

/** A variant of an operation of that name, used so many times. */
function variantOf(name: string, uses = 2): OperationVariant {
  const prepared = new OperationPreparer(
    { schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    limits,
    () => {},
  ).prepare(`query ${name} { x }`, null);
  for (let time = 0; time < uses; time++) prepared.variantFor({}, null);
  const variant = prepared.variantFor({}, null);
  if (variant === null) throw new Error("Expected a variant.");
  return variant;
}

let events: string[] = [];
let queue: CompileQueue;
beforeEach(() => {
  events = [];
  queue = new CompileQueue({
    maxWaiting: 3,
    compile: ({ prepared: { name } }) => {
      events.push(name ?? "");
      if (name === "Broken") throw new Error("It can't be compiled.");
      return name === "Declined" ? null : { estimatedBytes: 100, sharing: null };
    },
    onResult: (result, error) => events.push(error instanceof Error ? `${result}: ${error.message}` : result),
  });
});

describe("a variant", () => {
  it("is compiled in a turn of its own, and not while it is offered", async () => {
    const variants = ["A", "B", "C"].map((name) => variantOf(name));
    for (const variant of variants) queue.offer(variant);
    expect(events).toEqual([]);
    for (const turn of [1, 2, 3, 3]) {
      await nextTurn();
      expect(events).toHaveLength(2 * turn);
    }
    for (const { compiled } of variants) expect(compiled).toEqual({ estimatedBytes: 100, sharing: null });
  });

  it("is compiled once, however often it is offered", async () => {
    const variant = variantOf("A");
    for (let time = 0; time < 3; time++) queue.offer(variant);
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    queue.offer(variant);
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    expect(events).toEqual(["A", "compiled"]);
  });

  it("goes before those that are used less", async () => {
    for (const [name, uses] of [
      ["A", 2],
      ["B", 5],
      ["C", 3],
    ] as const)
      queue.offer(variantOf(name, uses));
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    expect(events).toEqual(["B", "compiled", "C", "compiled", "A", "compiled"]);
  });

  it.each([
    ["Broken", "failed: It can't be compiled."],
    ["Declined", "declined"],
  ])("that is %s is tried once, and the others are compiled", async (name, result) => {
    const variant = variantOf(name, 5);
    queue.offer(variant);
    queue.offer(variantOf("A"));
    for (let turn = 0; turn < 2; turn++) await nextTurn();
    queue.offer(variant);
    queue.compileNow(variant);
    for (let turn = 0; turn < 2; turn++) await nextTurn();
    expect(events).toEqual([name, result, "A", "compiled"]);
    expect(variant.compiled).toBeNull();
  });

  it("is compiled at once where that is asked for, and not again", async () => {
    const variant = variantOf("A");
    queue.offer(variant);
    queue.compileNow(variant);
    queue.compileNow(variant);
    expect(events).toEqual(["A", "compiled"]);
    for (let turn = 0; turn < 2; turn++) await nextTurn();
    expect(events).toEqual(["A", "compiled"]);
  });

  it("is dropped when too many wait and it has waited longest, and can be offered again", async () => {
    const variants = ["A", "B", "C", "D"].map((name) => variantOf(name));
    for (const variant of variants.slice(0, 3)) queue.offer(variant);
    expect(events).toEqual([]);
    for (const variant of variants.slice(3)) queue.offer(variant);
    expect(events).toEqual(["dropped"]);
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    for (const variant of variants) queue.offer(variant);
    for (let turn = 0; turn < 2; turn++) await nextTurn();
    expect(events.filter((event) => event !== "compiled")).toEqual(["dropped", "B", "C", "D", "A"]);
  });

  it("is not compiled after the end", async () => {
    queue.offer(variantOf("A"));
    queue.dispose();
    for (let turn = 0; turn < 2; turn++) await nextTurn();
    expect(events).toEqual([]);
  });
});
