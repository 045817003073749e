import { MapperKind, mapSchema } from "@graphql-tools/utils";
import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  valueFromAST,
} from "graphql";
import type { ClientEnum } from "../language/client-leaf-types.ts";

/**
 * The same schema, in which the value inside of each enum value is the supergraph's name of it: whatever GraphQL parses
 * becomes the supergraph's, whatever it serializes the client's, defaults in the schema included.
 */
export function withSourceEnumValues(
  schema: GraphQLSchema,
  enums: ReadonlyMap<string, ClientEnum>,
): GraphQLSchema {
  const isRenamed = [...enums.values()].some(({ values }) =>
    [...values.values()].some(({ name, source }) => name !== source),
  );
  if (!isRenamed) return schema;
  const renamed = mapSchema(schema, {
    [MapperKind.ENUM_VALUE]: (config, typeName, _schema, name) => {
      const value = enums.get(typeName)?.values.get(name)?.source;
      return value === undefined ? config : { ...config, value };
    },
  });
  readDefaultsAgain(renamed);
  return renamed;
}

/** `mapSchema` leaves enum values inside of objects as they were, so defaults are read from the SDL once more. */
function readDefaultsAgain(schema: GraphQLSchema): void {
  const done = new Set<GraphQLInputObjectType>();
  // A default may depend on the defaults of the fields that it leaves out.
  const readFields = (type: GraphQLInputObjectType): void => {
    if (done.has(type)) return;
    done.add(type);
    for (const field of Object.values(type.getFields())) {
      const inner = getNamedType(field.type);
      if (isInputObjectType(inner)) readFields(inner);
      readDefault(field);
    }
  };
  const types = Object.values(schema.getTypeMap());
  for (const type of types) if (isInputObjectType(type)) readFields(type);
  for (const type of types) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields()))
      for (const argument of field.args) readDefault(argument);
  }
}

function readDefault(member: GraphQLArgument | GraphQLInputField): void {
  const literal = member.astNode?.defaultValue;
  if (literal !== undefined) member.defaultValue = valueFromAST(literal, member.type);
}
