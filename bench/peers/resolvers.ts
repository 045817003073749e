import { readFileSync } from "node:fs";
import DataLoader from "dataloader";
import { getJson, getStock, listProducts, postJson } from "./backend-clients.ts";

const priceFormats = new Map<string, Intl.NumberFormat>();

/** The client schema without the gateway's own directives. */
export function readSdl(): string {
  const sdl = readFileSync(new URL("../project/bff-bench/schema.graphql", import.meta.url), "utf8");
  return sdl.replace(/ @from\(field: "price"\) @formatCurrency/, "");
}

export interface Loaders {
  readonly users: DataLoader<string, any>;
  readonly comments: DataLoader<string, any[]>;
  readonly stock: DataLoader<string, any>;
}

/** The loaders of one request. */
export function createLoaders(): Loaders {
  return {
    users: new DataLoader(async (ids) => {
      const rows = new Map((await getUsers(ids)).map((user) => [user.id, user]));
      return ids.map((id) => rows.get(id) ?? null);
    }),
    comments: new DataLoader(async (ids) => {
      const rows = groupComments(await getComments(ids));
      return ids.map((id) => rows.get(id) ?? []);
    }),
    stock: new DataLoader(async (ids) => {
      const rows = new Map((await getStock(ids)).map((item) => [item.productId, item]));
      return ids.map((id) => rows.get(id) ?? null);
    }),
  };
}

export const resolvers = {
  Query: {
    posts: (_root: unknown, { first }: { first: number }) => getJson(`/posts?first=${first}`),
    products: (_root: unknown, { first }: { first: number }) => listProducts(first),
    unread: () => getJson("/unread"),
  },
  Mutation: {
    like: (_root: unknown, input: { post: string; weight: number }) => postJson("/likes", input),
  },
  Post: {
    author: (post: any, _args: unknown, { users }: Loaders) => users.load(post.userId),
    comments: (post: any, _args: unknown, { comments }: Loaders) => comments.load(post.id),
  },
  Comment: { author: (comment: any, _args: unknown, { users }: Loaders) => users.load(comment.userId) },
  Product: {
    stock: (product: any, _args: unknown, { stock }: Loaders) => stock.load(product.id),
    priceText: (product: any) => formatPrice(product.price),
  },
};

export async function getUsers(ids: readonly string[]): Promise<any[]> {
  return getJson(`/users?ids=${ids.join("&ids=")}`);
}

export async function getComments(postIds: readonly string[]): Promise<any[]> {
  return getJson(`/comments?postIds=${postIds.join("&postIds=")}`);
}

export function groupComments(rows: readonly any[]): Map<string, any[]> {
  return Map.groupBy(rows, (row) => row.postId);
}

export function formatPrice({ currencyCode, units, nanos }: any): string {
  let format = priceFormats.get(currencyCode);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", { style: "currency", currency: currencyCode });
    priceFormats.set(currencyCode, format);
  }
  return format.format(Number(units) + nanos / 1e9);
}
