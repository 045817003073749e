import { Kind } from "graphql";
import { shortened } from "../core/errors.ts";
import { nearestNameHint, type SourcePlace } from "../core/problems.ts";
import { type CallContext, checkInputSelection } from "./call-declaration.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import type { SelectionRoot } from "./selection-map.ts";
import { parseUrlTemplate, TemplateSyntaxError, type UrlTemplate } from "./url-template.ts";

/** Parses the template that an argument of `@rest` holds. Null, with a problem reported, where it is none. */
export function readTemplate(use: DirectiveUse, argument: string): UrlTemplate | null {
  const node = use.nodeAt([argument]);
  if (node?.kind !== Kind.STRING) return null;
  try {
    return parseUrlTemplate(node.value);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const { expected, found } = error;
    use.refuseAt({ place: use.placeIn(node, error.offset), path: [argument], expected, found });
    return null;
  }
}

/** The maps that a template's variables stand for; `keys` is the name that the batch's list of keys has, if any. */
export function readTemplateVariables(
  use: DirectiveUse,
  { argument, template, keys }: { argument: string; template: UrlTemplate; keys: string | null },
  context: CallContext,
): Map<string, PlacedSelection> {
  const selections = new Map<string, PlacedSelection>();
  const node = use.nodeAt([argument]);
  const hasKeys = template.variables.some((variable) => variable.name === keys);
  for (const variable of template.variables) {
    const [first = "", ...names] = variable.name.split(".");
    // Where no variable carries the keys, that is the problem with one that has no root.
    if (variable.name === keys || (keys !== null && !hasKeys && names.length === 0)) continue;
    const place =
      node?.kind === Kind.STRING ? use.placeIn(node, variable.offset) : placeOf(use.node, use.file);
    const root = context.roots.find((name) => name === first);
    if (root === undefined || names.length === 0) {
      const allowed = context.roots.map((name) => `${name}.<name>`);
      if (keys !== null) allowed.push(keys);
      const found = `{${shortened(variable.name)}}`;
      const hint = variableHint(variable.name, allowed, context);
      use.refuseAt({ place, path: [argument], expected: `a variable ${allowed.join(", ")}`, found, hint });
      continue;
    }
    const selection = variableSelection(variable.name, root, names, place);
    if (checkInputSelection(use, selection, [argument], context)) selections.set(variable.name, selection);
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
