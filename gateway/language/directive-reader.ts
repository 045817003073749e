import {
  type ASTNode,
  type ConstArgumentNode,
  type ConstDirectiveNode,
  type ConstObjectFieldNode,
  type ConstValueNode,
  DirectiveLocation,
  type DocumentNode,
  getNamedType,
  type GraphQLArgument,
  type GraphQLDirective,
  type GraphQLInputField,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  print,
  type StringValueNode,
  TokenKind,
  valueFromAST,
  valueFromASTUntyped,
} from "graphql";
import { quoted, shortened } from "../core/errors.ts";
import { nearestNameHint, type ProblemFacts, type Problems, type SourcePlace } from "../core/problems.ts";
import {
  type DirectiveCatalog,
  homeOf,
  isStandard,
  locationsOf,
  type SchemaFileKind,
  unenforcedDirectives,
} from "./directive-catalog.ts";
import { parseSelectionMap, pathsOf, type SelectionMap, SelectionSyntaxError } from "./selection-map.ts";

/** A FieldSelectionMap with the place of its text, so that a problem inside it can be pointed at. */
export interface PlacedSelection {
  readonly map: SelectionMap;
  readonly text: string;
  /** The place of the character at `offset` of the text. */
  placeAt(offset: number): SourcePlace;
}

/** The place of a node, behind its description; line 0 where the parser did not keep it. */
export function placeOf(node: ASTNode, file: string): SourcePlace {
  const description = "description" in node ? node.description : undefined;
  let token = description?.loc?.endToken.next ?? node.loc?.startToken;
  while (token?.kind === TokenKind.COMMENT) token = token.next ?? undefined;
  return { file, line: token?.line ?? 0, column: token?.column ?? 0 };
}

/**
 * Reads directives of one file: checks each use against the catalog, and hands out typed arguments.
 * Everything wrong is reported to the problems; a directive with a problem reads as null.
 */
export class DirectiveReader {
  readonly file: string;
  readonly problems: Problems;
  readonly kind: SchemaFileKind;
  readonly #catalog: DirectiveCatalog;
  readonly #found = new Map<string, FoundUse[]>();

  constructor(catalog: DirectiveCatalog, kind: SchemaFileKind, file: string, problems: Problems) {
    this.file = file;
    this.problems = problems;
    this.#catalog = catalog;
    this.kind = kind;
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
        this.#refuse(node, {
          coordinate: `${coordinate} @${name}`,
          expected: `@${name} once`,
          found: "it again",
        });
        continue;
      }
      const use = new DirectiveUse(this, node, coordinate);
      if (!use.check(definition.args)) continue;
      uses.set(name, [...(earlier ?? []), use]);
      const found = this.#found.get(name);
      if (found === undefined) this.#found.set(name, [{ coordinate, location, use }]);
      else found.push({ coordinate, location, use });
    }
    return uses;
  }

  /** Every use of a directive that was read so far and had no problem of form. */
  found(name: string): readonly FoundUse[] {
    return this.#found.get(name) ?? [];
  }

  #definitionFor(
    node: ConstDirectiveNode,
    location: DirectiveLocation,
    coordinate: string,
  ): GraphQLDirective | null {
    const name = node.name.value;
    const definition = this.#catalog.directives.get(name);
    if (definition === undefined) {
      this.#refuseUnknown(node, coordinate);
      return null;
    }
    const home = homeOf(name);
    if (home !== null && home !== this.kind) {
      const where = home === "source" ? "source schemas (schemas/)" : "client schemas (a BFF's folder)";
      const expected = `@${name} in ${where} only`;
      this.#refuse(node, { coordinate, expected, found: `it in a ${this.kind} schema` });
      return null;
    }
    const locations = locationsOf(definition, this.kind);
    if (!locations.includes(location)) {
      const expected = `@${name} on ${locations.join(" or ")}`;
      this.#refuse(node, { coordinate, expected, found: `it on ${location}` });
      return null;
    }
    return definition;
  }

  #refuseUnknown(node: ConstDirectiveNode, coordinate: string): void {
    const name = node.name.value;
    if (unenforcedDirectives.has(name)) {
      this.#refuse(node, {
        coordinate,
        expected: "a directive that this version enforces",
        found: `@${name}, which it does not enforce yet`,
        hint: "remove it; nothing fails open",
      });
      return;
    }
    const names = [...this.#catalog.directives.keys()].filter(
      (candidate) => (homeOf(candidate) ?? this.kind) === this.kind,
    );
    const expected = "a directive of schemas/directives.graphql";
    this.#refuse(node, { coordinate, expected, found: `@${name}`, hint: nearestNameHint(name, names) });
  }

  #refuse(node: ASTNode, facts: Omit<ProblemFacts, "place">): void {
    this.problems.error({ ...facts, place: placeOf(node, this.file) });
  }
}

/** A use of a directive, and where it stands. */
export interface FoundUse {
  readonly coordinate: string;
  readonly location: DirectiveLocation;
  readonly use: DirectiveUse;
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
  #isSound = true;

  constructor(reader: DirectiveReader, node: ConstDirectiveNode, coordinate: string) {
    this.#reader = reader;
    this.node = node;
    this.coordinate = `${coordinate} @${node.name.value}`;
  }

  get file(): string {
    return this.#reader.file;
  }

  /** No problem with it was reported so far. What would follow from one need not be reported too. */
  get isSound(): boolean {
    return this.#isSound;
  }

  /** Coerces all arguments; false, with problems reported, where one does not fit. */
  check(definitions: readonly GraphQLArgument[]): boolean {
    const coerced = this.#coerceMembers({
      owner: this.node,
      written: this.node.arguments ?? [],
      definitions,
      path: [],
      word: "argument",
    });
    if (coerced === undefined) return false;
    this.#arguments = coerced;
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

  parseSelection(node: ConstValueNode, path: readonly string[]): PlacedSelection | null {
    if (node.kind !== Kind.STRING) return null;
    const placeAt = (offset: number): SourcePlace => this.placeIn(node, offset);
    try {
      const map = parseSelectionMap(node.value);
      const [condition] = pathsOf(map).flatMap(({ segments }) => segments.flatMap((one) => one.onType ?? []));
      if (condition !== undefined && this.#reader.kind === "source") {
        const expected = "a path without a type condition: what a backend sends has no GraphQL types";
        const at = { place: placeAt(condition.offset - 1), path };
        this.refuseAt({ ...at, expected, found: `<${condition.typeName}>` });
        return null;
      }
      return { map, text: node.value, placeAt };
    } catch (error) {
      if (!(error instanceof SelectionSyntaxError)) throw error;
      const { expected, found } = error;
      this.refuseAt({ place: placeAt(error.offset), path, expected, found });
      return null;
    }
  }

  /** The place of a character of a string literal: exact on one line without escapes, else where the literal starts. */
  placeIn(node: StringValueNode, offset: number): SourcePlace {
    const start = placeOf(node, this.file);
    const width = (node.loc?.end ?? 0) - (node.loc?.start ?? 0) - 2;
    const isVerbatim = node.block !== true && width === node.value.length;
    return isVerbatim ? { ...start, column: start.column + 1 + offset } : start;
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

  /** The place of what stands at `path`, or of the directive where nothing stands there. */
  place(path: readonly string[]): SourcePlace {
    return placeOf(this.nodeAt(path) ?? this.node, this.file);
  }

  /** Reports a problem with what stands at `path`, or with the directive where nothing stands there. */
  refuse(path: readonly string[], expected: string, found: string, hint: string | null = null): void {
    this.refuseAt({ place: this.place(path), path, expected, found, hint });
  }

  /** Reports a problem with a part of what stands at `path`. */
  refuseAt({ path, ...facts }: PathFacts & Pick<ProblemFacts, "place">): void {
    const coordinate = path.length === 0 ? this.coordinate : `${this.coordinate}(${path.join(".")}:)`;
    // Where white space was written, only quotes show it.
    const found = facts.found.trim() === "" ? quoted(facts.found) : facts.found;
    this.#isSound = false;
    this.#reader.problems.error({ ...facts, coordinate, found });
  }

  /** Reports a problem that this directive makes one, with something that stands elsewhere in the file. */
  refuseElsewhere(facts: ProblemFacts): void {
    this.#isSound = false;
    this.#reader.problems.error(facts);
  }

  #coerceMembers(members: WrittenMembers): Record<string, unknown> | undefined {
    const { owner, written, definitions, path, word } = members;
    const result: Record<string, unknown> = {};
    let isSound = true;
    const refuse = (node: ASTNode, facts: PathFacts): void => {
      isSound = false;
      this.refuseAt({ ...facts, place: placeOf(node, this.file) });
    };
    const names = definitions.map((definition) => definition.name);
    for (const [index, node] of written.entries()) {
      const name = node.name.value;
      if (written.findIndex((other) => other.name.value === name) !== index)
        refuse(node, { path, expected: `${name} once`, found: "it again" });
      if (names.includes(name)) continue;
      const expected = names.length === 0 ? `no ${word}` : `${word}s ${names.join(", ")}`;
      refuse(node, { path, expected, found: `${word} ${name}`, hint: nearestNameHint(name, names) });
    }
    for (const { name, type, defaultValue } of definitions) {
      const member = written.find((candidate) => candidate.name.value === name);
      const at = [...path, name];
      if (member === undefined) {
        if (defaultValue !== undefined) result[name] = defaultValue;
        else if (isNonNullType(type))
          refuse(owner, { path: at, expected: `${word} ${name}`, found: "nothing" });
        continue;
      }
      const value = this.#coerce(member.value, type, at);
      if (value === undefined) isSound = false;
      else result[name] = value;
    }
    return isSound ? result : undefined;
  }

  /** `undefined`, with a problem reported, where the literal does not fit. */
  #coerce(node: ConstValueNode, type: GraphQLInputType, path: readonly string[]): unknown {
    if (node.kind === Kind.NULL) {
      if (!isNonNullType(type)) return null;
      const custom = customScalarKinds.get(getNamedType(type).name);
      this.#mismatch(node, custom?.description ?? type.toString(), path);
      return undefined;
    }
    if (isNonNullType(type)) return this.#coerce(node, type.ofType, path);
    if (isListType(type)) {
      // As everywhere in GraphQL, one element stands for a list of one.
      const elements = node.kind === Kind.LIST ? node.values : [node];
      const values = elements.map((element) => this.#coerce(element, type.ofType, path));
      return values.includes(undefined) ? undefined : values;
    }
    if (isInputObjectType(type) && node.kind === Kind.OBJECT) {
      const definitions = Object.values(type.getFields());
      return this.#coerceMembers({ owner: node, written: node.fields, definitions, path, word: "field" });
    }
    const custom = customScalarKinds.get(type.name);
    if (custom !== undefined) {
      if (custom.kinds === null || custom.kinds.includes(node.kind)) return valueFromASTUntyped(node);
      this.#mismatch(node, custom.description, path);
      return undefined;
    }
    // The cost specification's weights are texts, so that they may have fractions; most are whole numbers.
    if (node.kind === Kind.INT && this.node.name.value === "cost") return node.value;
    const value: unknown = valueFromAST(node, type);
    if (value === undefined) this.#mismatch(node, type.toString(), path);
    return value;
  }

  #mismatch(node: ConstValueNode, expected: string, path: readonly string[]): void {
    this.refuseAt({ place: placeOf(node, this.file), path, expected, found: shortened(print(node)) });
  }
}

/** A problem with what stands at a path of argument and input field names. */
interface PathFacts extends Omit<ProblemFacts, "place" | "coordinate"> {
  readonly path: readonly string[];
}

/** The arguments of a directive, or the fields of an input object, as written and as defined. */
interface WrittenMembers {
  readonly owner: ASTNode;
  readonly written: readonly (ConstArgumentNode | ConstObjectFieldNode)[];
  readonly definitions: readonly (GraphQLArgument | GraphQLInputField)[];
  /** The names that lead to them; empty for the directive itself. */
  readonly path: readonly string[];
  readonly word: "argument" | "field";
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
  [
    "RequestBody",
    {
      kinds: [Kind.STRING, Kind.OBJECT],
      description: 'a FieldSelectionMap or an object of them, for example { name: "$args.name" }',
    },
  ],
  ["Literal", { kinds: null, description: "a value, not null" }],
]);
