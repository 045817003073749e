import { type FieldNode, getOperationAST, Kind, parse, validate } from "graphql";
import type { Denials } from "../../gateway/policy/access-rules.ts";
import { type CostEstimate, type CostFormula, compileCost } from "../../gateway/policy/operation-cost.ts";
import { VariableCompiler } from "../../gateway/prepare/compile-variables.ts";
import { type OpenProject, openProject } from "../oracle/open-project.ts";

/** A client schema over sources that nobody calls, whose operations are weighed. */
export interface CostedSchema {
  readonly project: OpenProject;
  /** Parses and validates. */
  prepare(query: string): { compile(): CostFormula };
  compile(query: string): CostFormula;
  /** With the variables as a request sends them. */
  estimate(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    denials?: Denials | null,
  ): CostEstimate;
  dispose(): Promise<void>;
}

/** The fields of a document's only selection set. */
export function fieldsOf(query: string): readonly FieldNode[] {
  const operation = getOperationAST(parse(query));
  return (operation?.selectionSet.selections ?? []).filter((one) => one.kind === Kind.FIELD);
}

/** Opens a client schema over source files. */
export function openCosts(sources: readonly string[], client: string): CostedSchema {
  const project = openProject({
    sources: sources.map((text, index) => ({ file: `schemas/s${index}.graphql`, text })),
    clients: new Map([["web", { file: "bff-web/schema.graphql", text: client, shapers: [] }]]),
    protosFolder: "protos",
    urls: {},
  });
  const bound = project.clients.get("web");
  const rules = project.costs.get("web");
  if (bound === undefined || rules === undefined) throw new Error("expected the client schema to be bound");
  const read = (query: string) => {
    const document = parse(query);
    const [error] = validate(bound.schema, document);
    if (error !== undefined) throw error;
    const operation = getOperationAST(document);
    if (operation === null || operation === undefined) throw new Error("expected one operation");
    return { document, operation };
  };
  return {
    project,
    prepare(query) {
      const { document, operation } = read(query);
      return { compile: () => compileCost(rules, bound.schema, document, operation) };
    },
    compile(query) {
      const { document, operation } = read(query);
      return compileCost(rules, bound.schema, document, operation);
    },
    estimate(query, variables = {}, denials = null) {
      const { document, operation } = read(query);
      const coerced = new VariableCompiler(bound.schema).compile(operation)(variables);
      if (coerced === null) throw new Error("expected variables that fit");
      return compileCost(rules, bound.schema, document, operation).estimate(coerced, denials);
    },
    dispose: () => project.dispose(),
  };
}

/** The same schema, directives included, as that of a GraphQL source and of a client. */
export function openSame(sdl: string): CostedSchema {
  return openCosts(
    [`extend schema @source(name: "same", url: "http://localhost:1", kind: GRAPHQL)\n${sdl}`],
    sdl,
  );
}
