import type { GraphQLSchema } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { Problems } from "../core/problems.ts";
import type { Source } from "../sources/source.ts";
import { bindClientSchema } from "./bind-client-schema.ts";
import type { ShapedClientSchema } from "./bind-value.ts";
import type { BoundClientSchema } from "./bindings.ts";
import { checkMergedNames } from "./check-merged-names.ts";
import { checkRequirementCycles } from "./check-requirement-cycles.ts";
import { checkSources } from "./check-sources.ts";
import { compileRequirements } from "./requirements.ts";
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
  clients: readonly ShapedClientSchema[],
  problems: Problems,
): Composition {
  const bare = buildSupergraphModel(sources, problems);
  const model = bare === null ? null : { ...bare, requirements: compileRequirements(bare) };
  if (model !== null) checkRequirementCycles(model);
  if (model !== null) checkSources(sources, model, problems);
  if (model !== null) checkMergedNames(model, problems);
  const bound = clients.map((client) => bindClientSchema(client, model, problems));
  problems.throwIfAny();
  const complete = bound.filter((client) => client !== null);
  if (model === null || complete.length < clients.length)
    throw new OverlockError("INTERNAL_SERVER_ERROR", "something was not composed, and nobody said why");
  return { schema: stitchSupergraph(sources, model), model, clients: complete };
}
