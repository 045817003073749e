import fastify from "fastify";
import mercurius from "mercurius";
import { getJson, getStock, listProducts, postJson } from "./backend-clients.ts";
import { formatPrice, getComments, getUsers, groupComments, readSdl } from "./resolvers.ts";

// Mercurius with its own loaders, compiling an operation when it comes for the second time.

const app = fastify({ logger: false });
app.register(mercurius, {
  schema: readSdl(),
  resolvers: {
    Query: {
      posts: (_root: unknown, { first }: { first: number }) => getJson(`/posts?first=${first}`),
      products: (_root: unknown, { first }: { first: number }) => listProducts(first),
      unread: () => getJson("/unread"),
    },
    Mutation: {
      like: (_root: unknown, input: { post: string; weight: number }) => postJson("/likes", input),
    },
    Product: { priceText: (product: any) => formatPrice(product.price) },
  },
  loaders: {
    Post: {
      author: (queries) => findUsers(queries.map(({ obj }: any) => obj.userId)),
      comments: async (queries) => {
        const ids = queries.map(({ obj }: any) => obj.id as string);
        const rows = groupComments(await getComments(ids));
        return ids.map((id) => rows.get(id) ?? []);
      },
    },
    Comment: { author: (queries) => findUsers(queries.map(({ obj }: any) => obj.userId)) },
    Product: {
      stock: async (queries) => {
        const ids = queries.map(({ obj }: any) => obj.id as string);
        const rows = new Map((await getStock(ids)).map((item) => [item.productId, item]));
        return ids.map((id) => rows.get(id) ?? null);
      },
    },
  },
  jit: 1,
});
await app.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1" });

async function findUsers(ids: readonly string[]): Promise<any[]> {
  const rows = new Map((await getUsers([...new Set(ids)])).map((user) => [user.id, user]));
  return ids.map((id) => rows.get(id) ?? null);
}
