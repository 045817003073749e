import type { LimitSettings } from "../config/demand-control.ts";
import { anonymousCaller } from "../core/caller.ts";
import { Deadline } from "../core/deadline.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { noProgress, type RequestScope } from "../core/request-scope.ts";
import type { EndedRun, OperationCost } from "../policy/settle-cost.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import { introspect } from "../execute/introspect.ts";
import { admit } from "./admit.ts";
import { visibleSchemaFor } from "./admit-introspection.ts";
import { readCostRequest } from "./cost-request.ts";
import { type CostReport, reportCost } from "./cost-report.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { type Account, charge } from "./charge.ts";
import { coerce } from "./coerce.ts";
import { countedHeaders, countRefused } from "./count-request.ts";
import { EndToEndHeaders } from "./end-to-end-headers.ts";
import { executeOperation } from "./execute.ts";
import { asksForPlan, explainOperation } from "./explain.ts";
import type { GatewayRequest, HttpAnswer, RequestParams } from "./gateway-request.ts";
import { gate } from "./gate.ts";
import { GatedRequest } from "./gated-request.ts";
import { identify } from "./identify.ts";
import { observe, type RequestRecord, startRecord } from "./observe.ts";
import { prepare } from "./prepare.ts";
import { respond, respondRefusal } from "./respond.ts";
import { shed, shedAnybody } from "./shed.ts";
import { shareExecution } from "./share-execution.ts";
import { validateCost } from "./validate-cost.ts";
import { writeResult, type WrittenResult } from "./write-result.ts";

/**
 * The life of a request: identify → shed → gate → prepare → coerce → admit → charge → share → execute (which shapes) →
 * settle → respond → observe. The one place that knows the order. It always resolves: whatever a stage raises becomes the
 * answer.
 */
export async function runStages(
  bff: BffRuntime,
  request: GatewayRequest,
  params: RequestParams,
): Promise<HttpAnswer> {
  const record = startRecord();
  const mediaType = bff.negotiation.mediaType(request.headers.get("accept"));
  const deadline = Deadline.startFor(bff.settings.requestTimeoutMs, request);
  bff.requestMetrics.inFlight.add(1);
  bff.load.requestBegan();
  let answer: HttpAnswer;
  let gated: GatedRequest | null = null;
  let account: Account | null = null;
  try {
    shedAnybody(bff);
    if (mediaType === null) throw RequestRefusal.of("NOT_ACCEPTABLE");
    const costRequest = readCostRequest(bff, request);
    const identified = identify(bff.callers, request, deadline);
    const caller = identified instanceof Promise ? await identified : identified;
    record.caller = caller;
    shed(bff, caller, { method: request.method, params });
    gated = new GatedRequest(bff, request, caller);
    record.tier = gated.tier.tier;
    const counting = gate(bff, gated, params);
    if (counting !== null) await counting;
    const finding = prepare(bff, request, params, { terms: gated, deadline });
    const found = finding instanceof Promise ? await finding : finding;
    record.operation = found.prepared.name;
    const coerced = coerce(bff, found, gated);
    const scope = createScope(bff, request, { record, deadline, caller });
    const admitted = admit(bff, coerced, scope);
    const operation = admitted instanceof Promise ? await admitted : admitted;
    record.progress = scope.progress;
    if (costRequest === "validate") {
      const { text, headers } = await validateCost(bff, operation, gated);
      answer = respond(mediaType, text, headers);
      record.outcome = "ok";
    } else {
      const charged = charge(bff, operation, gated);
      account = charged instanceof Promise ? await charged : charged;
      const visible = visibleSchemaFor(bff, operation);
      const result =
        visible !== null
          ? await writeResult(await gated.spend(() => introspect(visible, operation)), [], null)
          : asksForPlan(bff, params)
            ? await writeResult(
                await explainOperation(bff, operation, scope, record),
                scope.absorbed,
                record.plan,
              )
            : await executeForAll(bff, operation, { scope, request, record, gated });
      const actual = settle(record, account, result);
      const body =
        costRequest === "report"
          ? result.textWith("cost", reportOf(account, actual, gated.limits))
          : record.isJoined
            ? result.bytes
            : result.text;
      answer = respond(mediaType, body, account.headers);
      recordResult(record, result);
    }
  } catch (thrown) {
    let refusal = RequestRefusal.from(thrown);
    if (account !== null) await settleUnanswered(record, account);
    else if (gated !== null) refusal = await countRefused(bff, gated, refusal);
    const told = account?.headers ?? (gated === null ? null : countedHeaders(gated));
    answer = respondRefusal(mediaType, refusal, challengeFor(bff, request, refusal), told);
    recordRefusal(record, refusal);
  } finally {
    deadline.dispose();
    bff.requestMetrics.inFlight.add(-1);
    bff.load.requestEnded();
  }
  record.status = answer.status;
  observe(bff, request, record);
  return answer;
}

interface RunOwner {
  readonly scope: RequestScope;
  readonly request: GatewayRequest;
  readonly record: RequestRecord;
  readonly gated: GatedRequest;
}

/** Runs the operation, or waits for a run of it that was begun for another request with the same answer. */
function executeForAll(
  bff: BffRuntime,
  operation: OperationRequest,
  { scope, request, record, gated }: RunOwner,
): Promise<WrittenResult> {
  const run = async (runScope: RequestScope): Promise<WrittenResult> =>
    writeResult(await executeOperation(bff, operation, runScope), runScope.absorbed, null);
  // What is asked about the schema is answered before anything is waited for, at the expense of who asks, and of nobody else.
  if (operation.prepared.introspection !== null) return gated.spend(() => run(scope));
  const share = shareExecution(bff.sharing, operation, { scope, client: request }, run);
  if (share === null) return run(scope);
  record.isJoined = share.isJoined;
  record.progress = share.progress;
  return share.result;
}

/** Charges what the run has cost, once, and says it. */
function settle(
  record: RequestRecord,
  account: Account,
  { actual: received, isWhole }: Pick<EndedRun, "actual" | "isWhole">,
): OperationCost {
  if (record.cost !== null) return record.cost.actual;
  const { estimate } = account;
  const startedCalls = record.progress?.startedCalls ?? 0;
  const actual = account.settle({ actual: received, isWhole, startedCalls });
  record.cost = { estimate, actual };
  return actual;
}

/** Charges a run that came to no answer, or that nobody waits for any more, for what it has received until now. */
async function settleUnanswered(record: RequestRecord, account: Account): Promise<void> {
  if (record.cost !== null) return;
  const actual = (await record.progress?.received?.()) ?? null;
  settle(record, account, { actual, isWhole: false });
}

function reportOf(
  { estimate, charges, uses, reservation }: Account,
  actual: OperationCost,
  limits: LimitSettings,
): CostReport {
  const budgets = charges.map(({ budget }) => budget);
  return reportCost({ estimate, actual, limits, budgets, uses, states: reservation?.states ?? [] });
}

/** The answer to a request that no stage could be run for, for example because it is not GraphQL over HTTP. */
export function refuseRequest(bff: BffRuntime, request: GatewayRequest, thrown: unknown): HttpAnswer {
  const record = startRecord();
  const refusal = RequestRefusal.from(thrown);
  const mediaType = bff.negotiation.mediaType(request.headers.get("accept"));
  const answer = respondRefusal(mediaType, refusal, challengeFor(bff, request, refusal));
  recordRefusal(record, refusal);
  record.status = answer.status;
  observe(bff, request, record);
  return answer;
}

function challengeFor(bff: BffRuntime, request: GatewayRequest, { code }: RequestRefusal): string | null {
  return bff.challenges.challenge(code, request.headers.get("authorization") !== undefined);
}

function createScope(
  { settings, negotiation }: BffRuntime,
  request: GatewayRequest,
  { record, deadline, caller = anonymousCaller }: ScopeParts,
): RequestScope {
  return {
    requestId: request.requestId,
    caller,
    headers: new EndToEndHeaders(request, caller),
    deadline,
    locale: negotiation.locale(request.headers.get("accept-language")),
    timeZone: settings.timeZone,
    absorbed: [],
    kept: new Map(),
    progress: noProgress(),
    recordUpstreamCall: (call) => void record.upstreamCalls.push(call),
  };
}

interface ScopeParts {
  readonly record: RequestRecord;
  readonly deadline: Deadline;
  readonly caller?: RequestScope["caller"];
}

function recordResult(record: RequestRecord, { outcome, errors, absorbed }: WrittenResult): void {
  record.outcome = outcome;
  record.errors = errors;
  record.absorbed = absorbed;
}

function recordRefusal(record: RequestRecord, refusal: RequestRefusal): void {
  record.errors = [{ code: refusal.code, cause: refusal.cause ?? refusal }];
  record.outcome = "refused";
}
