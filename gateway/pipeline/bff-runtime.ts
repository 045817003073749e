import type { GraphQLSchema } from "graphql";
import type { CorsRules } from "../config/cors.ts";
import type { BffSettings } from "../config/define-bff.ts";
import type { ExplainingExecutor } from "../execute/executor.ts";
import type { CallerIdentifier } from "../identity/identify-caller.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { ProcessLoad } from "../observe/process-load.ts";
import type { RequestMetrics } from "../observe/request-metrics.ts";
import type { AccessRules } from "../policy/access-rules.ts";
import type { Budget } from "../policy/budgets.ts";
import type { CostRules } from "../policy/cost-rules.ts";
import type { PreparingBudgets } from "../policy/preparing-budgets.ts";
import type { TierRules, Tiers } from "../policy/tiers.ts";
import type { VisibleSchemas } from "../policy/visible-schema.ts";
import type { OperationPreparer } from "../prepare/prepare-operation.ts";
import type { PreparingTurns } from "../prepare/preparing-turns.ts";
import type { BudgetStore } from "../state/budget-store.ts";
import type { Challenges } from "./challenges.ts";
import type { RateLimiter } from "./limit-rates.ts";
import type { Negotiation } from "./negotiation.ts";
import type { RequestSharing } from "./share-execution.ts";
import type { WrittenResult } from "./write-result.ts";

/** Everything that the stages need of one BFF; belongs to a generation. */
export interface BffRuntime {
  readonly settings: BffSettings;
  /** Null: no page of another origin may call. */
  readonly cors: CorsRules | null;
  /** What clients see, for the explorer. */
  readonly schema: GraphQLSchema;
  readonly callers: CallerIdentifier;
  /** What who is refused is told of the credentials that are taken. */
  readonly challenges: Challenges;
  /** What reading anything of the schema needs. */
  readonly access: AccessRules;
  /** What reading anything of the schema costs. */
  readonly costs: CostRules;
  /** What holds for whom. */
  readonly tiers: Tiers;
  /** What each consumer may spend on unseen documents. */
  readonly preparing: PreparingBudgets;
  readonly preparer: OperationPreparer;
  /** When unseen documents are prepared: one queue for all BFFs. */
  readonly preparingTurns: PreparingTurns;
  readonly executor: ExplainingExecutor;
  /** A browser that opens the endpoint gets the explorer. */
  readonly showsExplorer: boolean;
  /** Refusals name what may have been meant, of the schema that the client need not know. */
  readonly showsSuggestions: boolean;
  /** Who may ask about the schema: everybody; everybody about what they may see; nobody. */
  readonly introspection: "all" | "allowed" | "none";
  /** The schema as callers may see it who are denied something. */
  readonly visibleSchemas: VisibleSchemas;
  /** Runs that several requests wait for; null: each is run by itself. */
  readonly sharing: RequestSharing<WrittenResult> | null;
  /** Requests may ask for their plan. */
  readonly showsPlan: boolean;
  /** Requests may ask for their cost. */
  readonly showsCost: boolean;
  readonly negotiation: Negotiation;
  /** What consumers may spend: one store for the process. */
  readonly budgets: BudgetStore;
  /** Null: nothing of the schema has a rate limit. */
  readonly rateLimiter: RateLimiter | null;
  /** The budgets of callers for whom these rules hold. */
  readonly budgetsOf: (rules: TierRules) => readonly Budget[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What each request is counted in. */
  readonly requestMetrics: RequestMetrics;
  /** Of the whole process, whichever generation it serves. */
  readonly load: ProcessLoad;
}
