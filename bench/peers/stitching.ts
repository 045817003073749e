import { createServer } from "node:http";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { stitchSchemas } from "@graphql-tools/stitch";
import type { SubschemaConfig } from "@graphql-tools/delegate";
import { createYoga } from "graphql-yoga";
import { getJson, getStock, listProducts, postJson } from "./backend-clients.ts";
import { formatPrice, getComments, getUsers, groupComments } from "./resolvers.ts";

// What the stitching handbook leads to: one subschema for each service, executable over its backend, types merged by
// key through batched entry points, Yoga in front.

const subschemas: SubschemaConfig[] = [
  {
    schema: makeExecutableSchema({
      typeDefs: `
        type Query { posts(first: Int = 20): [Post!]  unread: Unread }
        type Mutation { like(post: ID!, weight: Int = 1): Like }
        type Post { id: ID!  title: String!  body: String!  likes: Int!  createdAt: String!  author: User }
        type User { id: ID! }
        type Unread { count: Int! }
        type Like { post: ID!  likes: Int! }
      `,
      resolvers: {
        Query: {
          posts: (_root: unknown, { first }: { first: number }) => getJson(`/posts?first=${first}`),
          unread: () => getJson("/unread"),
        },
        Mutation: {
          like: (_root: unknown, input: { post: string; weight: number }) => postJson("/likes", input),
        },
        Post: { author: (post: any) => ({ id: post.userId }) },
      },
    }),
  },
  {
    schema: makeExecutableSchema({
      typeDefs: `
        type Query { usersById(ids: [ID!]!): [User]! }
        type User { id: ID!  name: String!  avatarUrl: String }
      `,
      resolvers: {
        Query: {
          usersById: async (_root: unknown, { ids }: { ids: string[] }) => {
            const rows = new Map((await getUsers([...new Set(ids)])).map((user) => [user.id, user]));
            return ids.map((id) => rows.get(id) ?? null);
          },
        },
      },
    }),
    merge: { User: mergeBy("usersById") },
  },
  {
    schema: makeExecutableSchema({
      typeDefs: `
        type Query { postsById(ids: [ID!]!): [Post]! }
        type Post { id: ID!  comments: [Comment!] }
        type Comment { id: ID!  text: String!  author: User }
        type User { id: ID! }
      `,
      resolvers: {
        Query: {
          postsById: async (_root: unknown, { ids }: { ids: string[] }) => {
            const rows = groupComments(await getComments(ids));
            return ids.map((id) => ({ id, comments: rows.get(id) ?? [] }));
          },
        },
        Comment: { author: (comment: any) => ({ id: comment.userId }) },
      },
    }),
    merge: { Post: mergeBy("postsById") },
  },
  {
    schema: makeExecutableSchema({
      typeDefs: `
        type Query { products(first: Int = 20): [Product!] }
        type Product {
          id: ID!  name: String!  description: String  price: Money!  tags: [String!]!  weightGrams: Int
        }
        type Money { currencyCode: String!  units: String!  nanos: Int! }
      `,
      resolvers: {
        Query: { products: (_root: unknown, { first }: { first: number }) => listProducts(first) },
      },
    }),
  },
  {
    schema: makeExecutableSchema({
      typeDefs: `
        type Query { productsById(ids: [ID!]!): [Product]! }
        type Product { id: ID!  stock: Stock }
        type Stock { available: Boolean!  quantity: Int!  level: StockLevel }
        enum StockLevel { OUT_OF_STOCK LOW PLENTY }
      `,
      resolvers: {
        Query: {
          productsById: async (_root: unknown, { ids }: { ids: string[] }) => {
            const rows = new Map((await getStock(ids)).map((item) => [item.productId, item]));
            return ids.map((id) => ({ id, stock: rows.get(id) ?? null }));
          },
        },
      },
    }),
    merge: { Product: mergeBy("productsById") },
  },
];

const schema = stitchSchemas({
  subschemas,
  typeDefs: "extend type Product { priceText: String! }",
  resolvers: {
    Product: {
      priceText: {
        selectionSet: "{ price { currencyCode units nanos } }",
        resolve: (product: any) => formatPrice(product.price),
      },
    },
  },
});

const yoga = createYoga({
  schema,
  graphqlEndpoint: "/graphql",
  graphiql: false,
  landingPage: false,
  logging: false,
  maxRequestBodySize: false,
});
createServer(yoga).listen(Number(process.env["PORT"]), "127.0.0.1");

function mergeBy(fieldName: string): NonNullable<SubschemaConfig["merge"]>[string] {
  return {
    selectionSet: "{ id }",
    fieldName,
    key: ({ id }) => id,
    argsFromKeys: (ids) => ({ ids }),
  };
}
