import { createServer } from "node:http";
import { useGraphQlJit } from "@envelop/graphql-jit";
import { createSchema, createYoga } from "graphql-yoga";
import { createLoaders, readSdl, resolvers } from "./resolvers.ts";

// As yoga-dataloader.ts, with operations compiled by graphql-jit.

const yoga = createYoga({
  schema: createSchema({ typeDefs: readSdl(), resolvers }),
  plugins: [useGraphQlJit()],
  context: createLoaders,
  graphqlEndpoint: "/graphql",
  graphiql: false,
  landingPage: false,
  logging: false,
  maxRequestBodySize: false,
});
createServer(yoga).listen(Number(process.env["PORT"]), "127.0.0.1");
