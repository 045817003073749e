import {
  buildASTSchema,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isObjectType,
  Kind,
  parse,
  specifiedDirectives,
  visit,
} from "graphql";
import type { Answer, AnswerError } from "./compare-answers.ts";
import type { RandomOperation } from "./operation.ts";

/** By type and field. A field without one is the property of its own name. */
export type PlainResolvers<Context> = Readonly<
  Record<string, Readonly<Record<string, GraphQLFieldResolver<never, Context>>>>
>;

/** What a resolver throws where the gateway is to answer with a code. */
export class PlainError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A client schema's types with resolvers written by hand, and nothing of the gateway. Throws for a resolver of nothing. */
export function buildPlainSchema<Context>(sdl: string, resolvers: PlainResolvers<Context>): GraphQLSchema {
  const kept = new Set(specifiedDirectives.map(({ name }) => name));
  const document = visit(parse(sdl), {
    Directive: (node) => (kept.has(node.name.value) ? undefined : null),
    SchemaExtension: (node) => ((node.operationTypes ?? []).length === 0 ? null : undefined),
  });
  const schema = buildASTSchema(document, { assumeValidSDL: true });
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    for (const [name, resolve] of Object.entries(fields)) {
      const field = isObjectType(type) ? type.getFields()[name] : undefined;
      if (field === undefined) throw new Error(`There is no ${typeName}.${name} to be resolved.`);
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  return schema;
}

/** What graphql-js answers. Throws where a resolver is missing or fails by mistake. */
export async function answerPlainly(
  schema: GraphQLSchema,
  { document, variables, operationName }: RandomOperation,
  context: { readonly absorbed: readonly AnswerError[]; readonly [name: string]: unknown },
): Promise<Answer> {
  const result = await execute({
    schema,
    document,
    variableValues: variables,
    operationName,
    contextValue: context,
    fieldResolver: readProperty,
  });
  const errors = (result.errors ?? []).map((error) => ({ path: error.path ?? [], code: codeOf(error) }));
  return { data: result.data, errors, absorbed: context.absorbed };
}

const readProperty: GraphQLFieldResolver<unknown, unknown> = (parent, _args, _context, info) => {
  const { fieldName, parentType } = info;
  if (typeof parent === "object" && parent !== null && Object.hasOwn(parent, fieldName))
    return (parent as Readonly<Record<string, unknown>>)[fieldName];
  throw new Error(`Nothing says how ${parentType.name}.${fieldName} is resolved: see test/oracle/README.md.`);
};

/** Null for what graphql-js itself finds wrong. */
function codeOf(error: GraphQLError): string | null {
  const { originalError } = error;
  if (originalError === undefined || originalError instanceof GraphQLError) return null;
  if (originalError instanceof PlainError) return originalError.code;
  if (originalError.message.startsWith("Cannot return null for non-nullable field "))
    return "NULL_IN_NON_NULL";
  throw originalError;
}

/** Whether an operation names fields of a type at all: what the gateway takes for reading the object. */
export function selectsAny(
  info: Parameters<GraphQLFieldResolver<unknown, unknown>>[3],
  names: ReadonlySet<string>,
): boolean {
  const { fragments, variableValues } = info;
  const isLeftOut = (directives: Directives): boolean =>
    (directives ?? []).some(({ name, arguments: [condition] = [] }) => {
      const node = condition?.value;
      const value =
        node?.kind === Kind.VARIABLE
          ? variableValues[node.name.value]
          : node?.kind === Kind.BOOLEAN && node.value;
      return name.value === "skip" ? value === true : value === false;
    });
  const selects = (selectionSet: (typeof info.fieldNodes)[number]["selectionSet"]): boolean =>
    (selectionSet?.selections ?? []).some((node) => {
      if (isLeftOut(node.directives)) return false;
      if (node.kind === Kind.FIELD) return names.has(node.name.value);
      if (node.kind === Kind.INLINE_FRAGMENT) return selects(node.selectionSet);
      return selects(fragments[node.name.value]?.selectionSet);
    });
  return info.fieldNodes.some((node) => selects(node.selectionSet));
}

type Directives = Parameters<GraphQLFieldResolver<unknown, unknown>>[3]["fieldNodes"][number]["directives"];
