import type { OperationDefinitionNode } from "graphql";
import { limitCeilings, type LimitSettings, type MeasurableLimit } from "../config/demand-control.ts";
import { type RefusalReason, RequestRefusal } from "../core/request-refusal.ts";
import type { DocumentFigures } from "./operation-figures.ts";

/** The limits of what an operation is, as far as its text and variables show it. */
export type SizeLimit = keyof typeof descriptions;

/** What becomes of an operation that is beyond a limit: refused, or only counted. */
export type LimitMode = "enforce" | "measure";

/** Is told of every limit that an operation is beyond. */
export interface ExcessWatch {
  onExcess(limit: SizeLimit, mode: LimitMode): void;
}

/**
 * Holds a document against the limits of its caller. Refuses it with LIMIT_EXCEEDED where it is beyond one that is
 * enforced; all that it is beyond are told.
 */
export function checkFigures(limits: LimitSettings, figures: DocumentFigures, watch: ExcessWatch): void {
  if (
    figures.depth <= limits.maxDepth &&
    figures.aliases <= limits.maxAliases &&
    figures.rootFields <= limits.maxRootFields &&
    figures.directives <= limits.maxDirectives &&
    figures.fields <= limits.maxFields &&
    figures.tokens <= limits.maxDocumentTokens &&
    figures.listLength <= limits.maxListLength &&
    figures.valueDepth <= limits.maxVariableDepth
  )
    return;
  refuseBeyond(
    limits,
    {
      maxDocumentTokens: figures.tokens,
      maxDepth: figures.depth,
      maxAliases: figures.aliases,
      maxRootFields: figures.rootFields,
      maxDirectives: figures.directives,
      maxFields: figures.fields,
      maxListLength: figures.listLength,
      maxVariableDepth: figures.valueDepth,
    },
    watch,
  );
}

/**
 * Holds the variables of an operation, as they were sent, against the limits of their caller, and refuses them with
 * LIMIT_EXCEEDED. What the operation does not declare is nobody's. Takes no stack, however deep they are.
 */
export function checkVariables(
  limits: LimitSettings,
  { operation, figures }: DeclaredVariables,
  variables: Readonly<Record<string, unknown>>,
  watch: ExcessWatch,
): void {
  let open: Nested[] | null = null;
  for (const { variable } of operation.variableDefinitions ?? []) {
    const { value: name } = variable.name;
    const value = Object.hasOwn(variables, name) ? variables[name] : null;
    if (typeof value === "object" && value !== null)
      (open ??= []).push({ value, depth: figures.variableLevels.get(name) ?? 0 });
  }
  if (open === null) return;
  let listLength = 0;
  let deepest = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value } = next;
    const depth = next.depth + 1;
    deepest = Math.max(deepest, depth);
    if (Array.isArray(value)) listLength = Math.max(listLength, value.length);
    const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    for (const member of members)
      if (typeof member === "object" && member !== null) open.push({ value: member, depth });
  }
  if (listLength <= limits.maxListLength && deepest <= limits.maxVariableDepth) return;
  refuseBeyond(limits, { maxListLength: listLength, maxVariableDepth: deepest }, watch);
}

/** Which variables an operation has, and in how much of its document each of them stands. */
export interface DeclaredVariables {
  readonly operation: Pick<OperationDefinitionNode, "variableDefinitions">;
  readonly figures: Pick<DocumentFigures, "variableLevels">;
}

interface Nested {
  readonly value: object;
  /** The lists and objects around it. */
  readonly depth: number;
}

/**
 * Refuses with LIMIT_EXCEEDED what is found beyond limits that are enforced, and counts what is beyond those that are
 * measured; what is beyond all that a limit may be set to is refused in either case.
 */
export function refuseBeyond(
  limits: LimitSettings,
  found: Readonly<Partial<Record<SizeLimit, number>>>,
  watch: ExcessWatch,
): void {
  const reasons: RefusalReason[] = [];
  for (const [limit, amount] of Object.entries(found) as [SizeLimit, number][]) {
    if (amount <= limits[limit]) continue;
    const isMeasured = (limits.measure as readonly SizeLimit[]).includes(limit);
    const max = isMeasured ? limitCeilings[limit] : limits[limit];
    const mode = amount <= max ? "measure" : "enforce";
    watch.onExcess(limit, mode);
    if (mode === "measure") continue;
    reasons.push({
      message: `The operation has ${amount} ${descriptions[limit]}; at most ${max} are allowed.`,
      locations: [],
      extensions: { limit, max, found: amount },
    });
  }
  if (reasons.length > 0) throw new RequestRefusal("LIMIT_EXCEEDED", reasons);
}

/** What is counted, as a message says it. */
const descriptions = {
  maxDocumentBytes: "bytes of document",
  maxDocumentTokens: "lexical tokens or more, values in fragments as often as they are spread",
  maxDepth: "levels of fields",
  maxAliases: "aliases",
  maxRootFields: "root fields",
  maxDirectives: "directives",
  maxFields: "fields",
  maxListLength: "elements in one list",
  maxVariableDepth: "levels of lists and objects in one value",
} as const satisfies Partial<Record<MeasurableLimit | keyof LimitSettings, string>>;
