import { WorkerBudgets } from "../../gateway/server/worker-budgets.ts";
import { isMessage, type PrimaryMessage, type WorkerMessage } from "../../gateway/server/worker-messages.ts";
import { bucket, charge } from "./budget-rules.ts";

/**
 * The program of a worker that reserves 50 times at once, 1 each of a bucket of 100, and that for as many buckets as its argument
 * says; writes down of each how many were let through, and ends when it is told to.
 */
const runs = Number(process.argv[2]);
const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
const budgets = new WorkerBudgets(send);
process.on("message", (message: unknown) => {
  if (!isMessage<PrimaryMessage>(message, ["drain", "budgets"])) return;
  if (message.type === "budgets") budgets.receive(message);
  else process.disconnect();
});
const counts: number[] = [];
for (let run = 0; run < runs; run++) {
  const rule = bucket(100, 1e-9, `run ${run}`);
  const reserved = await Promise.all(Array.from({ length: 50 }, () => budgets.reserve([charge(rule)])));
  counts.push(reserved.filter(({ refused }) => refused === null).length);
}
process.stdout.write(`${JSON.stringify(counts)}\n`);
await send({ type: "ready", url: "" });
