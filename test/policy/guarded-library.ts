import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Environment, type Gateway, startGateway } from "overlock";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";
import { compileSetting } from "../support/compile-setting.ts";
import { type GraphqlAnswer, type QueryOptions, sendQuery } from "../support/test-gateway.ts";

/** A library whose sources guard some of what they have. */
export interface GuardedLibrary {
  readonly gateway: Gateway;
  readonly logLines: readonly Record<string, unknown>[];
  /** Without scopes (null) anonymous; otherwise with a token that has them. */
  ask(scopes: readonly string[] | null, query: string, options?: QueryOptions): Promise<GuardedAnswer>;
  query(query: string, options?: QueryOptions): Promise<GraphqlAnswer>;
  token(claims: Readonly<Record<string, unknown>>): Promise<string>;
  stop(): Promise<void>;
}

export interface GuardedAnswer {
  readonly status: number;
  readonly data: unknown;
  /** `path code`, in order of the text. */
  readonly errors: readonly string[];
  /** What the backends were asked, in order of the text. */
  readonly calls: readonly string[];
}

const books = `
  extend schema @source(name: "books", url: "http://localhost:1")
  type Query {
    books: [Book!] @rest(GET: "/books")
    book(id: ID!): Book @lookup @rest(GET: "/books-by-id{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
    items: [Item!] @rest(GET: "/items")
    priced: [Priced] @rest(GET: "/books")
  }
  interface Priced { cost: Int @requiresScopes(scopes: [["money"]]) }
  type Book implements Priced @key(fields: "id") {
    id: ID!
    title: String
    isbn: String @requiresScopes(scopes: [["catalog", "isbn"], ["admin"]])
    cost: Int
    shelf: Shelf
    secretCode: String @requiresScopes(scopes: [["codes"]])
    "Its call reads what is guarded."
    lock: String @rest(GET: "/locks{?codes*}", batch: { of: "$parent.secretCode", as: "codes", match: "code", value: "lock" })
    author: Person @from(field: "{ id: authorId }")
  }
  type Shelf @authenticated { label: String }
  type Card { number: ID! }
  union Item = Book | Shelf | Card
  type Person @key(fields: "id") { id: ID! }
`;

const people = `
  extend schema @source(name: "people", url: "http://localhost:1")
  type Query {
    person(id: ID!): Person @lookup @rest(GET: "/people{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
  }
  type Mutation { forget(id: ID!): Person @rest(DELETE: "/people/{args.id}") @requiresScopes(scopes: [["people:write"]]) }
  type Person @key(fields: "id") {
    id: ID!
    name: String
    email: Email
    salary: Int @policy(policies: [["isSelf"], ["isHr", "inOffice"]])
  }
  scalar Email @requiresScopes(scopes: [["contact"]])
  type Book @key(fields: "id") {
    id: ID!
    "Requires what is guarded."
    fans(isbn: String @require(field: "isbn")): Int @rest(GET: "/fans/{args.isbn}")
  }
`;

/** What its clients see. */
export const libraryClientSchema = `
  type Query {
    books: [Book!]
    titles: [String] @from(field: "books.title")
    isbns: [String] @from(field: "books.isbn")
    covers: [Cover!] @from(field: "books")
    items: [Item!]
    strict: [StrictBook!] @from(field: "books")
    vault: Vault @authenticated
    priced: [Priced]
  }
  type Mutation { forget(id: ID!): Person }
  interface Priced { cost: Int }
  type Book implements Priced {
    id: ID!
    title: String
    isbn: String
    isbnOrNone: String @from(field: "isbn") @default(value: "none", onError: true)
    cost: Int
    shelf: Shelf
    lock: String
    fans: Int
    author: Person
  }
  type Cover @view(of: "Book") { number: String @from(field: "isbn")  authorName: String @from(field: "author.name")  mail: Email @from(field: "author.email") }
  type StrictBook @view(of: "Book") { id: ID!  isbn: String! }
  type Shelf { label: String }
  type Card { number: ID! }
  union Item = Book | Shelf | Card
  scalar Email
  type Person { id: ID!  name: String  email: Email  salary: Int }
  type Vault @view(of: "Query") { books: [Book!] }
`;

const shelves = { b1: { label: "A" }, b2: null } as const;
const rows = ["b1", "b2"].map((id) => ({
  __typename: "Book",
  id,
  title: `Title ${id}`,
  isbn: `isbn-${id}`,
  cost: 5,
  shelf: shelves[id as keyof typeof shelves],
  secretCode: `code-${id}`,
  authorId: "p1",
}));

/** Starts the library; `config` is the text of further options of the BFF's config. */
export async function startGuardedLibrary(
  config = "",
  environment: Environment = {},
): Promise<GuardedLibrary> {
  const log = new RequestLog(countUp());
  const backend = new HttpBackend(
    [
      { method: "GET", path: "/books", answer: () => rows },
      {
        method: "GET",
        path: "/books-by-id",
        answer: ({ query }) => rows.filter(({ id }) => query.getAll("ids").includes(id)),
      },
      {
        method: "GET",
        path: "/items",
        answer: () => [{ __typename: "Card", number: "c1" }, { __typename: "Shelf", label: "A" }, rows[0]],
      },
      {
        method: "GET",
        path: "/locks",
        answer: ({ query }) => query.getAll("codes").map((code) => ({ code, lock: `lock of ${code}` })),
      },
      {
        method: "GET",
        path: "/people",
        answer: ({ query }) =>
          query.getAll("ids").map((id) => ({ id, name: "Ann", email: "ann@example.org", salary: 7 })),
      },
      { method: "GET", path: "/fans/{isbn}", answer: () => 3 },
      { method: "DELETE", path: "/people/{id}", answer: ({ path: at }) => ({ id: at["id"], name: "Ann" }) },
    ],
    log,
  );
  const [issuer] = await Promise.all([startDemoIssuer(), backend.start()]);
  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  for (const folder of ["schemas", "bff-web"]) mkdirSync(path.join(root, folder));
  writeFileSync(path.join(root, "schemas", "books.graphql"), books);
  writeFileSync(path.join(root, "schemas", "people.graphql"), people);
  writeFileSync(path.join(root, "bff-web", "schema.graphql"), libraryClientSchema);
  const options = `name: "web", anonymous: true, policies: { isSelf: () => false, isHr: () => false, inOffice: () => false }, ${config}`;
  writeFileSync(path.join(root, "bff-web", "bff.config.ts"), `export default { ${options} };\n`);
  const logLines: Record<string, unknown>[] = [];
  let gateway: Gateway;
  try {
    gateway = await startGateway({
      root,
      environment: {
        PORT: "0",
        ADMIN_PORT: "0",
        ...compileSetting(),
        ...issuer.environment,
        BOOKS_URL: backend.url,
        PEOPLE_URL: backend.url,
        ...environment,
      },
      logDestination: { write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
    });
  } catch (error) {
    await release(issuer, backend, root);
    throw error;
  }
  const token = (claims: Readonly<Record<string, unknown>>): Promise<string> => issuer.issueBadToken(claims);
  return {
    gateway,
    logLines,
    token,
    query: (query, queryOptions = {}) => sendQuery(gateway.url, query, queryOptions),
    async ask(scopes, query, queryOptions = {}) {
      log.clear();
      const credential = scopes === null ? {} : { token: await token({ scope: scopes.join(" ") }) };
      const answer = await sendQuery(gateway.url, query, { ...credential, ...queryOptions });
      const errors = answer.errors.map(({ path: at = [], extensions }) =>
        `${at.join(".")} ${extensions.code}`.trim(),
      );
      return {
        status: answer.status,
        data: answer.data,
        errors: errors.toSorted(),
        calls: log.entries.map(({ method }) => method).toSorted(),
      };
    },
    async stop() {
      await gateway.close({ idleGraceMs: 0 });
      await release(issuer, backend, root);
    },
  };
}

async function release(issuer: DemoIssuer, backend: HttpBackend, root: string): Promise<void> {
  await Promise.all([issuer.stop(), backend.stop()]);
  rmSync(root, { recursive: true });
}
