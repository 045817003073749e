import type { ConnectionPart } from "../compose/bindings.ts";
import { ConnectionPage, type ConnectionEdge } from "./connection-page.ts";

/** What a connection, an edge of it or its PageInfo has under the name of a part; lists and objects are not looked into. */
export function readConnectionPart(parent: unknown, part: ConnectionPart): unknown {
  if (!(parent instanceof ConnectionPage)) {
    const edge = parent as ConnectionEdge;
    return part === "cursor" ? edge.cursor : edge.node;
  }
  switch (part) {
    case "edges":
      return parent.edges;
    case "nodes":
      return parent.edges.map(({ node }) => node);
    case "pageInfo":
      return parent;
    case "cursor":
    case "node":
      return null;
    default:
      return parent[part];
  }
}
