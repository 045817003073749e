import { z } from "zod";

/** The most that one operation may be. `docs/demand-control.md` says how each is counted. */
export interface BffLimits {
  /** By `@cost` and `@listSize`: the objects of an answer, weighted. 1 to 10^12, default 10000. */
  readonly maxTypeCost?: number;
  /** By the same: the fields that are resolved, weighted. 1 to 10^12, default 10000. */
  readonly maxFieldCost?: number;
  /** The calls to backends, batched as planned. 1 to 10^12, default 500. */
  readonly maxUpstreamCalls?: number;
  /** Levels of fields. 1 to 200, default 20. */
  readonly maxDepth?: number;
  /** Aliases, in fragments as often as these are spread. 0 to 1000000, default 100. */
  readonly maxAliases?: number;
  /** Fields of the root type. 1 to 1000000, default 30. */
  readonly maxRootFields?: number;
  /** Directives, in fragments as often as these are spread. 0 to 1000000, default 100. */
  readonly maxDirectives?: number;
  /** Fields, in fragments as often as these are spread. 1 to 1000000, default 2000. */
  readonly maxFields?: number;
  /** Lexical tokens of the document. 1 to 1000000, default 10000. */
  readonly maxDocumentTokens?: number;
  /** Bytes of the document. 1 to 104857600, default 200000. */
  readonly maxDocumentBytes?: number;
  /** Elements of one list in arguments and variables. 0 to 1000000, default 1000. */
  readonly maxListLength?: number;
  /** Levels of lists and objects in one variable. 1 to 1000, default 20. */
  readonly maxVariableDepth?: number;
  /** Errors told in one refusal. 1 to 1000, default 20. */
  readonly maxErrors?: number;
  /** Which of these only count what is beyond them, in a metric, and refuse nothing. Default none. */
  readonly measure?: readonly MeasurableLimit[];
}

/** What budgets may count. */
export const budgetUnits = ["requests", "typeCost", "fieldCost", "upstreamCalls"] as const;

/** How long quotas may be for. */
export const budgetWindows = ["day", "month"] as const;

/** What each caller may spend over time: at once at most `capacity`, then what is refilled; or so much a day or month. */
export interface BffBudget {
  /** Its place in metrics and headers: lower-case letters, digits and dashes, a letter first, at most 40. */
  readonly name: string;
  /** What it counts. */
  readonly of: (typeof budgetUnits)[number];
  /** Above 0, at most 10^12. */
  readonly capacity: number;
  /** Above 0, at most 10^9; left out where there is a `window`. */
  readonly refillPerSecond?: number;
  /** By UTC; left out where there is a `refillPerSecond`. */
  readonly window?: (typeof budgetWindows)[number];
  /**
   * Whose it is: `consumer`, `subject`, `address`, or a claim such as `$claims.tenant`; callers of whom that is not known
   * are told apart by what is left. Default: the first of `consumer`, `subject` and `address` that is known.
   */
  readonly by?: string;
}

/** The processor time that unseen documents of one consumer may take. */
export interface BffPreparing {
  /** At once, in milliseconds, 1 to 600000. Default 2000. */
  readonly capacityMs?: number;
  /** In milliseconds a second, 1 to 1000. Default 200. */
  readonly refillMsPerSecond?: number;
}

/** What is different for callers of a tier. */
export interface BffTier {
  /** What is left out is the BFF's. */
  readonly limits?: BffLimits;
  /** In place of the BFF's. */
  readonly budgets?: readonly BffBudget[];
  /** Who is answered longer where the gateway has too much to do, 0 to 100. Default 50; who has no tier has 50, too. */
  readonly priority?: number;
}

/** The limits whose operations may be let through and counted. The others bound the work of finding that out. */
export const measurableLimits = [
  "maxTypeCost",
  "maxFieldCost",
  "maxUpstreamCalls",
  "maxDepth",
  "maxAliases",
  "maxRootFields",
  "maxDirectives",
  "maxFields",
  "maxListLength",
  "maxVariableDepth",
] as const;

export type MeasurableLimit = (typeof measurableLimits)[number];
export type LimitSettings = Required<BffLimits>;

/** A budget with nothing left open. */
export interface BudgetSettings {
  readonly name: string;
  readonly of: BffBudget["of"];
  readonly capacity: number;
  /** 0: a quota. */
  readonly refillPerSecond: number;
  /** Null: a token bucket. */
  readonly window: "day" | "month" | null;
  /** Null: the first of `consumer`, `subject` and `address` that is known. */
  readonly by: string | null;
}

/** What a tier says; null where the BFF's holds. */
export interface TierSettings {
  readonly limits: Partial<LimitSettings>;
  readonly budgets: readonly BudgetSettings[] | null;
  readonly priority: number;
}

function integer(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
}

function amount(max: number) {
  const expected = `a number above 0, at most ${max}`;
  return z.number(expected).positive(expected).max(max, expected);
}

const maxCost = 1_000_000_000_000;
const maxCount = 1_000_000;

/** The most that each limit may be set to. */
export const limitCeilings = {
  maxTypeCost: maxCost,
  maxFieldCost: maxCost,
  maxUpstreamCalls: maxCost,
  maxDepth: 200,
  maxAliases: maxCount,
  maxRootFields: maxCount,
  maxDirectives: maxCount,
  maxFields: maxCount,
  maxDocumentTokens: maxCount,
  maxDocumentBytes: 104_857_600,
  maxListLength: maxCount,
  maxVariableDepth: 1000,
  maxErrors: 1000,
} as const satisfies Record<Exclude<keyof BffLimits, "measure">, number>;

const expectedMeasure = `a list of names of limits: ${measurableLimits.join(", ")}`;
const expectedLimits = "an object of limits, { maxDepth: 20, … }";

const limits = {
  maxTypeCost: integer(1, limitCeilings.maxTypeCost),
  maxFieldCost: integer(1, limitCeilings.maxFieldCost),
  maxUpstreamCalls: integer(1, limitCeilings.maxUpstreamCalls),
  maxDepth: integer(1, limitCeilings.maxDepth),
  maxAliases: integer(0, limitCeilings.maxAliases),
  maxRootFields: integer(1, limitCeilings.maxRootFields),
  maxDirectives: integer(0, limitCeilings.maxDirectives),
  maxFields: integer(1, limitCeilings.maxFields),
  maxDocumentTokens: integer(1, limitCeilings.maxDocumentTokens),
  maxDocumentBytes: integer(1, limitCeilings.maxDocumentBytes),
  maxListLength: integer(0, limitCeilings.maxListLength),
  maxVariableDepth: integer(1, limitCeilings.maxVariableDepth),
  maxErrors: integer(1, limitCeilings.maxErrors),
  measure: z.array(z.enum(measurableLimits, expectedMeasure), expectedMeasure),
};

/** What holds where neither the BFF nor a tier says anything. */
export const standardLimits: LimitSettings = Object.freeze({
  maxTypeCost: 10_000,
  maxFieldCost: 10_000,
  maxUpstreamCalls: 500,
  maxDepth: 20,
  maxAliases: 100,
  maxRootFields: 30,
  maxDirectives: 100,
  maxFields: 2000,
  maxDocumentTokens: 10_000,
  maxDocumentBytes: 200_000,
  maxListLength: 1000,
  maxVariableDepth: 20,
  maxErrors: 20,
  measure: [],
});

const someLimits = z.strictObject(limits, expectedLimits).partial().transform(withoutUndefined);

/** Parses {@link BffLimits} into {@link LimitSettings}. */
export const limitsOption = someLimits.transform((said): LimitSettings => ({ ...standardLimits, ...said }));

const budgetName = "lower-case letters, digits and dashes, a letter first, at most 40";
const expectedBy = "consumer, subject, address, or a claim such as $claims.tenant";
const expectedRate = "either a refillPerSecond or a window";
const expectedBudgets =
  "a list of at most 10 budgets, { name, of, capacity, … }, each with a name of its own";

const budget = z
  .strictObject(
    {
      name: z.string(budgetName).regex(/^[a-z][a-z0-9-]{0,39}$/, budgetName),
      of: z.enum(budgetUnits, "requests, typeCost, fieldCost or upstreamCalls"),
      capacity: amount(maxCost),
      refillPerSecond: amount(1_000_000_000).optional(),
      window: z.enum(budgetWindows, "day or month").optional(),
      by: z
        .string(expectedBy)
        .regex(/^(?:consumer|subject|address|\$claims(?:\.[A-Za-z_][A-Za-z0-9_]*)+)$/, expectedBy)
        .nullable()
        .default(null),
    },
    "an object, { name, of, capacity, … }",
  )
  .refine(({ refillPerSecond, window }) => (refillPerSecond === undefined) !== (window === undefined), {
    error: expectedRate,
    path: ["refillPerSecond"],
  })
  .transform(
    ({ refillPerSecond = 0, window = null, ...rest }): BudgetSettings => ({
      ...rest,
      refillPerSecond,
      window,
    }),
  );

/** Parses {@link BffBudget}s into {@link BudgetSettings}. */
export const budgetsOption = z
  .array(budget, expectedBudgets)
  .max(10, expectedBudgets)
  .refine((budgets) => new Set(budgets.map(({ name }) => name)).size === budgets.length, expectedBudgets);

/** What is written as undefined is not said. */
function withoutUndefined(said: { readonly [name in keyof BffLimits]: unknown }): Partial<LimitSettings> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** Parses {@link BffPreparing}. */
export const preparingOption = z.strictObject(
  { capacityMs: integer(1, 600_000).default(2000), refillMsPerSecond: integer(1, 1000).default(200) },
  "an object, { capacityMs, refillMsPerSecond }",
);

const expectedTiers = "an object of at most 100 tiers, { gold: { limits, budgets, priority } }";

/** Parses {@link BffTier}s into {@link TierSettings}. */
export const tiersOption = z
  .record(
    z.string(),
    z.strictObject(
      {
        limits: someLimits.default({}),
        budgets: budgetsOption.nullable().default(null),
        priority: integer(0, 100).default(50),
      },
      "an object, { limits, budgets, priority }",
    ),
    expectedTiers,
  )
  .refine((tiers) => Object.keys(tiers).length <= 100, expectedTiers);
