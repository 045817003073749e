import { isEnumType, isLeafType, Kind } from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

/** Enums and scalars of the client schema are the supergraph's; an enum may name fewer values. */
export function checkClientLeafTypes(client: ClientSchema, model: SupergraphModel, problems: Problems): void {
  for (const node of client.plainDocument.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION && node.kind !== Kind.SCALAR_TYPE_DEFINITION) continue;
    const type = model.leafTypes.get(node.name.value);
    if (!isLeafType(type)) continue;
    const kind = isEnumType(type) ? "an enum" : "a scalar";
    const found = node.kind === Kind.ENUM_TYPE_DEFINITION ? "an enum" : "a scalar";
    if (kind !== found) {
      const place = placeOf(node, client.file);
      const expected = `${kind}, as in the supergraph`;
      problems.error({ place, coordinate: type.name, expected, found });
    }
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || !isEnumType(type)) continue;
    const known = type.getValues().map((value) => value.name);
    for (const value of node.values ?? []) {
      const name = value.name.value;
      if (known.includes(name)) continue;
      problems.error({
        place: placeOf(value, client.file),
        coordinate: `${type.name}.${name}`,
        expected: `one of the supergraph's values ${known.join(", ")}`,
        found: name,
        hint: nearestNameHint(name, known),
      });
    }
  }
}
