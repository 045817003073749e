import { collectSubFields } from "@graphql-tools/utils";
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
} from "graphql";
import type { CostRules, FieldUse } from "../policy/cost-rules.ts";
import { addTimes, type CostSum, firstOf } from "./object-counters.ts";

type ObjectCosts = Pick<CostRules, "objectCost">;

/** What selections mean for a run: in these, `@skip` and `@include` may still stand. */
export interface CountedOperation {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** Coerced, without those that are absent. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The objects that resolvers have received, by the merged selection that asks for them and by client type. */
export class ObjectCounts {
  readonly #sites = new Map<readonly FieldNode[], CountedField>();
  readonly #pending: Promise<void>[] = [];

  /** `info`: of the field whose values they are. Its merged nodes are those of one type's field. */
  add({ fieldNodes, parentType }: FieldInfo, typeName: string, objects = 1): void {
    let site = this.#sites.get(fieldNodes);
    if (site === undefined)
      this.#sites.set(fieldNodes, (site = { parent: parentType.name, types: new Map<string, number>() }));
    site.types.set(typeName, (site.types.get(typeName) ?? 0) + objects);
  }

  /** Something is still to be counted, which does not reject. */
  await(counting: Promise<void>): void {
    this.#pending.push(counting);
  }

  /** Resolves when all is counted; null where it is. */
  settled(): Promise<unknown> | null {
    return this.#pending.length === 0 ? null : Promise.all(this.#pending);
  }

  /** Adds what the objects come to. */
  addTo(sum: CostSum, rules: ObjectCosts, operation: CountedOperation): void {
    for (const [nodes, { parent, types }] of this.#sites) {
      const [node] = nodes;
      const foundBy = node === undefined ? null : { typeName: parent, node };
      for (const [typeName, count] of types)
        addObjects(sum, { rules, operation, nodes, foundBy, typeName, count });
    }
  }
}

type FieldInfo = Pick<GraphQLResolveInfo, "fieldNodes" | "parentType">;

interface CountedField {
  /** The client type whose field it is. */
  readonly parent: string;
  /** How many objects of each client type it returned. */
  readonly types: Map<string, number>;
}

/** Adds what the one object comes to that root fields belong to. */
export function addRootTo(
  sum: CostSum,
  rules: ObjectCosts,
  operation: CountedOperation,
  { operation: kind, selectionSet }: OperationDefinitionNode,
): void {
  const typeName = operation.schema.getRootType(kind)?.name ?? "";
  const node: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: kind }, selectionSet };
  addObjects(sum, { rules, operation, nodes: [node], foundBy: null, typeName, count: 1 });
}

interface CountedSite {
  readonly rules: ObjectCosts;
  readonly operation: CountedOperation;
  readonly nodes: readonly FieldNode[];
  readonly foundBy: FieldUse | null;
  readonly typeName: string;
  readonly count: number;
}

function addObjects(sum: CostSum, { rules, operation, nodes, foundBy, typeName, count }: CountedSite): void {
  const { schema, fragments, variables } = operation;
  const type = schema.getType(typeName);
  if (!isObjectType(type)) return;
  const context = { coerced: variables, sources: {} };
  const { fields } = collectSubFields(schema, fragments, context, type, [...nodes]);
  const cost = rules.objectCost(typeName, [...fields.values()].flatMap(firstOf), foundBy);
  addTimes(sum, count, cost(variables));
}
