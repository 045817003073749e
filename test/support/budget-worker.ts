import { WorkerBudgets } from "../../gateway/server/worker-budgets.ts";
import { isMessage, type PrimaryMessage, type WorkerMessage } from "../../gateway/server/worker-messages.ts";
import { bucket, charge } from "./budget-rules.ts";

/**
 * The program of a worker that reserves at once, as often as its argument says, 1 each of a bucket of 100, writes down how many
 * were let through, and ends when it is told to.
 */
const tries = Number(process.argv[2]);
const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
const budgets = new WorkerBudgets(send);
process.on("message", (message: unknown) => {
  if (!isMessage<PrimaryMessage>(message, ["drain", "budgets"])) return;
  if (message.type === "budgets") budgets.receive(message);
  else process.disconnect();
});
const reserved = await Promise.all(
  Array.from({ length: tries }, () => budgets.reserve([charge(bucket(100))])),
);
process.stdout.write(`${reserved.filter(({ refused }) => refused === null).length}\n`);
await send({ type: "ready", url: "" });
