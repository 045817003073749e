import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// Interfaces and unions of two GraphQL sources, whose types are merged with each other's.

const mediaSdl = `
type Query {
  feed: [Entry]  top: Medium  search(text: String): [Hit]
  oneFilm(id: ID!): Film LOOKUP  oneSong(id: ID!): Song LOOKUP
}
interface Medium { id: ID!  owner: Owner }
union Entry = Film | Song | Advert
union Hit = Film | Artist
type Film implements Medium { id: ID!  owner: Owner  length: Int!  same: Int }
type Song implements Medium { id: ID!  owner: Owner  length: String!  same: Int }
type Advert { text: String  length: Float }
type Owner { id: ID! }
type Artist { name: String }
`;

const mediaSource = `
extend schema @source(
  name: "media", kind: GRAPHQL, url: "http://localhost:1/graphql", prefix: "M"
  rename: [{ from: "Song", to: "Track" }, { from: "Owner", to: "Owner" }, { from: "Song.length", to: "duration" }]
)
${mediaSdl.replaceAll("LOOKUP", "@lookup")}
extend type Film @key(fields: "id")
extend type Song @key(fields: "id")
extend type Owner @key(fields: "id")
`;

const playsSource = `
extend schema @source(name: "plays", kind: GRAPHQL, url: "http://localhost:1/graphql")
type Query {
  film(id: ID!): MFilm @lookup
  track(id: ID!): Track @lookup
  owners(keys: [OwnerKey!]!): [Owner!] @lookup
}
input OwnerKey { id: ID! }
type MFilm @key(fields: "id") { id: ID!  plays: Int! }
type Track @key(fields: "id") { id: ID!  plays: Int! }
interface Named { name: String }
type Owner implements Named @key(fields: "id") { id: ID!  name: String  best: Named }
type Label implements Named { name: String  city: String }
`;

const clientSchema = `
type Query { feed: [Entry]  top: Medium  search(text: String): [Hit] }
interface Medium @view(of: "MMedium") { id: ID!  owner: Owner }
union Entry @view(of: "MEntry") = Film | Song | Advert
union Hit @view(of: "MHit") = Film | Artist
type Film implements Medium @view(of: "MFilm") { id: ID!  owner: Owner  length: Int  same: Int  plays: Int }
type Song implements Medium @view(of: "Track") { id: ID!  owner: Owner  length: String @from(field: "duration")  same: Int  plays: Int }
type Advert @view(of: "MAdvert") { text: String  length: Float }
type Artist @view(of: "MArtist") { name: String }
interface Named { name: String }
type Owner implements Named { id: ID!  name: String  best: Named }
type Label implements Named { name: String  city: String }
`;

const film = { __typename: "Film", id: "f1", owner: { id: "o1" }, length: 90, same: 1 };
const song = { __typename: "Song", id: "s1", owner: { id: "o2" }, length: "3:20", same: 2 };
const advert = { __typename: "Advert", text: "Buy", length: 0.5 };

const media = new GraphqlBackend(mediaSdl.replaceAll("LOOKUP", ""), {
  Query: {
    feed: () => [film, song, advert, null],
    top: () => song,
    search: () => [film, { __typename: "Artist", name: "Ada" }],
  },
});
const plays = new GraphqlBackend(
  playsSource
    .replace(/extend schema.*/, "")
    .replaceAll("@lookup", "")
    .replaceAll('@key(fields: "id")', ""),
  {
    Query: {
      film: (_parent, { id }: { id: string }) => ({ id, plays: 7 }),
      track: (_parent, { id }: { id: string }) => ({ id, plays: 8 }),
      owners: (_parent, { keys }: { keys: readonly { id: string }[] }) =>
        keys
          .map(({ id }) => ({
            __typename: "Owner",
            id,
            name: `Owner ${id}`,
            best: { __typename: "Label", name: "L", city: "Rome" },
          }))
          .toReversed(),
    },
  },
);

let test: ProjectGateway;

beforeAll(async () => {
  await Promise.all([media.http.start(), plays.http.start()]);
  test = await startProject({ media: mediaSource, plays: playsSource }, clientSchema, {
    MEDIA_URL: media.url,
    PLAYS_URL: plays.url,
  });
});
afterAll(async () => {
  await test.stop();
  await Promise.all([media.http.stop(), plays.http.stop()]);
});
beforeEach(() => {
  media.http.log.clear();
  plays.http.log.clear();
  media.answerWith = null;
});

async function ask(query: string) {
  const { data, errors } = await test.query(query);
  return {
    data,
    errors: errors.map(({ path = [], extensions }) => `${path.join(".")} ${extensions.code}`).toSorted(),
  };
}

it("asks for each type of a union by itself, and gives fields that several types have names of their own", async () => {
  expect(
    await ask(
      "{ feed { __typename ... on Film { minutes: length same } ... on Song { length same } ... on Advert { seconds: length } } }",
    ),
  ).toEqual({
    data: {
      feed: [
        { __typename: "Film", minutes: 90, same: 1 },
        { __typename: "Song", length: "3:20", same: 2 },
        { __typename: "Advert", seconds: 0.5 },
        null,
      ],
    },
    errors: [],
  });
  expect(media.documents).toEqual([
    "query{_0:feed{__typename ... on Film{_1:length _2:same} ... on Song{_3:length _4:same} ... on Advert{_0:length}}}",
  ]);
});

it("joins the types of an interface with what another GraphQL source knows of them", async () => {
  expect(
    await ask(
      "{ feed { ... on Medium { id owner { name best { name ... on Label { city } } } } ... on Film { plays } ... on Song { plays } } top { __typename id owner { id } } }",
    ),
  ).toEqual({
    data: {
      feed: [
        {
          id: "f1",
          owner: { name: "Owner o1", best: { name: "L", city: "Rome" } },
          plays: 7,
        },
        {
          id: "s1",
          owner: { name: "Owner o2", best: { name: "L", city: "Rome" } },
          plays: 8,
        },
        {},
        null,
      ],
      top: { __typename: "Song", id: "s1", owner: { id: "o2" } },
    },
    errors: [],
  });
  expect(media.documents).toHaveLength(1);
  const [subquery, ...others] = plays.subqueries;
  expect(others).toEqual([]);
  const roots = [
    "owners(keys:$){name best{__typename ... on Owner{_1:name} ... on Label{_0:name city}} id}",
    "film(id:$){plays}",
    "track(id:$){plays}",
  ];
  // Which of them is known first is nobody's business.
  for (const root of roots) expect(subquery?.query.replaceAll(/\$_\d/g, "$")).toContain(`:${root}`);
  expect(Object.values(subquery?.variables ?? {}).flat()).toHaveLength(4);
  expect(Object.values(subquery?.variables ?? {})).toContainEqual([{ id: "o1" }, { id: "o2" }]);
});

it.each<[what: string, entry: unknown, errors: readonly string[]]>([
  ["a type that the schema does not have", { __typename: "Poem" }, ["feed.0 INVALID_VALUE"]],
  ["no type", { length: 3 }, ["feed.0 UPSTREAM_INVALID_RESPONSE"]],
  ["a type that is no text", { __typename: 3 }, ["feed.0 UPSTREAM_INVALID_RESPONSE"]],
])("a row of a union with %s costs that row only", async (_what, entry, errors) => {
  media.answerWith = () => ({ data: { _0: [entry, { __typename: "Advert", text: "Buy" }] } });
  expect(await ask("{ feed { ... on Advert { text } } }")).toEqual({
    data: { feed: [null, { text: "Buy" }] },
    errors,
  });
});

it("shows the platform team's explorer the same, unions included", async () => {
  const response = await fetch(`${test.gateway.adminUrl}/supergraph`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query:
        '{ search(text: "a") { __typename ... on MFilm { id plays owner { name } } ... on MArtist { name } } }',
    }),
  });
  expect(await response.json()).toEqual({
    data: {
      search: [
        { __typename: "MFilm", id: "f1", plays: 7, owner: { name: "Owner o1" } },
        { __typename: "MArtist", name: "Ada" },
      ],
    },
  });
});
