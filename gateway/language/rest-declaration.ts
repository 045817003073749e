import { nearestNameHint, type SourcePlace } from "../core/problems.ts";
import { quoted, shortened } from "../core/errors.ts";
import { Kind } from "graphql";
import {
  type BatchDeclaration,
  type CallContext,
  type CallDeclarationBase,
  checkInputSelection,
  type NamedSelection,
  readBatch,
  readRawSelection,
  readSelectionObject,
  selectionsOf,
  unusedInputs,
} from "./call-declaration.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import { type ErrorRule, readErrorRules, type StatusNames } from "./error-rules.ts";
import type { SelectionRoot } from "./selection-map.ts";
import { parseUrlTemplate, TemplateSyntaxError, type UrlTemplate } from "./url-template.ts";

/** A field that `@rest` fetches. */
export interface RestDeclaration extends CallDeclarationBase {
  readonly kind: "rest";
  readonly method: "GET";
  readonly template: UrlTemplate;
  /** The selection that each template variable stands for; the batch's `as` is not among them. */
  readonly variables: ReadonlyMap<string, PlacedSelection>;
  readonly query: readonly NamedSelection[];
  readonly errors: readonly ErrorRule[];
}

/** Reads a checked use of `@rest`. Null, with problems reported, where its template is none. */
export function readRest(use: DirectiveUse, context: CallContext): RestDeclaration | null {
  const select = readRawSelection(use, ["select"]);
  const batch = readBatch(use, context);
  const query = readSelectionObject(use, ["query"], context);
  const errors = readErrorRules(use, httpStatuses);
  const template = readTemplate(use);
  if (template === null) return null;
  const variables = readTemplateVariables(use, template, context);
  for (const { name, selection, place } of query) {
    const path = ["query", name];
    if (template.pairNames.has(name)) {
      const found = `${name} in the template and in query`;
      use.refuseAt({ place, path, expected: "each query pair once", found });
    }
    if ("fields" in selection)
      use.refuseAt({ place, path, expected: "a FieldSelectionMap", found: "an object" });
  }
  if (batch !== null) checkRestBatch(use, template, batch);
  const selections = [...variables.values(), ...selectionsOf(query), ...(batch === null ? [] : [batch.of])];
  for (const unused of use.isSound ? unusedInputs(selections, context) : []) {
    use.refuse([], `every argument used: {?args.${unused}} or query`, `${unused} unused`);
  }
  return { kind: "rest", method: "GET", use, select, batch, template, variables, query, errors };
}

const httpStatuses: StatusNames = {
  expected: 'a status of 400 to 599 or 200 to 299, or one of the classes "4xx", "5xx" and "2xx"',
  names: ["4xx", "5xx", "2xx"],
  isStatus: (text) => /^[245](?:\d\d|xx)$/.test(text),
  needsWhen: (text) => text.startsWith("2"),
};

function readTemplate(use: DirectiveUse): UrlTemplate | null {
  const node = use.nodeAt(["GET"]);
  if (node?.kind !== Kind.STRING) return null;
  try {
    return parseUrlTemplate(node.value);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const { expected, found } = error;
    use.refuseAt({ place: use.placeIn(node, error.offset), path: ["GET"], expected, found });
    return null;
  }
}

function checkRestBatch(use: DirectiveUse, template: UrlTemplate, batch: BatchDeclaration): void {
  const names = template.variables.map((variable) => variable.name).filter((name) => !name.includes("."));
  if (!names.includes(batch.as)) {
    const expected = `a variable of the template, for example {?${batch.as}*}`;
    use.refuse(["batch", "as"], expected, quoted(batch.as), nearestNameHint(batch.as, names));
  }
  if (batch.of.map.kind === "object") {
    use.refuse(["batch", "of"], "one path: a URL carries no composite keys", "an object of paths");
  }
}

function readTemplateVariables(
  use: DirectiveUse,
  template: UrlTemplate,
  context: CallContext,
): Map<string, PlacedSelection> {
  const selections = new Map<string, PlacedSelection>();
  const node = use.nodeAt(["GET"]);
  const batch = use.value("batch") as { readonly as: string } | null;
  const hasKeys = template.variables.some((variable) => variable.name === batch?.as);
  for (const variable of template.variables) {
    const [first = "", ...names] = variable.name.split(".");
    // Where no variable carries the keys, that is the problem with one that has no root.
    if (variable.name === batch?.as || (batch !== null && !hasKeys && names.length === 0)) continue;
    const place =
      node?.kind === Kind.STRING ? use.placeIn(node, variable.offset) : placeOf(use.node, use.file);
    const root = context.roots.find((name) => name === first);
    if (root === undefined || names.length === 0) {
      const allowed = context.roots.map((name) => `${name}.<name>`);
      if (batch !== null) allowed.push(batch.as);
      const found = `{${shortened(variable.name)}}`;
      const hint = variableHint(variable.name, allowed, context);
      use.refuseAt({ place, path: ["GET"], expected: `a variable ${allowed.join(", ")}`, found, hint });
      continue;
    }
    const selection = variableSelection(variable.name, root, names, place);
    if (checkInputSelection(use, selection, ["GET"], context)) selections.set(variable.name, selection);
  }
  return selections;
}

function variableHint(name: string, allowed: readonly string[], context: CallContext): string | null {
  const candidates = [
    ...[...context.arguments.keys()].map((argument) => `args.${argument}`),
    ...(context.isRoot ? [] : [...context.parentFields.keys()].map((field) => `parent.${field}`)),
    ...allowed,
  ];
  const rooted = candidates.find((candidate) => candidate.endsWith(`.${name}`));
  return rooted === undefined ? nearestNameHint(name, candidates) : `did you mean "${rooted}"?`;
}

/** `args.filter.kind` is the map `$args.filter.kind`. */
function variableSelection(
  text: string,
  root: SelectionRoot,
  names: readonly string[],
  place: SourcePlace,
): PlacedSelection {
  const segments = names.map((name) => ({ name, arguments: [], onType: null, offset: 0 }));
  return {
    map: { kind: "path", root, segments, then: null, offset: 0 },
    text: `$${text}`,
    placeAt: () => place,
  };
}
