/** One condition on a caller. A field is readable where all of its guards hold. */
export type Guard =
  | { readonly kind: "authenticated" }
  /** All scopes of one of the lists. */
  | { readonly kind: "scopes"; readonly anyOf: readonly (readonly string[])[] }
  /** All policies of one of the lists. */
  | { readonly kind: "policies"; readonly anyOf: readonly (readonly string[])[] };

/** What the fields of one client schema need, by the index of the guard. */
export interface AccessRules {
  /** Different from each other. */
  readonly guards: readonly Guard[];
  /**
   * For reading a field of an object type of the client schema: its own guards, those of its type and of what it returns,
   * those of the interfaces that declare it, and those of everything in the supergraph that its binding reads.
   */
  guardsOfField(typeName: string, fieldName: string): readonly number[];
  /** For showing an object of this client type where an interface or union is selected. */
  guardsOfObject(typeName: string): readonly number[];
}

/** What one caller may not read in one operation. */
export interface Denials {
  /** Equal for equal denials: what tells variants of an operation apart. Empty: nothing is denied. */
  readonly key: string;
  deniesField(typeName: string, fieldName: string): boolean;
  deniesObject(typeName: string): boolean;
}

export const noDenials: Denials = Object.freeze({
  key: "",
  deniesField: () => false,
  deniesObject: () => false,
});
