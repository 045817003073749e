import { z } from "zod";
import type { Caller } from "../core/caller.ts";
import { isTimeZone } from "../core/time-zone.ts";
import {
  type BffClientAddresses,
  clientAddressesOption,
  type ClientAddressSettings,
} from "./client-addresses.ts";
import { type BffCors, corsOption, type CorsSettings } from "./cors.ts";
import { type BffCredential, credentialOption, type CredentialSettings } from "./credentials.ts";
import {
  type BffBudget,
  type BffLimits,
  type BffPreparing,
  type BffTier,
  type BudgetSettings,
  budgetsOption,
  limitsOption,
  type LimitSettings,
  preparingOption,
  standardLimits,
  tiersOption,
  type TierSettings,
} from "./demand-control.ts";
import type { BffShaper } from "./define-shaper.ts";

/** What a policy decides by. */
export interface PolicyContext {
  readonly caller: Caller;
  /** The operation's name; null where it has none. */
  readonly operation: string | null;
  /** A header of the client's request, repeated ones joined by ", "; null where there is none. */
  header(name: string): string | null;
}

/** Lets a caller, or not. It is asked at most once for each request; where it fails, it lets nobody. */
export type AccessPolicy = (context: PolicyContext) => boolean | Promise<boolean>;

/** What a person writes in `bff.config.ts`. `docs/configuration.md` explains each option. */
export interface BffConfig {
  /** Its place in URLs (`/<name>/graphql`), logs and metrics: lower-case letters, digits and dashes. */
  readonly name: string;
  /** The client schema, relative to the config file. Default `schema.graphql`. */
  readonly schema?: string;
  /** Serve the explorer to browsers that open the endpoint. Default: where `NODE_ENV` is `development`. */
  readonly explorer?: boolean;
  /** The operation that the explorer opens with, as text. */
  readonly explorerOperation?: string;
  /** Requests may ask for the plan of their operation. Default: where `NODE_ENV` is `development`. */
  readonly showPlan?: boolean;
  /** Requests may ask for the cost of their operation. Default: where `NODE_ENV` is `development`. */
  readonly showCost?: boolean;
  /** The longest that a request may take, 1 to 600000. Default 10000. */
  readonly requestTimeoutMs?: number;
  /** The most documents kept ready for reuse, 1 to 1000000. Default 5000. */
  readonly maxPreparedOperations?: number;
  /** The most values that one operation may resolve: fields and elements of lists, 1 to 100000000. Default 100000. */
  readonly maxResolvedValues?: number;
  /** The locales that values are formatted for, 1 to 100; the first where a client wants none of them. Default `en-US`. */
  readonly locales?: readonly string[];
  /** The time zone that dates are shown in, by its IANA name. Default `UTC`. */
  readonly timeZone?: string;
  /** Shaping directives of its own, at most 100. Default none. */
  readonly shapers?: readonly BffShaper[];
  /** Requests without a credential are answered, as nobody's in particular. Default false. */
  readonly anonymous?: boolean;
  /** What a caller may not read is null with an error, or a request that names it is refused as a whole. Default `filter`. */
  readonly denied?: "filter" | "reject";
  /** Reads that are the same for callers who are alike in all that matters are run once. Default true. */
  readonly shareRequests?: boolean;
  /**
   * Who may ask about the schema: everybody about all of it, everybody about what they may see, or nobody. Default: `all`
   * where `NODE_ENV` is `development`, otherwise `none`.
   */
  readonly introspection?: "all" | "allowed" | "none";
  /** What `@policy` names: functions that let a caller, or not. Default none. */
  readonly policies?: Readonly<Record<string, AccessPolicy>>;
  /** How callers show who they are, in this order. Default: tokens of the environment's issuer. */
  readonly credentials?: readonly BffCredential[];
  /** Which pages of other origins may call it. Default: none. */
  readonly cors?: BffCors;
  /** From where the BFF may be called. Default from everywhere. */
  readonly clientAddresses?: BffClientAddresses;
  /** The most that one operation may be and cost. */
  readonly limits?: BffLimits;
  /** The elements that are reckoned with for a list that says nothing of its size, 1 to 1000000. Default 10. */
  readonly assumedListSize?: number;
  /** What each caller may spend over time. Default: nothing is counted. */
  readonly budgets?: readonly BffBudget[];
  /** The processor time that each caller's unseen documents may take. */
  readonly preparing?: BffPreparing;
  /** What is different for callers of some tiers. Default none. */
  readonly tiers?: Readonly<Record<string, BffTier>>;
}

/** A BFF's options, validated, with nothing left open. */
export interface BffSettings
  extends Required<
    Omit<
      BffConfig,
      | "explorer"
      | "introspection"
      | "explorerOperation"
      | "showPlan"
      | "showCost"
      | "credentials"
      | "cors"
      | "clientAddresses"
      | "limits"
      | "budgets"
      | "preparing"
      | "tiers"
    >
  > {
  /** Null: as the environment says. */
  readonly explorer: boolean | null;
  /** Null: as the environment says. */
  readonly introspection: "all" | "allowed" | "none" | null;
  readonly explorerOperation: string | null;
  /** Null: as the environment says. */
  readonly showPlan: boolean | null;
  /** Null: as the environment says. */
  readonly showCost: boolean | null;
  /** Null: as the environment says. */
  readonly credentials: readonly CredentialSettings[] | null;
  /** Null: no page of another origin. */
  readonly cors: CorsSettings | null;
  /** Null: from everywhere. */
  readonly clientAddresses: ClientAddressSettings | null;
  readonly limits: LimitSettings;
  readonly budgets: readonly BudgetSettings[];
  readonly preparing: Required<BffPreparing>;
  readonly tiers: Readonly<Record<string, TierSettings>>;
}

function integer(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
}

const expectedLocales = "a list of 1 to 100 different language tags that are known here, without extensions";
const expectedShapers = "a list of at most 100 shapers, defineShaper({ … })";
const expectedCredentials = "a list of at most 20 credentials, { kind: … }";
const expectedPolicies = "an object of functions";
const expectedTimeZone = "an IANA time zone such as Europe/Berlin";

/** A language tag that the runtime has data for; extensions such as `-u-nu-arab` would not be negotiated. */
function isLocale(tag: string): boolean {
  try {
    const [known] = Intl.NumberFormat.supportedLocalesOf(tag);
    return known !== undefined && new Intl.Locale(tag).baseName === known;
  } catch {
    // Not even a language tag: supportedLocalesOf has no other answer for that.
    return false;
  }
}

function areDifferent(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** The options and their checks, each with what it expects as its message; `docs/configuration.md` lists the same. */
export const bffOptions = z.strictObject({
  name: z
    .string("a name in quotes")
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes, a letter first, at most 63"),
  schema: z.string("a file's path").min(1, "a file's path").default("schema.graphql"),
  explorer: z.boolean("true or false").nullable().default(null),
  explorerOperation: z.string("an operation as text").nullable().default(null),
  showPlan: z.boolean("true or false").nullable().default(null),
  showCost: z.boolean("true or false").nullable().default(null),
  requestTimeoutMs: integer(1, 600_000).default(10_000),
  maxPreparedOperations: integer(1, 1_000_000).default(5000),
  maxResolvedValues: integer(1, 100_000_000).default(100_000),
  locales: z
    .array(z.string(expectedLocales).refine(isLocale, expectedLocales), expectedLocales)
    .min(1, expectedLocales)
    .max(100, expectedLocales)
    .transform((tags): readonly string[] => tags.map((tag) => new Intl.Locale(tag).toString()))
    .refine(areDifferent, expectedLocales)
    .default(["en-US"]),
  timeZone: z.string(expectedTimeZone).refine(isTimeZone, expectedTimeZone).default("UTC"),
  // What is inside is checked with the schema language at hand.
  shapers: z.array(z.custom<BffShaper>(), expectedShapers).max(100, expectedShapers).default([]),
  anonymous: z.boolean("true or false").default(false),
  denied: z.enum(["filter", "reject"], "filter or reject").default("filter"),
  shareRequests: z.boolean("true or false").default(true),
  introspection: z.enum(["all", "allowed", "none"], "all, allowed or none").nullable().default(null),
  policies: z
    .record(z.string(), z.custom<AccessPolicy>(isFunction, expectedPolicies), expectedPolicies)
    .default({}),
  credentials: z
    .array(credentialOption, expectedCredentials)
    .max(20, expectedCredentials)
    .nullable()
    .default(null),
  cors: corsOption.nullable().default(null),
  clientAddresses: clientAddressesOption.nullable().default(null),
  limits: limitsOption.default(standardLimits),
  assumedListSize: integer(1, 1_000_000).default(10),
  budgets: budgetsOption.default([]),
  preparing: preparingOption.default({ capacityMs: 2000, refillMsPerSecond: 200 }),
  tiers: tiersOption.default({}),
});

/** Marks an object as a BFF's config and gives it its type. Nothing is checked until the gateway starts. */
export function defineBff(config: BffConfig): BffConfig {
  return config;
}
