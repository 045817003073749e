import { type GraphQLEnumType, isEnumType, isLeafType, Kind } from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientEnum } from "../language/client-leaf-types.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import { placeOf } from "../language/directive-reader.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { Accessibility } from "./accessibility.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

/** Enums and scalars of the client schema are the supergraph's; an enum may name fewer values. */
export function checkClientLeafTypes(client: ClientSchema, model: SupergraphModel, problems: Problems): void {
  for (const node of client.plainDocument.definitions) {
    if (node.kind !== Kind.SCALAR_TYPE_DEFINITION) continue;
    const { value: name } = node.name;
    if (!isEnumType(model.leafTypes.get(name))) continue;
    const place = placeOf(node, client.file);
    problems.error({ place, coordinate: name, expected: "an enum, as in the supergraph", found: "a scalar" });
  }
  for (const type of client.enums.values()) {
    const found = findEnum(type, model, problems);
    if (found === null) continue;
    checkValues(type, found, new Accessibility(model.inaccessible), problems);
    checkAmbiguity(type, client, problems);
  }
}

/** The supergraph's enum that a client's shows; null where there is none. */
function findEnum(type: ClientEnum, model: SupergraphModel, problems: Problems): GraphQLEnumType | null {
  const { name, place, boundTo, viewUse } = type;
  const found = model.leafTypes.get(boundTo ?? "");
  if (isEnumType(found)) return found;
  if (viewUse !== null) {
    const names = [...model.leafTypes.values()].filter(isEnumType).map((one) => one.name);
    viewUse.refuse(["of"], "an enum of the supergraph", boundTo ?? "", nearestNameHint(boundTo ?? "", names));
  } else if (isLeafType(found))
    problems.error({ place, coordinate: name, expected: "a scalar, as in the supergraph", found: "an enum" });
  return null;
}

function checkValues(
  type: ClientEnum,
  enumType: GraphQLEnumType,
  accessibility: Accessibility,
  problems: Problems,
): void {
  const hidden = accessibility.reasonForType(enumType.name);
  if (hidden !== null) {
    const expected = "an enum that client schemas may show";
    if (type.viewUse !== null) type.viewUse.refuse(["of"], expected, hidden);
    else problems.error({ place: type.place, coordinate: type.name, expected, found: hidden });
    return;
  }
  const values = enumType.getValues().map((value) => value.name);
  const known = values.filter((value) => accessibility.reasonForEnumValue(enumType.name, value) === null);
  for (const { source, coordinate, place, fromUse } of type.values.values()) {
    if (known.includes(source)) continue;
    const expected = `one of the supergraph's values ${known.join(", ")}`;
    const found = accessibility.reasonForEnumValue(enumType.name, source) ?? source;
    const hint = found === source ? nearestNameHint(source, known) : null;
    if (fromUse === null) problems.error({ place, coordinate, expected, found, hint });
    else fromUse.refuse(["field"], expected, found, hint);
  }
}

/** What a backend sends has one name; what a client sends may have several. */
function checkAmbiguity(type: ClientEnum, client: ClientSchema, problems: Problems): void {
  const reader = [...client.types.values()]
    .flatMap((one) => [...one.fields.values()])
    .find(({ node }) => namedTypeOf(node.type) === type.name);
  if (reader === undefined) return;
  const names = new Map<string, string>();
  for (const { name, source, coordinate, place } of type.values.values()) {
    const other = names.get(source);
    names.set(source, other ?? name);
    if (other === undefined) continue;
    const expected = `one name for ${source}, which ${reader.coordinate} returns`;
    problems.error({ place, coordinate, expected, found: `${other} and ${name}` });
  }
}
