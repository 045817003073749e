import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import {
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { Pool } from "undici";

// The backend-for-frontend that a good engineer writes by hand, and the limit that everybody else is measured by:
// `node:http`, one undici Pool, grpc-js and proto-loader with their defaults, joins by Map, JSON.stringify. One function
// for each operation, which fetches exactly what that operation shows. It neither validates nor logs, and knows no query
// language: it reads operationName and variables of the request that all contenders are sent.

interface Post {
  readonly id: string;
  readonly userId: string;
  readonly title: string;
  readonly body: string;
  readonly likes: number;
  readonly createdAt: string;
}

interface User {
  readonly id: string;
  readonly name: string;
  readonly avatarUrl: string;
}

interface Comment {
  readonly id: string;
  readonly postId: string;
  readonly userId: string;
  readonly text: string;
}

/** As proto-loader gives it without options: what is zero or empty is not there, enums are numbers. */
interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: {
    readonly currencyCode: string;
    readonly units?: { toString(): string };
    readonly nanos?: number;
  };
  readonly tags?: readonly string[];
}

interface StockItem {
  readonly productId: string;
  readonly available?: boolean;
  readonly quantity?: number;
  readonly level: number;
}

type Unary<Response> = (
  request: object,
  callback: (error: Error | null, response: Response) => void,
) => unknown;

interface CatalogClient extends Client {
  readonly listProducts: Unary<{ readonly items: readonly Product[] }>;
}

interface InventoryClient extends Client {
  readonly batchGetStock: Unary<{ readonly items: readonly StockItem[] }>;
}

type Variables = Readonly<Record<string, number & string & boolean>>;

const levels = [null, "OUT_OF_STOCK", "LOW", "PLENTY"];
const priceFormats = new Map<string, Intl.NumberFormat>();

const { CONTENT_URL = "", CATALOG_URL = "", INVENTORY_URL = "", PORT } = process.env;
const pool = new Pool(CONTENT_URL);
const catalog = openClient("catalog", "CatalogService", CATALOG_URL) as CatalogClient;
const inventory = openClient("inventory", "InventoryService", INVENTORY_URL) as InventoryClient;

const operations: Readonly<Record<string, (variables: Variables) => unknown>> = {
  Trivial: () => ({ __typename: "Query" }),
  Rows: readRows,
  RestJoin: joinPosts,
  GrpcList: listProducts,
  MixedPage: buildMixedPage,
  MobileHome: buildMobileHome,
  LikePost: likePost,
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => void answer(request, Buffer.concat(chunks), response));
});
server.listen(Number(PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));

async function answer(_request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const { operationName, variables } = JSON.parse(body.toString()) as {
    operationName: string;
    variables: Variables;
  };
  try {
    const data = await operations[operationName]?.(variables);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data }));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}

async function readRows({ first }: Variables): Promise<object> {
  const posts = await fetchPosts(Number(first));
  return {
    posts: posts.map(({ id, title, body, likes, createdAt }) => ({ id, title, body, likes, createdAt })),
  };
}

async function joinPosts({ first }: Variables): Promise<object> {
  const posts = await fetchPosts(Number(first));
  const users = await fetchUsers(new Set(posts.map((post) => post.userId)));
  return {
    posts: posts.map(({ id, title, userId }) => {
      const author = users.get(userId);
      return { id, title, author: author === undefined ? null : { id: author.id, name: author.name } };
    }),
  };
}

async function listProducts({ first }: Variables): Promise<object> {
  const products = await fetchProducts(Number(first));
  const stock = await fetchStock(products);
  return {
    products: products.map(({ id, name, price }) => {
      const item = stock.get(id);
      return {
        id,
        name,
        price: {
          currencyCode: price.currencyCode,
          units: price.units?.toString() ?? "0",
          nanos: price.nanos ?? 0,
        },
        stock:
          item === undefined
            ? null
            : {
                available: item.available ?? false,
                quantity: item.quantity ?? 0,
                level: levels[item.level] ?? null,
              },
      };
    }),
  };
}

async function buildMixedPage({ products, posts }: Variables): Promise<object> {
  const [productCards, postCards, unread] = await Promise.all([
    buildProductCards(Number(products)),
    buildPostCards(Number(posts)),
    fetchJson<{ readonly count: number }>("/unread"),
  ]);
  return { products: productCards, posts: postCards, unread: { count: unread.count } };
}

async function buildProductCards(first: number): Promise<object[]> {
  const products = await fetchProducts(first);
  const stock = await fetchStock(products);
  return products.map(({ id, name, price, tags }) => {
    const item = stock.get(id);
    return {
      id,
      name,
      priceText: formatPrice(price),
      tags: tags ?? [],
      stock:
        item === undefined ? null : { available: item.available ?? false, level: levels[item.level] ?? null },
    };
  });
}

async function buildPostCards(first: number): Promise<object[]> {
  const posts = await fetchPosts(first);
  const [comments, users] = await Promise.all([
    fetchComments(posts),
    fetchUsers(new Set(posts.map((post) => post.userId))),
  ]);
  await addUsers(users, comments);
  return posts.map(({ id, title, likes, userId }) => ({
    id,
    title,
    likes,
    author: describePerson(users.get(userId)),
    comments: (comments.get(id) ?? []).map((comment) => ({
      id: comment.id,
      text: comment.text,
      author: describePerson(users.get(comment.userId)),
    })),
  }));
}

function describePerson(user: User | undefined): object | null {
  return user === undefined ? null : { id: user.id, name: user.name, avatarUrl: user.avatarUrl };
}

async function buildMobileHome({ withUnread }: Variables): Promise<object> {
  const [unread, featured, latest, voices] = await Promise.all([
    withUnread === true ? fetchJson<{ readonly count: number }>("/unread") : undefined,
    buildFeatured(),
    buildLatest(),
    buildVoices(),
  ]);
  return { unread: unread && { count: unread.count }, featured, latest, voices };
}

async function buildFeatured(): Promise<object[]> {
  const products = await fetchProducts(6);
  const stock = await fetchStock(products);
  return products.map(({ id, name }) => {
    const item = stock.get(id);
    return { id, name, stock: item === undefined ? null : { available: item.available ?? false } };
  });
}

async function buildLatest(): Promise<object[]> {
  const posts = await fetchPosts(5);
  const users = await fetchUsers(new Set(posts.map((post) => post.userId)));
  return posts.map(({ id, title, userId }) => ({ id, title, author: describeName(users.get(userId)) }));
}

async function buildVoices(): Promise<object[]> {
  const posts = await fetchPosts(3);
  const comments = await fetchComments(posts);
  const users = new Map<string, User>();
  await addUsers(users, comments);
  return posts.map(({ id, title }) => ({
    id,
    title,
    comments: (comments.get(id) ?? []).map(({ text, userId }) => ({
      text,
      author: describeName(users.get(userId)),
    })),
  }));
}

function describeName(user: User | undefined): object | null {
  return user === undefined ? null : { name: user.name };
}

async function likePost({ post }: Variables): Promise<object> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: "/likes",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ post, weight: 1 }),
  });
  if (statusCode !== 200) throw new Error(`Expected 200, got ${statusCode}.`);
  const like = (await body.json()) as { readonly post: string; readonly likes: number };
  return { like: { post: like.post, likes: like.likes } };
}

async function fetchPosts(first: number): Promise<readonly Post[]> {
  return fetchJson(`/posts?first=${first}`);
}

async function fetchUsers(ids: ReadonlySet<string>): Promise<Map<string, User>> {
  const users = await fetchJson<readonly User[]>(`/users?ids=${[...ids].join("&ids=")}`);
  return new Map(users.map((user) => [user.id, user]));
}

/** The comments' authors that are not there yet. */
async function addUsers(
  users: Map<string, User>,
  comments: ReadonlyMap<string, readonly Comment[]>,
): Promise<void> {
  const missing = new Set<string>();
  for (const list of comments.values())
    for (const { userId } of list) if (!users.has(userId)) missing.add(userId);
  if (missing.size === 0) return;
  for (const [id, user] of await fetchUsers(missing)) users.set(id, user);
}

async function fetchComments(posts: readonly Post[]): Promise<Map<string, Comment[]>> {
  const rows = await fetchJson<readonly Comment[]>(
    `/comments?postIds=${posts.map((post) => post.id).join("&postIds=")}`,
  );
  const comments = new Map<string, Comment[]>();
  for (const row of rows) {
    const list = comments.get(row.postId);
    if (list === undefined) comments.set(row.postId, [row]);
    else list.push(row);
  }
  return comments;
}

async function fetchJson<Value>(url: string): Promise<Value> {
  const { statusCode, body } = await pool.request({ method: "GET", path: url });
  if (statusCode !== 200) throw new Error(`Expected 200, got ${statusCode}.`);
  return (await body.json()) as Value;
}

async function fetchProducts(first: number): Promise<readonly Product[]> {
  return new Promise((resolve, reject) => {
    catalog.listProducts({ first }, (error, response) => {
      if (error === null) resolve(response.items);
      else reject(error);
    });
  });
}

async function fetchStock(products: readonly Product[]): Promise<Map<string, StockItem>> {
  return new Promise((resolve, reject) => {
    inventory.batchGetStock({ productIds: products.map((product) => product.id) }, (error, response) => {
      if (error === null) resolve(new Map(response.items.map((item) => [item.productId, item])));
      else reject(error);
    });
  });
}

function formatPrice({ currencyCode, units, nanos = 0 }: Product["price"]): string {
  let format = priceFormats.get(currencyCode);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", { style: "currency", currency: currencyCode });
    priceFormats.set(currencyCode, format);
  }
  return format.format(Number(units?.toString() ?? 0) + nanos / 1e9);
}

function openClient(name: string, service: string, url: string): Client {
  const definition = loadSync(`bench/${name}.proto`, {
    includeDirs: [path.join(import.meta.dirname, "../project/protos")],
  });
  const { bench } = loadPackageDefinition(definition) as unknown as {
    bench: Record<string, Record<string, ServiceClientConstructor>>;
  };
  const Constructor = bench[name]?.[service];
  if (Constructor === undefined) throw new Error(`Expected ${service} in bench/${name}.proto.`);
  return new Constructor(url.replace("grpc://", ""), credentials.createInsecure());
}
