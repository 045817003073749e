import {
  createRenameFieldTransform,
  createRenameTypeTransform,
  defineConfig,
} from "@graphql-mesh/compose-cli";
import { loadGrpcSubgraph } from "@omnigraph/grpc";
import { loadOpenAPISubgraph } from "@omnigraph/openapi";

// Composed once into supergraph.graphql, where $NAMES are filled in before the gateway is started:
// npx mesh-compose -c peers/hive/mesh.config.ts -o peers/hive/supergraph.graphql

const typeNames = new Map([
  ["bench__catalog__Product", "Product"],
  ["bench__catalog__Money", "Money"],
  ["bench__inventory__StockItem", "Stock"],
  ["bench__inventory__StockLevel", "StockLevel"],
]);
const grpcTransforms = [
  createRenameTypeTransform(({ typeName }) => typeNames.get(typeName) ?? typeName),
  createRenameFieldTransform(({ typeName, fieldName }) =>
    typeNames.has(typeName) || [...typeNames.values()].includes(typeName) ? camelCase(fieldName) : fieldName,
  ),
];

export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadOpenAPISubgraph("content", {
        source: "./peers/hive/openapi.json",
        endpoint: "$CONTENT_URL",
      }),
    },
    {
      sourceHandler: loadGrpcSubgraph("catalog", {
        endpoint: "$GRPC_AUTHORITY",
        source: "./project/protos/bench/catalog.proto",
      }),
      transforms: grpcTransforms,
    },
    {
      sourceHandler: loadGrpcSubgraph("inventory", {
        endpoint: "$GRPC_AUTHORITY",
        source: "./project/protos/bench/inventory.proto",
        selectQueryOrMutationField: [
          { fieldName: "bench_inventory_InventoryService_BatchGetStock", type: "Query" },
        ],
      }),
      transforms: grpcTransforms,
    },
  ],
  additionalTypeDefs: `
    extend type Query {
      products(first: Int = 20): [Product]
        @resolveTo(
          sourceName: "catalog"
          sourceTypeName: "Query"
          sourceFieldName: "bench_catalog_CatalogService_ListProducts"
          sourceArgs: { input: { first: "{args.first}" } }
          result: "items"
        )
    }
    extend type Mutation {
      like(post: ID!, weight: Int = 1): Like
        @resolveTo(
          sourceName: "content"
          sourceTypeName: "Mutation"
          sourceFieldName: "postLike"
          sourceArgs: { input: { post: "{args.post}", weight: "{args.weight}" } }
        )
    }
    extend type Post {
      author: User
        @resolveTo(
          sourceName: "content"
          sourceTypeName: "Query"
          sourceFieldName: "users"
          keyField: "userId"
          keysArg: "ids"
          valueKeyField: "id"
        )
      comments: [Comment]
        @resolveTo(
          sourceName: "content"
          sourceTypeName: "Query"
          sourceFieldName: "comments"
          keyField: "id"
          keysArg: "postIds"
          valueKeyField: "postId"
        )
    }
    extend type Comment {
      author: User
        @resolveTo(
          sourceName: "content"
          sourceTypeName: "Query"
          sourceFieldName: "users"
          keyField: "userId"
          keysArg: "ids"
          valueKeyField: "id"
        )
    }
    extend type Product {
      priceText: String!
      stock: Stock
        @resolveTo(
          sourceName: "inventory"
          sourceTypeName: "Query"
          sourceFieldName: "bench_inventory_InventoryService_BatchGetStock"
          keyField: "id"
          keysArg: "input.product_ids"
          valueKeyField: "productId"
          result: "items"
        )
    }
  `,
});

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
