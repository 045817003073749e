import {
  type DefinitionNode,
  type DocumentNode,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  type NamedTypeNode,
  specifiedScalarTypes,
  visit,
} from "graphql";
import { nearestNameHint } from "../core/problems.ts";
import { BackendNames } from "./backend-names.ts";
import { type DirectiveCatalog, isStandard, unenforcedDirectives } from "./directive-catalog.ts";
import { type DirectiveUse, placeOf } from "./directive-reader.ts";
import { BackendCoordinates, excludeCoordinates } from "./excluded-coordinates.ts";
import { elementsOf } from "./source-settings.ts";

/** A GraphQL backend's own schema as the supergraph has it: some of it left out, some of it called differently. */
export interface BackendSchema {
  readonly document: DocumentNode;
  readonly names: BackendNames;
}

/** The file says `kind: GRAPHQL`, or some kind that there is not: the rest of it may be the backend's own schema. */
export function isBackendSchema(document: DocumentNode): boolean {
  return document.definitions.some(
    (node) =>
      (node.kind === Kind.SCHEMA_EXTENSION || node.kind === Kind.SCHEMA_DEFINITION) &&
      node.directives?.some(
        (directive) =>
          directive.name.value === "source" &&
          directive.arguments?.some(
            ({ name, value }) =>
              name.value === "kind" && !(value.kind === Kind.ENUM && ownKinds.has(value.value)),
          ),
      ),
  );
}

/** Kinds whose schemas are written for the gateway. */
const ownKinds: ReadonlySet<string> = new Set(["REST", "GRPC"]);

/**
 * Applies `exclude`, `rename` and `prefix` of a GraphQL source's `@source`. What the backend defines for itself is left
 * out: its directives with their uses, and the names of its root types, which are called Query and Mutation here.
 * Null, with problems reported, where the file does not have a name, or a name would come twice: what else is wrong
 * would mostly be a consequence.
 */
export function readBackendSchema(
  written: DocumentNode,
  use: DirectiveUse,
  catalog: DirectiveCatalog,
): BackendSchema | null {
  const document = excludeCoordinates(withoutOwnDirectives(written, use, catalog), use);
  const coordinates = new BackendCoordinates(document);
  const types = readTypeNames(document, use, coordinates);
  const fields = readFieldNames(use, coordinates);
  refuseNamesakes(document, use, { types, fields });
  if (!use.isSound) return null;
  const renamed = renameDocument(document, types, fields);
  const backendTypes = new Map([...types].map(([theirs, ours]) => [ours, theirs]));
  const backendFields = new Map(
    [...fields].map(([coordinate, name]) => {
      const [typeName = "", fieldName = ""] = coordinate.split(".");
      return [`${types.get(typeName) ?? typeName}.${name}`, fieldName] as const;
    }),
  );
  return { document: renamed, names: new BackendNames(backendTypes, backendFields) };
}

/** A directive that the file defines is the backend's business, unless it is called like one of ours. */
function withoutOwnDirectives(
  document: DocumentNode,
  use: DirectiveUse,
  catalog: DirectiveCatalog,
): DocumentNode {
  const own = new Set<string>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.DIRECTIVE_DEFINITION) continue;
    const name = node.name.value;
    own.add(name);
    if (!catalog.directives.has(name) && !unenforcedDirectives.has(name)) continue;
    use.refuseElsewhere({
      place: placeOf(node, use.file),
      coordinate: `@${name}`,
      expected: "a definition of a directive that the gateway has none of",
      found: `directive @${name}`,
      hint: "remove the definition, and its uses unless the gateway's directive is meant",
    });
  }
  return visit(document, {
    DirectiveDefinition: () => null,
    Directive: (node) => (own.has(node.name.value) && !isStandard(node.name.value) ? null : undefined),
  });
}

/** New names of types by the written ones: of roots that are called differently, of `rename`, and of `prefix`. */
function readTypeNames(
  document: DocumentNode,
  use: DirectiveUse,
  coordinates: BackendCoordinates,
): Map<string, string> {
  const names = new Map<string, string>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) continue;
    for (const { operation, type } of node.operationTypes ?? []) {
      const standard = `${operation[0]?.toUpperCase()}${operation.slice(1)}`;
      if (type.name.value !== standard) names.set(type.name.value, standard);
    }
  }
  const roots = new Set(["Query", "Mutation", "Subscription", ...names.keys()]);
  for (const { from, to, node } of renamesOf(use)) {
    if (from.includes(".")) continue;
    const all = coordinates.typeNames;
    if (!all.includes(from)) {
      const expected = "a type of this file, or a field as Type.field";
      use.refuseAt({
        place: node,
        path: ["rename", "from"],
        expected,
        found: from,
        hint: nearestNameHint(from, all),
      });
    } else if (roots.has(from)) {
      const expected = "a type that is not a root: root types are Query and Mutation";
      use.refuseAt({ place: node, path: ["rename", "from"], expected, found: from });
    } else if (names.has(from)) {
      use.refuseAt({
        place: node,
        path: ["rename", "from"],
        expected: "each name once",
        found: `${from} again`,
      });
    } else if (checkName(use, to, node)) names.set(from, to);
  }
  const prefix = use.text("prefix");
  if (prefix === null) return names;
  if (!namePattern.test(prefix)) {
    use.refuse(["prefix"], "letters and digits, a letter first", prefix);
    return names;
  }
  for (const node of document.definitions) {
    if (!isTypeDefinitionNode(node) || node.kind === Kind.SCALAR_TYPE_DEFINITION) continue;
    const name = node.name.value;
    if (!roots.has(name) && !names.has(name)) names.set(name, `${prefix}${name}`);
  }
  return names;
}

/** New names of fields by the written coordinates. */
function readFieldNames(use: DirectiveUse, coordinates: BackendCoordinates): Map<string, string> {
  const names = new Map<string, string>();
  for (const { from, to, node } of renamesOf(use)) {
    if (!from.includes(".")) continue;
    if (!coordinates.outputFields.includes(from)) {
      use.refuseAt({
        place: node,
        path: ["rename", "from"],
        expected: "a field of an object type or an interface of this file",
        found: from,
        hint: coordinates.hintFor(from, coordinates.outputFields),
      });
    } else if (names.has(from)) {
      use.refuseAt({
        place: node,
        path: ["rename", "from"],
        expected: "each name once",
        found: `${from} again`,
      });
    } else if (checkName(use, to, node)) names.set(from, to);
  }
  return names;
}

const namePattern = /^[A-Za-z][A-Za-z0-9]*$/;
const graphqlNamePattern = /^[A-Za-z][_A-Za-z0-9]*$/;

type Place = ReturnType<typeof placeOf>;

function checkName(use: DirectiveUse, name: string, place: Place): boolean {
  if (graphqlNamePattern.test(name)) return true;
  const expected = "a GraphQL name that does not begin with an underscore";
  use.refuseAt({ place, path: ["rename", "to"], expected, found: name });
  return false;
}

function renamesOf(use: DirectiveUse): { from: string; to: string; node: Place }[] {
  return elementsOf(use.nodeAt(["rename"])).flatMap((element) => {
    if (element.kind !== Kind.OBJECT) return [];
    const text = (name: string): string => {
      const value = element.fields.find((field) => field.name.value === name)?.value;
      return value?.kind === Kind.STRING ? value.value : "";
    };
    return [{ from: text("from"), to: text("to"), node: placeOf(element, use.file) }];
  });
}

interface NewNames {
  readonly types: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, string>;
}

/** Two types, or two fields of one type, may not end with one name. */
function refuseNamesakes(document: DocumentNode, use: DirectiveUse, { types, fields }: NewNames): void {
  const builtIn = specifiedScalarTypes.map((type) => type.name);
  const typeOwners = new Map(builtIn.map((name) => [name, name]));
  for (const node of document.definitions) {
    if (!isTypeDefinitionNode(node)) continue;
    const name = node.name.value;
    refuseNamesake(use, typeOwners, { written: name, final: types.get(name) ?? name, what: "type" });
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    const fieldOwners = new Map<string, string>();
    for (const field of node.fields ?? []) {
      const written = `${name}.${field.name.value}`;
      const final = fields.get(written) ?? field.name.value;
      refuseNamesake(use, fieldOwners, { written, final, what: "field" });
    }
  }
}

function refuseNamesake(
  use: DirectiveUse,
  owners: Map<string, string>,
  { written, final, what }: { readonly written: string; readonly final: string; readonly what: string },
): void {
  const owner = owners.get(final);
  // Twice the same definition is GraphQL's own complaint.
  if (owner !== undefined && owner !== written) {
    const path = [use.nodeAt(["rename"]) === null ? "prefix" : "rename"];
    use.refuse(path, `a name of its own for each ${what}`, `${final} for ${owner} and for ${written}`);
  } else owners.set(final, written);
}

function renameDocument(
  document: DocumentNode,
  types: ReadonlyMap<string, string>,
  fields: ReadonlyMap<string, string>,
): DocumentNode {
  const renamedType: DocumentNode = visit(document, {
    NamedType: (node): NamedTypeNode | undefined => {
      const name = types.get(node.name.value);
      return name === undefined ? undefined : { ...node, name: { ...node.name, value: name } };
    },
  });
  const definitions = renamedType.definitions.flatMap((node): DefinitionNode[] => {
    if (node.kind === Kind.SCHEMA_DEFINITION) return [];
    if (node.kind === Kind.SCHEMA_EXTENSION) return [{ ...node, operationTypes: [] }];
    if (!isTypeDefinitionNode(node) && !isTypeExtensionNode(node)) return [node];
    const { value } = node.name;
    const name = { ...node.name, value: types.get(value) ?? value };
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      return [{ ...node, name }];
    const renamedFields = (node.fields ?? []).map((field) => {
      const fieldName = fields.get(`${value}.${field.name.value}`);
      return fieldName === undefined ? field : { ...field, name: { ...field.name, value: fieldName } };
    });
    return [{ ...node, name, fields: renamedFields }];
  });
  return { ...renamedType, definitions };
}
