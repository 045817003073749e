import {
  type ASTNode,
  type ASTVisitor,
  type DocumentNode,
  getEnterLeaveForKind,
  type GraphQLError,
  type GraphQLSchema,
  type Kind,
  OverlappingFieldsCanBeMergedRule,
  specifiedRules,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { DocumentContext } from "./document-context.ts";
import { overlappingFieldsCanBeMerged } from "./overlapping-fields.ts";
import { visitedKeys } from "./visited-keys.ts";

export interface ValidationSettings {
  /** Ends with one error more than so many. */
  readonly maxErrors: number;
  /** What does not fit is told with the names that may have been meant. */
  readonly showsSuggestions: boolean;
}

/**
 * Which of the specification's rules a document breaks: what `validate` of graphql-js says, whose rules these are but for
 * one, in its order. For a small document, finding out which rule does what at which node takes longer there than the rules.
 *
 * https://spec.graphql.org/September2025/#sec-Validation
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { maxErrors, showsSuggestions }: ValidationSettings,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = [];
  const types = new TypeInfo(schema);
  const context = new DocumentContext(
    schema,
    document,
    types,
    (error) => {
      errors.push(error);
      if (errors.length > maxErrors) throw enough;
    },
    !showsSuggestions,
  );
  const visitor = visitTogether(rules.map((rule) => rule(context)));
  try {
    visit(document, visitWithTypeInfo(types, visitor), visitedKeys);
  } catch (error) {
    if (error !== enough) throw error;
  }
  return errors;
}

const enough = new Error("There are more errors than anybody is told.");

const rules = specifiedRules.map((rule) =>
  rule === OverlappingFieldsCanBeMergedRule ? overlappingFieldsCanBeMerged : rule,
);

type Visit = (...args: readonly unknown[]) => unknown;

/** What one of the visitors does with nodes of a kind. */
interface Visitor {
  readonly index: number;
  readonly visit: Visit;
}

/** One visitor of all, none of which changes anything: each may leave out what is inside a node by returning false. */
function visitTogether(visitors: readonly ASTVisitor[]): ASTVisitor {
  const entering = new Map<string, Visitor[]>(kinds.map((kind) => [kind, []]));
  const leaving = new Map<string, Visitor[]>(kinds.map((kind) => [kind, []]));
  for (const [index, visitor] of visitors.entries()) {
    const isOfAllKinds = "enter" in visitor || "leave" in visitor;
    for (const kind of isOfAllKinds ? kinds : Object.keys(visitor)) {
      const { enter, leave } = getEnterLeaveForKind(visitor, kind as Kind);
      if (enter !== undefined) entering.get(kind)?.push({ index, visit: enter.bind(visitor) as Visit });
      if (leave !== undefined) leaving.get(kind)?.push({ index, visit: leave.bind(visitor) as Visit });
    }
  }
  const isSkipping: boolean[] = visitors.map(() => false);
  const skipped: { readonly node: ASTNode; readonly index: number }[] = [];
  return {
    enter(node, ...rest) {
      for (const { index, visit: enter } of entering.get(node.kind) ?? []) {
        if (isSkipping[index] === true || enter(node, ...rest) !== false) continue;
        isSkipping[index] = true;
        skipped.push({ node, index });
      }
    },
    leave(node, ...rest) {
      for (const { index, visit: leave } of leaving.get(node.kind) ?? [])
        if (isSkipping[index] !== true) leave(node, ...rest);
      for (let last = skipped.at(-1); last?.node === node; last = skipped.at(-1)) {
        isSkipping[last.index] = false;
        skipped.pop();
      }
    },
  };
}

const kinds = Object.keys(visitedKeys);
