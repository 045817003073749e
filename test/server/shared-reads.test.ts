import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// Requests of many clients at the same time, through the whole gateway.

describe("64 clients that ask for the same over and over", () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ LOG_LEVEL: "info" });
    for (const backend of [test.shop.catalog, test.shop.inventory]) backend.faults.set({ latencyMs: 15 });
    test.shop.reviews.faults.set({ latencyMs: 15 });
  });
  afterAll(() => test.stop());

  it("cost the backends less than a tenth of a call for each request, and all get the whole answer", async () => {
    const query =
      "{ products(first: 5) { items { id name stock { quantity } reviews(first: 1) { body } } } }";
    const [{ text: expected }] = [await test.query(query)];
    test.shop.clearLogs();
    const linesBefore = test.logLines.length;
    const before = await readCounters(test);
    const requests = 64 * 12;
    const texts = new Set<string>();
    let left = requests;
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        while (left-- > 0) texts.add((await test.query(query)).text);
      }),
    );
    expect([...texts]).toEqual([expected]);
    const sent = test.shop.calls().length;
    for (const backend of [test.shop.catalog, test.shop.inventory, test.shop.reviews])
      expect(backend.log.count() / requests).toBeLessThan(0.1);
    // Everything that was asked for was sent, or waited for, call by call or with a whole request, in metrics and log.
    await expect.poll(() => test.logLines.length).toBe(linesBefore + requests);
    const after = await readCounters(test);
    const lines = test.logLines.slice(linesBefore);
    const sum = (name: string): number => lines.reduce((total, line) => total + Number(line[name]), 0);
    expect([after.sent - before.sent, sum("upstreamCalls")]).toEqual([sent, sent]);
    const joined = after.joined - before.joined;
    const joinedRequests = after.joinedRequests - before.joinedRequests;
    expect(lines.filter(({ isJoined }) => isJoined === true)).toHaveLength(joinedRequests);
    expect([sum("joinedCalls"), joined + sent]).toEqual([joined, (requests - joinedRequests) * 3]);
  });
});

describe("clients who are somebody", () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ LOG_LEVEL: "silent" });
    for (const backend of [test.shop.orders, test.shop.catalog]) backend.faults.set({ latencyMs: 20 });
    test.shop.accounts.faults.set({ latencyMs: 20 });
  });
  afterAll(() => test.stop());

  it("are each told of themselves, however many ask at the same time", async () => {
    const users = ["u1", "u2", "u3", "u4"];
    const tokens = await Promise.all(users.map((user) => test.issuer.issueToken(user, 600)));
    const query = "{ viewer { profile { id } orders(first: 2) { items { id } } } }";
    const alone: GraphqlAnswer[] = [];
    for (const token of tokens) alone.push(await test.query(query, { token }));
    expect(new Set(alone.map(({ text }) => text)).size).toBe(users.length);
    const together = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        test.query(query, { token: tokens[index % users.length] ?? "" }),
      ),
    );
    for (const [index, { data, errors }] of together.entries()) {
      expect(errors).toEqual([]);
      expect(data).toEqual(alone[index % users.length]?.data);
      expect(data).toMatchObject({ viewer: { profile: { id: users[index % users.length] } } });
    }
  });
});

describe("subqueries of a GraphQL source", () => {
  const people = new GraphqlBackend(
    "type Query { person(id: ID!): Person } type Person { id: ID! name: String mood: String } type Mutation { rename(id: ID!, name: String!): Person }",
    {
      Query: { person: (_parent, { id }: { readonly id: string }) => ({ id, name: `${id} as ${name}` }) },
      Person: {
        mood: () => {
          throw new Error("nobody knows");
        },
      },
      Mutation: {
        rename: (_parent, args: { readonly id: string; readonly name: string }) => {
          name = args.name;
          return args;
        },
      },
    },
  );
  let name = "old";
  let project: ProjectGateway;

  const sdl = `extend schema @source(name: "people", kind: GRAPHQL, url: "http://localhost:1/graphql", timeoutMs: 2000,
    forwardHeaders: ["accept-language"])
    type Query { person(id: ID!): Person }
    type Mutation { rename(id: ID!, name: String!): Person }
    type Person { id: ID! name: String mood: String }`;
  const client = sdl.slice(sdl.indexOf("type Query"));

  beforeAll(async () => {
    await people.http.start();
    project = await startProject({ people: sdl }, client, { PEOPLE_URL: people.url });
  });
  afterAll(async () => {
    await project.stop();
    await people.http.stop();
  });
  afterEach(() => {
    people.http.faults.clear();
    people.http.log.clear();
  });

  it("are sent once, and each client has the errors in its own answer", async () => {
    people.http.faults.set({ latencyMs: 60 });
    const answers = await Promise.all(
      [1, 2, 3].map(() => project.query('{ person(id: "p") { name mood } }')),
    );
    expect(people.documents).toHaveLength(1);
    for (const { data, errors } of answers) {
      expect(data).toEqual({ person: { name: `p as ${name}`, mood: null } });
      expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
        [["person", "mood"], "UPSTREAM_ERROR"],
      ]);
    }
  });

  it("are told apart by a header that is forwarded", async () => {
    people.http.faults.set({ latencyMs: 60 });
    await Promise.all(
      ["de", "fr", "de"].map((value) =>
        project.query('{ person(id: "p") { name } }', { headers: { "accept-language": value } }),
      ),
    );
    const languages = people.http.log.entries.map(({ headers }) => headers["accept-language"] ?? "");
    expect([languages.length, new Set(languages)]).toEqual([2, new Set(["de", "fr"])]);
  });

  it("that change something are sent each, and are seen by whoever asks afterwards", async () => {
    people.http.faults.set({ latencyMs: 40 });
    const rename = 'mutation { rename(id: "p", name: "new") { id } }';
    const early = project.query('{ person(id: "p") { name } }');
    await Promise.all([project.query(rename), project.query(rename)]);
    const late = await project.query('{ person(id: "p") { name } }');
    expect(late.data).toEqual({ person: { name: "p as new" } });
    expect((await early).errors).toEqual([]);
    expect(people.documents.filter((document) => document.includes("mutation"))).toHaveLength(2);
  });
});

interface Counters {
  readonly sent: number;
  readonly joined: number;
  readonly joinedRequests: number;
}

async function readCounters({ gateway }: TestGateway): Promise<Counters> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const sumOf = (metric: string): number =>
    [...text.matchAll(new RegExp(`^${metric}\\{[^}]*\\} (\\d+)$`, "gm"))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  return {
    sent: sumOf("overlock_upstream_calls_total"),
    joined: sumOf("overlock_joined_calls_total"),
    joinedRequests: sumOf("overlock_joined_requests_total"),
  };
}
