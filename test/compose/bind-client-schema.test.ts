import { describe, expect, test } from "vitest";
import type { BoundClientSchema, FieldBinding } from "../../gateway/compose/bindings.ts";
import { composeTexts, problemsOf } from "./compose-texts.ts";

const sources = {
  books: `extend schema @source(name: "books", url: "http://localhost:1")
    type Query {
      books(first: Int! = 10, filter: Filter, genres: [Genre!]): BookList @rest(GET: "/books{?args.first,args.filter.year,args.filter.like,args.filter.and,args.genres}")
      book(id: ID!): Book @lookup @rest(GET: "/books/{args.id}")
      best: Book @rest(GET: "/best")
    }
    input Filter { year: Int = 2000 like: String and: Filter }
    enum Genre { NOVEL POETRY DRAMA }
    type BookList { items: [Book!]! total: Int! }
    type Book @key(fields: "id") {
      id: ID!
      title: String!
      year: Int
      genre: Genre
      shelves: [[String!]]
      author: Author @from(field: "{ id: authorId }")
      editor: Author @from(field: "{ id: editorId, name: editorName }")
      summary(length: Int = 100): String @rest(GET: "/books/{parent.id}/summary{?args.length}")
    }
    type Author @key(fields: "id") @shareable { id: ID! name: String }`,
  authors: `extend schema @source(name: "authors", url: "http://localhost:2")
    type Query { author(id: ID!): Author @lookup @rest(GET: "/authors/{args.id}") }
    type Author @key(fields: "id") @shareable { id: ID! name: String born: Int }`,
};

function bind(client: string): BoundClientSchema & { readonly warnings: readonly string[] } {
  const { composition, warnings } = composeTexts(sources, client);
  const [bound] = composition.clients;
  if (bound === undefined) throw new Error("expected a bound client schema");
  return { ...bound, warnings };
}

function bindingOf(client: string, type = "Query", field = "field"): Extract<FieldBinding, { kind: "path" }> {
  const binding = bind(client).fields.get(type)?.get(field);
  if (binding?.kind !== "path") throw new Error(`expected a path, found ${binding?.kind}`);
  return binding;
}

describe("a client schema's bindings", () => {
  const client = `
    type Query { home: Home!  book(id: ID!): Page }
    type Home @view(of: "Query") {
      deep: Deep
      best: Card
      newest: [Card!] @from(field: "books(first: 3).items")
      years: [Int] @from(field: "books.items.year")
    }
    type Deep @view(of: "Query") { best: Page }
    type Card @view(of: "Book") { key: ID! @from(field: "id")  title: String! @truncate(length: 9) @default(value: "-") }
    type Page @view(of: "Book") {
      id: String!
      year: Float
      genre: String
      shelves: [[String]!]!
      writer: Writer @from(field: "author")
      born: Int @from(field: "author.born")
    }
    type Writer @view(of: "Author") { name: ID }`;

  test("say where each field comes from: paths through the supergraph, and groups that fetch nothing", () => {
    const bindings = [...bind(client).fields].flatMap(([type, fields]) =>
      [...fields].map(([name, binding]) => {
        if (binding.kind !== "path") return `${type}.${name}: ${binding.kind}`;
        const steps = binding.steps.map((step) => step.field.coordinate);
        const shapers = binding.shapers.length === 0 ? "" : ` and ${binding.shapers.length} shapers`;
        return `${binding.coordinate}: ${steps.join(" ")}${shapers}`;
      }),
    );
    expect(bindings).toEqual([
      "Query.home: group",
      "Query.book: Query.book",
      "Home.deep: group",
      "Home.best: Query.best",
      "Home.newest: Query.books BookList.items",
      "Home.years: Query.books BookList.items Book.year",
      "Deep.best: Query.best",
      "Card.key: Book.id",
      "Card.title: Book.title and 2 shapers",
      "Page.id: Book.id",
      "Page.year: Book.year",
      "Page.genre: Book.genre",
      "Page.shelves: Book.shelves",
      "Page.writer: Book.author",
      "Page.born: Book.author Author.born",
      "Writer.name: Author.name",
    ]);
  });

  test("come with exactly what the client sees", () => {
    const { schema } = bind(client);
    const own = Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith("__"));
    expect(own.toSorted()).toEqual(
      [
        "Boolean",
        "Card",
        "Deep",
        "Float",
        "Home",
        "ID",
        "Int",
        "Page",
        "Query",
        "String",
        "Writer",
      ].toSorted(),
    );
    expect(schema.getDirectives().map((directive) => directive.name)).not.toContain("truncate");
  });

  test("are made anew for each client, and do not touch the supergraph", () => {
    const { composition } = composeTexts(sources, client);
    const again = composeTexts(sources, client);
    expect(again.composition.clients[0]?.schema).not.toBe(composition.clients[0]?.schema);
    expect(composition.schema.getType("Card")).toBeUndefined();
  });
});

describe("arguments", () => {
  function argsOf(client: string, clientArgs: Record<string, unknown>): Record<string, unknown> {
    const { steps } = bindingOf(client);
    const bound = steps.flatMap((step) => step.args.map((arg) => [arg.name, arg.value(clientArgs)]));
    return Object.fromEntries(bound.filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  }

  const list = 'type List @view(of: "BookList") { total: Int }';
  const filter = "input Filter { year: Int like: String and: Filter } enum Genre { NOVEL DRAMA }";

  test.each([
    {
      what: "pass by name where there is no @from",
      client: `type Query { books(first: Int!, filter: Filter): List } ${list} ${filter}`.replace(
        "books(",
        "books(",
      ),
      field: "books",
      clientArgs: { first: 3, filter: { year: 1999 } },
      args: { first: 3, filter: { year: 1999 } },
    },
    {
      what: "that are left out leave the supergraph's default",
      client: `type Query { books(filter: Filter): List } ${list} ${filter}`,
      field: "books",
      clientArgs: {},
      args: { first: 10 },
    },
    {
      what: "that are null are null, but where null can't be the default holds",
      client: `type Query { books(first: Int, filter: Filter): List } ${list} ${filter}`,
      field: "books",
      clientArgs: { first: null, filter: null },
      args: { first: 10, filter: null },
    },
  ])("$what", ({ client, field, clientArgs, args }) => {
    const { steps } = bindingOf(client, "Query", field);
    const bound = steps.flatMap((step) => step.args.map((arg) => [arg.name, arg.value(clientArgs)] as const));
    expect(Object.fromEntries(bound.filter(([, value]) => value !== undefined))).toEqual(args);
  });

  test.each([
    {
      what: "may be constants",
      path: 'books(first: 3, genres: [NOVEL, POETRY], filter: { like: \\"a\\" })',
      clientArgs: {},
      args: { first: 3, genres: ["NOVEL", "POETRY"], filter: { year: 2000, like: "a" } },
    },
    {
      what: "may be one value for a list",
      path: "books(genres: DRAMA)",
      clientArgs: {},
      args: { first: 10, genres: ["DRAMA"] },
    },
    {
      what: "may have another name",
      given: "(n: Int!)",
      path: "books(first: $args.n)",
      clientArgs: { n: 7 },
      args: { first: 7 },
    },
    {
      what: "may be parts of an input",
      given: "(f: Filter!)",
      path: "books(filter: { year: $args.f.year, and: { like: $args.f.and.like } })",
      clientArgs: { f: { year: 1, and: { like: "x" } } },
      args: { first: 10, filter: { year: 1, and: { year: 2000, like: "x" } } },
    },
    {
      what: "that are parts of an input and absent are left out, or have the default of their field",
      given: "(f: Filter)",
      path: "books(filter: { year: $args.f.year, like: $args.f.like })",
      clientArgs: {},
      args: { first: 10, filter: { year: 2000 } },
    },
    {
      what: "that are parts of null are null",
      given: "(f: Filter)",
      path: "books(filter: { like: $args.f.and.like, year: 1 })",
      clientArgs: { f: null },
      args: { first: 10, filter: { year: 1, like: null } },
    },
    {
      what: "may be made a list",
      given: "(g: Genre!)",
      path: "books(genres: [$args.g, POETRY])",
      clientArgs: { g: "DRAMA" },
      args: { first: 10, genres: ["DRAMA", "POETRY"] },
    },
    {
      what: "may be used twice",
      given: "(n: Int!)",
      path: "books(first: $args.n, filter: { year: $args.n })",
      clientArgs: { n: 7 },
      args: { first: 7, filter: { year: 7 } },
    },
    {
      what: "never read what is no property of their own",
      given: "(f: Filter)",
      path: "books(filter: { like: $args.f.like })",
      clientArgs: { f: Object.create({ like: "inherited" }) as object },
      args: { first: 10, filter: { year: 2000 } },
    },
  ])("of a path $what", ({ given = "", path, clientArgs, args }) => {
    const client = `type Query { field${given}: List @from(field: "${path}") } ${list} ${filter}`;
    expect(argsOf(client, clientArgs)).toEqual(args);
  });

  test.each([
    {
      what: "a list for one value",
      field: 'field(n: [Int!]!): List @from(field: "books(first: $args.n)")',
      problem: ["a value for first: Int!", "$args.n: [Int!]!"],
    },
    {
      what: "one value for a list",
      field: 'field(g: Genre!): List @from(field: "books(genres: $args.g)")',
      problem: ["a value for genres: [Genre!]", "$args.g: Genre!", "[$args.g] in @from is a list of the one"],
    },
    {
      what: "a list that may hold null",
      field: "books(genres: [Genre]): List",
      problem: ["a value for genres: [Genre!]", "$args.genres: [Genre]"],
    },
    {
      what: "a part of an input through a list",
      field: 'field(fs: [Filter]): List @from(field: "books(filter: { year: $args.fs.year })")',
      problem: ["no further path: [Filter] has no fields", "year"],
    },
    {
      what: "a part of a scalar",
      field: 'field(n: Int): List @from(field: "books(first: $args.n.value)")',
      problem: ["no further path: Int has no fields", "value"],
    },
    {
      what: "a part that the input does not have",
      field: 'field(f: Filter): List @from(field: "books(filter: { year: $args.f.yaer })")',
      problem: ["a field of Filter (year, like, and)", "yaer", 'did you mean "year"?'],
    },
    {
      what: "a null",
      field: 'field: List @from(field: "books(first: null)")',
      problem: ["a value of type Int!", "null"],
    },
    {
      what: "another scalar",
      field: 'field(t: String!): List @from(field: "books(filter: { year: $args.t })")',
      problem: ["a value of type Int", "$args.t: String!"],
    },
    {
      what: "no object for an input",
      field: 'field: List @from(field: "books(filter: 3)")',
      problem: ["a value of type Filter", "3"],
    },
  ])("that do not fit are refused: $what", ({ field, problem: [expected, found, hint] }) => {
    const client = `type Query { ${field} } ${list} ${filter}`;
    const [problem, ...more] = problemsOf(sources, client);
    expect(more).toEqual([]);
    expect(problem?.split("\n").slice(1)).toEqual([
      `  expected  ${expected}`,
      `  found     ${found}`,
      ...(hint === undefined ? [] : [`  hint      ${hint}`]),
    ]);
  });

  test("may have input types that contain themselves on both sides", () => {
    const recursive = `type Query { books(filter: Filter): List } ${list} ${filter}`;
    expect(problemsOf(sources, recursive)).toEqual([]);
    const [problem] = problemsOf(sources, recursive.replace("like: String", "like: Int"));
    expect(problem).toContain("a value for filter: Filter, whose like is String and not Int");
  });

  test("may be input types with fewer fields and enums with fewer values, but not with more", () => {
    const more = `type Query { books(filter: Filter, genres: [Genre!]): List } ${list}
      input Filter { year: Int when: Int } enum Genre { NOVEL COMIC }`;
    const expected = problemsOf(sources, more).map((problem) => problem.split("\n")[1]?.trim());
    expect(expected).toEqual([
      "expected  a value for filter: Filter, which has no field when",
      "expected  a value for genres: [Genre!], which has no COMIC",
      "expected  one of the supergraph's values NOVEL, POETRY, DRAMA",
    ]);
  });
});

describe("leaves", () => {
  test.each([
    {
      what: "an enum as a scalar",
      client: "genre: Genre } scalar Genre",
      expected: "an enum",
      found: "a scalar",
    },
    {
      what: "a scalar as an enum",
      client: "title: String } enum String { A }",
      expected: "a scalar",
      found: "an enum",
    },
    {
      what: "an enum as an object type of its name",
      client: 'genre: Genre } type Genre @view(of: "Book") { id: ID }',
      expected: "Genre or String, because Book.genre is Genre",
      found: "the object type Genre",
    },
  ])("are of the supergraph's kind: $what", ({ client, expected, found }) => {
    const [problem, ...more] = problemsOf(sources, `type Query { best: Book } type Book { ${client}`);
    expect(more).toEqual([]);
    expect(problem?.split("\n")[1]).toMatch(new RegExp(`^  expected  ${expected}`));
    expect(problem?.split("\n")[2]).toBe(`  found     ${found}`);
  });
});

describe("a warning", () => {
  const types = `
    type Book { id: ID! title: String! }
    type Author { id: ID! name: String! }`;

  test.each([
    { what: "a root call", field: "best: Book!", from: "Book! from Query.best" },
    {
      what: "a call on the way",
      field: 'field: String! @from(field: "best.title")',
      from: "String! from Query.best",
    },
    {
      what: "a list that is a call",
      field: 'field: [Book]! @from(field: "books.items")',
      from: "[Book]! from Query.books",
    },
    {
      what: "a default that does not absorb errors",
      field: 'field: String! @from(field: "best.title") @default(value: "")',
      from: "String! from Query.best",
    },
  ])("is given for each ! whose own call can fail: $what", ({ field, from }) => {
    const { warnings } = bind(`type Query { ${field} } ${types}`);
    expect(warnings.map((warning) => warning.split("\n").slice(1))).toEqual([
      [
        "  expected  a nullable type, or @default(onError: true): the call behind it can fail",
        `  found     ${from}`,
        "  hint      when the call fails, the whole object around the field is null",
      ],
    ]);
  });

  test.each([
    { what: "a field that is a call", field: "summary: String!", from: "Book.summary" },
    {
      what: "what a reference does not hold",
      field: 'x: String! @from(field: "author.name")',
      from: "Author.name",
    },
    {
      what: "what a fuller reference does not hold",
      field: 'x: Int! @from(field: "editor.born")',
      from: "Author.born",
    },
  ])("is given below the root: $what", ({ field, from }) => {
    const { warnings } = bind(`type Query { best: Book } type Book { ${field} }`);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`! from ${from}`);
  });

  test.each([
    { what: "nullable fields", field: "summary: String" },
    { what: "properties", field: "title: String!" },
    { what: "elements of a list", field: "shelves: [[String!]!]" },
    {
      what: "what a reference holds",
      field: 'x: ID! @from(field: "author.id") y: String! @from(field: "editor.name")',
    },
    { what: "what is absorbed", field: 'summary: String! @default(value: "", onError: true)' },
  ])("is not given for $what", ({ field }) => {
    expect(bind(`type Query { best: Book } type Book { ${field} }`).warnings).toEqual([]);
  });

  test("does not offer a mutation the stand-in that it may not have", () => {
    const source = `extend schema @source(name: "goods", url: "http://localhost:1")
      type Query { count: Int @rest(GET: "/count") } type Mutation { touch: Int @rest(POST: "/touch") }`;
    const client = "type Query { count: Int } type Mutation { touch: Int! }";
    const { warnings } = composeTexts({ goods: source }, client);
    expect(warnings.map((warning) => warning.split("\n").slice(1))).toEqual([
      [
        "  expected  a nullable type: the call behind it can fail",
        "  found     Int! from Mutation.touch",
        "  hint      when the call fails, the whole answer is null, and the mutations after it are not called",
      ],
    ]);
  });

  const priced = `extend schema @source(name: "goods", url: "http://localhost:1")
    type Query { good: Good @rest(GET: "/good") price(id: ID!): Price @lookup @rest(GET: "/prices/{args.id}") }
    type Good { sent: Price referred: Price @from(field: "{ id: priceId }") half: Price @from(field: "{ id: priceId, cents: cents }") }
    type Price @key(fields: "id") {
      id: ID!
      cents: Int
      currency: String
      fresh: Int @rest(GET: "/fresh/{parent.id}")
    }`;

  function warningsOfPrice(field: string): string[] {
    const client = `type Query { good: Good } type Good { ${field} }`;
    return composeTexts({ goods: priced }, client).warnings.map((warning) => warning.split("\n")[2] ?? "");
  }

  test.each([
    {
      what: "a field that is a call",
      field: 'sent: String! @formatCurrency(amount: "fresh", currencyField: "currency", minorUnits: true)',
      found: "String! from Price.fresh",
    },
    {
      what: "what a reference does not hold",
      field: 'referred: String! @formatCurrency(amount: "cents", currency: "EUR", minorUnits: true)',
      found: "String! from Price.cents",
    },
    {
      what: "the second field, which a fuller reference does not hold",
      field: 'half: String! @formatCurrency(amount: "cents", currencyField: "currency", minorUnits: true)',
      found: "String! from Price.currency",
    },
  ])("is given where a shaper reads $what", ({ field, found }) => {
    expect(warningsOfPrice(field)).toEqual([`  found     ${found}`]);
  });

  test.each([
    'sent: String! @formatCurrency(amount: "cents", currencyField: "currency", minorUnits: true)',
    'half: String! @formatCurrency(amount: "cents", currency: "EUR", minorUnits: true)',
    'sent: String @formatCurrency(amount: "fresh", currency: "EUR", minorUnits: true)',
    'sent: String! @formatCurrency(amount: "fresh", currency: "EUR", minorUnits: true) @default(value: "", onError: true)',
  ])("is not given where a shaper needs no call, or its failure is expected: %s", (field) => {
    expect(warningsOfPrice(field)).toEqual([]);
  });

  test("stands at the field", () => {
    const { warnings } = bind(`type Query {\n  "Rarely fails."\n  best: Book!\n}\n${types}`);
    expect(warnings[0]?.split("\n")[0]).toBe("bff/schema.graphql:3:3  Query.best");
  });
});
