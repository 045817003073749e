import { GraphQLError } from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HttpFault } from "../backends/faults.ts";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// GraphQL services as sources: what they are asked, how their rows are joined with those of other GraphQL and REST
// sources, and what their errors cost.

const filmsSdl = `
schema { query: Root mutation: Changes }
type Root {
  film(slug: ID!): Film LOOKUP
  films(first: Int = 2, genre: Genre, filter: FilmFilter): [Film]
  filmsBySlugs(slugs: [ID!]!): [Film]!
  strict(fail: Boolean = false): Int!
  lenient: Int
}
type Changes { rate(slug: ID!, stars: Int!): Rated!  rename(slug: ID!, title: String!): Film }
type Rated { stars: Int!  film: Film! }
type Film KEY {
  slug: ID!
  title(upper: Boolean = false): String!
  minutes: Int
  score: Float
  stars(outOf: Int = 5): Int!
  genre: Genre
  director: Person
  parts: [Part!]
}
type Part { name: String!  broken: Int }
type Person PERSON { id: ID! }
enum Genre { DRAMA COMEDY }
input FilmFilter { minMinutes: Int  genres: [Genre!] }
type Secret { code: String }
`;

const plainSdl = filmsSdl.replace("LOOKUP", "").replace("KEY", "").replace("PERSON", "");

const filmsSource = `
extend schema @source(
  name: "films", kind: GRAPHQL, url: "http://localhost:1/graphql", timeoutMs: 2000
  forwardHeaders: ["accept-language"]
  headers: [{ name: "x-tenant", value: "$headers.x-tenant | $claims.tenant" }]
  rename: [
    { from: "Film", to: "Movie" }, { from: "Film.minutes", to: "length" },
    { from: "Root.film", to: "movie" }, { from: "Root.films", to: "movies" }, { from: "Genre", to: "MovieGenre" }
  ]
  exclude: ["Secret", "Root.filmsBySlugs"]
)
${filmsSdl
  .replace("LOOKUP", "@lookup")
  .replace("KEY", '@key(fields: "slug")')
  .replace("PERSON", '@key(fields: "id")')}
`;

const peopleSource = `
extend schema @source(name: "people", kind: GRAPHQL, url: "http://localhost:1/graphql", timeoutMs: 2000, maxBatchSize: 3)
type Query { people(ids: [ID!]!): [Person] @lookup }
type Person @key(fields: "id") { id: ID!  name: String!  age: Int!  films(first: Int = 1): [Movie!] }
type Movie @key(fields: "slug") { slug: ID! }
`;

const awardsSource = `
extend schema @source(name: "awards", url: "http://localhost:1", timeoutMs: 2000)
type Movie @key(fields: "slug") {
  slug: ID!
  awards: [Award!] @rest(GET: "/awards{?slugs*}", batch: { of: "$parent.slug", as: "slugs", match: "slug" })
}
type Award { year: Int!  winner: Person @from(field: "{ id: winnerId }") }
type Person @key(fields: "id") { id: ID! }
`;

const clientSchema = `
type Query {
  film(slug: ID!): Film @from(field: "movie(slug: $args.slug)")
  films(first: Int, genre: MovieGenre, filter: FilmFilter): [Film] @from(field: "movies(first: $args.first, genre: $args.genre, filter: $args.filter)")
  strict(fail: Boolean): Int
  lenient: Int
  fallback: Int @from(field: "lenient") @default(value: 7, onError: true)
}
type Mutation {
  rate(slug: ID!, stars: Int!): Rated
  rename(slug: ID!, title: String!): Film
}
type Rated { stars: Int  film: Film }
type Film @view(of: "Movie") {
  slug: ID!
  title(upper: Boolean): String
  minutes: Int @from(field: "length")
  score: Float
  stars(outOf: Int): Int
  genre: MovieGenre
  director: Person
  directorName: String @from(field: "director.name")
  partNames: [String] @from(field: "parts.name")
  parts: [Part]
  awards: [Award]
}
type Part { name: String  broken: Int }
type Award { year: Int  winner: Person }
type Person { id: ID!  name: String  age: Int  films(first: Int): [Film] }
enum MovieGenre { DRAMA COMEDY }
input FilmFilter { minMinutes: Int  genres: [MovieGenre!] }
`;

interface Film {
  slug: string;
  title: string;
  minutes: number | null;
  genre: string;
  directorId: string;
}

const films: readonly Film[] = [
  { slug: "f1", title: "One", minutes: 90, genre: "DRAMA", directorId: "p1" },
  { slug: "f2", title: "Two", minutes: null, genre: "COMEDY", directorId: "p2" },
  { slug: "f3", title: "Three", minutes: 70, genre: "DRAMA", directorId: "p9" },
  { slug: "f4", title: "Four", minutes: 60, genre: "DRAMA", directorId: "p3" },
];

const failing = new Set<string>();

function fail(what: string): void {
  if (failing.has(what)) throw new GraphQLError(`secret words about ${what}`);
}

function filmObject(film: Film): object {
  return { ...film, director: { id: film.directorId } };
}

let rated = 0;
const filmsBackend = new GraphqlBackend(plainSdl, {
  Root: {
    film: (_parent, { slug }: { slug: string }) => {
      fail(`film ${slug}`);
      const film = films.find((one) => one.slug === slug);
      return film === undefined ? null : filmObject(film);
    },
    films: (_parent, { first, genre, filter }: FilmArguments) =>
      films
        .filter((film) => (genre ?? film.genre) === film.genre)
        .filter((film) => (film.minutes ?? 0) >= (filter?.minMinutes ?? 0))
        .slice(0, first)
        .map((film) => (failing.has(`row ${film.slug}`) ? new GraphQLError("no row") : filmObject(film))),
    strict: (_parent, args: { fail: boolean }) => {
      if (args.fail) throw new GraphQLError("secret words");
      return 1;
    },
    lenient: () => {
      fail("lenient");
      return 2;
    },
  },
  Changes: {
    rate: (_parent, { slug, stars }: { slug: string; stars: number }) => {
      fail("rate");
      rated++;
      return { stars, film: films.filter((film) => film.slug === slug).map(filmObject)[0] };
    },
    rename: () => null,
  },
  Film: {
    title: ({ title }: Film, { upper }: { upper: boolean }) => (upper ? title.toUpperCase() : title),
    score: ({ slug }: Film) => {
      fail(`score ${slug}`);
      return slug.length / 2;
    },
    stars: ({ slug }: Film, { outOf }: { outOf: number }) => {
      fail(`stars ${slug}`);
      if (outOf > 100) throw new GraphQLError("at most 100", { extensions: { code: "BAD_USER_INPUT" } });
      return outOf - 1;
    },
    parts: ({ slug }: Film) => [
      { name: `${slug} a`, broken: 1 },
      { name: `${slug} b`, broken: failing.has(`broken ${slug}`) ? new GraphQLError("broken") : 2 },
    ],
  },
});

interface FilmArguments {
  readonly first: number;
  readonly genre?: string;
  readonly filter?: { readonly minMinutes?: number };
}

const peopleBackend = new GraphqlBackend(
  `type Query { people(ids: [ID!]!): [Person] }
   type Person { id: ID!  name: String!  age: Int!  films(first: Int = 1): [Movie!] }
   type Movie { slug: ID! }`,
  {
    Query: {
      // In no order; p9 is unknown, and p1 comes twice.
      people: (_parent, { ids }: { ids: readonly string[] }) =>
        [...ids, ...ids.filter((id) => id === "p1")]
          .toReversed()
          .filter((id) => id !== "p9")
          .map((id) => ({ id, name: `Name of ${id}` })),
    },
    Person: {
      age: ({ id }: { id: string }) => {
        fail(`age ${id}`);
        return Number(id.slice(1)) * 10;
      },
      films: ({ id }: { id: string }, { first }: { first: number }) =>
        films.filter((film) => film.directorId === id).slice(0, first),
    },
  },
);

const awardsLog = new RequestLog(countUp());
const awardsBackend = new HttpBackend(
  [
    {
      method: "GET",
      path: "/awards",
      answer: ({ query }) => query.getAll("slugs").map((slug) => ({ slug, year: 1999, winnerId: "p2" })),
    },
  ],
  awardsLog,
);

let test: ProjectGateway;

beforeAll(async () => {
  await Promise.all([filmsBackend.http.start(), peopleBackend.http.start(), awardsBackend.start()]);
  test = await startProject(
    { films: filmsSource, people: peopleSource, awards: awardsSource },
    clientSchema,
    { FILMS_URL: filmsBackend.url, PEOPLE_URL: peopleBackend.url, AWARDS_URL: awardsBackend.url },
  );
});
afterAll(async () => {
  await test.stop();
  await Promise.all([filmsBackend.http.stop(), peopleBackend.http.stop(), awardsBackend.stop()]);
});
beforeEach(() => {
  for (const { log } of [filmsBackend.http, peopleBackend.http, awardsBackend]) log.clear();
  failing.clear();
  filmsBackend.answerWith = null;
  peopleBackend.answerWith = null;
});

async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const { data, errors } = await test.query(query, { variables, headers: { "x-tenant": "t1" } });
  const told = errors.map(({ path = [], extensions }) => `${path.join(".")} ${extensions.code}`);
  expect(JSON.stringify(errors)).not.toContain("secret");
  return { data, errors: told.toSorted() };
}

describe("a subquery", () => {
  it("has what the operation needs in the backend's names, values as variables, no text of the client", async () => {
    const { data, errors } = await ask(
      `query Hostile($filter: FilmFilter) {
        list: films(first: 3, genre: DRAMA, filter: $filter) {
          slug: minutes minutes: slug title loud: title(upper: true)
        }
      }`,
      { filter: { minMinutes: 65, genres: ["DRAMA"] } },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      list: [
        { slug: "90", minutes: "f1", title: "One", loud: "ONE" },
        { slug: "70", minutes: "f3", title: "Three", loud: "THREE" },
      ].map((film) => ({ ...film, slug: Number(film.slug) })),
    });
    expect(filmsBackend.subqueries).toEqual([
      {
        query:
          "query($_0:Int,$_1:Genre,$_2:FilmFilter,$_3:Boolean,$_4:Boolean){_0:films(first:$_0,genre:$_1,filter:$_2){minutes slug _0:title(upper:$_3) _1:title(upper:$_4)}}",
        variables: {
          _0: 3,
          _1: "DRAMA",
          _2: { minMinutes: 65, genres: ["DRAMA"] },
          _3: false,
          _4: true,
        },
      },
    ]);
    const [entry] = filmsBackend.http.log.entries;
    expect(entry?.headers).toMatchObject({ "x-tenant": "t1", "content-type": "application/json" });
  });

  it("follows fragments and leaves out what @skip and @include take away", async () => {
    await ask(
      `query ($no: Boolean = false) {
        film(slug: "f1") { ...Parts score @include(if: $no) ... on Film @skip(if: true) { genre } slug @skip(if: $no) }
      }
      fragment Parts on Film { parts { name } }`,
    );
    expect(filmsBackend.documents).toEqual(["query($_0:ID!){_0:film(slug:$_0){parts{name} slug}}"]);
  });

  it("is one for all root fields of one tick, each asked for once", async () => {
    const { data, errors } = await ask(
      '{ a: film(slug: "f1") { score } b: film(slug: "f1") { score } c: film(slug: "f2") { score } lenient strict }',
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({ a: { score: 1 }, b: { score: 1 }, c: { score: 1 }, lenient: 2, strict: 1 });
    expect(filmsBackend.documents).toEqual([
      "query($_0:ID!,$_1:ID!,$_2:Boolean){_0:film(slug:$_0){score} _1:film(slug:$_1){score} _2:lenient _3:strict(fail:$_2)}",
    ]);
  });

  it("is one for those that ask for the same in another order, and each reads what it asked for", async () => {
    const { data, errors } = await ask(
      `{ a: film(slug: "f1") { loud: title(upper: true) calm: title }
         b: film(slug: "f1") { calm: title loud: title(upper: true) } }`,
    );
    expect(errors).toEqual([]);
    const film = { loud: "ONE", calm: "One" };
    expect(data).toEqual({ a: film, b: film });
    expect(filmsBackend.documents).toHaveLength(1);
  });

  it("asks for nothing of an object of which nothing is read", async () => {
    const { data } = await ask('{ film(slug: "f1") { __typename } none: film(slug: "f0") { __typename } }');
    expect(data).toEqual({ film: { __typename: "Film" }, none: null });
    expect(filmsBackend.documents).toEqual([
      "query($_0:ID!,$_1:ID!){_0:film(slug:$_0){__typename} _1:film(slug:$_1){__typename}}",
    ]);
  });

  it("is not sent where a header that it must carry is missing", async () => {
    const { errors } = await test.query("{ lenient }");
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHENTICATED"]);
    expect(filmsBackend.subqueries).toEqual([]);
  });
});

describe("rows of several sources", () => {
  it("are joined GraphQL to GraphQL to REST and back, with the keys that each needs", async () => {
    const { data, errors } = await ask(
      "{ films(first: 3) { directorName director { age films { title awards { year winner { name } } } } } }",
    );
    expect(errors).toEqual([]);
    const awards = [{ year: 1999, winner: { name: "Name of p2" } }];
    expect(data).toEqual({
      films: [
        {
          directorName: "Name of p1",
          director: { age: 10, films: [{ title: "One", awards }] },
        },
        {
          directorName: "Name of p2",
          director: { age: 20, films: [{ title: "Two", awards }] },
        },
        { directorName: null, director: null },
      ],
    });
    expect(filmsBackend.documents[0]).toBe("query($_0:Int){_0:films(first:$_0){director{id}}}");
    // Three keys in a request: those of `directorName` and of `director`, which ask for different fields.
    const keys = peopleBackend.subqueries.map(({ variables }) =>
      Object.values(variables)
        .flat()
        .filter((value) => typeof value === "string"),
    );
    expect(keys.map(({ length }) => length)).toEqual([3, 3]);
    expect(keys.flat().toSorted()).toEqual(["p1", "p1", "p2", "p2", "p9", "p9"]);
  });

  it("are asked for in pieces of maxBatchSize", async () => {
    await ask("{ films(first: 4) { director { name } } }");
    expect(peopleBackend.subqueries.map(({ variables }) => variables["_0"])).toEqual([
      ["p1", "p2", "p9"],
      ["p3"],
    ]);
  });
});

describe("an error of the backend", () => {
  it("costs the field that it is at, under the client's path and index", async () => {
    failing.add("score f2");
    failing.add("broken f1");
    const { data, errors } = await ask("{ list: films(first: 2) { worth: score pieces: parts { broken } } }");
    expect(errors).toEqual(["list.0.pieces.1.broken UPSTREAM_ERROR", "list.1.worth UPSTREAM_ERROR"]);
    expect(data).toEqual({
      list: [
        { worth: 1, pieces: [{ broken: 1 }, { broken: null }] },
        { worth: null, pieces: [{ broken: 1 }, { broken: 2 }] },
      ],
    });
  });

  it("costs the row that it left null, and no other", async () => {
    failing.add("row f1");
    const { data, errors } = await ask("{ films(first: 2) { slug } }");
    expect(errors).toEqual(["films.0 UPSTREAM_ERROR"]);
    expect(data).toEqual({ films: [null, { slug: "f2" }] });
  });

  it("costs the row of its key in a lookup by a list, though rows come in any order", async () => {
    failing.add("age p2");
    const { data, errors } = await ask("{ films(first: 3) { director { name age } } }");
    expect(errors).toEqual(["films.1.director.age UPSTREAM_ERROR"]);
    expect(data).toEqual({
      films: [
        { director: { name: "Name of p1", age: 10 } },
        { director: { name: "Name of p2", age: null } },
        { director: null },
      ],
    });
    // The row of p2 was lost by the backend's own rules; p9 might have been it.
    expect(peopleBackend.subqueries.map(({ query, variables }) => [query, variables["_0"]])).toEqual([
      ["query($_0:[ID!]!){_0:people(ids:$_0){name age id}}", ["p1", "p2", "p9"]],
      ["query($_0:[ID!]!){_0:people(ids:$_0){name id}}", ["p2", "p9"]],
    ]);
  });

  it("that a wrong argument of one alias makes costs that alias only", async () => {
    const { data, errors } = await ask(
      '{ film(slug: "f1") { slug good: stars(outOf: 9) bad: stars(outOf: 101) title } }',
    );
    expect(errors).toEqual(["film.bad UPSTREAM_REJECTED"]);
    expect(data).toEqual({ film: { slug: "f1", good: 8, bad: null, title: "One" } });
    expect(filmsBackend.documents).toEqual([
      "query($_0:ID!,$_1:Int,$_2:Int,$_3:Boolean){_0:film(slug:$_0){slug _1:stars(outOf:$_1) _0:stars(outOf:$_2) _2:title(upper:$_3)}}",
      "query($_0:ID!,$_1:Int,$_2:Boolean){_0:film(slug:$_0){slug _1:stars(outOf:$_1) _2:title(upper:$_2)}}",
    ]);
  });

  it("at a non-null root field costs no other root field of the request", async () => {
    const { data, errors } = await ask('{ strict(fail: true) lenient film(slug: "f1") { slug } }');
    expect(errors).toEqual(["strict UPSTREAM_ERROR"]);
    expect(data).toEqual({ strict: null, lenient: 2, film: { slug: "f1" } });
    expect(filmsBackend.documents).toHaveLength(2);
  });

  it("that leaves no data and says not which field it is about costs nobody else", async () => {
    filmsBackend.answerWith = ({ query, variables }) => {
      if (Object.values(variables).includes("f2"))
        return { errors: [{ message: "secret", extensions: { code: "BAD_USER_INPUT" } }] };
      const fields = query.split("film(").length - 1;
      return {
        data: Object.fromEntries(Array.from({ length: fields }, (_, at) => [`_${at}`, { slug: "f" }])),
      };
    };
    const { data, errors } = await ask(
      '{ a: film(slug: "f1") { slug } b: film(slug: "f2") { slug } c: film(slug: "f3") { slug } }',
    );
    expect(data).toEqual({ a: { slug: "f" }, b: null, c: { slug: "f" } });
    expect(errors).toEqual(["b UPSTREAM_REJECTED"]);
    expect(filmsBackend.subqueries.map(({ variables }) => Object.values(variables))).toEqual([
      ["f1", "f2", "f3"],
      ["f1"],
      ["f2"],
      ["f3"],
    ]);
  });

  it("is absorbed by a default that absorbs errors", async () => {
    failing.add("lenient");
    const answer = await test.query("{ fallback }", { headers: { "x-tenant": "t1" } });
    expect(answer.data).toEqual({ fallback: 7 });
    expect(answer.extensions).toEqual({
      completeness: [{ path: ["fallback"], code: "UPSTREAM_ERROR" }],
    });
  });

  it.each<[what: string, code: string | null, expected: string]>([
    ["that says nothing of its kind", null, "UPSTREAM_ERROR"],
    ["of a kind that nobody knows", "TEAPOT", "UPSTREAM_ERROR"],
    ["UNAUTHENTICATED", "UNAUTHENTICATED", "UPSTREAM_DENIED"],
    ["FORBIDDEN", "FORBIDDEN", "UPSTREAM_DENIED"],
    ["UNAUTHORIZED", "UNAUTHORIZED", "UPSTREAM_DENIED"],
    ["BAD_USER_INPUT", "BAD_USER_INPUT", "UPSTREAM_REJECTED"],
    ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_VALIDATION_FAILED", "UPSTREAM_REJECTED"],
  ])("%s has a registered code", async (_what, code, expected) => {
    filmsBackend.answerWith = () => ({
      data: { _0: null },
      errors: [{ message: "secret words", path: ["_0"], extensions: code === null ? null : { code } }],
    });
    expect(await ask("{ lenient }")).toEqual({ data: { lenient: null }, errors: [`lenient ${expected}`] });
  });

  const film = { slug: "f1", minutes: 3 };
  it.each<[what: string, answer: unknown, errors: readonly string[], data: unknown]>([
    [
      "without a path",
      { data: { _0: film, _1: 2 }, errors: [{ message: "secret" }] },
      ["film UPSTREAM_ERROR", "lenient UPSTREAM_ERROR"],
      { film: null, lenient: null },
    ],
    [
      "with a path that is none",
      { data: { _0: film, _1: 2 }, errors: [{ message: "secret", path: "film" }] },
      ["film UPSTREAM_ERROR", "lenient UPSTREAM_ERROR"],
      { film: null, lenient: null },
    ],
    [
      "with a path to a root field that was not asked for",
      { data: { _0: film, _1: 2 }, errors: [{ message: "secret", path: ["film"] }] },
      ["film UPSTREAM_ERROR", "lenient UPSTREAM_ERROR"],
      { film: null, lenient: null },
    ],
    [
      "with a path that the answer does not have",
      { data: { _0: film, _1: 2 }, errors: [{ message: "secret", path: ["_0", "cast", 3] }] },
      ["film UPSTREAM_ERROR"],
      { film: null, lenient: 2 },
    ],
    [
      "at a value that is there",
      { data: { _0: film, _1: 2 }, errors: [{ message: "secret", path: ["_0", "minutes"] }] },
      ["film UPSTREAM_ERROR"],
      { film: null, lenient: 2 },
    ],
    [
      "through a prototype",
      { data: { _0: film, _1: 2 }, errors: [{ message: "secret", path: ["_0", "constructor", "name"] }] },
      ["film UPSTREAM_ERROR"],
      { film: null, lenient: 2 },
    ],
    [
      "that is no object",
      { data: { _0: film, _1: 2 }, errors: ["secret"] },
      ["film UPSTREAM_ERROR", "lenient UPSTREAM_ERROR"],
      { film: null, lenient: null },
    ],
    [
      "twice at one place",
      {
        data: { _0: { slug: "f1", minutes: null }, _1: 2 },
        errors: [
          { message: "secret", path: ["_0", "minutes"] },
          { message: "secret", path: ["_0", "minutes"] },
        ],
      },
      ["film.minutes UPSTREAM_ERROR"],
      { film: { slug: "f1", minutes: null }, lenient: 2 },
    ],
  ])("%s costs what it may be about", async (_what, answer, errors, data) => {
    filmsBackend.answerWith = () => answer;
    expect(await ask('{ film(slug: "f1") { slug minutes } lenient }')).toEqual({ data, errors });
  });
});

describe("an answer that is not what was asked for", () => {
  it.each<[what: string, answer: unknown, errors: readonly string[]]>([
    ["no object", [1], ["lenient UPSTREAM_INVALID_RESPONSE"]],
    ["neither data nor errors", {}, ["lenient UPSTREAM_INVALID_RESPONSE"]],
    ["null without an error", { data: null }, ["lenient UPSTREAM_INVALID_RESPONSE"]],
    ["data that is a list", { data: [] }, ["lenient UPSTREAM_INVALID_RESPONSE"]],
    ["data without the field", { data: {} }, ["lenient UPSTREAM_INVALID_RESPONSE"]],
    ["an object for a leaf", { data: { _0: {} } }, ["lenient INVALID_VALUE"]],
    ["a text for a number", { data: { _0: "x" } }, ["lenient INVALID_VALUE"]],
  ])("%s is an error of the field", async (_what, answer, errors) => {
    filmsBackend.answerWith = () => answer;
    expect(await ask("{ lenient }")).toEqual({ data: { lenient: null }, errors });
  });

  it.each<[what: string, film: unknown, errors: readonly string[]]>([
    ["a list for an object", [], ["film INVALID_VALUE"]],
    ["a text for an object", "f1", ["film INVALID_VALUE"]],
    ["an object without a field", { slug: "f1" }, ["film.parts UPSTREAM_INVALID_RESPONSE"]],
    ["an object for a list", { slug: "f1", parts: {} }, ["film.parts INVALID_VALUE"]],
    ["a number among objects", { slug: "f1", parts: [{ name: "a" }, 3] }, ["film.parts.1 INVALID_VALUE"]],
  ])("%s costs its own place", async (_what, film, errors) => {
    filmsBackend.answerWith = () => ({ data: { _0: film } });
    expect((await ask('{ film(slug: "f1") { slug parts { name } } }')).errors).toEqual(errors);
  });

  it.each<[what: string, rows: unknown, errors: readonly string[]]>([
    ["null", null, []],
    ["no list", {}, ["films.0.director.name UPSTREAM_INVALID_RESPONSE"]],
    ["rows without keys", [{ name: "x" }], ["films.0.director.name UPSTREAM_INVALID_RESPONSE"]],
    ["strangers only", [{ id: "p7", name: "x" }], []],
    ["nulls only", [null], []],
    ["no row", [], []],
  ])("a lookup by a list that finds %s costs the rows that are missing", async (_what, rows, errors) => {
    peopleBackend.answerWith = () => ({ data: { _0: rows } });
    const answer = await ask("{ films(first: 1) { director { name } } }");
    expect(answer.errors).toEqual(errors);
    const director = errors.length === 0 ? null : { name: null };
    expect(answer.data).toEqual({ films: [{ director }] });
  });
});

describe("a backend that is not well", () => {
  it.each<[fault: HttpFault, code: string]>([
    ["error", "UPSTREAM_ERROR"],
    ["status:401", "UPSTREAM_DENIED"],
    ["status:404", "UPSTREAM_REJECTED"],
    ["reset", "UPSTREAM_UNREACHABLE"],
    ["truncated", "UPSTREAM_UNREACHABLE"],
    ["garbage", "UPSTREAM_INVALID_RESPONSE"],
    ["html", "UPSTREAM_INVALID_RESPONSE"],
    ["empty", "UPSTREAM_INVALID_RESPONSE"],
    ["huge", "UPSTREAM_RESPONSE_TOO_LARGE"],
    ["wrong-shape", "UPSTREAM_INVALID_RESPONSE"],
    ["hang", "UPSTREAM_TIMEOUT"],
  ])("%s is %s, and costs the other sources nothing", async (fault, code) => {
    peopleBackend.http.faults.set({ fault });
    const { data, errors } = await ask("{ films(first: 1) { slug director { name age } } }");
    peopleBackend.http.faults.clear();
    expect(errors).toEqual([`films.0.director.age ${code}`, `films.0.director.name ${code}`]);
    expect(data).toEqual({ films: [{ slug: "f1", director: { name: null, age: null } }] });
    expect(peopleBackend.documents).toHaveLength(1);
  });
});

describe("a mutation of a GraphQL source", () => {
  it("is sent by itself, each time, and what is read after it is asked for again", async () => {
    const before = rated;
    const { data, errors } = await ask(
      `mutation {
        first: rate(slug: "f1", stars: 3) { stars film { title director { name } } }
        second: rate(slug: "f1", stars: 3) { film { director { name } } }
        rename(slug: "f1", title: "x") { slug }
      }`,
    );
    const director = { name: "Name of p1" };
    expect(data).toEqual({
      first: { stars: 3, film: { title: "One", director } },
      second: { film: { director } },
      rename: null,
    });
    expect(rated).toBe(before + 2);
    expect(filmsBackend.documents).toEqual([
      "mutation($_0:ID!,$_1:Int!,$_2:Boolean){_0:rate(slug:$_0,stars:$_1){stars film{_0:title(upper:$_2) director{id}}}}",
      "mutation($_0:ID!,$_1:Int!){_0:rate(slug:$_0,stars:$_1){film{director{id}}}}",
      "mutation($_0:ID!,$_1:String!){_0:rename(slug:$_0,title:$_1){slug}}",
    ]);
    expect(peopleBackend.documents).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it("that fails is an error of its field and is not sent again", async () => {
    failing.add("rate");
    const { errors } = await ask('mutation { rate(slug: "f1", stars: 3) { stars } }');
    expect(errors).toEqual(["rate UPSTREAM_ERROR"]);
    expect(filmsBackend.documents).toHaveLength(1);
  });

  it("is sent with all that the platform team's explorer selects of its payload", async () => {
    const response = await fetch(`${test.gateway.adminUrl}/supergraph`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-tenant": "t1" },
      body: JSON.stringify({
        query: 'mutation { rate(slug: "f1", stars: 2) { stars film { title director { name } } } }',
      }),
    });
    expect(await response.json()).toEqual({
      data: { rate: { stars: 2, film: { title: "One", director: { name: "Name of p1" } } } },
    });
  });
});
