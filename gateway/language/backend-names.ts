/** What a backend calls the types and fields of its schema, where the supergraph calls them differently. */
export class BackendNames {
  readonly #types: ReadonlyMap<string, string>;
  readonly #supergraphTypes: ReadonlyMap<string, string>;
  readonly #fields: ReadonlyMap<string, string>;

  /** `types`: the backend's name by ours; `fields`: the backend's name of a field by our coordinate. */
  constructor(types: ReadonlyMap<string, string>, fields: ReadonlyMap<string, string>) {
    this.#types = types;
    this.#fields = fields;
    this.#supergraphTypes = new Map([...types].map(([ours, theirs]) => [theirs, ours]));
  }

  typeOf(supergraphName: string): string {
    return this.#types.get(supergraphName) ?? supergraphName;
  }

  fieldOf(typeName: string, fieldName: string): string {
    return this.#fields.get(`${typeName}.${fieldName}`) ?? fieldName;
  }

  /** What the supergraph calls a type that the backend names in `__typename`. */
  supergraphTypeOf(backendName: string): string {
    return this.#supergraphTypes.get(backendName) ?? backendName;
  }
}
