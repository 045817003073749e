import type { EnvironmentSettings } from "../config/environment.ts";
import type { RedisSettings } from "../config/redis-url.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { BudgetStore } from "../state/budget-store.ts";
import { GuardedStore, type RemoteStore } from "../state/guarded-store.ts";
import { openLocalStore } from "../state/local-store.ts";

export interface BudgetParts {
  readonly settings: Pick<EnvironmentSettings, "redis" | "redisLost">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The way to the primary; null: this is no worker. */
  readonly primary: RemoteStore | null;
}

export interface OpenBudgets {
  readonly store: BudgetStore;
  /** Resolves, within a second or little more, when it is known whether the store can be had. */
  open(): Promise<void>;
}

/**
 * The one store of budgets of this process, which outlives generations: Redis where the environment names one, else the
 * primary's where this is a worker, else this process's own. A store that is away delays no start, and refuses none.
 */
export async function openBudgets({ settings, logger, metrics, primary }: BudgetParts): Promise<OpenBudgets> {
  const { redis, redisLost } = settings;
  const local = openLocalStore(() => metrics.increment("overlock_budgets_forgotten_total", {}));
  const remote = redis === null ? primary : await openRedis(redis);
  if (remote === null) {
    metrics.set("overlock_budget_store_up", {}, 1);
    return { store: local, open: async () => {} };
  }
  // A worker without Redis is on one machine with its primary: refusing would make an outage of what is a delay.
  const refuses = redis !== null && redisLost === "refuse";
  let isAway = false;
  const store = new GuardedStore(remote, {
    timeoutMs: redis === null ? primaryTimeoutMs : redisTimeoutMs,
    probeEveryMs,
    watchEveryMs,
    local: refuses ? null : local,
    observer: {
      onLost({ reason, message }) {
        isAway = true;
        metrics.set("overlock_budget_store_up", {}, 0);
        const meanwhile = refuses
          ? "requests with a budget are refused"
          : "each process grants its own share";
        logger.warn({ reason, failure: message, meanwhile }, "the store of budgets is away");
      },
      onBack() {
        metrics.set("overlock_budget_store_up", {}, 1);
        if (isAway) logger.info({}, "the store of budgets is back");
        isAway = false;
      },
      onFailure: (reason) => metrics.increment("overlock_budget_store_errors_total", { reason }),
    },
  });
  return { store, open: () => store.open(maxOpeningMs) };
}

/** Who has no Redis loads no library for it: that is a tenth of a second of each start. */
async function openRedis(redis: RedisSettings): Promise<RemoteStore> {
  const { RedisStore } = await import("../state/redis-store.ts");
  return new RedisStore(redis);
}

/** What an answer of Redis, a millisecond as a rule, may take. */
const redisTimeoutMs = 100;
/**
 * A primary that is gone takes its workers along. One that is late is alive on a machine with much to do, and to be waited for:
 * who could make it late could otherwise spend the share of each worker.
 */
const primaryTimeoutMs = 1000;
const probeEveryMs = 250;
const watchEveryMs = 5000;
const maxOpeningMs = 1000;
