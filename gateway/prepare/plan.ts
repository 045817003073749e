import type { FieldNode, GraphQLField, GraphQLObjectType, GraphQLOutputType, TypeNode } from "graphql";
import type { BoundArgument, ConnectionPart, FieldBinding } from "../compose/bindings.ts";
import type { EntityLookup } from "../compose/entity-lookup.ts";
import type { LeafReader } from "../compose/required-value.ts";
import type { SubqueryCall } from "../compose/subquery-call.ts";
import type { FieldSupplier, ModelField, ModelType } from "../compose/supergraph-model.ts";
import type { SourceSchema } from "../language/source-schema.ts";
import type { FieldUse } from "../policy/cost-rules.ts";
import type { DeclaredCall } from "../sources/declared-call.ts";
import type { Source } from "../sources/source.ts";
import type { TypeReader } from "../sources/type-reader.ts";

/** What an operation fetches, what waits for what, and what is shown of it. Built once, never changed by a run. */
export interface Plan {
  readonly kind: "query" | "mutation";
  /** The object that root fields belong to; of a mutation, one for each root field, in their order. */
  readonly roots: readonly Place[];
  /** Client fields whose arguments depend on variables: read once for each run. */
  readonly arguments: readonly PlannedArguments[];
  /** What is asked for of connections: read once for each run. */
  readonly pages: readonly PlannedPage[];
  readonly steps: readonly Step[];
  readonly places: number;
  /** How many fields of subqueries come back under names that a run has to say. */
  readonly responseKeys: number;
  /** How many fields are read object by object, by no step. */
  readonly resolvedFields: number;
  /** Client fields, those of every type and use counted by themselves. */
  readonly fields: number;
}

export interface PlannedArguments {
  readonly definition: GraphQLField<unknown, unknown>;
  readonly node: FieldNode;
}

/** A field that returns a connection, with its arguments. */
export interface PlannedPage {
  readonly binding: PageBinding;
  readonly args: FieldArgs;
}

/** A client field's coerced arguments: known at once, or the run's at this index. */
export type FieldArgs =
  | { readonly kind: "constant"; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: "run"; readonly index: number };

/** The arguments of a client field as its path gets them. */
export type ClientArgs =
  | FieldArgs
  /** Of a connection: those for the first page that it asks for, by the index of what it asks for. */
  | { readonly kind: "page"; readonly index: number }
  /** Of a connection: those for the page behind that one, which are known object by object. */
  | { readonly kind: "pageBehind" };

/** The arguments of one supergraph field. */
export interface StepArgs {
  readonly client: ClientArgs;
  readonly bound: readonly BoundArgument[];
}

/** A spot in an operation where objects of one type stand, all known in the same way. */
export interface Place {
  readonly id: number;
  readonly type: ModelType;
  readonly base: Base;
  /** In the order in which they become known; each may read what those before it have brought. */
  readonly steps: readonly Step[];
  /** References: the rows of which one at least has to be there. */
  readonly confirm: readonly Step[];
  /** Where none is, the object is an error and not null. */
  readonly isRequired: boolean;
  /** Of what a global id leads to, where nothing else would say whether it exists: the lookup whose row has to be there. */
  readonly existence: Step | null;
  /** What the client sees; null where a path only leads through, and of what no client type shows or the caller may not see. */
  readonly shown: ShownObject | null;
  /** The client type that would show its objects and that the caller may not see: they are an error. */
  readonly denied: string | null;
  /** Fields whose values are objects for which, or below which, something is fetched in turn. */
  readonly follows: readonly Follow[];
  /** Whether anything is fetched for its objects or below them. */
  readonly needsRows: boolean;
}

/** A path along which, or at the end of which, something is fetched. */
export interface Follow {
  readonly path: Path;
  /** Cuts and joins the lists at the end of the path; null where nothing does. */
  readonly binding: PathBinding | null;
  /** Steps wait for those of the places on it, even where nothing stands there. */
  readonly isAwaited: boolean;
}

/** What is known of a place's objects from the start. */
export type Base =
  | { readonly kind: "root" }
  /** A source sent them: the value of each is the raw row. */
  | { readonly kind: "row"; readonly source: Source }
  /** A mapping built them. The value of each is what they were built from; their fields are at these paths of it. */
  | {
      readonly kind: "reference";
      readonly source: Source;
      readonly parts: ReadonlyMap<string, readonly string[]>;
      /** Parts that have to be there: an object without its key is null. */
      readonly key: readonly string[];
      /** The value is that of the object around it, or an element of the list at this path. */
      readonly list: readonly string[] | null;
    }
  /** The same, of mappings that say more: the value of each is the object that was built. */
  | {
      readonly kind: "built";
      readonly source: Source;
      /** Where in an outermost object it stands; its fields have names of that source then. Empty: it is one. */
      readonly within: readonly string[];
      /** By the fields' keys. */
      readonly parts: ReadonlyMap<string, readonly string[]>;
      /** One of these has to be there as a whole; none: there is no key. */
      readonly keys: readonly (readonly (readonly string[])[])[];
      /** Objects that have some parts and others not are known otherwise than others: what these have. */
      readonly has: readonly (readonly string[])[];
      readonly lacks: readonly (readonly string[])[];
    };

/** Where a field of an object is read. */
export type Access =
  | { readonly kind: "nowhere" }
  | { readonly kind: "row"; readonly supplier: FieldSupplier; readonly selected: SelectedField | null }
  | { readonly kind: "part"; readonly path: readonly string[]; readonly supplier: FieldSupplier }
  | {
      readonly kind: "step";
      readonly step: Step;
      readonly supplier: FieldSupplier;
      /** Where it is read of the row that a subquery brings: what the subquery asks for there. */
      readonly selected: SelectedField | null;
    };

/** What a subquery asks for at one place of its answer. */
export interface SelectedRows {
  readonly schema: SourceSchema;
  /** Objects of several types may stand there, each of which says what it is. */
  readonly isAbstract: boolean;
  /** By the supergraph's name of each type that its objects may be of. */
  readonly types: ReadonlyMap<string, { readonly fields: ReadonlyMap<string, SelectedField> }>;
}

/** A field that a subquery asks for, in the supergraph's names. */
export interface SelectedField {
  readonly name: string;
  readonly args: SelectedArgs;
  /** Null: it is a leaf. */
  readonly rows: SelectedRows | null;
  readonly key: ResponseKey;
}

/** Known at once, or read once for each run. */
export type SelectedArgs =
  | { readonly kind: "constant"; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: "run"; readonly args: StepArgs };

/** The name under which a field comes back in the answer: known at once, or the run's at this index. */
export type ResponseKey =
  | { readonly kind: "constant"; readonly name: string }
  | { readonly kind: "run"; readonly index: number };

/** A fetch for the objects of a place: of rows by their keys, or of what a field's own call yields. */
export type Step = CallStep | SubqueryStep;

/** A call that a source declares. */
export interface CallStep extends StepParts {
  readonly kind: "call";
  readonly call: DeclaredCall;
}

/** A root field of a GraphQL source, with all that is read of it there. */
export interface SubqueryStep extends StepParts {
  readonly kind: "subquery";
  readonly call: SubqueryCall;
  /** Null: the field is a leaf. */
  readonly rows: SelectedRows | null;
}

interface StepParts {
  readonly id: number;
  /** A lookup brings rows, from which properties are read; a call brings a field's value. */
  readonly lookup: EntityLookup | null;
  readonly supplier: FieldSupplier | null;
  readonly args: StepArgs | null;
  /** What is read of each object to make it: a lookup's key, or the `$parent` fields; by the names that the call uses. */
  readonly reads: readonly StepRead[];
  /** Arguments that are filled from each object. */
  readonly requires: readonly { readonly argument: string; readonly value: PlannedValue }[];
}

export interface StepRead {
  readonly name: string;
  /** Through single objects to a leaf. */
  readonly path: Path;
}

/** What `@require` puts together from the fields of an object. */
export type PlannedValue =
  | {
      readonly kind: "path";
      readonly path: Path;
      /** What is put together from each object that it finds, by its place; null: it finds leaves. */
      readonly then: PlannedRest | null;
      readonly toLeaf: LeafReader;
    }
  | {
      readonly kind: "object";
      readonly fields: readonly { readonly name: string; readonly value: PlannedValue }[];
    }
  /** The first that is not absent. */
  | { readonly kind: "alternatives"; readonly options: readonly PlannedValue[] };

export interface PlannedRest {
  /** From each element of a list. */
  readonly isList: boolean;
  readonly values: ReadonlyMap<Place, PlannedValue>;
}

/** Supergraph fields that are read one of the other's objects, at least one. */
export type Path = readonly [Read, ...Read[]];

/** One supergraph field that is read of the objects of a place. */
export interface Read {
  readonly field: ModelField;
  readonly access: Access;
  readonly type: TypeNode;
  /** Where its values are objects; null where they are leaves. */
  readonly spot: Spot | null;
  /** The rest of the path, where it is another one for each place of these objects. */
  readonly next: ReadonlyMap<Place, Path> | null;
}

/** Where the values of a field are objects. */
export interface Spot {
  /** By the supergraph type, and by what they are known to have where a mapping built them. Objects of types that are not here are null. */
  readonly places: ReadonlyMap<string, Place>;
  /** Null: they are all of one type. */
  readonly readType: TypeReader | null;
  readonly supplier: FieldSupplier;
}

/** An object as the client sees it. */
export interface ShownObject {
  readonly type: GraphQLObjectType;
  /** In the order of the answer. */
  readonly fields: readonly ShownField[];
  /** The field whose value it is; null where it is what root fields belong to. */
  readonly foundBy: FieldUse | null;
}

interface ShownSite {
  /** The client type whose field it is. */
  readonly parent: GraphQLObjectType;
  /** The name in the answer. */
  readonly key: string;
  readonly nodes: readonly FieldNode[];
  readonly definition: GraphQLField<unknown, unknown>;
  readonly type: GraphQLOutputType;
}

type PathBinding = Extract<FieldBinding, { kind: "path" }>;
export type PageBinding = Extract<FieldBinding, { kind: "page" }>;
export type NodeBinding = Extract<FieldBinding, { kind: "node" }>;

/** A connection's own values, which are leaves. */
export type ConnectionFact = Exclude<ConnectionPart, "edges" | "nodes" | "pageInfo" | "node">;

export type ShownField =
  | (ShownSite & { readonly kind: "typename"; readonly name: string })
  | (ShownSite & {
      readonly kind: "leaf";
      readonly binding: PathBinding;
      readonly path: Path;
      /** What shapers read of the objects at the end of the path, by place and name. */
      readonly parts: ReadonlyMap<Place, ReadonlyMap<string, Read>>;
    })
  | (ShownSite & {
      readonly kind: "objects";
      readonly binding: PathBinding;
      readonly path: Path;
      /** What stands at its end. */
      readonly spot: Spot;
      /** The client types that show its objects, by supergraph type; others are an error. */
      readonly views: ReadonlyMap<string, string> | null;
    })
  | (ShownSite & { readonly kind: "group"; readonly place: Place })
  | (ShownSite & {
      readonly kind: "connection";
      readonly binding: PageBinding;
      /** What is asked for, by its index. */
      readonly page: number;
      /** To the page. */
      readonly path: Path;
      /** Where the page stands. What is shown of it are its own fields, and those of the four kinds below. */
      readonly place: Place;
      readonly items: Read;
      readonly nextPageToken: Read;
      /** Fetches the page behind, for objects whose first page is not enough; null where it always is. */
      readonly pageBehind: Step | null;
    })
  /** Objects found by global ids: one, or a list of them. */
  | (ShownSite & {
      readonly kind: "nodes";
      readonly binding: NodeBinding;
      readonly args: FieldArgs;
      /** What ids of each type lead to, by the supergraph type. */
      readonly places: ReadonlyMap<string, Place>;
    })
  /** Of a connection: what is shown of each edge. */
  | (ShownSite & { readonly kind: "edges"; readonly edge: ShownObject })
  | (ShownSite & { readonly kind: "pageInfo"; readonly shown: ShownObject })
  /** Of a connection its items, of an edge the one. */
  | (ShownSite & {
      readonly kind: "items";
      readonly spot: Spot;
      readonly views: ReadonlyMap<string, string> | null;
      readonly isOfEdge: boolean;
    })
  | (ShownSite & { readonly kind: "fact"; readonly part: ConnectionFact })
  /** The caller may not read it: an error in its place, for which nothing is read. */
  | (ShownSite & { readonly kind: "denied"; readonly coordinate: string; readonly args: FieldArgs })
  /** Read object by object, as the reference executor reads it. */
  | (ShownSite & {
      readonly kind: "resolved";
      /** Why no step stands for it, for people. */
      readonly reason: string;
      readonly binding: FieldBinding;
      readonly args: ClientArgs;
      readonly parent: GraphQLObjectType;
    });
