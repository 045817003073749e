import type { BoundClientSchema } from "../compose/bindings.ts";
import type { Guard } from "../language/guards.ts";

/** What reading anything of one client schema needs, by the index of the guard. */
export interface AccessRules {
  /** Different from each other. */
  readonly guards: readonly Guard[];
  /**
   * For reading a field of an object type of the client schema: its own guards, those of its type and of what it returns,
   * those of the interfaces that have it, and those of everything in the supergraph that its binding reads.
   */
  guardsOfField(typeName: string, fieldName: string): readonly number[];
  /** For showing an object of this client type where an interface or a union is selected. */
  guardsOfObject(typeName: string): readonly number[];
  /** What somebody may not read for whom these guards do not hold. The same object for the same guards, while it is in use. */
  denialsFor(failed: readonly number[]): Denials;
}

/** What one caller may not read of a client schema: at least one thing. */
export interface Denials {
  /** Equal for equal denials: what tells variants of an operation apart. */
  readonly key: string;
  /** The bindings of what may be read: what is not bound in it is not fetched. */
  readonly visible: BoundClientSchema;
  deniesField(typeName: string, fieldName: string): boolean;
  /** Where an interface or a union is selected, objects of this client type are an error. */
  deniesObject(typeName: string): boolean;
  /** The guards that do not hold for a field, or for objects of a type (null); none: it may be read. */
  failedOf(typeName: string, fieldName: string | null): readonly Guard[];
}
