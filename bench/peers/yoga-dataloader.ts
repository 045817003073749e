import { createServer } from "node:http";
import { createYoga, createSchema } from "graphql-yoga";
import { createLoaders, readSdl, resolvers } from "./resolvers.ts";

// GraphQL Yoga as people set it up, with resolvers and DataLoader. Its body limit, which costs more than all the rest, is
// off: the gateway has its own, and so have those who care.

const yoga = createYoga({
  schema: createSchema({ typeDefs: readSdl(), resolvers }),
  context: createLoaders,
  graphqlEndpoint: "/graphql",
  graphiql: false,
  landingPage: false,
  logging: false,
  maxRequestBodySize: false,
});
createServer(yoga).listen(Number(process.env["PORT"]), "127.0.0.1");
