import { buildSchema, graphql, GraphQLError } from "graphql";
import { HttpBackend, HttpError } from "./http-backend.ts";
import type { RequestLog } from "./request-log.ts";
import type { ShopData } from "./shop-data.ts";

/** The schema that the recommendations team publishes. */
export const recommendationsSdl = /* GraphQL */ `
  type Query {
    "Best first; none for a product that nobody knows. \`first\`: 0 to 100."
    recommendations(productId: ID!, first: Int = 4): [Recommendation!]!
    "In the order of the ids; null for a product that nobody knows."
    products(ids: [ID!]!): [Product]!
  }

  type Product {
    id: ID!
    recommendations(first: Int = 4): [Recommendation!]
  }

  type Recommendation {
    product: Product!
    score: Float!
    reason: String
  }
`;

/** The recommendations team's service (GraphQL at `POST /graphql`). */
export function createRecommendations(data: ShopData, log: RequestLog): HttpBackend {
  const schema = buildSchema(recommendationsSdl);

  // graphql-js calls functions with the field's arguments where it finds them in place of values.
  function product(id: string): object {
    return { id, recommendations: ({ first }: { first: number | null }) => recommendations(id, first) };
  }

  function recommendations(productId: string, first: number | null): object[] {
    const count = first ?? 4;
    if (count < 0 || count > 100) {
      const extensions = { code: "BAD_USER_INPUT" };
      throw new GraphQLError(`Expected first from 0 to 100, got ${count}.`, { extensions });
    }
    const rows = data.recommendationsByProductId.get(productId) ?? [];
    return rows.slice(0, count).map((row) => ({ ...row, product: product(row.productId) }));
  }

  const rootValue = {
    recommendations: ({ productId, first }: { productId: string; first: number | null }) =>
      recommendations(productId, first),
    products: ({ ids }: { ids: readonly string[] }) =>
      ids.map((id) => (data.productById.has(id) ? product(id) : null)),
  };

  return new HttpBackend(
    [
      {
        method: "POST",
        path: "/graphql",
        answer: ({ body }) => graphql({ schema, rootValue, ...readGraphqlRequest(body) }),
      },
    ],
    log,
  );
}

function readGraphqlRequest(body: unknown): {
  source: string;
  variableValues: Readonly<Record<string, unknown>> | null;
  operationName: string | null;
} {
  if (!isRecord(body)) throw new HttpError(400, "Expected a JSON object.");
  const { query, variables = null, operationName = null } = body;
  if (typeof query !== "string") throw new HttpError(400, "Expected a query, a string.");
  if (variables !== null && !isRecord(variables))
    throw new HttpError(400, "Expected variables to be an object.");
  if (operationName !== null && typeof operationName !== "string") {
    throw new HttpError(400, "Expected operationName to be a string.");
  }
  return { source: query, variableValues: variables, operationName };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
