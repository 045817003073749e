import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { composeTexts } from "./compose-texts.ts";

// The same in GraphQL sources, and what moves between sources of two kinds.

const filmsSdl = `
type Query { film(slug: ID!): Film FILM  films(kind: Kind, draft: Boolean = false DRAFT): [Film!]  top: Film }
type Film FILMKEY { slug: ID!  title: String  minutes: Int  code: Int CODE  budget: Int BUDGET }
enum Kind { DRAMA SECRET SECRETKIND }
`;
const plain = filmsSdl.replaceAll(/ (FILM|DRAFT|FILMKEY|CODE|BUDGET|SECRETKIND)\b/g, "");
const films = `
extend schema @source(name: "films", kind: GRAPHQL, url: "http://localhost:1/graphql")
${filmsSdl
  .replace("FILMKEY", '@key(fields: "slug")')
  .replace("FILM ", "@lookup @internal ")
  .replace("DRAFT", "@inaccessible")
  .replace("CODE", "@internal")
  .replace("BUDGET", "@inaccessible")
  .replace("SECRETKIND", "@inaccessible")}
`;

const cinema = `
extend schema @source(name: "cinema", url: "http://localhost:1")
type Query { shows: [Show!] @rest(GET: "/shows") }
type Show { film: Film @from(field: "{ slug: filmSlug }") }
type Film @key(fields: "slug") {
  slug: ID!
  code: String @rest(GET: "/codes/{parent.slug}", select: "code")
  minutes: Int @override(from: "films") @rest(GET: "/minutes/{parent.slug}", select: "minutes")
  seats(budget: Int! @require(field: "budget")): Int @rest(GET: "/seats{?args.budget}", select: "seats")
}
extend type Query { top: Film @override(from: "films") @rest(GET: "/top") }
`;

const client = `
type Query { films(kind: Kind): [Film!] shows: [Show!] top: Film }
type Show { film: Film }
type Film { slug: ID! title: String minutes: Int code: String seats: Int }
enum Kind { DRAMA }
`;

const backend = new ScriptedBackend();
const rows = [{ slug: "f1", title: "Alien", minutes: 1, code: 7, budget: 11 }];
const filmsBackend = new GraphqlBackend(plain, {
  Query: {
    film: (_parent: never, { slug }: { slug: string }) => rows.find((row) => row.slug === slug),
    films: () => rows,
  },
});
let gateway: ProjectGateway;

beforeAll(async () => {
  await Promise.all([backend.start(), filmsBackend.http.start()]);
  gateway = await startProject({ films, cinema }, client, {
    FILMS_URL: filmsBackend.url,
    CINEMA_URL: backend.url,
  });
});
afterEach(() => {
  backend.clear();
  filmsBackend.http.log.clear();
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([backend.stop(), filmsBackend.http.stop()]);
});

function answer(bodies: Readonly<Record<string, unknown>>): void {
  backend.answer = ({ url }) => (url in bodies ? { body: bodies[url] } : { status: 500 });
}

describe("of a GraphQL source", () => {
  test("what is internal or has moved is not asked for, whatever another source calls so", async () => {
    answer({ "/codes/f1": { code: "A" }, "/minutes/f1": { minutes: 117 } });
    const { data, errors } = await gateway.query("{ films { title code minutes } }");
    expect([data, errors]).toEqual([{ films: [{ title: "Alien", code: "A", minutes: 117 }] }, []]);
    expect(filmsBackend.documents).toHaveLength(1);
    expect(filmsBackend.documents[0]).toMatch(/title/);
    expect(filmsBackend.documents[0]).not.toMatch(/code|minutes/);
  });

  test("an internal lookup serves hops, and brings what is inaccessible to who requires it", async () => {
    answer({ "/shows": [{ filmSlug: "f1" }], "/seats?budget=11": { seats: 90 } });
    const { data, errors } = await gateway.query("{ shows { film { title seats } } }");
    expect([data, errors]).toEqual([{ shows: [{ film: { title: "Alien", seats: 90 } }] }, []]);
    expect(filmsBackend.documents).toHaveLength(1);
    expect(filmsBackend.documents[0]).toMatch(/budget/);
  });

  test("a root field that has moved is asked of the new source", async () => {
    answer({ "/top": { slug: "f1" } });
    const { data, errors } = await gateway.query("{ top { title } }");
    expect([data, errors]).toEqual([{ top: { title: "Alien" } }, []]);
    expect(backend.requests.map(({ url }) => url)).toEqual(["/top"]);
    expect(filmsBackend.documents[0]).not.toMatch(/top/);
  });
});

describe("@override warns", () => {
  const old = `
extend schema @source(name: "old", url: "http://localhost:1")
type Query { things: [Thing!] @rest(GET: "/things") }
type Thing @key(fields: "id") { id: ID! code: Int @internal }
`;
  const moved = (field: string) => `
extend schema @source(name: "new", url: "http://localhost:1")
type Thing @key(fields: "id") { id: ID! ${field}: Int @override(from: "old") @rest(GET: "/x/{parent.id}") }
`;

  test.each([
    ["size", "no such field"],
    ["code", "an @internal field"],
  ])("of %s, which is nothing that could move", (field, found) => {
    expect(composeTexts({ old, new: moved(field) }).warnings).toEqual([
      `schemas/new.graphql:3:67  Thing.${field} @override(from:)
  expected  Thing.${field} in schemas/old.graphql, for as long as @override says that it moves
  found     ${found}
  hint      remove @override: the move is done`,
    ]);
  });
});
