import { type GraphQLInputType, isInputType, valueFromAST } from "graphql";
import type { ShaperDefinition } from "./shaper.ts";

/** `@default(value:, onError:)`: what stands in for null, and with `onError` for a backend's failure. */
export const defaultValue: ShaperDefinition = {
  name: "default",
  compile(use, field) {
    const { type } = field;
    if (!isInputType(type)) {
      use.refuse([], "a field of a scalar or enum type, or a list of them", type.toString());
      return null;
    }
    const node = use.nodeAt(["value"]);
    const value: unknown = node === null ? undefined : valueFromAST(node, type as GraphQLInputType);
    if (value === undefined || value === null) {
      use.refuse(["value"], `a value of type ${type.toString()}, not null`, "another");
      return null;
    }
    return { shapeLeaf: (leaf) => leaf, replacement: value, absorbsErrors: use.flag("onError") };
  },
};
