import { expect, test } from "vitest";
import { composeTexts } from "./compose-texts.ts";

const library = `extend schema @source(name: "library", url: "http://localhost:1")
type Query { works: [Work] @rest(GET: "/works") finds: [Find] @rest(GET: "/finds") }
interface Work @discriminator(field: "kind") { id: ID! }
union Find @discriminator(field: "kind") = Book | Film
type Book implements Work { id: ID! title: String }
type Film implements Work { id: ID! minutes: Int }
type Song implements Work { id: ID! }`;

function bind(client: string) {
  const { composition, warnings } = composeTexts({ library }, client);
  const [bound] = composition.clients;
  const views = [...(bound?.views ?? [])].map(([name, members]) => [name, Object.fromEntries(members)]);
  return { views: Object.fromEntries(views) as unknown, warnings };
}

test("each interface and union knows which client type shows which supergraph type", () => {
  const { views, warnings } = bind(`
    type Query { works: [Piece] finds: [Find] }
    union Piece @view(of: "Work") = Novel | Film
    interface Find { id: ID! }
    interface Node { id: ID! }
    type Novel implements Node & Find @view(of: "Book") { id: ID! title: String }
    type Film implements Node { id: ID! minutes: Int }
    type Other @view(of: "Film") { id: ID! }`);
  expect(views).toEqual({ Piece: { Book: "Novel", Film: "Film" }, Find: { Book: "Novel" } });
  expect(warnings).toEqual([]);
});

test("several views of one type are fine where no interface or union that fields return has two of them", () => {
  const { views } = bind(`
    type Query { works: [Work] finds: [Find] }
    interface Node { id: ID! }
    interface Work { id: ID! }
    union Find = BookCard
    type BookCard implements Node @view(of: "Book") { id: ID! }
    type Book implements Node & Work { id: ID! }`);
  expect(views).toEqual({ Work: { Book: "Book" }, Find: { Book: "BookCard" } });
});

test("a ! behind a type condition is warned of, in lists where it is the elements'", () => {
  const { warnings } = bind(`type Query {
  a: [String!] @from(field: "finds<Book>.title")
  b: [String] @from(field: "works<Book>.title")
}`);
  expect(warnings).toEqual([
    `bff/schema.graphql:2:3  Query.a
  expected  a nullable type: what is no Book is null here
  found     [String!]`,
  ]);
});
