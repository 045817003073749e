import type { DocumentNode, OperationDefinitionNode } from "graphql";
import type { Denials } from "../policy/access-rules.ts";
import type { DocumentFigures } from "../policy/operation-figures.ts";
import type { CostFormula } from "../policy/operation-cost.ts";
import type { OperationGuards } from "../policy/operation-guards.ts";
import type { OperationRates } from "../policy/operation-rates.ts";
import type { CoercedVariables, CoerceVariables } from "./compile-variables.ts";
import type { SharingRule } from "./sharing-rule.ts";
import type { Introspection } from "./find-introspection.ts";
import type { CallFormula } from "./call-formula.ts";
import { findConditions } from "./specialize.ts";

/** What an executor derives from a variant once, to run it faster. */
export interface CompiledForm {
  /** What it takes in memory. */
  readonly estimatedBytes: number;
  /** What tells requests for it apart that may not be answered as one; null: each is answered by itself. */
  readonly sharing: SharingRule | null;
}

/** An operation as one request asks for it. */
export interface OperationRequest {
  readonly prepared: PreparedOperation;
  /** Null where none is kept for it. */
  readonly variant: OperationVariant | null;
  /** As they were sent. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly coerced: CoercedVariables;
  /** What of it the caller may not read; null: nothing. */
  readonly denials: Denials | null;
}

/** The formula of an operation's upstream calls, once somebody has asked for it. */
class KeptCalls {
  readonly #onGrowth: (bytes: number) => void;
  #formula: CallFormula | null = null;
  #isDisposed = false;

  constructor(onGrowth: (bytes: number) => void) {
    this.#onGrowth = onGrowth;
  }

  get(compile: () => CallFormula): CallFormula {
    if (this.#formula !== null) return this.#formula;
    const formula = compile();
    if (this.#isDisposed) return formula;
    this.#formula = formula;
    this.#onGrowth(formula.estimatedBytes);
    return formula;
  }

  dispose(): void {
    this.#isDisposed = true;
    if (this.#formula === null) return;
    this.#onGrowth(-this.#formula.estimatedBytes);
    this.#formula = null;
  }
}

/** Everything derived from an operation once and reused by every request. */
export class PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Null for anonymous operations. */
  readonly name: string | null;
  readonly coerceVariables: CoerceVariables;
  /** The variables that `@skip` and `@include` read. */
  readonly conditions: readonly string[];
  readonly guards: OperationGuards;
  /** What it may cost. */
  readonly cost: CostFormula;
  /** How large its document is. */
  readonly figures: DocumentFigures;
  /** Null: none of its fields has a rate limit. */
  readonly rates: OperationRates | null;
  /** Null: it asks nothing about the schema. */
  readonly introspection: Introspection | null;
  readonly #calls: KeptCalls;
  readonly #variants = new Map<number | string, OperationVariant>();
  readonly #onGrowth: (bytes: number) => void;
  #uses = 0;

  /** `onGrowth` is told of the bytes that come to it later; they may be negative. Raises RangeError as `findConditions` does. */
  constructor(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    derived: Pick<
      PreparedOperation,
      "coerceVariables" | "guards" | "rates" | "figures" | "introspection" | "cost"
    >,
    onGrowth: (bytes: number) => void,
  ) {
    this.document = document;
    this.operation = operation;
    this.name = operation.name?.value ?? null;
    this.coerceVariables = derived.coerceVariables;
    this.guards = derived.guards;
    this.figures = derived.figures;
    this.rates = derived.rates;
    this.cost = derived.cost;
    this.introspection = derived.introspection;
    this.conditions = findConditions(document, operation);
    this.#onGrowth = onGrowth;
    this.#calls = new KeptCalls(onGrowth);
  }

  /** For requests without a variant: what `compile` makes of the operation with all that it may select, once. */
  callFormula(compile: () => CallFormula): CallFormula {
    return this.#calls.get(compile);
  }

  /**
   * The variant for these variables and for callers who are denied this (null: nothing), used once more. Null where there
   * is none to be kept: a condition is null, which is an error of the fields that it stands at; there are too many
   * conditions; or 16 other variants are in use.
   */
  variantFor(variables: CoercedVariables, denials: Denials | null): OperationVariant | null {
    const { conditions } = this;
    if (conditions.length > maxConditions) return null;
    let key = 0;
    for (const name of conditions) {
      const value = variables[name];
      if (typeof value !== "boolean") return null;
      key = key * 2 + (value ? 1 : 0);
    }
    this.#uses += 1;
    const name = denials === null ? key : `${key} ${denials.key}`;
    const variant = this.#variants.get(name) ?? this.#addVariant(name, variables, denials);
    if (variant !== null) {
      variant.uses += 1;
      variant.lastUse = this.#uses;
    }
    return variant;
  }

  #addVariant(
    key: number | string,
    variables: CoercedVariables,
    denials: Denials | null,
  ): OperationVariant | null {
    if (this.#variants.size === maxVariants && !this.#dropStaleVariant()) return null;
    const values = new Map(this.conditions.map((name) => [name, variables[name] === true]));
    const variant = new OperationVariant(this, { conditions: values, denials }, this.#onGrowth);
    this.#variants.set(key, variant);
    return variant;
  }

  /** False where all were used of late: what comes in ever new variants must not push those out that are hot. */
  #dropStaleVariant(): boolean {
    let stalest: readonly [number | string, OperationVariant] | null = null;
    for (const entry of this.#variants)
      if (stalest === null || entry[1].lastUse < stalest[1].lastUse) stalest = entry;
    if (stalest === null || this.#uses - stalest[1].lastUse <= staleAfterUses) return false;
    this.#variants.delete(stalest[0]);
    stalest[1].dispose();
    return true;
  }
}

/** Whole numbers hold that many answers. */
const maxConditions = 30;
/** All that four conditions can be, or that one can be for eight kinds of callers. */
const maxVariants = 16;
/** Of the operation, all its variants together. */
const staleAfterUses = 256;

/** What tells the variants of an operation apart. */
export interface VariantParts {
  /** The values of the operation's conditions, by the names of their variables. */
  readonly conditions: ReadonlyMap<string, boolean>;
  /** What its callers may not read; null: nothing. */
  readonly denials: Denials | null;
}

/** A prepared operation with one set of values for its conditions, for callers who may read the same of it. */
export class OperationVariant implements VariantParts {
  readonly prepared: PreparedOperation;
  readonly conditions: VariantParts["conditions"];
  readonly denials: VariantParts["denials"];
  /** How many requests have asked for it. */
  uses = 0;
  /** The operation's uses when it was used last. */
  lastUse = 0;
  #compiled: CompiledForm | null = null;
  #isDisposed = false;
  readonly #onGrowth: (bytes: number) => void;
  readonly #calls: KeptCalls;

  constructor(
    prepared: PreparedOperation,
    { conditions, denials }: VariantParts,
    onGrowth: (bytes: number) => void,
  ) {
    this.prepared = prepared;
    this.conditions = conditions;
    this.denials = denials;
    this.#onGrowth = onGrowth;
    this.#calls = new KeptCalls(onGrowth);
  }

  /** What `compile` makes of the variant, once. */
  callFormula(compile: () => CallFormula): CallFormula {
    return this.#calls.get(compile);
  }

  /** What `attach` has brought; null before. */
  get compiled(): CompiledForm | null {
    return this.#compiled;
  }

  /** Keeps the compiled form with the variant, in place of an earlier one. Nothing is kept with one that was dropped. */
  attach(compiled: CompiledForm): void {
    if (this.#isDisposed) return;
    const bytes = compiled.estimatedBytes - (this.#compiled?.estimatedBytes ?? 0);
    this.#compiled = compiled;
    this.#onGrowth(bytes);
  }

  /** Forgets all that was derived, and what is still to come. */
  dispose(): void {
    this.#isDisposed = true;
    this.#calls.dispose();
    if (this.#compiled === null) return;
    this.#onGrowth(-this.#compiled.estimatedBytes);
    this.#compiled = null;
  }
}
