/** One request that every contender is sent again and again. */
export interface Workload {
  readonly name: string;
  /** For tables. */
  readonly title: string;
  /** Whether the gRPC client takes part, which costs everybody much. */
  readonly usesGrpc: boolean;
  readonly operationName: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const restJoin = `query RestJoin($first: Int!) {
  posts(first: $first) { id title author { id name } }
}`;

const rows = `query Rows($first: Int!) {
  posts(first: $first) { id title body likes createdAt }
}`;

/** What is compared, from the smallest to the largest. */
export const workloads: readonly Workload[] = [
  {
    name: "trivial",
    title: "`{ __typename }`",
    usesGrpc: false,
    operationName: "Trivial",
    query: "query Trivial { __typename }",
    variables: {},
  },
  {
    name: "rest-list",
    title: "REST list of 20 posts",
    usesGrpc: false,
    operationName: "Rows",
    query: rows,
    variables: { first: 20 },
  },
  {
    name: "rest-join",
    title: "REST list of 100 posts joined to 10 users",
    usesGrpc: false,
    operationName: "RestJoin",
    query: restJoin,
    variables: { first: 100 },
  },
  {
    name: "grpc-list",
    title: "gRPC list of 40 products with their stock",
    usesGrpc: true,
    operationName: "GrpcList",
    query: `query GrpcList($first: Int!) {
  products(first: $first) {
    id name price { currencyCode units nanos } stock { available quantity level }
  }
}`,
    variables: { first: 40 },
  },
  {
    name: "mixed",
    title: "mixed page: REST, gRPC, nested lists, shaped prices",
    usesGrpc: true,
    operationName: "MixedPage",
    query: `query MixedPage($products: Int!, $posts: Int!) {
  products(first: $products) { id name priceText tags stock { available level } }
  posts(first: $posts) {
    id title likes
    author { ...Person }
    comments { id text author { ...Person } }
  }
  unread { count }
}
fragment Person on User { id name avatarUrl }`,
    variables: { products: 20, posts: 20 },
  },
  {
    name: "mobile-home",
    title: "mobile home: four small root lists",
    usesGrpc: true,
    operationName: "MobileHome",
    query: `query MobileHome($withUnread: Boolean!) {
  unread @include(if: $withUnread) { count }
  featured: products(first: 6) { id name stock { available } }
  latest: posts(first: 5) { id title author { name } }
  voices: posts(first: 3) { id title comments { text author { name } } }
}`,
    variables: { withUnread: true },
  },
  {
    name: "rows-1000",
    title: "REST list of 1,000 posts",
    usesGrpc: false,
    operationName: "Rows",
    query: rows,
    variables: { first: 1000 },
  },
  {
    name: "mutation",
    title: "a mutation (REST)",
    usesGrpc: false,
    operationName: "LikePost",
    query: "mutation LikePost($post: ID!) { like(post: $post) { post likes } }",
    variables: { post: "t7" },
  },
];

/** The workload of that name, or the list of as many rows as `rows-10000` says. Raises an error that lists the names there are. */
export function findWorkload(name: string): Workload {
  const workload = workloads.find((candidate) => candidate.name === name);
  if (workload !== undefined) return workload;
  const [, count] = /^rows-([1-9][0-9]{0,5})$/.exec(name) ?? [];
  if (count !== undefined) return rowsOf(Number(count));
  const names = workloads.map((one) => one.name).join(", ");
  throw new Error(`Expected a workload (${names}, or rows- and a number), got ${name}.`);
}

/** The same operation over lists of other lengths. */
export function rowsOf(first: number): Workload {
  return {
    name: `rows-${first}`,
    title: `REST list of ${first.toLocaleString("en")} posts`,
    usesGrpc: false,
    operationName: "Rows",
    query: rows,
    variables: { first },
  };
}
