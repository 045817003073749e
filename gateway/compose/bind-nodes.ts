import { print } from "graphql";
import type { Problems } from "../core/problems.ts";
import type { ClientAbstractType, ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { isClientOnly } from "./bind-abstract-types.ts";
import type { FieldBinding, NodeType } from "./bindings.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

type FieldBindings = ReadonlyMap<string, ReadonlyMap<string, FieldBinding>>;

/** A client schema of which everything else is bound. */
export interface NodesSite {
  readonly client: ClientSchema;
  readonly model: SupergraphModel;
  readonly fields: FieldBindings;
  readonly problems: Problems;
}

/** The fields with `@node`, and which client type shows an object of their interfaces, by its supergraph type. */
export interface BoundNodes {
  readonly fields: FieldBindings;
  readonly views: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Binds the fields that find objects by their global ids: the name in an id says which type it is of, its key is what a
 * lookup finds the object by. (https://relay.dev/graphql/objectidentification.htm)
 */
export function bindNodes(site: NodesSite): BoundNodes {
  const fields = new Map<string, FieldBinding>();
  const views = new Map<string, ReadonlyMap<string, string>>();
  for (const type of site.client.types.values()) {
    for (const field of type.fields.values()) {
      if (field.nodeUse === null || !checkNodeField(site, type, field)) continue;
      const shown = nodeInterfaceOf(site, field);
      const idField = shown === null ? null : idFieldOf(shown, site.problems);
      if (shown === null || idField === null) continue;
      const members = bindMembers(site, shown, idField);
      const argument = field.node.arguments?.[0]?.name.value ?? "";
      const { coordinate } = field;
      const types = members.types;
      fields.set(field.name, { kind: "node", coordinate, argument, interfaceName: shown.name, types });
      views.set(shown.name, members.views);
    }
  }
  return { fields: new Map([["Query", fields]]), views };
}

/** It says `@node`, soundly or not. */
export function isNodeField({ node }: ClientField): boolean {
  return node.directives?.some((directive) => directive.name.value === "node") ?? false;
}

/** It stands on Query, says nothing else of where its value is from, and takes an id, or a list of them. */
function checkNodeField({ client, problems }: NodesSite, type: ClientType, field: ClientField): boolean {
  const { node, nodeUse } = field;
  const [shaper] = field.shapers;
  const [argument, another] = node.arguments ?? [];
  const takes = argument === undefined ? "" : print(argument.type);
  const name = namedTypeOf(node.type);
  const fitting = resultTypes.get(takes)?.map((text) => text.replace("Node", name));
  const refuse = (expected: string, found: string): boolean => {
    const { place, coordinate } = field;
    problems.error({ place, coordinate, expected, found });
    return false;
  };
  if (type.name !== "Query") nodeUse?.refuse([], "@node on a field of Query", `it on one of ${type.name}`);
  else if (field.fromUse !== null) nodeUse?.refuse([], "no @from: ids say what they are of", "@from");
  else if (shaper !== undefined)
    shaper.refuse([], "no shaper on a field with @node", `@${shaper.node.name.value}`);
  else if (argument === undefined || another !== undefined)
    return refuse("one argument: an id, or a list of them", argument === undefined ? "none" : "several");
  else if (fitting === undefined || argument.defaultValue !== undefined || field.globalIds.size > 0) {
    const isTyped = field.globalIds.size > 0;
    const expected = isTyped
      ? "no @globalId: ids of several types are taken"
      : "ID!, or [ID!]! for a list of objects, without a default";
    problems.error({
      place: placeOf(argument, client.file),
      coordinate: `${field.coordinate}(${argument.name.value}:)`,
      expected,
      found: isTyped
        ? "@globalId"
        : `${takes}${argument.defaultValue === undefined ? "" : ` = ${print(argument.defaultValue)}`}`,
    });
  } else if (!fitting.includes(print(node.type)))
    return refuse(
      `${fitting.join(" or ")} for ${takes}, because an id may be that of nothing`,
      print(node.type),
    );
  else return true;
  return false;
}

/** By the type of the argument. */
const resultTypes = new Map([
  ["ID!", ["Node"]],
  ["[ID!]!", ["[Node]", "[Node]!"]],
]);

function nodeInterfaceOf(
  { client, model, problems }: NodesSite,
  field: ClientField,
): ClientAbstractType | null {
  const name = namedTypeOf(field.node.type);
  const type = client.abstractTypes.get(name);
  if (type !== undefined && isClientOnly(type, model)) return type;
  const kind = type === undefined ? (client.types.has(name) ? "the object type " : "") : `the ${type.kind} `;
  const found = type?.kind === "interface" ? `${kind}${name}, which shows ${type.boundTo}` : `${kind}${name}`;
  const expected = "an interface of the client schema's own";
  problems.error({ place: field.place, coordinate: field.coordinate, expected, found });
  return null;
}

/** The name of the interface's field that its types make global ids in. */
function idFieldOf({ name, place, fields }: ClientAbstractType, problems: Problems): string | null {
  const ids = [...fields.values()].filter(({ node }) => print(node.type) === "ID!");
  const [first, second] = ids;
  if (first !== undefined && second === undefined) return first.name;
  const expected = "one field of type ID!, which holds the ids that @node takes";
  const found = first === undefined ? "none" : ids.map((id) => id.name).join(", ");
  problems.error({ place, coordinate: name, expected, found });
  return null;
}

function bindMembers(
  site: NodesSite,
  shown: ClientAbstractType,
  idField: string,
): { readonly types: ReadonlyMap<string, NodeType>; readonly views: ReadonlyMap<string, string> } {
  const { client, problems } = site;
  const types = new Map<string, NodeType>();
  const views = new Map<string, string>();
  const idOwners = new Map<string, string>();
  const refuse = (expected: string, found: string): void => {
    problems.error({ place: shown.place, coordinate: shown.name, expected, found });
  };
  for (const name of shown.possibleTypes) {
    const member = client.types.get(name);
    const bound = member === undefined ? null : bindMember(site, member, idField);
    if (bound === null) continue;
    const owner = idOwners.get(bound.idType);
    const view = views.get(bound.nodeType.type.name);
    if (view !== undefined)
      refuse(
        `one type that shows ${bound.nodeType.type.name}: an object can't tell which of two it should be`,
        `${view} and ${name}`,
      );
    else if (owner !== undefined)
      refuse(
        `types whose ids name different ones`,
        `${owner} and ${name}, whose ids both name ${bound.idType}`,
      );
    else {
      types.set(bound.idType, bound.nodeType);
      views.set(bound.nodeType.type.name, name);
      idOwners.set(bound.idType, name);
    }
  }
  if (shown.possibleTypes.length === 0)
    refuse("a type that implements it, because every object is of one", "none");
  return { types, views };
}

/** Null, with problems reported here or where the type is bound, where an id of the type does not lead back to it. */
function bindMember(
  { model, fields, problems }: NodesSite,
  member: ClientType,
  idField: string,
): { readonly idType: string; readonly nodeType: NodeType } | null {
  const field = member.fields.get(idField);
  const binding = fields.get(member.name)?.get(idField);
  const type = model.types.get(member.boundTo ?? "");
  if (field === undefined || binding?.kind !== "path") return null;
  const { place, coordinate } = field;
  const [use, ...others] = field.shapers;
  if (use?.node.name.value !== "globalId" || others.length > 0) {
    const shapers = field.shapers.map((shaper) => `@${shaper.node.name.value}`).join(" ");
    const expected = "@globalId and no other shaper, because it is what @node takes";
    problems.error({ place, coordinate, expected, found: shapers || "none" });
    return null;
  }
  const keyPath = binding.steps.map((step) => step.field.name).join(".");
  const lookup = type?.lookups.find(({ key }) => key.length === 1 && key[0] === keyPath);
  if (type === undefined || lookup === undefined) {
    const shown = member.boundTo ?? "";
    const found = (type?.lookups ?? []).map(
      ({ field: { coordinate: root }, key }) => `${root} by ${key.join(" and ")}`,
    );
    problems.error({
      place: member.place,
      coordinate: member.name,
      expected: `a @lookup that finds ${shown} by ${keyPath}, which is all that an id holds`,
      found: found.join(", ") || "none",
    });
    return null;
  }
  const last = binding.steps.at(-1)?.field.type;
  const isNumber = last !== undefined && namedTypeOf(last) === "Int";
  return { idType: use.text("type") ?? member.name, nodeType: { type, keyPath, isNumber, lookup } };
}
