import type { GeneratorOptions } from "./generate-operation.ts";

/** A schema with one of everything that operations can be about. */
export const librarySdl = /* GraphQL */ `
  type Query {
    item(id: ID!): Item
    items(first: Int = 10, filter: Filter, ids: [ID!]): [Item!]!
    search(text: String!, in: [Place!] = [BOOKS]): [Found]
    book(by: BookBy!): Book
    matrix(rows: Int! = 2): [[Cell!]!]
    now: String!
  }

  interface Node {
    id: ID!
  }

  interface Item implements Node {
    id: ID!
    title(length: Int, style: Style = PLAIN): String
    related(first: Int = 3): [Item]
  }

  type Book implements Item & Node {
    id: ID!
    title(length: Int, style: Style = PLAIN): String!
    related(first: Int = 3): [Item]
    pages: Int!
    author: Person
    tags: [String!]
  }

  type Film implements Item & Node {
    id: ID!
    title(length: Int, style: Style = PLAIN): String
    related(first: Int = 3): [Film]
    minutes: Float
    cast: [Person!]!
  }

  type Person implements Node {
    id: ID!
    name: String
    works(kinds: [[Place!]]): [Found!]
  }

  union Found = Book | Film | Person

  type Cell {
    row: Int!
    neighbours: [[Cell]!]
  }

  enum Style {
    PLAIN
    LOUD
  }

  enum Place {
    BOOKS
    FILMS
    PEOPLE
  }

  input Filter {
    text: String = "a"
    places: [Place!]
    not: Filter
    score: Range!
  }

  input Range {
    from: Float! = 0
    to: Float
  }

  input BookBy @oneOf {
    id: ID
    isbn: String
    range: Range
  }
`;

export const libraryOptions: GeneratorOptions = {
  pools: new Map<string, readonly unknown[]>([
    ["BookBy.isbn", ["9780262033848"]],
    ["Query.matrix(rows:)", [0, 1, 2, 3]],
  ]),
};
