import type { RequestScope } from "../core/request-scope.ts";
import type { AskPolicy } from "../policy/decide-access.ts";
import type { PreparedOperation } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";

/**
 * Asks the BFF's policies for one request. One that fails, or is not done when the request's time is up, lets nobody: it
 * is logged and counted.
 */
export function askPolicies(
  { settings, logger, metrics }: Pick<BffRuntime, "settings" | "logger" | "metrics">,
  { name: operation }: Pick<PreparedOperation, "name">,
  { caller, headers, requestId, deadline }: RequestScope,
): AskPolicy {
  const { name: client, policies } = settings;
  const context = { caller, operation, header: (name: string) => headers.get(name.toLowerCase()) ?? null };
  const failed = (policy: string, err: unknown): false => {
    metrics.increment("overlock_policy_failures_total", { bff: client, policy });
    logger.error({ requestId, client, policy, err }, "a policy failed, and let nobody");
    return false;
  };
  return (name) => {
    try {
      const answer = policies[name]?.(context);
      if (typeof answer === "boolean") return answer;
      return withinTime(answer, deadline.signal).then(
        (value) => (typeof value === "boolean" ? value : failed(name, notBoolean(value))),
        (error: unknown) => failed(name, error),
      );
    } catch (error) {
      return failed(name, error);
    }
  };
}

function notBoolean(value: unknown): TypeError {
  return new TypeError(`expected true or false, found ${typeof value}`);
}

function withinTime(answer: unknown, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}
