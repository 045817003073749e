import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import { BoundedCache } from "../core/bounded-cache.ts";
import { type RefusalReason, RequestRefusal } from "../core/request-refusal.ts";

/** A document that fits the schema, kept for reuse. */
interface PreparedDocument {
  readonly document: DocumentNode;
}

/** Everything derived from an operation once and reused by every request. */
export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Null for anonymous operations. */
  readonly name: string | null;
}

export interface PrepareLimits {
  /** Lexical tokens. */
  readonly maxDocumentTokens: number;
  readonly maxPreparedOperations: number;
}

/** How a document was found. */
export type PrepareResult = "hit" | "miss" | "refused";

/** Parses and validates documents of one client schema, and keeps those that fit. */
export class OperationPreparer {
  readonly #schema: GraphQLSchema;
  readonly #limits: PrepareLimits;
  readonly #cache: BoundedCache<PreparedDocument>;
  readonly #onResult: (result: PrepareResult, entries: number) => void;

  constructor(
    schema: GraphQLSchema,
    limits: PrepareLimits,
    onResult: (result: PrepareResult, entries: number) => void,
  ) {
    this.#schema = schema;
    this.#limits = limits;
    this.#cache = new BoundedCache({
      maxEntries: limits.maxPreparedOperations,
      maxSize: maxCachedCharacters,
    });
    this.#onResult = onResult;
  }

  /**
   * The operation that a request means. Refuses it with GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED or
   * OPERATION_RESOLUTION_FAILURE.
   */
  prepare(query: string, operationName: string | null): PreparedOperation {
    const { document } = this.#documentOf(query);
    const operation = getOperationAST(document, operationName);
    if (operation === null || operation === undefined) throw unknownOperation(document, operationName);
    return { document, operation, name: operation.name?.value ?? null };
  }

  dispose(): void {
    this.#cache.clear();
  }

  #documentOf(query: string): PreparedDocument {
    const known = this.#cache.get(query);
    if (known !== undefined) {
      this.#onResult("hit", this.#cache.entries);
      return known;
    }
    try {
      const prepared = { document: this.#parseAndValidate(query) };
      // A document's tree takes some ten times its text.
      this.#cache.set(query, prepared, query.length);
      this.#onResult("miss", this.#cache.entries);
      return prepared;
    } catch (error) {
      this.#onResult("refused", this.#cache.entries);
      throw error;
    }
  }

  #parseAndValidate(query: string): DocumentNode {
    try {
      const document = parse(query, { maxLexicalTokens: this.#limits.maxDocumentTokens });
      const errors = validate(this.#schema, document, undefined, { maxErrors: maxReportedErrors });
      if (errors.length > 0) throw new RequestRefusal("GRAPHQL_VALIDATION_FAILED", errors.map(toReason));
      return document;
    } catch (error) {
      if (error instanceof GraphQLError) throw new RequestRefusal("GRAPHQL_PARSE_FAILED", [toReason(error)]);
      // Parser and rules recurse; a document can be within its tokens and yet beyond the stack.
      if (error instanceof RangeError)
        throw RequestRefusal.of("GRAPHQL_PARSE_FAILED", "The document is nested too deeply.");
      throw error;
    }
  }
}

const maxReportedErrors = 20;
const maxCachedCharacters = 10_000_000;

function toReason(error: GraphQLError): RefusalReason {
  return { message: error.message, locations: error.locations ?? [] };
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
