import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RedisSettings } from "../../gateway/config/redis-url.ts";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { openBudgets } from "../../gateway/server/open-budgets.ts";
import type { BudgetStore } from "../../gateway/state/budget-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { bucket, charge } from "../support/budget-rules.ts";
import { caught } from "../support/caught.ts";
import { eventually } from "../support/eventually.ts";
import { isWithoutRedis, TestRedis } from "../support/redis-server.ts";
import { startTestGateway } from "../support/test-gateway.ts";

let logged: Record<string, unknown>[];
let metrics: Metrics;
let store: BudgetStore | null;
beforeEach(() => {
  logged = [];
  metrics = new Metrics();
  store = null;
});
afterEach(() => store?.dispose());

async function open(
  redis: RedisSettings | null,
  redisLost: "local" | "refuse" = "local",
): Promise<BudgetStore> {
  const write = (line: string): void => void logged.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger("info", { write });
  const openable = await openBudgets({ settings: { redis, redisLost }, logger, metrics, primary: null });
  store = openable.store;
  await openable.open();
  return store;
}

async function metric(name: string): Promise<readonly string[]> {
  return (await metrics.expose()).split("\n").filter((line) => line.startsWith(name));
}

it("without Redis, budgets are this process's own", async () => {
  expect(await open(null)).toBeInstanceOf(LocalStore);
  expect(await metric("overlock_budget_store_up")).toEqual(["overlock_budget_store_up 1"]);
  expect(logged).toEqual([]);
});

describe.skipIf(isWithoutRedis)("budgets in a Redis that goes away (needs redis-server)", () => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await TestRedis.start();
  });
  afterEach(() => redis.stop());

  it("are told of once, and when it is back; meanwhile a metric says so", async () => {
    const budgets = await open(redis.settings);
    expect(await metric("overlock_budget_store_up")).toEqual(["overlock_budget_store_up 1"]);
    await budgets.reserve([charge(bucket(10))]);
    expect(logged).toEqual([]);

    await redis.stop();
    for (let request = 0; request < 5; request++)
      expect(await budgets.reserve([charge(bucket(10))])).toMatchObject({
        refused: null,
        isLocalShare: true,
      });
    expect(await metric("overlock_budget_store_up")).toEqual(["overlock_budget_store_up 0"]);
    expect(await metric("overlock_budget_store_errors_total")).toEqual([
      'overlock_budget_store_errors_total{reason="connection"} 1',
      'overlock_budget_store_errors_total{reason="away"} 4',
    ]);
    const warning = { level: "warn", reason: "connection", meanwhile: "each process grants its own share" };
    expect(logged).toMatchObject([{ ...warning, msg: "the store of budgets is away" }]);

    await redis.restart();
    await eventually(() =>
      expect(logged.slice(1)).toMatchObject([{ level: "info", msg: "the store of budgets is back" }]),
    );
    expect(await metric("overlock_budget_store_up")).toEqual(["overlock_budget_store_up 1"]);
    expect(await budgets.reserve([charge(bucket(10))])).toMatchObject({ isLocalShare: false });
  });

  it("refuse everything meanwhile where REDIS_LOST says so", async () => {
    const budgets = await open(redis.settings, "refuse");
    await redis.stop();
    for (let request = 0; request < 2; request++)
      expect(await caught((async () => budgets.reserve([charge(bucket(10))]))())).toMatchObject({
        code: "STATE_UNAVAILABLE",
      });
    expect(logged).toMatchObject([{ level: "warn", meanwhile: "requests with a budget are refused" }]);
  });
});

it("a gateway starts, and serves, while its Redis is away", async () => {
  const test = await startTestGateway({ REDIS_URL: "redis://:hunter2@127.0.0.1:1" });
  try {
    expect((await test.query("{ __typename }")).data).toEqual({ __typename: "Query" });
    const text = await (await fetch(`${test.gateway.adminUrl}/metrics`)).text();
    expect(text).toContain("overlock_budget_store_up 0\n");
    expect(test.logLines).toContainEqual(
      expect.objectContaining({ level: "warn", msg: "the store of budgets is away" }),
    );
    expect(JSON.stringify(test.logLines)).not.toContain("hunter2");
  } finally {
    await test.stop();
  }
});
