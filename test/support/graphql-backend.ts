import { buildSchema, execute, type GraphQLFieldResolver, isObjectType, parse, validate } from "graphql";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";

/** Resolvers by type and field; a field without one is the property of its name. */
export type BackendResolvers = Readonly<
  Record<string, Readonly<Record<string, (parent: never, args: never) => unknown>>>
>;

/** What a backend was asked. */
export interface LoggedSubquery {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A GraphQL service on graphql-js. Its objects tell their type by `__typename`. */
export class GraphqlBackend {
  readonly http: HttpBackend;
  /** Answers in place of the service, where it is not null. */
  answerWith: ((subquery: LoggedSubquery) => unknown) | null = null;

  constructor(sdl: string, resolvers: BackendResolvers) {
    const schema = buildSchema(sdl);
    for (const [typeName, fields] of Object.entries(resolvers)) {
      const type = schema.getType(typeName);
      for (const [name, resolve] of Object.entries(fields)) {
        const field = isObjectType(type) ? type.getFields()[name] : undefined;
        if (field === undefined) throw new Error(`There is no ${typeName}.${name} to be resolved.`);
        field.resolve = resolve as unknown as GraphQLFieldResolver<unknown, unknown>;
      }
    }
    this.http = new HttpBackend(
      [
        {
          method: "POST",
          path: "/graphql",
          answer: ({ body }) => {
            const subquery = body as LoggedSubquery;
            if (this.answerWith !== null) return this.answerWith(subquery);
            const document = parse(subquery.query);
            const errors = validate(schema, document);
            if (errors.length > 0) return { errors };
            return execute({ schema, document, variableValues: subquery.variables });
          },
        },
      ],
      new RequestLog(countUp()),
    );
  }

  get url(): string {
    return `${this.http.url}/graphql`;
  }

  /** The subqueries that it received, in order. */
  get subqueries(): readonly LoggedSubquery[] {
    return this.http.log.entries.map(({ message }) => message as LoggedSubquery);
  }

  get documents(): readonly string[] {
    return this.subqueries.map(({ query }) => query);
  }
}
