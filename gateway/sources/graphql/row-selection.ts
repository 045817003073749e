import { type FieldDefinitionNode, Kind, print, type TypeNode } from "graphql";
import { canonicalJson } from "../../core/canonical-json.ts";
import { OverlockError } from "../../core/errors.ts";
import type { BackendNames } from "../../language/backend-names.ts";
import type { SourceSchema } from "../../language/source-schema.ts";

/** A field that is to be read of the objects of one type, in the supergraph's names. */
export interface WantedField {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Null: the field is a leaf. */
  readonly selection: RowSelection | null;
}

/** A field as a subquery asks for it. */
export interface RowField {
  readonly backendName: string;
  /** The name of the field in the answer: its own, or one that the gateway made. */
  readonly responseKey: string;
  readonly args: readonly RowArgument[];
  readonly selection: RowSelection | null;
}

export interface RowArgument {
  readonly name: string;
  /** As the backend's schema has it: `[ID!]!`. */
  readonly type: string;
  readonly value: unknown;
}

type RowTypes = ReadonlyMap<string, ReadonlyMap<string, RowField>>;

/**
 * What a subquery reads of the objects at one place. Of a place that can hold objects of several types it asks for
 * each type by itself.
 */
export class RowSelection {
  /** By the supergraph's name of the type, then by the text of the field. */
  readonly types: RowTypes;
  /** The place holds objects of several types, so that each says what it is. */
  readonly isAbstract: boolean;
  /** Equal for selections that ask for the same under the same names. */
  readonly text: string;
  readonly #names: BackendNames;

  private constructor(names: BackendNames, types: RowTypes, isAbstract: boolean) {
    this.#names = names;
    this.types = types;
    this.isAbstract = isAbstract;
    const texts = [...types].flatMap(([typeName, fields]) =>
      [...fields].map(
        ([text, field]) => `${typeName}.${text} ${field.responseKey}${field.selection?.text ?? ""}`,
      ),
    );
    this.text = `{${texts.toSorted().join(" ")}}`;
  }

  /** `wanted`: the fields of each type, none of them twice. The types are those of an abstract place, or the one. */
  static of(
    schema: SourceSchema,
    wanted: ReadonlyMap<string, readonly WantedField[]>,
    isAbstract: boolean,
  ): RowSelection {
    // Arguments may be long.
    const texts = [...wanted].map(([typeName, fields]) => {
      const named = fields.map((field) => ({
        name: field.name,
        text: fieldText(field.name, field.args),
        field,
      }));
      return [typeName, named] as const;
    });
    const keys = new ResponseKeys(schema, new Map(texts));
    const types = texts.map(([typeName, named]) => {
      const rowFields = named.map(({ text, field }) => {
        return [text, compileField(schema, typeName, field, keys.keyOf(typeName, text))] as const;
      });
      return [typeName, new Map(rowFields)] as const;
    });
    return new RowSelection(namesOf(schema), new Map(types), isAbstract);
  }

  /** The same without the field at the end of a path of response keys. */
  without(path: readonly string[]): RowSelection {
    const [key, ...rest] = path;
    const types = [...this.types].map(([typeName, fields]) => {
      const left = [...fields].flatMap(([text, field]): [string, RowField][] => {
        if (field.responseKey !== key) return [[text, field]];
        if (rest.length === 0 || field.selection === null) return [];
        return [[text, { ...field, selection: field.selection.without(rest) }]];
      });
      return [typeName, new Map(left)] as const;
    });
    return new RowSelection(this.#names, new Map(types), this.isAbstract);
  }

  backendTypeOf(typeName: string): string {
    return this.#names.typeOf(typeName);
  }

  /** The supergraph type of a row at an abstract place. Raises UPSTREAM_INVALID_RESPONSE where the row has no name. */
  typeOfRow(row: object): string {
    return typeOfRow(this.#names, row);
  }

  /** `undefined` where the subquery does not ask for the field with these arguments. */
  fieldOf(typeName: string, name: string, args: Readonly<Record<string, unknown>>): RowField | undefined {
    return this.types.get(typeName)?.get(fieldText(name, args));
  }
}

/** The supergraph type that a row says it is of. Raises UPSTREAM_INVALID_RESPONSE where it says none. */
export function typeOfRow(names: BackendNames, row: object): string {
  const name = "__typename" in row ? row.__typename : null;
  if (typeof name === "string") return names.supergraphTypeOf(name);
  throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "a row of an abstract type has no __typename");
}

/** Text that is equal for equal fields with equal arguments. */
export function fieldText(name: string, args: Readonly<Record<string, unknown>>): string {
  const text = canonicalJson(args);
  return text === "{}" ? name : `${name}${text}`;
}

/** The arguments of a field with the types that its backend gives them. */
export function compileArguments(
  schema: SourceSchema,
  { arguments: definitions }: Pick<FieldDefinitionNode, "arguments">,
  args: Readonly<Record<string, unknown>>,
): RowArgument[] {
  const names = namesOf(schema);
  return (definitions ?? []).flatMap(({ name, type }) => {
    const value = Object.hasOwn(args, name.value) ? args[name.value] : undefined;
    return value === undefined ? [] : [{ name: name.value, type: backendType(type, names), value }];
  });
}

function compileField(
  schema: SourceSchema,
  typeName: string,
  { name, args, selection }: WantedField,
  responseKey: string,
): RowField {
  const node = nodeOf(schema, typeName, name);
  const backendName = namesOf(schema).fieldOf(typeName, name);
  return { backendName, responseKey, args: compileArguments(schema, node, args), selection };
}

/** The fields of each type. */
type FieldNames = ReadonlyMap<string, readonly NamedField[]>;

interface NamedField {
  readonly name: string;
  /** See {@link fieldText}. */
  readonly text: string;
}

/**
 * The names under which fields come back. A field keeps its own where nothing else at its place can have it: with
 * arguments it gets one that is made, and so does a field that two types of an abstract place have, because their
 * values may differ in shape, which GraphQL refuses under one name. Which names are made follows from what is asked for
 * and not from its order, so that selections of equal text can stand for each other.
 */
export class ResponseKeys {
  readonly #schema: SourceSchema;
  readonly #owners = new Map<string, number>();
  readonly #keys = new Map<string, string>();

  constructor(schema: SourceSchema, wanted: FieldNames) {
    this.#schema = schema;
    for (const [typeName, fields] of wanted) {
      for (const name of new Set(fields.map((field) => field.name))) {
        const backendName = namesOf(schema).fieldOf(typeName, name);
        this.#owners.set(backendName, (this.#owners.get(backendName) ?? 0) + 1);
      }
    }
    const made: string[] = [];
    for (const [typeName, fields] of wanted) {
      for (const { name, text } of fields) {
        const plain = text === name ? this.plainKeyOf(typeName, name) : null;
        if (plain === null) made.push(`${typeName}.${text}`);
        else this.#keys.set(`${typeName}.${text}`, plain);
      }
    }
    for (const [index, text] of made.toSorted().entries()) this.#keys.set(text, `_${index}`);
  }

  /** Of one of these fields, by its text. */
  keyOf(typeName: string, text: string): string {
    return this.#keys.get(`${typeName}.${text}`) ?? "";
  }

  /** The name that a field without arguments keeps, whatever arguments others have; null where it may have to give way. */
  plainKeyOf(typeName: string, name: string): string | null {
    const backendName = namesOf(this.#schema).fieldOf(typeName, name);
    return this.#owners.get(backendName) === 1 && !backendName.startsWith("_") ? backendName : null;
  }
}

function nodeOf(schema: SourceSchema, typeName: string, fieldName: string): FieldDefinitionNode {
  const field = schema.types.get(typeName)?.fields.get(fieldName);
  if (field === undefined)
    throw new OverlockError("INTERNAL_SERVER_ERROR", `${schema.name} has no ${typeName}.${fieldName}`);
  return field.node;
}

/** Raises INTERNAL_SERVER_ERROR for a source of another kind. */
export function namesOf({ backendNames, name }: SourceSchema): BackendNames {
  if (backendNames === null) throw new OverlockError("INTERNAL_SERVER_ERROR", `${name} is no GraphQL source`);
  return backendNames;
}

function backendType(type: TypeNode, names: BackendNames): string {
  if (type.kind === Kind.LIST_TYPE) return `[${backendType(type.type, names)}]`;
  if (type.kind === Kind.NON_NULL_TYPE) return `${backendType(type.type, names)}!`;
  return names.typeOf(print(type));
}
