import { Kind } from "graphql";
import { quoted } from "../core/errors.ts";
import {
  type BatchDeclaration,
  type CallContext,
  checkInputSelection,
  type NamedSelection,
  readSelectionObject,
  selectionsOf,
} from "./call-declaration.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import type { SelectionMap } from "./selection-map.ts";

export type BodyType = "JSON" | "FORM";

/** What the body of a REST call holds. */
export interface BodyDeclaration {
  readonly type: BodyType;
  /** One map whose value is the whole body, or the members of an object. */
  readonly content: PlacedSelection | readonly NamedSelection[];
  /** The names that lead to the list of a batch's keys; null: they are not in the body. */
  readonly keysAt: readonly string[] | null;
}

/** The maps that `body` writes down; null where there is none or, with a problem, it is wrong. */
export function readBodyContent(use: DirectiveUse, context: CallContext): BodyDeclaration["content"] | null {
  const node = use.nodeAt(["body"]);
  if (node === null || node.kind === Kind.NULL) return null;
  if (node.kind === Kind.OBJECT) return readSelectionObject(use, ["body"], context);
  const selection = use.selection(["body"]);
  if (selection === null || !checkInputSelection(use, selection, ["body"], context)) return null;
  return selection;
}

/** Every map of a body's content. */
export function bodySelections(content: BodyDeclaration["content"] | null): readonly PlacedSelection[] {
  if (content === null) return [];
  return isWhole(content) ? [content] : selectionsOf(content);
}

export function isWhole(content: BodyDeclaration["content"]): content is PlacedSelection {
  return "placeAt" in content;
}

/** An argument that fills the member of its own name. */
export function argumentMember(use: DirectiveUse, name: string): NamedSelection {
  const segments = [{ name, arguments: [], onType: null, offset: 0 }];
  const map: SelectionMap = { kind: "path", root: "args", segments, then: null, offset: 0 };
  const place = placeOf(use.node, use.file);
  return { name, selection: { map, text: `$args.${name}`, placeAt: () => place }, place };
}

/** A form is a list of pairs: it has no objects inside. */
export function checkForm(use: DirectiveUse, content: BodyDeclaration["content"] | null): void {
  if (content === null || isWhole(content)) return;
  for (const { name, selection, place } of content) {
    if (!("fields" in selection)) continue;
    const expected = "a FieldSelectionMap: a form has no objects inside";
    use.refuseAt({ place, path: ["body", name], expected, found: "an object" });
  }
}

/**
 * Where in the body a batch's keys go: `as` is a path of names that no member of `content` takes. Null, with a problem
 * reported, where it is not.
 */
export function readKeysPath(
  use: DirectiveUse,
  batch: BatchDeclaration,
  body: { readonly type: BodyType; readonly content: BodyDeclaration["content"] },
): readonly string[] | null {
  const refuse = (expected: string, found: string): null => {
    use.refuse(["batch", "as"], expected, found);
    return null;
  };
  const path = batch.as.split(".");
  if (isWhole(body.content))
    return refuse("a body that is an object of maps, so that the keys have a place in it", "one map");
  if (!path.every((name) => memberName.test(name)))
    return refuse("a variable of the template, or names in the body joined by dots", quoted(batch.as));
  if (body.type === "FORM" && path.length > 1)
    return refuse("one name: a form has no objects inside", quoted(batch.as));
  let members = body.content;
  for (const [index, name] of path.entries()) {
    const member = members.find((one) => one.name === name);
    if (member === undefined) break;
    const isLast = index === path.length - 1;
    if (isLast || !("fields" in member.selection)) {
      const taken = path.slice(0, index + 1).join(".");
      return refuse("a place in the body that carries the keys only", `${taken}, which the body sets too`);
    }
    members = member.selection.fields;
  }
  return path;
}

const memberName = /^[A-Za-z_]\w*$/;
