import type { FieldNode, GraphQLField, GraphQLObjectType, GraphQLOutputType } from "graphql";
import type { EntityLookup } from "../compose/entity-lookup.ts";
import type { ModelType } from "../compose/supergraph-model.ts";
import { NotPlannedError, type PlaceBuilder } from "./plan-place.ts";
import type { Base, FieldArgs, NodeBinding, Place, ShownField } from "./plan.ts";

export interface NodesSite {
  readonly key: string;
  readonly parent: GraphQLObjectType;
  readonly nodes: readonly FieldNode[];
  readonly definition: GraphQLField<unknown, unknown>;
  readonly type: GraphQLOutputType;
  readonly binding: NodeBinding;
  readonly args: FieldArgs;
}

export interface NodesPlanner {
  readonly placeOf: (type: ModelType, base: Base, existence: EntityLookup) => PlaceBuilder;
  /** Plans what is shown of the objects of a place. */
  readonly planEnd: (end: PlaceBuilder) => void;
}

/**
 * Plans objects found by global ids: which type each is of shows in a run, so that there is a place for every type that
 * ids may name. The value of an object is what its id says. Raises NotPlannedError for keys inside of other objects.
 */
export function planNodes({ placeOf, planEnd }: NodesPlanner, site: NodesSite): ShownField {
  const places = new Map<string, Place>();
  for (const { type, keyPath, lookup } of site.binding.types.values()) {
    if (keyPath.includes("."))
      throw new NotPlannedError(`ids of ${type.name} hold a key inside of another object`);
    const parts = new Map([[keyPath, ["key"]]]);
    const place = placeOf(
      type,
      { kind: "reference", source: lookup.source, parts, key: [], list: null },
      lookup,
    );
    planEnd(place);
    places.set(type.name, place);
  }
  return { ...site, kind: "nodes", places };
}
