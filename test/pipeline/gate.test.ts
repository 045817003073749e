import { buildSchema } from "graphql";
import { beforeEach, describe, expect, it } from "vitest";
import { bffOptions } from "../../gateway/config/define-bff.ts";
import { anonymousCaller, type Caller } from "../../gateway/core/caller.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { gate, type GateRuntime } from "../../gateway/pipeline/gate.ts";
import { GatedRequest, type GatedRuntime } from "../../gateway/pipeline/gated-request.ts";
import { compileTierBudgets } from "../../gateway/policy/budgets.ts";
import { PreparingBudgets } from "../../gateway/policy/preparing-budgets.ts";
import { compileTiers } from "../../gateway/policy/tiers.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { openAccess } from "../support/open-access.ts";
import { plainCosts } from "../support/plain-costs.ts";

const settings = {
  ...bffOptions.parse({
    name: "web",
    limits: { maxDocumentBytes: 100, maxDocumentTokens: 10, maxFields: 3, maxDepth: 2 },
    preparing: { capacityMs: 100, refillMsPerSecond: 10 },
    tiers: {
      gold: { limits: { maxDocumentBytes: 200, maxDocumentTokens: 50, maxFields: 10 } },
      watched: { limits: { maxFields: 1, measure: ["maxFields"] } },
    },
  }),
  introspection: null,
};
const caller = (tier: string | null, consumer = tier): Caller => ({
  ...anonymousCaller,
  kind: "apiKey",
  tier,
  consumer,
});

let metrics: Metrics;
let preparer: OperationPreparer;
let bff: GateRuntime & GatedRuntime;
/** What each look at the processor's clock adds: a document takes as much. */
let costMs = 0;
let spentMs = 0;

beforeEach(() => {
  metrics = new Metrics();
  costMs = 0;
  const preparing = new PreparingBudgets(settings.preparing, {
    nowMs: () => 0,
    processorMs: () => (spentMs += costMs),
  });
  preparer = new OperationPreparer(
    {
      schema: buildSchema("type Query { a: Query b: Int }"),
      access: openAccess,
      costs: plainCosts,
      showsSuggestions: false,
    },
    settings,
    () => undefined,
  );
  const budgets = new LocalStore({
    maxBudgets: 10,
    now: () => 0,
    monotonicNow: () => 0,
    onForgotten: () => {},
  });
  const budgetsOf = compileTierBudgets("web");
  bff = { settings, tiers: compileTiers(settings), preparing, metrics, preparer, budgets, budgetsOf };
});

function pass(who: Caller, query: unknown, address: string | null = "192.0.2.1"): GatedRequest {
  const gated = new GatedRequest(bff, { clientAddress: address }, who);
  expect(gate(bff, gated, { query })).toBeNull();
  return gated;
}

/** "ok", or the code and what was exceeded. */
function prepare(who: Caller, query: string, operationName: string | null = null): string {
  try {
    preparer.prepare(query, operationName, pass(who, query));
    return "ok";
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error;
    const facts = Object.values(error.reasons[0]?.extensions ?? error.headers);
    return [error.code, ...facts].join(" ");
  }
}

async function counted(): Promise<readonly string[]> {
  const lines = (await metrics.expose()).split("\n");
  return lines.filter((line) => line.startsWith("overlock_limit_exceeded_total{"));
}

const ofBytes = (bytes: number): string => `{ b } #${"x".repeat(bytes - 7)}`;

describe("the bytes of a document", () => {
  it("are limited before it is read, by the tier of who sends it", async () => {
    for (const bytes of [99, 100]) expect(prepare(caller(null), ofBytes(bytes))).toBe("ok");
    for (const bytes of [101, 200])
      expect(prepare(caller("bronze"), ofBytes(bytes))).toBe(`LIMIT_EXCEEDED maxDocumentBytes 100 ${bytes}`);
    expect(prepare(caller("gold"), ofBytes(200))).toBe("ok");
    expect(prepare(caller("gold"), "{".repeat(201))).toBe("LIMIT_EXCEEDED maxDocumentBytes 200 201");
    expect(await counted()).toEqual([
      'overlock_limit_exceeded_total{bff="web",limit="maxDocumentBytes",mode="enforce"} 3',
    ]);
  });

  it("are counted as UTF-8", () => {
    expect(prepare(caller(null), `{ b } #${"€".repeat(31)}`)).toBe("ok");
    expect(prepare(caller(null), `{ b } #${"€".repeat(32)}`)).toBe("LIMIT_EXCEEDED maxDocumentBytes 100 103");
  });

  it("are none where there is no text, which another stage refuses", () => {
    for (const query of [undefined, null, 1, ["x".repeat(500)]])
      expect(pass(caller(null), query).tier.tier).toBeNull();
  });
});

describe("a document that is known", () => {
  it("is held against the limits of each caller's own tier", async () => {
    const query = "{ b b b a { b } }";
    expect(prepare(caller("gold"), query)).toBe("ok");
    expect(prepare(caller(null), query)).toBe("LIMIT_EXCEEDED maxFields 3 5");
    expect(prepare(caller("watched"), "{ a { b } }")).toBe("ok");
    expect(prepare(caller("watched"), "{ a { b } }")).toBe("ok");
    expect(await counted()).toEqual([
      'overlock_limit_exceeded_total{bff="web",limit="maxFields",mode="enforce"} 1',
      'overlock_limit_exceeded_total{bff="web",limit="maxFields",mode="measure"} 2',
    ]);
  });

  it("has its tokens counted for who may send fewer", () => {
    const query = `{ ${"a { ".repeat(2)}b ${"} ".repeat(3)}`;
    const long = `query Long($x: Int, $y: Int) { b }`;
    expect(prepare(caller("gold"), long)).toBe("GRAPHQL_VALIDATION_FAILED");
    expect(prepare(caller(null), long)).toBe("LIMIT_EXCEEDED maxDocumentTokens 10 11");
    expect(prepare(caller("gold"), query)).toBe("LIMIT_EXCEEDED maxDepth 2 3");
    const named = "query Long { b } query Short { b }";
    expect(prepare(caller("gold"), named, "Long")).toBe("ok");
    expect(prepare(caller(null), named, "Long")).toBe("ok");
    const three = `${named} query More { b }`;
    expect(prepare(caller("gold"), three, "Long")).toBe("ok");
    expect(prepare(caller(null), three, "Long")).toBe("LIMIT_EXCEEDED maxDocumentTokens 10 15");
  });

  it("costs nothing to who has spent all, however often it comes", () => {
    expect(prepare(caller(null, "app"), "{ b }")).toBe("ok");
    costMs = 150;
    expect(prepare(caller(null, "app"), "{ x: b }")).toBe("ok");
    expect(prepare(caller(null, "app"), "{ y: b }")).toBe("RATE_LIMITED 5");
    for (let time = 0; time < 10; time++) expect(prepare(caller(null, "app"), "{ b }")).toBe("ok");
  });

  it("costs something again where another of its operations is asked for", () => {
    const two = "query A { b } query B { b }";
    expect(prepare(caller(null, "app"), two, "A")).toBe("ok");
    costMs = 150;
    expect(prepare(caller(null, "app"), two, "B")).toBe("ok");
    expect(prepare(caller(null, "app"), "{ z: b }")).toBe("RATE_LIMITED 5");
    expect(prepare(caller(null, "app"), two, "B")).toBe("ok");
  });
});

describe("documents that are not known", () => {
  it("are at the expense of who sends them, whether they are any use or not", () => {
    costMs = 60;
    for (const query of ["{", "{ unknown }"])
      expect(prepare(caller(null, "app"), query)).toMatch(/^GRAPHQL_/);
    expect(prepare(caller(null, "app"), "{ b }")).toBe("RATE_LIMITED 2");
    expect(prepare(caller("gold", "other"), "{ b }")).toBe("ok");
  });

  it("of anonymous callers are at the expense of their address", () => {
    costMs = 150;
    const send = (query: string, address: string | null): unknown => {
      try {
        return preparer.prepare(query, null, pass(anonymousCaller, query, address)).name;
      } catch (error) {
        return error instanceof RequestRefusal ? error.code : error;
      }
    };
    expect(send("{ c1: b }", "2001:db8::1")).toBeNull();
    expect(send("{ c2: b }", "2001:db8::2")).toBe("RATE_LIMITED");
    expect(send("{ c3: b }", "192.0.2.1")).toBeNull();
    expect(send("{ c4: b }", null)).toBeNull();
    expect(send("{ c5: b }", null)).toBe("RATE_LIMITED");
  });
});
