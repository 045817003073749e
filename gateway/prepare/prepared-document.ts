import {
  type DocumentNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from "graphql";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { DocumentFigures } from "../policy/operation-figures.ts";
import type { CostFormula } from "../policy/operation-cost.ts";
import type { OperationGuards } from "../policy/operation-guards.ts";
import type { OperationRates } from "../policy/operation-rates.ts";
import type { CoerceVariables } from "./compile-variables.ts";
import { findIntrospection } from "./find-introspection.ts";
import { PreparedOperation } from "./prepared-operation.ts";

/** What is derived from each operation of a document. All raise RangeError where it is nested beyond the stack. */
export interface OperationCompilers {
  compileVariables(operation: OperationDefinitionNode): CoerceVariables;
  findGuards(document: DocumentNode, operation: OperationDefinitionNode): OperationGuards;
  findRates(document: DocumentNode, operation: OperationDefinitionNode): OperationRates | null;
  /** Refuses with GRAPHQL_VALIDATION_FAILED what gives a list a size that it can't have. */
  compileCost(document: DocumentNode, operation: OperationDefinitionNode): CostFormula;
}

/** A valid document and the operations of it that were asked for. */
export class PreparedDocument {
  readonly figures: DocumentFigures;
  readonly #document: DocumentNode;
  readonly #compilers: OperationCompilers;
  readonly #onGrowth: (bytes: number) => void;
  readonly #operations = new Map<string | null, PreparedOperation>();

  /** `onGrowth` is told of the bytes that come to it later; they may be negative. */
  constructor(
    document: DocumentNode,
    figures: DocumentFigures,
    compilers: OperationCompilers,
    onGrowth: (bytes: number) => void,
  ) {
    this.#document = document;
    this.figures = figures;
    this.#compilers = compilers;
    this.#onGrowth = onGrowth;
  }

  /** Of that name, null: the only one. Undefined where it was not asked for by that name before. */
  findOperation(name: string | null): PreparedOperation | undefined {
    return this.#operations.get(name);
  }

  /** Null where there is no such operation. */
  kindOf(name: string | null): OperationTypeNode | null {
    return getOperationAST(this.#document, name)?.operation ?? null;
  }

  /**
   * Null means the only one. Refuses the request with OPERATION_RESOLUTION_FAILURE where there is no such operation, and
   * with GRAPHQL_PARSE_FAILED where it is nested beyond the stack.
   */
  prepareOperation(name: string | null): PreparedOperation {
    const operation = getOperationAST(this.#document, name) ?? null;
    if (operation === null) throw unknownOperation(this.#document, name);
    // The only operation may be asked for with its name and without.
    const known = [...this.#operations.values()].find((other) => other.operation === operation);
    const prepared = known ?? this.#derive(operation);
    this.#operations.set(name, prepared);
    return prepared;
  }

  #derive(operation: OperationDefinitionNode): PreparedOperation {
    const coerceVariables = this.#compilers.compileVariables(operation);
    try {
      const guards = this.#compilers.findGuards(this.#document, operation);
      const rates = this.#compilers.findRates(this.#document, operation);
      const introspection = findIntrospection(this.#document, operation);
      const cost = this.#compilers.compileCost(this.#document, operation);
      this.#onGrowth(cost.estimatedBytes);
      const derived = { coerceVariables, guards, rates, introspection, cost, figures: this.figures };
      return new PreparedOperation(this.#document, operation, derived, this.#onGrowth);
    } catch (error) {
      if (error instanceof RangeError)
        throw RequestRefusal.of("GRAPHQL_PARSE_FAILED", "The document is nested too deeply.");
      throw error;
    }
  }
}

function unknownOperation(document: DocumentNode, operationName: string | null): RequestRefusal {
  const names = document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [node.name?.value ?? "(anonymous)"] : [],
  );
  const list = names.slice(0, 10).join(", ");
  const message =
    names.length === 0
      ? "The document has no operation."
      : operationName === null
        ? `The document has several operations; operationName must name one of ${list}.`
        : `The document has no operation of that name, only ${list}.`;
  return RequestRefusal.of("OPERATION_RESOLUTION_FAILURE", message);
}
