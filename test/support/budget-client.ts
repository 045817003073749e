import { GuardedStore } from "../../gateway/state/guarded-store.ts";
import { RedisStore } from "../../gateway/state/redis-store.ts";
import { bucket, charge } from "./budget-rules.ts";

/** What a process is told: to reserve so often at once, 1 each of a bucket of its own name; or to reserve and say nothing. */
export interface Errand {
  readonly bucketId: string;
  readonly capacity: number;
  readonly tries: number;
}

/**
 * The program of a process that shares budgets in Redis: its arguments are the server's port, and by how much its clock is
 * wrong, in milliseconds. For each errand it answers how many reservations were let through.
 */
const [, , port = "0", skewMs = "0"] = process.argv;
const readClock = Date.now;
Date.now = () => readClock() + Number(skewMs);

const remote = new RedisStore({
  isTls: false,
  host: "127.0.0.1",
  port: Number(port),
  username: null,
  password: null,
  database: 0,
});
const store = new GuardedStore(remote, {
  timeoutMs: 5000,
  probeEveryMs: 100,
  watchEveryMs: 60_000,
  local: null,
  observer: { onLost() {}, onBack() {}, onFailure() {} },
});
await store.open(5000);
process.on("message", ({ bucketId, capacity, tries }: Errand) => {
  const rule = bucket(capacity, 1e-9, bucketId);
  const reserved = Array.from({ length: tries }, async () => store.reserve([charge(rule)]));
  void Promise.all(reserved).then((all) =>
    process.send?.(all.filter(({ refused }) => refused === null).length),
  );
});
process.once("disconnect", () => void store.dispose());
process.send?.("ready");
