import {
  DirectiveLocation,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type TypeDefinitionNode,
  type TypeNode,
} from "graphql";
import { shortened } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import type { DirectiveReader, DirectiveUse, PlacedSelection } from "./directive-reader.ts";
import { isListTypeNode, namedTypeOf } from "./sdl-file.ts";
import { type ListSelection, pathsOf, printPath, type SelectionMap } from "./selection-map.ts";

/** One argument of a source's field. */
export interface SourceArgument {
  readonly name: string;
  readonly node: InputValueDefinitionNode;
  /** `@is`: the fields of the returned type that the argument is equal to; null: the one of its own name. */
  readonly is: ArgumentMap | null;
  /** `@require`: what of the object that the field belongs to fills the argument; null: clients do. */
  readonly require: ArgumentMap | null;
}

/** A map in a directive on an argument, and the directive, for problems found later. */
export interface ArgumentMap {
  readonly selection: PlacedSelection;
  readonly use: DirectiveUse;
}

export interface ArgumentSite {
  readonly field: FieldDefinitionNode;
  /** `Type.field`. */
  readonly coordinate: string;
  /** The field is one call of its object: nothing else can wait for what is required. */
  readonly isObjectCall: boolean;
  /** The file's own types by name. */
  readonly definitions: ReadonlyMap<string, TypeDefinitionNode>;
}

/** Reads the directives on a field's arguments. A map with a problem is left out. */
export function readArguments(reader: DirectiveReader, site: ArgumentSite): Map<string, SourceArgument> {
  const found = new Map<string, SourceArgument>();
  for (const node of site.field.arguments ?? []) {
    const name = node.name.value;
    const at = `${site.coordinate}(${name}:)`;
    const uses = reader.read(node.directives, DirectiveLocation.ARGUMENT_DEFINITION, at);
    const [is] = uses.get("is") ?? [];
    const [require] = uses.get("require") ?? [];
    found.set(name, {
      name,
      node,
      is: is === undefined ? null : readIs(is, node, site),
      require: require === undefined ? null : readRequire(require, node, site),
    });
  }
  return found;
}

function readIs(use: DirectiveUse, node: InputValueDefinitionNode, site: ArgumentSite): ArgumentMap | null {
  const isLookup = site.field.directives?.some(({ name }) => name.value === "lookup") === true;
  if (!isLookup) {
    use.refuse([], "@is on an argument of a @lookup field", `it on one of ${site.coordinate}`);
    return null;
  }
  const selection = use.selection(["field"]);
  if (selection === null) return null;
  checkIs(use, selection);
  // A lookup that is a list takes a list of keys: the map is that of each.
  const list = isListTypeNode(site.field.type) ? elementOf(node.type) : null;
  if (use.isSound) checkShape(use, selection, list ?? node.type, site.definitions);
  return use.isSound ? { selection, use } : null;
}

function readRequire(
  use: DirectiveUse,
  node: InputValueDefinitionNode,
  site: ArgumentSite,
): ArgumentMap | null {
  if (!site.isObjectCall) {
    const expected = "@require on an argument of an object's field that is fetched by @rest or @grpc";
    use.refuse([], expected, `it on one of ${site.coordinate}`);
    return null;
  }
  if (node.defaultValue !== undefined)
    use.refuse([], "no default: without the value there is no call", "one");
  const selection = use.selection(["field"]);
  if (selection === null) return null;
  for (const path of pathsOf(selection.map)) {
    if (path.root === "value") continue;
    const expected = "a path from the object that the field belongs to, without a root";
    use.refuseAt({
      place: selection.placeAt(path.offset),
      path: ["field"],
      expected,
      found: printPath(path),
    });
  }
  if (use.isSound) checkShape(use, selection, node.type, site.definitions);
  return use.isSound ? { selection, use } : null;
}

function elementOf(type: TypeNode): TypeNode | null {
  const bare = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  return bare.kind === Kind.LIST_TYPE ? bare.type : null;
}

/** A key is single scalars, each of them asked for by a lookup of its own. */
function checkIs(use: DirectiveUse, selection: PlacedSelection): void {
  const refuse = (offset: number, expected: string, found: string, hint: string | null = null): void =>
    use.refuseAt({ place: selection.placeAt(offset), path: ["field"], expected, found, hint });
  const visit = (map: SelectionMap | ListSelection): void => {
    if (map.kind === "alternatives") {
      const hint = "write one lookup field for each key";
      refuse(map.offset, "one key, without alternatives", shortened(selection.text), hint);
    } else if (map.kind === "list") refuse(map.offset, "fields that are single scalars", "a list");
    else if (map.kind === "object") for (const field of map.fields) visit(field.value);
    else if (map.then !== null) visit(map.then);
  };
  visit(selection.map);
  for (const path of pathsOf(selection.map)) {
    const found = printPath(path);
    if (path.root !== "value") refuse(path.offset, "a path from the returned type, without a root", found);
    else if (path.segments.some((segment) => segment.arguments.length > 0))
      refuse(path.offset, "a path without arguments", found);
  }
}

/**
 * Checks that a map has the shape of an argument's type, as the Composite Schemas draft asks: an input type is mapped
 * field by field, its required fields among them, and a scalar by a path. Custom scalars take anything.
 */
export function checkShape(
  use: DirectiveUse,
  selection: PlacedSelection,
  type: TypeNode,
  definitions: ReadonlyMap<string, TypeDefinitionNode>,
): void {
  const refuse = (offset: number, expected: string, found: string, hint: string | null = null): void =>
    use.refuseAt({ place: selection.placeAt(offset), path: ["field"], expected, found, hint });
  const visit = (map: SelectionMap | ListSelection, at: TypeNode): void => {
    const bare = at.kind === Kind.NON_NULL_TYPE ? at.type : at;
    const name = namedTypeOf(bare);
    const definition = definitions.get(name);
    const input = definition?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? definition : null;
    if (map.kind === "alternatives") {
      for (const option of map.options) visit(option, at);
    } else if (map.kind === "path") {
      if (map.then !== null) visit(map.then, at);
      else if (input !== null) {
        const names = (input.fields ?? []).map((field) => field.name.value);
        const expected = `a map for each field of ${name}, as { ${names.join(", ")} }`;
        refuse(map.offset, expected, printPath(map));
      }
    } else if (map.kind === "list") {
      if (bare.kind === Kind.LIST_TYPE) visit(map.element, bare.type);
      else refuse(map.offset, `one value: the argument's type is ${name}`, "a list");
    } else if (bare.kind === Kind.LIST_TYPE) {
      refuse(map.offset, `a list of ${name}, as path[{ … }]`, "an object");
    } else if (input === null) {
      if (definition?.kind === Kind.SCALAR_TYPE_DEFINITION) return;
      refuse(map.offset, `a path: ${name} has no fields`, "an object");
    } else {
      const names = (input.fields ?? []).map((field) => field.name.value);
      for (const field of map.fields) {
        const member = input.fields?.find((one) => one.name.value === field.name);
        if (member !== undefined) visit(field.value, member.type);
        else {
          const expected = `a field of ${name} (${names.join(", ")})`;
          refuse(field.offset, expected, field.name, nearestNameHint(field.name, names));
        }
      }
      const missing = (input.fields ?? []).find(
        (field) =>
          field.type.kind === Kind.NON_NULL_TYPE &&
          field.defaultValue === undefined &&
          !map.fields.some((one) => one.name === field.name.value),
      );
      if (missing !== undefined)
        refuse(map.offset, `${missing.name.value}, which ${name} requires`, shortened(selection.text));
    }
  };
  visit(selection.map, type);
}
