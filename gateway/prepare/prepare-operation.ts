import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationTypeNode,
  parse,
  validate,
} from "graphql";
import { BoundedCache } from "../core/bounded-cache.ts";
import { type RefusalReason, RequestRefusal } from "../core/request-refusal.ts";
import type { AccessRules } from "../policy/access-rules.ts";
import { findOperationGuards } from "../policy/operation-guards.ts";
import { VariableCompiler } from "./compile-variables.ts";
import { type OperationCompilers, PreparedDocument } from "./prepared-document.ts";
import type { PreparedOperation } from "./prepared-operation.ts";
import { selectionDepth } from "./selection-depth.ts";

export interface PrepareLimits {
  /** Lexical tokens. */
  readonly maxDocumentTokens: number;
  readonly maxPreparedOperations: number;
}

/** What documents are checked against. */
export interface PreparedSchema {
  readonly schema: GraphQLSchema;
  readonly access: Pick<AccessRules, "guards" | "guardsOfField" | "guardsOfObject">;
  /** What does not fit is told with the names that may have been meant. */
  readonly showsSuggestions: boolean;
}

/** How a document was found. */
export type PrepareResult = "hit" | "miss" | "refused";

/** Parses and validates documents of one client schema, and keeps those that fit. */
export class OperationPreparer {
  readonly #schema: GraphQLSchema;
  readonly #showsSuggestions: boolean;
  readonly #limits: PrepareLimits;
  readonly #cache: BoundedCache<PreparedDocument>;
  readonly #compilers: OperationCompilers;
  readonly #onResult: (result: PrepareResult, entries: number) => void;

  constructor(
    { schema, access, showsSuggestions }: PreparedSchema,
    limits: PrepareLimits,
    onResult: (result: PrepareResult, entries: number) => void,
  ) {
    this.#schema = schema;
    this.#showsSuggestions = showsSuggestions;
    this.#limits = limits;
    this.#cache = new BoundedCache({
      maxEntries: limits.maxPreparedOperations,
      maxSize: maxCachedBytes,
    });
    const variables = new VariableCompiler(schema);
    this.#compilers = {
      compileVariables: (operation) => variables.compile(operation),
      findGuards: (document, operation) => findOperationGuards(access, schema, document, operation),
    };
    this.#onResult = onResult;
  }

  /**
   * The operation that a request means. Refuses it with GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED or
   * OPERATION_RESOLUTION_FAILURE.
   */
  prepare(query: string, operationName: string | null): PreparedOperation {
    const known = this.#cache.get(query);
    if (known !== undefined) {
      this.#onResult("hit", this.#cache.entries);
      return known.operationNamed(operationName);
    }
    let prepared: PreparedDocument;
    try {
      prepared = this.#prepareDocument(query);
    } catch (error) {
      this.#onResult("refused", this.#cache.entries);
      throw error;
    }
    this.#onResult("miss", this.#cache.entries);
    return prepared.operationNamed(operationName);
  }

  /** What the operation is that a request means; null where that is not known without preparing it. */
  kindOf(query: string, operationName: string | null): OperationTypeNode | null {
    return this.#cache.get(query)?.kindOf(operationName) ?? null;
  }

  dispose(): void {
    this.#cache.clear();
  }

  #prepareDocument(query: string): PreparedDocument {
    const document = this.#parseAndValidate(query);
    const prepared = new PreparedDocument(document, this.#compilers, (bytes) =>
      this.#cache.grow(query, prepared, bytes),
    );
    this.#cache.set(query, prepared, estimateBytes(query, document));
    return prepared;
  }

  #parseAndValidate(query: string): DocumentNode {
    try {
      const document = parse(query, { maxLexicalTokens: this.#limits.maxDocumentTokens });
      const errors = validate(this.#schema, document, undefined, {
        maxErrors: maxReportedErrors,
        hideSuggestions: !this.#showsSuggestions,
      });
      if (errors.length > 0) throw new RequestRefusal("GRAPHQL_VALIDATION_FAILED", errors.map(toReason));
      refuseMagicVariables(document);
      const depth = selectionDepth(document);
      if (depth > maxSelectionDepth) {
        const message = `The document selects ${depth} levels of fields; at most ${maxSelectionDepth} are allowed.`;
        throw RequestRefusal.of("GRAPHQL_VALIDATION_FAILED", message);
      }
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

/** `$__proto__` would pass through the coercion of variables, which are members of an ordinary object, unseen. */
function refuseMagicVariables(document: DocumentNode): void {
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    if (node.variableDefinitions?.some(({ variable }) => variable.name.value === "__proto__") ?? false)
      throw RequestRefusal.of("GRAPHQL_VALIDATION_FAILED", "A variable can't be called $__proto__.");
  }
}

const maxReportedErrors = 20;
/** Executing an operation, and writing its answer, takes stack for each level: some 1000 of them are there. */
const maxSelectionDepth = 200;
/** What the documents kept for one BFF may take, with all that is derived from them, estimated. */
const maxCachedBytes = 128 * 1024 * 1024;
/** Measured: 290 in the tree of a parsed document; what is remembered by its nodes while it runs comes on top. */
const estimatedBytesPerToken = 500;

function estimateBytes(query: string, document: DocumentNode): number {
  return query.length * 2 + (document.tokenCount ?? query.length) * estimatedBytesPerToken;
}

function toReason(error: GraphQLError): RefusalReason {
  return { message: error.message, locations: error.locations ?? [] };
}
