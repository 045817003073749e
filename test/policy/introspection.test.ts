import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { QueryOptions } from "../support/test-gateway.ts";
import { type GuardedLibrary, startGuardedLibrary } from "./guarded-library.ts";

const full = getIntrospectionQuery();

/** The schema as a tool sees it; it has to be one that can be built. */
function sdlOf(data: unknown): string {
  return printSchema(buildClientSchema(data as IntrospectionQuery));
}

/** `Type.field` of all object types and interfaces. */
function fieldsOf(data: unknown): string[] {
  const { types } = (data as IntrospectionQuery).__schema;
  return types
    .flatMap((type) =>
      (type.kind === "OBJECT" || type.kind === "INTERFACE") && !type.name.startsWith("__")
        ? type.fields.map((field) => `${type.name}.${field.name}`)
        : [],
    )
    .toSorted();
}

describe("introspection", () => {
  const refused = "Introspection is off here: __schema and __type can't be queried.";

  it.each([
    ["by default", "", {}, false],
    ["in production", "", { NODE_ENV: "production" }, false],
    ["in development", "", { NODE_ENV: "development" }, true],
    [
      "in development, of a BFF that tells nobody",
      'introspection: "none"',
      { NODE_ENV: "development" },
      false,
    ],
    ["in production, of a BFF that tells everybody", 'introspection: "all"', {}, true],
  ])("is answered %s: %j %j → %j", async (_when, config, environment, isAnswered) => {
    const library = await startGuardedLibrary(config, environment);
    try {
      const answer = await library.query(full);
      const { errors, status, data } = answer;
      const schema = data === undefined ? null : sdlOf(data).includes("isbn: String");
      const refusal = {
        message: refused,
        locations: [expect.anything()],
        extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
      };
      expect([status, schema, errors]).toEqual(isAnswered ? [200, true, []] : [200, null, [refusal]]);
    } finally {
      await library.stop();
    }
  });

  describe("that is off", () => {
    let library: GuardedLibrary;
    beforeAll(async () => {
      library = await startGuardedLibrary();
    });
    afterAll(() => library.stop());

    it.each<[how: string, query: string, options?: QueryOptions]>([
      ["__type", '{ __type(name: "Book") { name } }'],
      ["an alias", "{ titles: __schema { queryType { name } } }"],
      ["a fragment", "{ titles ...F } fragment F on Query { ... { __schema { queryType { name } } } }"],
      [
        "an introspection that may be left out",
        "query ($no: Boolean = false) { titles __schema @include(if: $no) { queryType { name } } }",
      ],
      [
        "one of two operations",
        'query A { titles __type(name: "Book") { name } } query B { titles }',
        { operationName: "A" },
      ],
    ])("can't be reached by %s, and nothing is fetched beside it", async (_how, query, options = {}) => {
      const { data, errors, calls } = await library.ask([], query, options);
      expect([data, errors, calls]).toEqual([undefined, ["GRAPHQL_VALIDATION_FAILED"], []]);
    });

    it("leaves __typename, and the document's other operations", async () => {
      const { data } = await library.ask([], "{ __typename books { __typename } }");
      expect(data).toEqual({ __typename: "Query", books: [{ __typename: "Book" }, { __typename: "Book" }] });
      const query = 'query A { __type(name: "Book") { name } } query B { titles }';
      expect((await library.ask([], query, { operationName: "B" })).errors).toEqual([]);
    });
  });

  describe("of what the caller may see", () => {
    let library: GuardedLibrary;
    beforeAll(async () => {
      library = await startGuardedLibrary('introspection: "allowed"');
    });
    afterAll(() => library.stop());

    const everything = ["catalog", "isbn", "admin", "money", "codes", "contact", "people:write"];

    it("has no denied field, and no type that only such fields lead to", async () => {
      const { data } = await library.ask(null, full);
      const sdl = sdlOf(data);
      for (const hidden of [
        "isbn",
        "cost",
        "lock",
        "fans",
        "Vault",
        "Email",
        "salary",
        "Shelf",
        "shelf",
        "Mutation",
        "forget",
      ])
        expect(sdl).not.toMatch(new RegExp(`\\b${hidden}\\b`));
      expect(fieldsOf(data)).toEqual(
        [
          "Query.books",
          "Query.covers",
          "Query.items",
          "Query.strict",
          "Query.titles",
          "Book.author",
          "Book.id",
          "Book.title",
          "Card.number",
          "Cover.authorName",
          "Person.id",
          "Person.name",
          "StrictBook.id",
        ].toSorted(),
      );
      expect(sdl).toContain("union Item = Book | Card");
    });

    it.each([
      [
        "scalars and mutations",
        ["contact", "people:write"],
        ["Cover.mail", "Mutation.forget", "Person.email", "Query.vault", "Shelf.label"],
      ],
      ["an interface", ["money"], ["Book.cost", "Priced.cost", "Query.priced"]],
      [
        "what is required",
        ["admin"],
        ["Book.fans", "Book.isbn", "Cover.number", "Query.isbns", "StrictBook.isbn"],
      ],
    ])("has with each scope what that opens: %s", async (_what, scopes, opened) => {
      const fields = fieldsOf((await library.ask(scopes, full)).data);
      expect(opened.filter((field) => !fields.includes(field))).toEqual([]);
      const closed = fieldsOf((await library.ask(null, full)).data);
      expect(opened.filter((field) => closed.includes(field))).toEqual([]);
    });

    it("says of a type by name what it says of all", async () => {
      const query =
        '{ book: __type(name: "Book") { fields { name } } shelf: __type(name: "Shelf") { name } __typename }';
      expect((await library.ask(null, query)).data).toEqual({
        book: { fields: ["id", "title", "author"].map((name) => ({ name })) },
        shelf: null,
        __typename: "Query",
      });
      const possible = '{ __type(name: "Item") { possibleTypes { name fields { name } } } }';
      const { data } = await library.ask(null, possible);
      expect(JSON.stringify(data)).not.toMatch(/Shelf|isbn/);
    });

    it("tells equal callers the same, and others what is theirs, in whichever order they ask", async () => {
      const [first, other, again] = [
        await library.ask(null, full),
        await library.ask(everything, full),
        await library.ask(null, full),
      ];
      expect(again.data).toEqual(first.data);
      expect(fieldsOf(other.data)).toContain("Book.isbn");
      // A policy still keeps that from it.
      expect(fieldsOf(other.data)).not.toContain("Person.salary");
    });

    it("is an operation of its own where something is hidden", async () => {
      const { errors, calls } = await library.ask(everything, "{ titles __schema { queryType { name } } }");
      expect([errors, calls]).toEqual([["GRAPHQL_VALIDATION_FAILED"], []]);
    });

    it("is answered where the BFF rejects what is denied, too", async () => {
      const rejecting = await startGuardedLibrary('introspection: "allowed", denied: "reject"');
      try {
        expect(fieldsOf((await rejecting.ask(null, full)).data)).not.toContain("Book.isbn");
      } finally {
        await rejecting.stop();
      }
    });
  });

  it("of what the caller may see is all where nothing is denied", async () => {
    const policies = "policies: { isSelf: () => true, isHr: () => true, inOffice: () => true }";
    const library = await startGuardedLibrary(`introspection: "allowed", ${policies}`);
    try {
      const scopes = ["admin", "money", "codes", "contact", "people:write"];
      const query = `{ titles __type(name: "Person") { fields { name } } }`;
      const { data, errors } = await library.ask(scopes, query);
      expect(errors).toEqual([]);
      expect(JSON.stringify(data)).toContain("salary");
    } finally {
      await library.stop();
    }
  });
});
