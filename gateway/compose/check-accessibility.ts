import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputField,
  isInputObjectType,
  isNonNullType,
} from "graphql";
import type { Problems } from "../core/problems.ts";
import { Accessibility } from "./accessibility.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

/**
 * What client schemas can't see is nothing that they would have to give, and nothing that they could see in another
 * way: required arguments and input fields, and fields that an interface shows.
 */
export function checkAccessibility(model: SupergraphModel, problems: Problems): void {
  const accessibility = new Accessibility(model.inaccessible);
  const checkInput = (coordinate: string, input: GraphQLArgument | GraphQLInputField): void => {
    const place = accessibility.placeOf(coordinate, getNamedType(input.type).name);
    if (place === null || !isNonNullType(input.type) || input.defaultValue !== undefined) return;
    const expected = "a default or a nullable type, because clients can't give a value";
    problems.error({
      place,
      coordinate,
      expected,
      found: `${input.type.toString()}, which is @inaccessible`,
    });
  };
  for (const type of model.types.values()) {
    for (const field of type.fields.values()) {
      if (accessibility.reasonForType(type.name) !== null) continue;
      if (accessibility.reasonForField(type, field) !== null) continue;
      for (const argument of field.args) checkInput(`${field.coordinate}(${argument.name}:)`, argument);
    }
  }
  for (const type of model.leafTypes.values()) {
    if (!isInputObjectType(type) || accessibility.reasonForType(type.name) !== null) continue;
    for (const field of Object.values(type.getFields())) checkInput(`${type.name}.${field.name}`, field);
  }
  checkInterfaces(model, accessibility, problems);
}

function checkInterfaces(model: SupergraphModel, accessibility: Accessibility, problems: Problems): void {
  for (const type of model.abstractTypes.values()) {
    if (accessibility.reasonForType(type.name) !== null) continue;
    for (const field of type.fields.values()) {
      if (accessibility.reasonForField(type, field) !== null) continue;
      for (const member of type.possibleTypes) {
        const coordinate = `${member}.${field.name}`;
        const place = model.inaccessible.get(coordinate);
        if (place === undefined) continue;
        const expected = `@inaccessible on ${field.coordinate}, too: it shows the field of every object`;
        problems.error({ place, coordinate, expected, found: "it on one of the types only" });
      }
    }
  }
}
