import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repositoryRoot } from "../architecture/source-files.ts";

/** A project's files by their path in its folder. */
export type ProjectFiles = Readonly<Record<string, string>>;

/** A library: books speak REST, authors gRPC, and one BFF shows both. It starts without a problem or a warning. */
export const minimalProject = {
  "schemas/books.graphql": `extend schema @source(name: "books", url: "http://localhost:7201", timeoutMs: 500)

type Query {
  books(first: Int = 10, genre: Genre): [Book!] @rest(GET: "/books{?args.first,args.genre}", select: "data")
  book(id: ID!): Book
    @lookup
    @rest(GET: "/books{?ids*}", batch: { of: "$args.id", as: "ids", match: "id", maxSize: 50 })
}

type Book @key(fields: "id") {
  id: ID!
  title: String!
  pages: Int
  genre: Genre
  tags: [String!]
  author: Author @from(field: "{ id: authorId }")
  similar: [Book!] @rest(GET: "/books/{parent.id}/similar")
}

enum Genre {
  NOVEL
  POETRY
}

type Author @key(fields: "id") {
  id: ID!
}
`,
  "schemas/authors.graphql": `extend schema
  @source(
    name: "authors"
    url: "grpc://localhost:7202"
    proto: "library/v1/authors.proto"
    service: "library.v1.AuthorsService"
  )

type Query {
  author(id: ID!): Author
    @lookup
    @grpc(method: "BatchGetAuthors", batch: { of: "$args.id", as: "ids", select: "authors", match: "id" })
  authors(first: Int, filter: AuthorFilter): AuthorPage @grpc(method: "ListAuthors")
}

input AuthorFilter {
  bornAfter: Int
  country: String
}

type AuthorPage {
  items: [Author!]! @from(field: "authors")
  nextPageToken: String
}

type Author @key(fields: "id") {
  id: ID!
  name: String!
  birthYear: Int
}
`,
  "protos/library/v1/authors.proto": `syntax = "proto3";

package library.v1;

import "library/v1/author.proto";

service AuthorsService {
  rpc BatchGetAuthors(BatchGetAuthorsRequest) returns (AuthorList);
  rpc ListAuthors(ListAuthorsRequest) returns (AuthorList);
  rpc WatchAuthors(ListAuthorsRequest) returns (stream Author);
}

message BatchGetAuthorsRequest {
  repeated string ids = 1;
}

message AuthorFilter {
  int32 born_after = 1;
  string country = 2;
}

message ListAuthorsRequest {
  int32 first = 1;
  AuthorFilter filter = 2;
}

message AuthorList {
  repeated Author authors = 1;
  string next_page_token = 2;
}
`,
  "protos/library/v1/author.proto": `syntax = "proto3";

package library.v1;

message Author {
  string id = 1;
  string name = 2;
  int32 birth_year = 3;
}
`,
  "bff-web/bff.config.ts": `import { defineBff } from "overlock";

export default defineBff({ name: "web", anonymous: true, requestTimeoutMs: 5000 });
`,
  "bff-web/schema.graphql": `type Query {
  shelf: Shelf!
  book(id: ID!): Book
  books(first: Int = 5, genre: Genre): [BookCard!]
}

type Shelf @view(of: "Query") {
  newest(first: Int = 3): [BookCard!] @from(field: "books(first: $args.first)")
  poems: [BookCard!] @from(field: "books(genre: POETRY)")
  authors(country: String): [Writer!] @from(field: "authors(filter: { country: $args.country }).items")
}

type BookCard @view(of: "Book") {
  id: ID!
  title: String! @truncate(length: 40)
  writer: String @from(field: "author.name")
}

type Book {
  id: ID!
  title: String!
  pages: Int @default(value: 0)
  genre: Genre
  tags: [String!]
  author: Writer
  similar: [BookCard!]
}

enum Genre {
  NOVEL
  POETRY
}

type Writer @view(of: "Author") {
  id: ID!
  name: String!
  born: Int @from(field: "birthYear")
}
`,
} as const satisfies ProjectFiles;

/** One change of the project: a text replaced in a file, a file in full, or (null) a file left out. */
export type Edit =
  | readonly [file: string, from: string, to: string]
  | readonly [file: string, text: string | null];

/** The minimal project with changes. Throws where a text to be replaced is not there exactly once. */
export function editProject(edits: readonly Edit[], project: ProjectFiles = minimalProject): ProjectFiles {
  const files = new Map(Object.entries(project));
  for (const edit of edits) {
    const [file, from, to] = edit;
    if (from === null) files.delete(file);
    else if (to === undefined) files.set(file, from);
    else {
      const parts = (files.get(file) ?? "").split(from);
      if (parts.length !== 2)
        throw new Error(
          `expected ${JSON.stringify(from)} once in ${file}, found it ${parts.length - 1} times`,
        );
      files.set(file, parts.join(to));
    }
  }
  return Object.fromEntries(files);
}

/** Folders for projects, all removed with `remove`. */
export class ProjectFolders {
  readonly #root = mkdtempSync(path.join(tmpdir(), "overlock-start-"));
  #count = 0;

  /** Writes a project to a folder of its own and returns that. Its configs can import `overlock`. */
  write(files: ProjectFiles): string {
    const folder = path.join(this.#root, String(this.#count++));
    mkdirSync(path.join(folder, "node_modules"), { recursive: true });
    symlinkSync(repositoryRoot, path.join(folder, "node_modules/overlock"));
    for (const [file, text] of Object.entries(files)) {
      const absolute = path.join(folder, file);
      mkdirSync(path.dirname(absolute), { recursive: true });
      writeFileSync(absolute, text);
    }
    return folder;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }
}
