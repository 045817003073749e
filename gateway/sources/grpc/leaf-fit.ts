import { Kind, type TypeDefinitionNode } from "graphql";
import { nearestNameHint } from "../../core/problems.ts";
import { describeField, type ProtoEnum, type ProtoField, type ProtoScalar } from "./proto-model.ts";
import { wellKnownTypeOf } from "./well-known-types.ts";

/** What is wrong with the scalar or enum that a response field is read as. */
export interface LeafMisfit {
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;
  /** An error where no value, or no value for sure, can be read; a warning where most can. */
  readonly severity: "error" | "warning";
}

/**
 * Compares the type of a property with the response field that it is read from. Null where every value fits; a custom
 * scalar takes everything.
 */
export function leafMisfit(
  typeName: string,
  definition: TypeDefinitionNode | undefined,
  field: ProtoField,
): LeafMisfit | null {
  if (definition?.kind === Kind.SCALAR_TYPE_DEFINITION) return null;
  const scalar = scalarOf(field);
  if (definition?.kind === Kind.ENUM_TYPE_DEFINITION) {
    const names = (definition.values ?? []).map((value) => value.name.value);
    if (field.type.kind === "enum") return enumMisfit(typeName, names, field.type.enum);
    return scalar === "string" ? null : refuse(field, typeName, stringly);
  }
  if (scalar === "json") return null;
  if (field.type.kind === "enum" || scalar === "text")
    return isText(typeName) ? null : refuse(field, typeName, stringly);
  return scalarMisfit(typeName, scalar as ProtoScalar, field);
}

const stringly = "String, ID or a custom scalar takes it";

/** Bare wrappers are what is in them; times and field masks are text. */
function scalarOf({ type }: ProtoField): ProtoScalar | "text" | "json" | "enum" {
  if (type.kind === "enum") return "enum";
  if (type.kind === "scalar") return type.name;
  const known = wellKnownTypeOf(type.message);
  if (known?.kind === "wrapper") return known.scalar;
  return known?.kind === "value" || known === null ? "json" : "text";
}

function isText(typeName: string): boolean {
  return typeName === "String" || typeName === "ID";
}

function scalarMisfit(typeName: string, scalar: ProtoScalar, field: ProtoField): LeafMisfit | null {
  const isWide = scalar.endsWith("64");
  const isInteger = isWide || scalar.endsWith("32");
  const isFloating = scalar === "double" || scalar === "float";
  const isTextual = scalar === "string" || scalar === "bytes";
  switch (typeName) {
    case "String":
      return null;
    case "ID":
      return isTextual || isInteger ? null : refuse(field, typeName, "String or a custom scalar takes it");
    case "Boolean":
      return scalar === "bool" ? null : refuse(field, typeName, null);
    case "Int":
      if (isWide || scalar === "uint32" || scalar === "fixed32")
        return warn(field, typeName, "a value beyond 2147483647 is INVALID_VALUE: String or ID takes all");
      if (isInteger) return null;
      return scalar === "string"
        ? warn(field, typeName, "a text that is no such number is INVALID_VALUE")
        : refuse(field, typeName, isFloating ? "Float takes it" : null);
    case "Float":
      if (isWide) return refuse(field, typeName, "String or ID takes it: a Float would lose digits");
      if (isFloating || isInteger) return null;
      return scalar === "string"
        ? warn(field, typeName, "a text that is no such number is INVALID_VALUE")
        : refuse(field, typeName, null);
    default:
      return null;
  }
}

/** Other sources may share the enum, so that values of which this one knows nothing are no error by themselves. */
function enumMisfit(typeName: string, names: readonly string[], protoEnum: ProtoEnum): LeafMisfit | null {
  const read = [...protoEnum.names.values()];
  const stray = names.find((name) => !read.includes(name));
  if (stray === undefined) return null;
  const severity = names.some((name) => read.includes(name)) ? "warning" : "error";
  const number = protoEnum.numbers.get(stray);
  const alias = number === undefined ? undefined : protoEnum.names.get(number);
  const expected = `values of ${protoEnum.name} (${read.join(", ")}) in ${typeName}`;
  if (alias === undefined) return { expected, found: stray, hint: nearestNameHint(stray, read), severity };
  return { expected, found: `${stray}, an alias`, hint: `it is read as ${alias}`, severity };
}

function refuse(field: ProtoField, found: string, hint: string | null): LeafMisfit {
  return { expected: expectedFor(field), found, hint, severity: "error" };
}

function warn(field: ProtoField, found: string, hint: string): LeafMisfit {
  return { expected: expectedFor(field), found, hint, severity: "warning" };
}

function expectedFor(field: ProtoField): string {
  return `a type that fits the response field ${field.name}: ${describeField(field)}`;
}
