/** What values of a type are in TypeScript, once they are checked. */
interface ShapedValues {
  readonly String: string;
  readonly ID: string;
  /** A whole number of 32 bits. */
  readonly Int: number;
  /** Finite. */
  readonly Float: number;
  readonly Boolean: boolean;
}

/** GraphQL's own scalars. */
export type ShapedTypeName = keyof ShapedValues;

/** The fields that are read of an object, and what each of them is. */
export type ShapedFields = Readonly<Record<string, ShapedTypeName>>;

/** What a value that a shaper takes is: of another scalar or enum, whatever the backend sent. */
export type TakenValue<Takes> = Takes extends ShapedTypeName
  ? ShapedValues[Takes]
  : Takes extends ShapedFields
    ? { readonly [Name in keyof Takes]: ShapedValues[Takes[Name]] | null }
    : unknown;

/** For whom a value is shaped. */
export interface ShaperContext {
  /** The one of the BFF's locales that the client asks for. */
  readonly locale: string;
  /** The BFF's, by its IANA name. */
  readonly timeZone: string;
}

/** A shaping directive of a BFF's own. `docs/schema-language.md` has an example. */
export interface ShaperConfig<Takes, Gives extends ShapedTypeName, Args> {
  /** The directive's name. */
  readonly name: string;
  /**
   * The directive's definition, on FIELD_DEFINITION: `directive @initials(max: Int = 2) on FIELD_DEFINITION`. Enums and
   * input types that its arguments need may follow.
   */
  readonly sdl: string;
  /**
   * One of GraphQL's scalars, the name of another scalar or enum of the supergraph, or the fields that are read of an
   * object. `String` takes IDs and enums too, `ID` texts, and `Float` whole numbers.
   */
  readonly takes: Takes;
  readonly gives: Gives;
  /**
   * Shapes one value; it is called for each element of a list, and never for null. Pure: the same value, arguments and
   * context always give the same result, at once. What it throws is an error of the field, and is never shown.
   */
  shape(value: TakenValue<Takes>, args: Args, context: ShaperContext): ShapedValues[Gives] | null;
}

/** A shaper as the gateway keeps it. Nothing of it is checked until the gateway starts. */
export interface BffShaper {
  readonly name: string;
  readonly sdl: string;
  readonly takes: string | ShapedFields;
  readonly gives: ShapedTypeName;
  readonly shape: (value: never, args: never, context: ShaperContext) => unknown;
}

/**
 * Marks an object as a shaper and gives `shape` its types: `value` is what `takes` says, the result what `gives` says.
 * `args` is what the call says that it is; it is the directive's arguments, checked against `sdl`.
 */
export function defineShaper<
  const Takes extends string | ShapedFields,
  const Gives extends ShapedTypeName,
  Args extends object = Readonly<Record<string, unknown>>,
>(config: ShaperConfig<Takes, Gives, Args>): BffShaper {
  return config;
}
