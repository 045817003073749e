import type { GraphQLSchema, ValueNode } from "graphql";
import type { Shaper } from "../shape/shaper.ts";
import type { EntityLookup } from "./entity-lookup.ts";
import type { ModelCompositeType, ModelField, ModelType } from "./supergraph-model.ts";

/** How one argument of a supergraph field gets its value. */
export interface BoundArgument {
  /** The supergraph argument's name. */
  readonly name: string;
  /** The value for the client field's coerced arguments; `undefined`: the argument is left out. */
  value(clientArgs: Readonly<Record<string, unknown>>): unknown;
  /** As in the schema, for messages and plans. */
  readonly node: ValueNode | null;
}

/** One step of a client field's path through the supergraph. */
export interface BoundStep {
  readonly type: ModelCompositeType;
  readonly field: ModelField;
  readonly args: readonly BoundArgument[];
  /** Objects that the field finds of other types are null; null: they may be of any. */
  readonly onType: string | null;
}

/** Where in a page of the supergraph a connection finds what it is made of. */
export interface ConnectionRule {
  readonly items: readonly BoundStep[];
  /** Null or empty on the last page. */
  readonly nextPageToken: readonly BoundStep[];
}

/** What of a connection, its edges and its PageInfo is made of a page. */
export type ConnectionPart =
  | "edges"
  | "nodes"
  | "pageInfo"
  | "cursor"
  | "node"
  | "hasNextPage"
  | "hasPreviousPage"
  | "startCursor"
  | "endCursor";

/** The objects that one type name in a global id leads to. */
export interface NodeType {
  /** The supergraph type. */
  readonly type: ModelType;
  /** The path of the key, which consists of this one scalar. */
  readonly keyPath: string;
  /** The key is a number. */
  readonly isNumber: boolean;
  /** Finds the object by that key, where nothing that is read of it says whether it exists. */
  readonly lookup: EntityLookup;
}

/** Where a client field comes from. */
export type FieldBinding =
  | { readonly kind: "group" }
  | {
      /** Objects found by global ids: one, or a list of them in the order of the ids. */
      readonly kind: "node";
      readonly coordinate: string;
      /** The client's argument with the id, or the list of ids. */
      readonly argument: string;
      readonly interfaceName: string;
      /** By the type name that is in the ids. */
      readonly types: ReadonlyMap<string, NodeType>;
    }
  | { readonly kind: "connection"; readonly part: ConnectionPart; readonly coordinate: string }
  | {
      /** A connection: the path finds a page; its arguments `first` and `after` are handed over by the path's last step. */
      readonly kind: "page";
      readonly coordinate: string;
      readonly steps: readonly BoundStep[];
      readonly rule: ConnectionRule;
      /** A token leads to the right page only where that is asked for with the size of the page before. */
      readonly keepsPageSize: boolean;
    }
  | {
      readonly kind: "path";
      readonly coordinate: string;
      readonly steps: readonly BoundStep[];
      /** In the order written. */
      readonly shapers: readonly Shaper[];
    };

/** A client schema with the binding of each of its fields. */
export interface BoundClientSchema {
  /** Exactly what the client sees; nothing in it resolves by itself. */
  readonly schema: GraphQLSchema;
  /** Bindings by client type and field name. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, FieldBinding>>;
  /** For each interface and union: which client type shows an object, by the object's supergraph type. */
  readonly views: ReadonlyMap<string, ReadonlyMap<string, string>>;
}
