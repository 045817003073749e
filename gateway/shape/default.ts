import {
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputType,
  Kind,
  print,
  valueFromAST,
} from "graphql";
import { shortened } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import type { ShaperDefinition } from "./shaper.ts";

/** `@default(value:, onError:)`: what stands in for null, and with `onError` for a backend's failure. */
export const defaultValue: ShaperDefinition = {
  name: "default",
  compile(use, field, input) {
    const { type } = field;
    if (!isInputType(type)) {
      use.refuse([], "a field of a scalar or enum type, or a list of them", type.toString());
      return null;
    }
    const node = use.nodeAt(["value"]);
    if (node === null) return null;
    const value: unknown = valueFromAST(node, type);
    if (value === undefined || value === null) {
      const names = enumNames(type);
      const hint = node.kind === Kind.ENUM ? nearestNameHint(node.value, names) : null;
      use.refuse(["value"], expectedValue(type, names), shortened(print(node)), hint);
      return null;
    }
    return { kind: "null", output: input, replacement: value, absorbsErrors: use.flag("onError") };
  },
};

function expectedValue(type: GraphQLInputType, names: readonly string[]): string {
  const text = `a value of type ${type.toString()}, not null`;
  return names.length === 0 ? text : `${text}: ${names.join(", ")}`;
}

function enumNames(type: GraphQLInputType): readonly string[] {
  const named = getNamedType(type);
  return isEnumType(named) ? named.getValues().map((value) => value.name) : [];
}
