import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationTypeNode,
  parse,
} from "graphql";
import { BoundedCache } from "../core/bounded-cache.ts";
import { type RefusalReason, RequestRefusal, withinMaxErrors } from "../core/request-refusal.ts";
import type { AccessRules } from "../policy/access-rules.ts";
import type { LimitSettings } from "../config/demand-control.ts";
import { checkFigures, type LimitMode, refuseBeyond, type SizeLimit } from "../policy/limits.ts";
import { countFigures, type DocumentFigures } from "../policy/operation-figures.ts";
import type { CostRules } from "../policy/cost-rules.ts";
import { compileCost } from "../policy/operation-cost.ts";
import { findOperationGuards } from "../policy/operation-guards.ts";
import { findOperationRates } from "../policy/operation-rates.ts";
import type { RateRules } from "../policy/rate-rules.ts";
import { VariableCompiler } from "./compile-variables.ts";
import { type OperationCompilers, PreparedDocument } from "./prepared-document.ts";
import type { PreparedOperation } from "./prepared-operation.ts";
import { validateDocument } from "./validate-document.ts";

export interface PrepareSettings {
  /** What holds where a request comes with no terms of its own. */
  readonly limits: LimitSettings;
  readonly maxPreparedOperations: number;
}

/** On which terms a document is prepared for a request. */
export interface PrepareTerms {
  readonly limits: LimitSettings;
  onExcess(limit: SizeLimit, mode: LimitMode): void;
  /** Does work that documents make only once at the expense of who sent it, or refuses to. */
  spend<Value>(work: () => Value): Value;
}

/** Who may read what of a schema, and how often. */
export interface ReadingRules extends Pick<AccessRules, "guards" | "guardsOfField" | "guardsOfObject"> {
  readonly rates: RateRules;
}

/** What documents are checked against. */
export interface PreparedSchema {
  readonly schema: GraphQLSchema;
  readonly access: ReadingRules;
  readonly costs: CostRules;
  /** What does not fit is told with the names that may have been meant. */
  readonly showsSuggestions: boolean;
}

/** How a document was found. */
export type PrepareResult = "hit" | "miss" | "refused";

/** Parses and validates documents of one client schema, and keeps those that fit. */
export class OperationPreparer {
  readonly #schema: GraphQLSchema;
  readonly #showsSuggestions: boolean;
  readonly #standardTerms: PrepareTerms;
  readonly #cache: BoundedCache<PreparedDocument>;
  readonly #compilers: OperationCompilers;
  readonly #onResult: (result: PrepareResult, entries: number) => void;

  constructor(
    { schema, access, costs, showsSuggestions }: PreparedSchema,
    { limits, maxPreparedOperations }: PrepareSettings,
    onResult: (result: PrepareResult, entries: number) => void,
  ) {
    this.#schema = schema;
    this.#showsSuggestions = showsSuggestions;
    this.#standardTerms = { limits, onExcess: () => undefined, spend: (work) => work() };
    this.#cache = new BoundedCache({
      maxEntries: maxPreparedOperations,
      maxSize: maxCachedBytes,
      // In a flood of documents that never come again, all of them would be kept.
      probationShare: 0.2,
    });
    const variables = new VariableCompiler(schema);
    this.#compilers = {
      compileVariables: (operation) => variables.compile(operation),
      findGuards: (document, operation) => findOperationGuards(access, schema, document, operation),
      findRates: (document, operation) => findOperationRates(access.rates, schema, document, operation),
      compileCost: (document, operation) => compileCost(costs, schema, document, operation),
    };
    this.#onResult = onResult;
  }

  /**
   * The operation that a request means. Refuses it with GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED,
   * OPERATION_RESOLUTION_FAILURE or LIMIT_EXCEEDED, or as the terms do.
   */
  prepare(
    query: string,
    operationName: string | null,
    terms: PrepareTerms = this.#standardTerms,
  ): PreparedOperation {
    return (
      this.find(query, operationName, terms) ??
      terms.spend(() => this.#prepareUnseen(query, operationName, terms))
    );
  }

  /** The same of a document that is known; null for others. */
  find(query: string, operationName: string | null, terms: PrepareTerms): PreparedOperation | null {
    const known = this.#cache.get(query);
    if (known === undefined) return null;
    this.#onResult("hit", this.#cache.entries);
    // It may have been prepared for a caller who may do more.
    checkFigures(terms.limits, known.figures, terms);
    return known.findOperation(operationName) ?? terms.spend(() => known.prepareOperation(operationName));
  }

  /** Whether nothing is left to be derived for it. Does not count as a use. */
  isPrepared(query: string, operationName: string | null): boolean {
    return this.#cache.peek(query)?.findOperation(operationName) !== undefined;
  }

  /** What the operation is that a request means; null where that is not known without preparing it. */
  kindOf(query: string, operationName: string | null): OperationTypeNode | null {
    return this.#cache.get(query)?.kindOf(operationName) ?? null;
  }

  dispose(): void {
    this.#cache.clear();
  }

  #prepareUnseen(query: string, operationName: string | null, terms: PrepareTerms): PreparedOperation {
    let prepared: PreparedDocument;
    try {
      prepared = this.#prepareDocument(query, terms);
    } catch (error) {
      this.#onResult("refused", this.#cache.entries);
      throw error;
    }
    this.#onResult("miss", this.#cache.entries);
    return prepared.prepareOperation(operationName);
  }

  #prepareDocument(query: string, terms: PrepareTerms): PreparedDocument {
    const [document, figures] = this.#parseAndValidate(query, terms);
    const prepared = new PreparedDocument(document, figures, this.#compilers, (bytes) =>
      this.#cache.grow(query, prepared, bytes),
    );
    this.#cache.set(query, prepared, estimateBytes(query, document));
    return prepared;
  }

  #parseAndValidate(query: string, terms: PrepareTerms): readonly [DocumentNode, DocumentFigures] {
    try {
      const document = parseWithin(query, terms);
      const figures = countFigures(document);
      // The rules of validation take longer than that, for some documents very much longer.
      checkFigures(terms.limits, figures, terms);
      const errors = validateDocument(this.#schema, document, {
        maxErrors: terms.limits.maxErrors,
        showsSuggestions: this.#showsSuggestions,
      });
      if (errors.length > 0) {
        const reasons = withinMaxErrors(errors.map(toReason), terms.limits.maxErrors);
        throw new RequestRefusal("GRAPHQL_VALIDATION_FAILED", reasons);
      }
      refuseMagicVariables(document);
      return [document, figures];
    } catch (error) {
      if (error instanceof GraphQLError) throw new RequestRefusal("GRAPHQL_PARSE_FAILED", [toReason(error)]);
      // Parser and rules recurse; a document can be within its tokens and yet beyond the stack.
      if (error instanceof RangeError)
        throw RequestRefusal.of("GRAPHQL_PARSE_FAILED", "The document is nested too deeply.");
      throw error;
    }
  }
}

/** Reading ends at the first token that is too many. */
function parseWithin(query: string, terms: PrepareTerms): DocumentNode {
  const { maxDocumentTokens } = terms.limits;
  try {
    return parse(query, { maxLexicalTokens: maxDocumentTokens });
  } catch (error) {
    // The parser has no other sign for it. What a client has written never stands at the start of a message.
    if (
      error instanceof GraphQLError &&
      error.message.startsWith("Syntax Error: Document contains more that ")
    )
      refuseBeyond(terms.limits, { maxDocumentTokens: maxDocumentTokens + 1 }, terms);
    throw error;
  }
}

/** `$__proto__` would pass through the coercion of variables, which are members of an ordinary object, unseen. */
function refuseMagicVariables(document: DocumentNode): void {
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    if (node.variableDefinitions?.some(({ variable }) => variable.name.value === "__proto__") ?? false)
      throw RequestRefusal.of("GRAPHQL_VALIDATION_FAILED", "A variable can't be called $__proto__.");
  }
}

/** What the documents kept for one BFF may take, with all that is derived from them, estimated. */
const maxCachedBytes = 128 * 1024 * 1024;
/** Measured: 290 in the tree of a parsed document; what is remembered by its nodes while it runs comes on top. */
const estimatedBytesPerToken = 500;

function estimateBytes(query: string, document: DocumentNode): number {
  return query.length * 2 + (document.tokenCount ?? query.length) * estimatedBytesPerToken;
}

function toReason({ message, locations = [] }: GraphQLError): RefusalReason {
  return { message, locations };
}
