import type { FieldNode } from "graphql";
import type { Denials } from "../policy/access-rules.ts";
import type { Cost, CostRules } from "../policy/cost-rules.ts";
import type { ShownObject } from "../prepare/plan.ts";

/** What an object costs, by a request's coerced variables. */
export type ObjectCost = ReturnType<CostRules["objectCost"]>;

/** A cost while it is added up. */
export type CostSum = { -readonly [Name in keyof Cost]: Cost[Name] };

/**
 * Where the code that is generated for an operation counts the objects that it receives: a number for each type in each
 * place of the answer. What they cost is added up when a run has ended.
 */
export class ObjectCounters {
  readonly #rules: Pick<CostRules, "objectCost">;
  readonly #indexes = new Map<ShownObject, number>();
  /** By index. */
  readonly #zeros: number[] = [];
  readonly #costs: ObjectCost[] = [];

  constructor(rules: Pick<CostRules, "objectCost">) {
    this.#rules = rules;
  }

  /** The same for the same objects, however often code is made for them. */
  indexOf(shown: ShownObject): number {
    const known = this.#indexes.get(shown);
    if (known !== undefined) return known;
    const index = this.#zeros.push(0) - 1;
    const nodes = shown.fields.flatMap((field) => firstOf(field.nodes));
    this.#costs.push(this.#rules.objectCost(shown.type.name, nodes, shown.foundBy));
    this.#indexes.set(shown, index);
    return index;
  }

  /** The counts of a run that has received nothing. */
  begin(): number[] {
    return this.#zeros.slice();
  }

  /** Adds what these counts come to. */
  addTo(sum: CostSum, counts: readonly number[], variables: Readonly<Record<string, unknown>>): void {
    for (let index = 0; index < counts.length; index++) {
      const count = counts[index] ?? 0;
      if (count > 0) addTimes(sum, count, this.#costs[index]?.(variables));
    }
  }
}

/** The rules for a caller who may not read all: what is denied was never received, and costs nothing. Null: nothing is. */
export function withoutDenied(
  rules: Pick<CostRules, "objectCost">,
  denials: Denials | null,
): Pick<CostRules, "objectCost"> {
  if (denials === null) return rules;
  return {
    objectCost: (typeName, nodes, foundBy) =>
      rules.objectCost(
        typeName,
        nodes.filter(({ name }) => denials.failedOf(typeName, name.value).length === 0),
        foundBy,
      ),
  };
}

/** One node stands for all that are merged into a field. */
export function firstOf(nodes: readonly FieldNode[]): readonly FieldNode[] {
  return nodes.slice(0, 1);
}

export function addTimes(sum: CostSum, count: number, cost: Cost | undefined): void {
  if (cost === undefined) return;
  sum.typeCost += count * cost.typeCost;
  sum.fieldCost += count * cost.fieldCost;
}
