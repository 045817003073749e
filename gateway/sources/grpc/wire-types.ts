import type { ProtoScalar, ProtoType } from "./proto-model.ts";

/** https://protobuf.dev/programming-guides/encoding/#structure */
export function wireTypeOf(type: ProtoType): number {
  if (type.kind === "enum") return 0;
  return type.kind === "message" ? 2 : scalarWireType(type.name);
}

function scalarWireType(name: ProtoScalar): number {
  switch (name) {
    case "double":
    case "fixed64":
    case "sfixed64":
      return 1;
    case "string":
    case "bytes":
      return 2;
    case "float":
    case "fixed32":
    case "sfixed32":
      return 5;
    default:
      return 0;
  }
}
