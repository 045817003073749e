import type { GraphQLSchema } from "graphql";
import type { Problems } from "../core/problems.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import type { Source } from "../sources/source.ts";
import { bindClientSchema } from "./bind-client-schema.ts";
import type { BoundClientSchema } from "./bindings.ts";
import { checkSources } from "./check-sources.ts";
import { stitchSupergraph } from "./stitch-supergraph.ts";
import { buildSupergraphModel, type SupergraphModel } from "./supergraph-model.ts";

export interface Composition {
  /** The stitched supergraph. */
  readonly schema: GraphQLSchema;
  readonly model: SupergraphModel;
  /** In the order of the client schemas given. */
  readonly clients: readonly BoundClientSchema[];
}

/**
 * Composes sources into the supergraph and binds each client schema to it. Raises StartupError with everything that was
 * reported so far.
 */
export function compose(
  sources: readonly Source[],
  clients: readonly ClientSchema[],
  problems: Problems,
): Composition {
  const model = buildSupergraphModel(sources);
  checkSources(sources, model, problems);
  const bound = clients.map((client) => bindClientSchema(client, model, problems));
  problems.throwIfAny();
  return { schema: stitchSupergraph(sources, model), model, clients: bound };
}
