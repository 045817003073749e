import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isUnionType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from "graphql";

/** A field as a generator needs it: what is asked of the schema again and again, asked once. */
export interface IndexedField {
  readonly name: string;
  /** `Type.field`. */
  readonly coordinate: string;
  readonly args: readonly GraphQLArgument[];
  readonly type: GraphQLOutputType;
  readonly typeText: string;
  /** Null for a leaf. */
  readonly selectedType: IndexedType | null;
  readonly listDepth: number;
}

/** A type that is selected from. */
export interface IndexedType {
  readonly name: string;
  readonly type: GraphQLCompositeType;
  readonly leaves: readonly IndexedField[];
  readonly branches: readonly IndexedField[];
  /** Types that a fragment may be spread on here: those that share an object type with this one. */
  readonly conditions: readonly IndexedType[];
}

/** The selectable types of a schema, introspection's included. */
export class SchemaIndex {
  readonly schema: GraphQLSchema;
  readonly query: IndexedType;
  readonly mutation: IndexedType | null;
  /** `__schema` and `__type`, which only the query type has. */
  readonly introspection: readonly IndexedField[];
  readonly #types = new Map<string, MutableType>();

  /** Every type that is selected from. */
  get types(): readonly IndexedType[] {
    return [...this.#types.values()];
  }

  /** `leftOut`: fields, by coordinate, that nobody selects. Throws where there is no query type. */
  constructor(schema: GraphQLSchema, leftOut: ReadonlySet<string> = new Set()) {
    this.schema = schema;
    const composites = Object.values(schema.getTypeMap()).filter((type) => isCompositeType(type));
    for (const type of composites)
      this.#types.set(type.name, { name: type.name, type, leaves: [], branches: [], conditions: [] });
    for (const indexed of this.#types.values()) {
      const fields = isUnionType(indexed.type) ? [] : Object.values(indexed.type.getFields());
      for (const field of fields) {
        const entry = this.#index(indexed.name, field);
        if (leftOut.has(entry.coordinate)) continue;
        (entry.selectedType === null ? indexed.leaves : indexed.branches).push(entry);
      }
      const own = this.#objectNames(indexed.type);
      indexed.conditions.push(
        ...[...this.#types.values()].filter((other) =>
          [...this.#objectNames(other.type)].some((name) => own.has(name)),
        ),
      );
    }
    const query = this.#types.get(schema.getQueryType()?.name ?? "");
    if (query === undefined) throw new Error("Expected a schema with a query type.");
    this.query = query;
    this.mutation = this.#types.get(schema.getMutationType()?.name ?? "") ?? null;
    this.introspection = [SchemaMetaFieldDef, TypeMetaFieldDef].map((field) =>
      this.#index(query.name, field),
    );
  }

  #index(typeName: string, field: GraphQLField<unknown, unknown>): IndexedField {
    const named: GraphQLNamedType = getNamedType(field.type);
    return {
      name: field.name,
      coordinate: `${typeName}.${field.name}`,
      args: field.args,
      type: field.type,
      typeText: field.type.toString(),
      selectedType: isLeafType(named) ? null : (this.#types.get(named.name) ?? null),
      listDepth: listDepth(field.type),
    };
  }

  #objectNames(type: GraphQLCompositeType): ReadonlySet<string> {
    if (!isAbstractType(type)) return new Set([type.name]);
    return new Set(this.schema.getPossibleTypes(type).map(({ name }) => name));
  }
}

interface MutableType extends IndexedType {
  readonly leaves: IndexedField[];
  readonly branches: IndexedField[];
  readonly conditions: IndexedType[];
}

function listDepth(type: GraphQLOutputType): number {
  if (isNonNullType(type)) return listDepth(type.ofType);
  return isListType(type) ? 1 + listDepth(type.ofType) : 0;
}
