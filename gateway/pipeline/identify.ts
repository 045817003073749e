import type { Caller } from "../core/caller.ts";
import type { Deadline } from "../core/deadline.ts";
import type { CallerIdentifier } from "../identity/identify-caller.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/** Who is calling; what that takes is waited for within the request's own time. */
export function identify(
  callers: CallerIdentifier,
  request: GatewayRequest,
  deadline: Deadline,
): Caller | Promise<Caller> {
  const caller = callers.identify(request);
  return caller instanceof Promise ? withinDeadline(caller, deadline) : caller;
}

/** The issuer's keys may have to be fetched for it, which the request does not wait for beyond its own time. */
function withinDeadline<Value>(work: Promise<Value>, { signal }: Deadline): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
