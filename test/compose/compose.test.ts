import { describe, expect, test } from "vitest";
import { compose } from "../../gateway/compose/compose.ts";
import { formatProblem, Problems, StartupError } from "../../gateway/core/problems.ts";
import { type ClientSchema, readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { openTexts } from "./compose-texts.ts";

const books = `extend schema @source(name: "books", url: "http://localhost:1")
type Query { best: Book @rest(GET: "/best") }
type Book { title: String }`;

function readClients(...texts: readonly string[]): ClientSchema[] {
  const problems = new Problems();
  const clients = texts.map((text, index) =>
    readClientSchema(`bff-${index}/schema.graphql`, text, readDirectiveCatalog(), problems),
  );
  problems.throwIfAny();
  return clients.filter((client) => client !== null);
}

/** What composing says is wrong, and null where it says nothing. */
function refusalOf(
  problems: Problems,
  sources: Record<string, string>,
  ...clients: string[]
): string[] | null {
  try {
    compose(openTexts(sources), readClients(...clients), problems);
    return null;
  } catch (error) {
    if (error instanceof StartupError) return error.problems.map(formatProblem);
    throw error;
  }
}

describe("composing", () => {
  test("binds the clients in the order in which they are given", () => {
    const clients = readClients(
      "type Query { best: Book } type Book { title: String }",
      'type Query { top: Card @from(field: "best") } type Card @view(of: "Book") { name: ID @from(field: "title") }',
    );
    const composition = compose(openTexts({ books }), clients, new Problems());
    expect(composition.clients.map((client) => [...client.fields.keys()])).toEqual([
      ["Query", "Book"],
      ["Query", "Card"],
    ]);
    expect(composition.schema.getType("Book")).toBeDefined();
    expect([...composition.model.types.keys()]).toEqual(["Query", "Book"]);
  });

  test("tells in one go what is wrong with the sources and with each client", () => {
    const wrong = { books, copy: books.replace('"books"', '"copy"') };
    const problems = refusalOf(
      new Problems(),
      wrong,
      "type Query { worst: Book } type Book { title: String }",
      "type Query { best: Book } type Book { title: Int }",
    );
    expect(problems?.map((problem) => problem.split("\n")[0])).toEqual([
      "bff-0/schema.graphql:1:14  Query.worst",
      "bff-1/schema.graphql:1:39  Book.title",
      "schemas/copy.graphql:2:14  Query.best",
      "schemas/copy.graphql:3:13  Book.title",
    ]);
  });

  test("tells of a client that is no GraphQL schema even where the sources are none", () => {
    const wrong = { books: books.replace("title: String", "title: Input } input Input { a: Int") };
    const problems = refusalOf(
      new Problems(),
      wrong,
      "type Query { best(a: Book): Book } type Book { title: String }",
    );
    expect(problems?.map((problem) => problem.split("\n")[0])).toEqual([
      "bff-0/schema.graphql:1:22  Query.best(a:)",
      "schemas/books.graphql:3:20  Book.title",
    ]);
  });

  test("goes no further than what was reported before it, and keeps that", () => {
    const problems = new Problems();
    const place = { file: "schemas/other.graphql", line: 1, column: 1 };
    problems.error({ place, coordinate: "SDL", expected: "a file", found: "none" });
    expect(refusalOf(problems, { books }, "type Query { best: Book } type Book { title: String }")).toEqual([
      "schemas/other.graphql:1:1  SDL\n  expected  a file\n  found     none",
    ]);
  });

  test("keeps fields whose call was refused, so that clients are not told that they are not there", () => {
    const broken = openTexts({ books }).map((source) => ({
      ...source,
      calls: new Map<string, never>(),
      properties: new Map<string, never>(),
    }));
    const clients = readClients("type Query { best: Book } type Book { title: String }");
    const composition = compose(broken, clients, new Problems());
    expect(composition.model.types.get("Query")?.fields.get("best")?.suppliers).toEqual([]);
  });
});
