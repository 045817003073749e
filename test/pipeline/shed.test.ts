import { OperationTypeNode } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { shed, shedAnybody, type SheddingBff } from "../../gateway/pipeline/shed.ts";
import { compileTiers } from "../../gateway/policy/tiers.ts";
import { budgetsOption, limitsOption, tiersOption } from "../../gateway/config/demand-control.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const tiers = compileTiers({
  limits: limitsOption.parse({}),
  budgets: budgetsOption.parse([]),
  tiers: tiersOption.parse({ free: { priority: 0 }, gold: { priority: 100 } }),
});
const known = new Map([
  ["{ read }", OperationTypeNode.QUERY],
  ["mutation { write }", OperationTypeNode.MUTATION],
]);

function bffAt(load: Partial<SheddingBff["load"]>): SheddingBff & { readonly metrics: Metrics } {
  return {
    settings: { name: "web" },
    metrics: new Metrics(),
    tiers,
    load: { eventLoop: 0, inFlight: 0, ...load },
    preparer: { kindOf: (query) => known.get(query) ?? null },
  };
}

interface Asked {
  readonly tier?: string | null;
  readonly query?: unknown;
  readonly method?: "GET" | "POST";
  readonly draw?: number;
}

/** The refusal's `retry-after`; null where the request passes. */
function refusalOf(
  bff: SheddingBff,
  { tier = null, query = "{ read }", method = "POST", draw = 0.5 }: Asked = {},
) {
  try {
    shed(bff, { tier }, { method, params: { query } }, () => draw);
    return null;
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error;
    return [error.code, error.headers["retry-after"]];
  }
}

describe("shedding", () => {
  it("refuses nobody while there is less to do than half a bound", () => {
    for (const tier of ["free", "gold", null])
      expect(refusalOf(bffAt({ eventLoop: 0.5, inFlight: 0.49 }), { tier, draw: 0 })).toBeNull();
  });

  it("refuses low tiers before those that say nothing, and these before high ones", () => {
    const refused = (load: number) =>
      ["free", null, "unheard", "gold"].map(
        (tier) => refusalOf(bffAt({ inFlight: load }), { tier }) !== null,
      );
    expect(refused(0.6)).toEqual([true, false, false, false]);
    expect(refused(0.8)).toEqual([true, true, true, false]);
    expect(refused(0.95)).toEqual([true, true, true, true]);
  });

  it("refuses a part of a rank, as the draw decides, before all of it", () => {
    const bff = bffAt({ eventLoop: 0.52 });
    const drawn = [0, 0.1, 0.19, 0.21, 0.9].map((draw) => refusalOf(bff, { tier: "free", draw }) !== null);
    expect(drawn).toEqual([true, true, true, false, false]);
  });

  it("refuses queries before mutations of the same tier, and mutations of a lower one before queries of a higher", () => {
    const query = "mutation { write }";
    const bff = bffAt({ inFlight: 0.76 });
    expect(refusalOf(bff)).not.toBeNull();
    expect(refusalOf(bff, { query })).toBeNull();
    expect(refusalOf(bff, { query, tier: "free" })).not.toBeNull();
    expect(refusalOf(bff, { tier: "gold" })).toBeNull();
    expect(refusalOf(bffAt({ inFlight: 0.9 }), { query })).not.toBeNull();
  });

  it.each<[string, Asked]>([
    ["a document that was not prepared yet", { query: "mutation { unseen }" }],
    ["a mutation that is sent by GET", { query: "mutation { write }", method: "GET" }],
    ["no document", { query: undefined }],
    ["no text as the document", { query: 7 }],
  ])("takes %s for a query", (_what, asked) => {
    expect(refusalOf(bffAt({ inFlight: 0.76 }), asked)).not.toBeNull();
  });

  it("tells clients to come back, not all of them in the same second", () => {
    const bff = bffAt({ inFlight: 1 });
    const told = [0, 0.25, 0.5, 0.75, 0.999].map((draw) => refusalOf(bff, { draw }));
    expect(told).toEqual(["1", "2", "3", "4", "5"].map((seconds) => ["OVERLOADED", seconds]));
  });

  it("counts what it refuses, by the bound that is nearest", async () => {
    const late = bffAt({ eventLoop: 2, inFlight: 0.9 });
    refusalOf(late);
    expect(() => shedAnybody(late)).toThrow(RequestRefusal);
    const full = bffAt({ eventLoop: 0.9, inFlight: 1 });
    expect(() => shedAnybody(full)).toThrow(RequestRefusal);
    expect(await late.metrics.expose()).toContain(
      'overlock_shed_requests_total{bff="web",reason="eventLoop"} 2',
    );
    expect(await full.metrics.expose()).toContain(
      'overlock_shed_requests_total{bff="web",reason="inFlight"} 1',
    );
  });

  it("asks nobody who they are where everybody is refused, and otherwise refuses nobody unasked", () => {
    expect(() => shedAnybody(bffAt({ eventLoop: 1 }))).toThrow(RequestRefusal);
    expect(() => shedAnybody(bffAt({ eventLoop: 0.99, inFlight: 0.99 }))).not.toThrow();
  });
});

describe("a process that may work on two requests at a time", () => {
  let project: TemporaryProject;
  let test: TestGateway;

  beforeAll(async () => {
    const schema = "type Query { categories: [Category!] } type Category { id: ID! }";
    project = createShopProject(schema, { shareRequests: false });
    test = await startTestGateway({ MAX_REQUESTS_IN_FLIGHT: "2" }, project.root);
  });
  afterAll(async () => {
    await test.stop();
    project.remove();
  });

  async function readMetrics(): Promise<string> {
    return (await fetch(`${test.gateway.adminUrl}/metrics`)).text();
  }

  it("refuses a third with 503, answers health checks, and goes on when one is done", async () => {
    const leave = new AbortController();
    test.shop.catalog.faults.set({ fault: "hang" });
    const held = [1, 2].map((number) =>
      test.query(`query Held${number} { categories { id } }`, { signal: leave.signal }).catch(() => null),
    );
    await expect.poll(readMetrics).toContain('overlock_requests_in_flight{bff="web"} 2');
    const refused = await test.query("{ __typename }");
    expect(refused).toMatchObject({
      status: 503,
      data: undefined,
      errors: [
        {
          message: "The gateway has too much to do at the moment.",
          extensions: { code: "OVERLOADED" },
        },
      ],
    });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    for (const base of [test.gateway.url, test.gateway.adminUrl])
      for (const path of ["/health/live", "/health/ready"])
        expect((await fetch(`${base}${path}`)).status).toBe(200);
    expect(await readMetrics()).toContain('overlock_shed_requests_total{bff="web",reason="inFlight"} 1');
    expect(test.logLines.at(-1)).toMatchObject({
      outcome: "refused",
      status: 503,
      credential: null,
      errorCodes: { OVERLOADED: 1 },
    });
    test.shop.catalog.faults.clear();
    leave.abort();
    await Promise.all(held);
    await expect.poll(async () => (await test.query("{ __typename }")).status).toBe(200);
  });
});
