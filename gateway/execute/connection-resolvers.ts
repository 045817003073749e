import type { ConnectionPart } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { ConnectionPage } from "./connection-page.ts";

/** One edge of a connection, by its index. */
class ConnectionEdge {
  readonly connection: ConnectionPage<Entity>;
  readonly index: number;

  constructor(connection: ConnectionPage<Entity>, index: number) {
    this.connection = connection;
    this.index = index;
  }
}

/** What a connection, an edge of it or its PageInfo has under the name of a part; lists and objects are not looked into. */
export function readConnectionPart(parent: unknown, part: ConnectionPart): unknown {
  if (!(parent instanceof ConnectionPage)) {
    const { connection, index } = parent as ConnectionEdge;
    return part === "cursor" ? connection.cursorAt(index) : itselfAgain(connection.nodes[index]);
  }
  const connection = parent as ConnectionPage<Entity>;
  switch (part) {
    case "edges":
      return connection.nodes.map((_, index) => new ConnectionEdge(connection, index));
    case "nodes":
      return connection.nodes.map(itselfAgain);
    case "pageInfo":
      return connection;
    case "cursor":
    case "node":
      return null;
    default:
      return connection[part];
  }
}

/** What one selection has looked up of a node is not there for another: whether it exists is found out by each. */
function itselfAgain(node: unknown): unknown {
  return node instanceof Entity ? node.again() : node;
}
