import type { Problems } from "../core/problems.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

/**
 * Refuses fields of types with a key that are called like something every JavaScript object has (`constructor`,
 * `toString`): the schema stitching merges such types in plain objects, and breaks on them.
 */
export function checkMergedNames(model: SupergraphModel, problems: Problems): void {
  for (const type of model.types.values()) {
    if (type.keys.length === 0) continue;
    for (const { field } of [...type.fields.values()].flatMap((one) => one.suppliers)) {
      if (!(field.name in Object.prototype)) continue;
      problems.error({
        place: field.place,
        coordinate: field.coordinate,
        expected: "a field of a type with @key that is not called like one of JavaScript's own",
        found: field.name,
        hint: "call it differently in the schema, with @from in a REST or gRPC source or rename in a GraphQL one",
      });
    }
  }
}
