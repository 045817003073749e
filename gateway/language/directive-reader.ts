import {
  type ConstDirectiveNode,
  type ConstValueNode,
  DirectiveLocation,
  type DocumentNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  print,
  type ASTNode,
  valueFromAST,
  valueFromASTUntyped,
} from "graphql";
import { nearestNameHint, type Problems, type SourcePlace } from "../core/problems.ts";
import {
  type DirectiveCatalog,
  homeOf,
  isStandard,
  type SchemaFileKind,
  unenforcedDirectives,
} from "./directive-catalog.ts";
import { parseSelectionMap, type SelectionMap, SelectionSyntaxError } from "./selection-map.ts";

/** A FieldSelectionMap with the place of its text, so that a problem inside it can be pointed at. */
export interface PlacedSelection {
  readonly map: SelectionMap;
  readonly text: string;
  /** The place of the character at `offset` of the text. */
  placeAt(offset: number): SourcePlace;
}

/** The place of a node, or line 0 where the parser did not keep it. */
export function placeOf(node: ASTNode, file: string): SourcePlace {
  const token = node.loc?.startToken;
  return { file, line: token?.line ?? 0, column: token?.column ?? 0 };
}

/**
 * Reads directives of one file: checks each use against the catalog, and hands out typed arguments.
 * Everything wrong is reported to the problems; a directive with a problem reads as null.
 */
export class DirectiveReader {
  readonly file: string;
  readonly problems: Problems;
  readonly #catalog: DirectiveCatalog;
  readonly #kind: SchemaFileKind;

  constructor(catalog: DirectiveCatalog, kind: SchemaFileKind, file: string, problems: Problems) {
    this.file = file;
    this.problems = problems;
    this.#catalog = catalog;
    this.#kind = kind;
  }

  /** The directives of one node by name; unknown, misplaced and repeated ones are reported and left out. */
  read(
    nodes: readonly ConstDirectiveNode[] | undefined,
    location: DirectiveLocation,
    coordinate: string,
  ): Map<string, DirectiveUse[]> {
    const uses = new Map<string, DirectiveUse[]>();
    for (const node of nodes ?? []) {
      const name = node.name.value;
      if (isStandard(name)) continue;
      const definition = this.#definitionFor(node, location, coordinate);
      if (definition === null) continue;
      const earlier = uses.get(name);
      if (earlier !== undefined && !definition.isRepeatable) {
        this.#refuse(node, `${coordinate} @${name}`, `@${name} once`, "it again");
        continue;
      }
      const use = new DirectiveUse(this, node, coordinate);
      if (use.check(definition.args)) uses.set(name, [...(earlier ?? []), use]);
    }
    return uses;
  }

  #definitionFor(node: ConstDirectiveNode, location: DirectiveLocation, coordinate: string) {
    const name = node.name.value;
    const definition = this.#catalog.directives.get(name);
    if (definition === undefined) {
      if (unenforcedDirectives.has(name)) {
        const expected = "a directive that this version enforces";
        this.#refuse(
          node,
          coordinate,
          expected,
          `@${name}, which it does not enforce yet`,
          "remove it; nothing fails open",
        );
      } else {
        const known = [...this.#catalog.directives.keys()].filter(
          (known) => (homeOf(known) ?? this.#kind) === this.#kind,
        );
        const expected = "a directive of schemas/directives.graphql";
        this.#refuse(node, coordinate, expected, `@${name}`, nearestNameHint(name, known));
      }
      return null;
    }
    const home = homeOf(name);
    if (home !== null && home !== this.#kind) {
      const where = home === "source" ? "source schemas (schemas/)" : "client schemas (a BFF's folder)";
      this.#refuse(node, coordinate, `@${name} in ${where} only`, `it in a ${this.#kind} schema`);
      return null;
    }
    if (!definition.locations.includes(location)) {
      this.#refuse(node, coordinate, `@${name} on ${definition.locations.join(" or ")}`, `it on ${location}`);
      return null;
    }
    return definition;
  }

  #refuse(
    node: ASTNode,
    coordinate: string,
    expected: string,
    found: string,
    hint: string | null = null,
  ): void {
    this.problems.error({ place: placeOf(node, this.file), coordinate, expected, found, hint });
  }
}

/** Checks the directives on enums, scalars and input types, so that none stands there unread. */
export function readLeafDirectives(document: DocumentNode, reader: DirectiveReader): void {
  for (const node of document.definitions) {
    if (node.kind === Kind.SCALAR_TYPE_DEFINITION) {
      reader.read(node.directives, DirectiveLocation.SCALAR, node.name.value);
    } else if (node.kind === Kind.ENUM_TYPE_DEFINITION) {
      reader.read(node.directives, DirectiveLocation.ENUM, node.name.value);
      for (const value of node.values ?? []) {
        reader.read(value.directives, DirectiveLocation.ENUM_VALUE, `${node.name.value}.${value.name.value}`);
      }
    } else if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      reader.read(node.directives, DirectiveLocation.INPUT_OBJECT, node.name.value);
      for (const field of node.fields ?? []) {
        const coordinate = `${node.name.value}.${field.name.value}`;
        reader.read(field.directives, DirectiveLocation.INPUT_FIELD_DEFINITION, coordinate);
      }
    }
  }
}

/** One use of a directive whose arguments have been checked against its definition. */
export class DirectiveUse {
  readonly node: ConstDirectiveNode;
  readonly coordinate: string;
  readonly #reader: DirectiveReader;
  #arguments: Readonly<Record<string, unknown>> = {};

  constructor(reader: DirectiveReader, node: ConstDirectiveNode, coordinate: string) {
    this.#reader = reader;
    this.node = node;
    this.coordinate = `${coordinate} @${node.name.value}`;
  }

  get file(): string {
    return this.#reader.file;
  }

  /** Coerces all arguments; false, with problems reported, where one does not fit. */
  check(definitions: readonly GraphQLArgument[]): boolean {
    const written = (this.node.arguments ?? []).map((node) => ({
      node,
      name: node.name.value,
      value: node.value,
    }));
    const coerced = this.#coerceMembers(this.node, written, definitions, this.coordinate, "argument");
    if (coerced === undefined) return false;
    this.#arguments = coerced as Record<string, unknown>;
    return true;
  }

  /** An argument's coerced value: its default where it was left out, null where it has none. */
  value(name: string): unknown {
    return this.#arguments[name] ?? null;
  }

  text(name: string): string | null {
    const value = this.value(name);
    return typeof value === "string" ? value : null;
  }

  flag(name: string): boolean {
    return this.value(name) === true;
  }

  /** A whole number within [min, max], or null with a problem. */
  integer(name: string, min: number, max: number): number | null {
    return this.checkRange(this.value(name), [name], min, max);
  }

  checkRange(value: unknown, path: readonly string[], min: number, max: number): number | null {
    if (typeof value === "number" && value >= min && value <= max) return value;
    this.refuse(path, `${min} to ${max}`, String(value));
    return null;
  }

  /** The FieldSelectionMap at a path of argument and input field names; null where absent or, with a problem, wrong. */
  selection(path: readonly string[]): PlacedSelection | null {
    const node = this.nodeAt(path);
    if (node?.kind !== Kind.STRING) return null;
    return this.parseSelection(node, path);
  }

  /** The places of a map's characters are exact for one-line strings without escapes. */
  parseSelection(node: ConstValueNode, path: readonly string[]): PlacedSelection | null {
    if (node.kind !== Kind.STRING) return null;
    const start = placeOf(node, this.#reader.file);
    const placeAt = (offset: number): SourcePlace =>
      node.block === true ? start : { ...start, column: start.column + 1 + offset };
    try {
      return { map: parseSelectionMap(node.value), text: node.value, placeAt };
    } catch (error) {
      if (!(error instanceof SelectionSyntaxError)) throw error;
      this.#reader.problems.error({
        place: placeAt(error.offset),
        coordinate: `${this.coordinate}(${path.join(".")}:)`,
        expected: error.expected,
        found: error.found,
        hint: null,
      });
      return null;
    }
  }

  /** The literal written at a path of argument and input field names. */
  nodeAt(path: readonly string[]): ConstValueNode | null {
    const [first, ...rest] = path;
    let node: ConstValueNode | undefined = this.node.arguments?.find(
      (argument) => argument.name.value === first,
    )?.value;
    for (const name of rest) {
      if (node?.kind !== Kind.OBJECT) return null;
      node = node.fields.find((field) => field.name.value === name)?.value;
    }
    return node ?? null;
  }

  /** Reports a problem with what stands at `path`, or with the directive where nothing stands there. */
  refuse(path: readonly string[], expected: string, found: string, hint: string | null = null): void {
    const place = placeOf(this.nodeAt(path) ?? this.node, this.#reader.file);
    const coordinate = path.length === 0 ? this.coordinate : `${this.coordinate}(${path.join(".")}:)`;
    this.#reader.problems.error({ place, coordinate, expected, found, hint });
  }

  refuseAt(
    place: SourcePlace,
    path: readonly string[],
    expected: string,
    found: string,
    hint: string | null = null,
  ): void {
    this.#reader.problems.error({
      place,
      coordinate: `${this.coordinate}(${path.join(".")}:)`,
      expected,
      found,
      hint,
    });
  }

  #coerceMembers(
    owner: ASTNode,
    written: readonly { node: ASTNode; name: string; value: ConstValueNode }[],
    definitions: readonly (GraphQLArgument | GraphQLInputField)[],
    coordinate: string,
    word: string,
  ): Record<string, unknown> | undefined {
    const result: Record<string, unknown> = {};
    let isSound = true;
    const refuse = (
      node: ASTNode,
      at: string,
      expected: string,
      found: string,
      hint: string | null = null,
    ): void => {
      isSound = false;
      this.#reader.problems.error({
        place: placeOf(node, this.#reader.file),
        coordinate: at,
        expected,
        found,
        hint,
      });
    };
    for (const [index, { node, name }] of written.entries()) {
      if (written.findIndex((other) => other.name === name) !== index)
        refuse(node, coordinate, `${name} once`, "it again");
      if (definitions.some((definition) => definition.name === name)) continue;
      const names = definitions.map((definition) => definition.name);
      const expected = `${word}s ${names.join(", ")}`;
      refuse(node, coordinate, expected, `${word} ${name}`, nearestNameHint(name, names));
    }
    for (const definition of definitions) {
      const member = written.find((candidate) => candidate.name === definition.name);
      const at = `${coordinate}(${definition.name}:)`;
      if (member === undefined) {
        if (definition.defaultValue !== undefined) result[definition.name] = definition.defaultValue;
        else if (isNonNullType(definition.type)) refuse(owner, at, `${word} ${definition.name}`, "nothing");
        continue;
      }
      const value = this.#coerce(member.value, definition.type, at);
      if (value === undefined) isSound = false;
      else result[definition.name] = value;
    }
    return isSound ? result : undefined;
  }

  /** `undefined`, with a problem reported, where the literal does not fit. */
  #coerce(node: ConstValueNode, type: GraphQLInputType, coordinate: string): unknown {
    if (isNonNullType(type) && node.kind !== Kind.NULL) return this.#coerce(node, type.ofType, coordinate);
    if (isInputObjectType(type) && node.kind === Kind.OBJECT) {
      const written = node.fields.map((field) => ({
        node: field,
        name: field.name.value,
        value: field.value,
      }));
      return this.#coerceMembers(node, written, Object.values(type.getFields()), coordinate, "field");
    }
    if (isListType(type) && node.kind === Kind.LIST) {
      const values = node.values.map((element) =>
        this.#coerce(element, type.ofType as GraphQLInputType, coordinate),
      );
      return values.includes(undefined) ? undefined : values;
    }
    const custom = customScalarKinds.get(type.toString());
    if (custom !== undefined && node.kind !== Kind.NULL) {
      if (custom.kinds === null || custom.kinds.includes(node.kind)) return valueFromASTUntyped(node);
      this.#mismatch(node, custom.description, coordinate);
      return undefined;
    }
    const value: unknown = valueFromAST(node, type);
    if (value === undefined) this.#mismatch(node, type.toString(), coordinate);
    return value;
  }

  #mismatch(node: ConstValueNode, expected: string, coordinate: string): void {
    const found = print(node).slice(0, 100);
    this.#reader.problems.error({ place: placeOf(node, this.#reader.file), coordinate, expected, found });
  }
}

const customScalarKinds = new Map<string, { kinds: readonly Kind[] | null; description: string }>([
  [
    "FieldSelectionMap",
    { kinds: [Kind.STRING], description: 'a FieldSelectionMap in quotes, for example "a.b"' },
  ],
  [
    "FieldSelectionMapObject",
    {
      kinds: [Kind.OBJECT],
      description: 'an object of FieldSelectionMaps, for example { first: "$args.first" }',
    },
  ],
  ["Literal", { kinds: null, description: "a value" }],
]);
