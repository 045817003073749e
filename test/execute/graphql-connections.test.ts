import { buildSchema, graphql } from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// A connection over the pages of a GraphQL service: its subqueries ask for what is shown of the items, and the token.

const types = `
type Query { songs(size: Int, page: String): SongPage  album(id: ID!): Album }
type SongPage { items: [Song!]  nextPageToken: String  totalCount: Int }
type Song { id: ID!  title: String  seconds: Int }
type Album { id: ID!  songs(size: Int, page: String): SongPage }
`;
const source = `extend schema @source(name: "music", url: "http://localhost:1/graphql", kind: GRAPHQL)\n${types}`;

const clientSchema = `
type Query {
  songs(first: Int, after: String): Songs @from(field: "songs(size: $args.first, page: $args.after)")
  album(id: ID!): Album
}
type Album { songs(first: Int, after: String): Songs @from(field: "songs(size: $args.first, page: $args.after)") }
type Songs @view(of: "SongPage") @connection { edges: [SongEdge!]  nodes: [Song!]  pageInfo: PageInfo!  totalCount: Int }
type SongEdge { cursor: String!  node: Song! }
type Song { id: ID!  name: String @from(field: "title")  seconds: Int }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
`;

const songs = ["a", "b", "c", "d", "e"].map((id, index) => ({ id, title: `Song ${id}`, seconds: index }));

function pageOf({ size = 2, page = "0" }: { readonly size?: number; readonly page?: string }): object {
  const start = Number(page);
  const end = start + size;
  const nextPageToken = end < songs.length ? String(end) : null;
  return { items: songs.slice(start, end), nextPageToken, totalCount: songs.length };
}

const schema = buildSchema(types);
const rootValue = { songs: pageOf, album: ({ id }: { readonly id: string }) => ({ id, songs: pageOf }) };
const log = new RequestLog(countUp());
const backend = new HttpBackend(
  [
    {
      method: "POST",
      path: "/graphql",
      answer: ({ body }) => {
        const { query, variables } = body as {
          readonly query: string;
          readonly variables: Record<string, unknown>;
        };
        return graphql({ schema, rootValue, source: query, variableValues: variables });
      },
    },
  ],
  log,
);
let test: ProjectGateway;

beforeAll(async () => {
  const { url } = await backend.start();
  test = await startProject({ music: source }, clientSchema, { MUSIC_URL: `${url}/graphql` });
});
afterAll(async () => {
  await test.stop();
  await backend.stop();
});
beforeEach(() => log.clear());

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

/** The names of the fields that were asked for. */
function askedFor(): string[] {
  return log.entries.map(({ message }) => {
    const { query } = message as { readonly query: string };
    return ["items", "nextPageToken", "totalCount", "id", "title", "seconds", "album"]
      .filter((name) => new RegExp(`\\b${name}\\b`).test(query))
      .join(" ");
  });
}

describe("a connection over a GraphQL service", () => {
  it("goes on from page to page and from any edge, and asks for what is shown only", async () => {
    const query = `query ($first: Int, $after: String) { songs(first: $first, after: $after) {
      edges { cursor node { name } } pageInfo { hasNextPage endCursor } } }`;
    const list = async (variables: Readonly<Record<string, unknown>>): Promise<Page> => {
      const answer = await test.query(query, { variables });
      expect(answer.errors).toEqual([]);
      return (answer.data as { readonly songs: Page }).songs;
    };
    const first = await list({ first: 3 });
    expect(first.edges.map(({ node }) => node)).toEqual([
      { name: "Song a" },
      { name: "Song b" },
      { name: "Song c" },
    ]);
    const next = await list({ first: 3, after: first.pageInfo.endCursor });
    expect(next.edges.map(({ node }) => node)).toEqual([{ name: "Song d" }, { name: "Song e" }]);
    expect(next.pageInfo.hasNextPage).toBe(false);
    const middle = await list({ first: 3, after: first.edges[0]?.cursor });
    expect(middle.edges.map(({ node }) => node)).toEqual([
      { name: "Song b" },
      { name: "Song c" },
      { name: "Song d" },
    ]);
    expect(askedFor()).toEqual(Array.from({ length: 4 }, () => "items nextPageToken title"));
  });

  it("below an object is part of the subquery for that", async () => {
    const answer = await test.query(
      '{ album(id: "x") { songs(first: 2) { nodes { id seconds } totalCount pageInfo { hasNextPage } } } }',
    );
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      album: {
        songs: {
          nodes: [
            { id: "a", seconds: 0 },
            { id: "b", seconds: 1 },
          ],
          totalCount: 5,
          pageInfo: { hasNextPage: true },
        },
      },
    });
    expect(askedFor()).toEqual(["items nextPageToken totalCount id seconds album"]);
  });

  it("with a cursor that is none is an error in its place, and the rest is asked for", async () => {
    const answer = await test.query(
      '{ album(id: "x") { songs(after: "?") { nodes { id } } } songs { totalCount } }',
    );
    expect(answer.errors).toMatchObject([
      { path: ["album", "songs"], extensions: { code: "BAD_USER_INPUT" } },
    ]);
    expect(answer.data).toEqual({ album: { songs: null }, songs: { totalCount: 5 } });
  });
});
