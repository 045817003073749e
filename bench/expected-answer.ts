import { readFileSync } from "node:fs";
import { buildSchema, execute, parse } from "graphql";
import {
  commentOf,
  commentsPerPost,
  numberOf,
  type PostRow,
  postOf,
  type ProductRow,
  productOf,
  stockOf,
  userOf,
} from "./backends/data.ts";
import type { Workload } from "./workloads.ts";

/** The client schema without what only the gateway understands: the interface of every contender. */
function readPlainSdl(): string {
  const sdl = readFileSync(new URL("project/bff-bench/schema.graphql", import.meta.url), "utf8");
  return sdl.replace(/ @from\(field: "price"\) @formatCurrency/, "");
}

/** What every contender has to answer, worked out by graphql-js from the data itself. */
export async function buildExpectedAnswer(workload: Workload): Promise<unknown> {
  const result = await execute({
    schema: buildSchema(readPlainSdl()),
    document: parse(workload.query),
    operationName: workload.operationName,
    variableValues: workload.variables,
    rootValue,
  });
  if (result.errors !== undefined) throw new AggregateError(result.errors, workload.name);
  return structuredClone(result);
}

const rootValue = {
  posts: ({ first }: { first: number }) =>
    Array.from({ length: first }, (_, number) => describePost(postOf(number))),
  products: ({ first }: { first: number }) =>
    Array.from({ length: first }, (_, number) => describeProduct(productOf(number))),
  unread: { count: 3 },
  like: ({ post }: { post: string }) => ({ post, likes: postOf(numberOf(post)).likes + 1 }),
};

function describePost(post: PostRow): object {
  const number = numberOf(post.id);
  return {
    ...post,
    author: userOf(numberOf(post.userId)),
    comments: Array.from({ length: commentsPerPost }, (_, place) => {
      const comment = commentOf(number, place);
      return { ...comment, author: userOf(numberOf(comment.userId)) };
    }),
  };
}

function describeProduct(product: ProductRow): object {
  const { units, nanos } = product.price;
  const priceText = `€${Number(units).toLocaleString("en-US")}.${String(nanos / 10_000_000).padStart(2, "0")}`;
  return { ...product, priceText, stock: stockOf(numberOf(product.id)) };
}
