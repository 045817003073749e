import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { rawRequest } from "../support/raw-connection.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// What callers may spend, through the whole gateway: what is let through, what is refused, and what is given back.

const backend = new ScriptedBackend();
beforeAll(async () => {
  await backend.start();
  return () => backend.stop();
});

let project: ProjectGateway | null = null;
beforeEach(() => {
  backend.requests.length = 0;
  backend.answer = ({ url }) => ({ body: url.startsWith("/rows") ? rows(rowsSent) : { id: "1", text: "x" } });
});
afterEach(async () => {
  await project?.stop();
  project = null;
});

let rowsSent = 2;
function rows(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({ id: String(index), text: "t" }));
}

async function start(config: string): Promise<ProjectGateway> {
  const source = `extend schema @source(name: "main", url: "http://x", timeoutMs: 5000)
    type Query {
      one: Thing @rest(GET: "/one", shareInFlight: false)
      needed: Thing @rest(GET: "/needed")
      kept: Thing @rest(GET: "/kept") @authenticated
      many(first: Int = 10): [Thing!] @rest(GET: "/rows", query: { first: "$args.first" }) @listSize(slicingArguments: ["first"])
    }
    type Thing {
      id: ID!
      text: String!
      twin: Thing @rest(GET: "/twins{?ids*}", batch: { of: "$parent.id", as: "ids", match: "id" })
    }`;
  const client = `type Query { one: Thing kept: Thing needed: Thing! many(first: Int = 10): [Thing!] } type Thing { id: ID! text: String! twin: Thing }`;
  project = await startProject(
    { main: source },
    client,
    { MAIN_URL: backend.url },
    {
      config: `{ name: "web", anonymous: true, shareRequests: false, ${config} }`,
    },
  );
  return project;
}

/** `r` of the header `ratelimit`. */
function remainingIn(headers: Headers): number {
  return Number(/;r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]);
}

describe("a budget of requests", () => {
  it("lets through exactly what it holds, and calls no backend for what is refused", async () => {
    const web = await start(
      'budgets: [{ name: "burst", of: "requests", capacity: 3, refillPerSecond: 0.001 }]',
    );
    const answers = await Promise.all(Array.from({ length: 8 }, () => web.query("{ one { id } }")));
    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429, 429, 429]);
    expect(backend.requests).toHaveLength(3);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.errors).toMatchObject([
      {
        message: "The request costs 1 of the budget burst, of which 0 are left.",
        extensions: { code: "RATE_LIMITED", budget: "burst", of: "requests", capacity: 3, remaining: 0 },
      },
    ]);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(900);
    expect(refused?.headers.get("ratelimit-policy")).toBe('"burst";q=3;w=3000');
  });

  it("is told with every answer", async () => {
    const web = await start(
      'budgets: [{ name: "burst", of: "requests", capacity: 3, refillPerSecond: 0.001 }]',
    );
    for (const left of [2, 1, 0]) expect(remainingIn((await web.query("{ one { id } }")).headers)).toBe(left);
  });
});

describe("a client that resets its connection before anybody has looked where it calls from", () => {
  it("is not answered at the expense of those of whom nothing is known", async () => {
    const web = await start(
      'budgets: [{ name: "burst", of: "requests", capacity: 1, refillPerSecond: 0.001 }]',
    );
    const request = rawRequest("GET /web/graphql?query={one{id}} HTTP/1.1", {}, "");
    const { hostname, port } = new URL(web.gateway.url);
    for (let client = 0; client < 10; client++) {
      const socket = connect(Number(port), hostname, () => {
        socket.write(request);
        socket.resetAndDestroy();
      });
      await once(socket, "close");
    }
    await eventually(() => expect(web.log.text.match(/"CANCELLED":1/g)).toHaveLength(10));
    expect(backend.requests).toEqual([]);
    expect((await web.query("{ one { id } }")).status).toBe(200);
  });
});

describe("a budget of type cost", () => {
  const config = 'budgets: [{ name: "types", of: "typeCost", capacity: 100, refillPerSecond: 0.001 }]';

  it("is charged what was received in the end", async () => {
    const web = await start(config);
    rowsSent = 2;
    // Estimated 1 + 50, received 1 + 2.
    expect(remainingIn((await web.query("{ many(first: 50) { id } }")).headers)).toBe(97);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(96);
  });

  it("is charged more than was estimated where more was received", async () => {
    const web = await start(config);
    rowsSent = 60;
    expect(remainingIn((await web.query("{ many(first: 5) { id } }")).headers)).toBe(39);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(38);
  });

  it("gives nothing back of an answer with an error", async () => {
    const web = await start(config);
    backend.answer = { body: [{ id: "1" }] };
    const { errors } = await web.query("{ many(first: 50) { text } }");
    expect(errors).not.toEqual([]);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(48);
  });

  it("refuses for good what is more than it ever holds", async () => {
    const web = await start(config);
    const { status, headers, errors } = await web.query("{ many(first: 200) { id } }");
    expect(status).toBe(429);
    expect(headers.get("retry-after")).toBeNull();
    expect(errors[0]?.message).toBe(
      "The operation costs 201 of the budget types, which never holds more than 100.",
    );
    expect(backend.requests).toEqual([]);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(99);
  });

  it("takes nothing of a budget where another one is spent", async () => {
    const web = await start(
      `budgets: [{ name: "types", of: "typeCost", capacity: 100, refillPerSecond: 0.001 },
        { name: "calls", of: "upstreamCalls", capacity: 1, refillPerSecond: 0.001 }]`,
    );
    expect((await web.query("{ one { id } many(first: 1) { id } }")).status).toBe(429);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(99);
  });
});

describe("an operation that is given up because its answer is too large", () => {
  it.each([1, 2, 3])("makes no call that it is not charged, in its request %i", async (requests) => {
    const web = await start(`maxResolvedValues: 100,
      budgets: [{ name: "calls", of: "upstreamCalls", capacity: 100, refillPerSecond: 0.001 }]`);
    rowsSent = 60;
    for (let request = 0; request < requests; request++) {
      const { errors } = await web.query("{ many(first: 60) { id twin { id text } } }");
      expect(errors).toMatchObject([{ extensions: { code: "RESPONSE_TOO_LARGE" } }]);
    }
    // Nothing is left that could still call.
    await sleep(50);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(100 - backend.requests.length);
  });
});

describe("an operation whose answer is null because of one field", () => {
  it.each([1, 2, 3])("makes no call that it is not charged, in its request %i", async (requests) => {
    const web = await start(
      'budgets: [{ name: "calls", of: "upstreamCalls", capacity: 100, refillPerSecond: 0.001 }]',
    );
    backend.answer = async ({ url }) => {
      if (url.startsWith("/needed")) return { status: 500 };
      await sleep(50);
      return { body: rows(2) };
    };
    for (let request = 0; request < requests; request++) {
      const { data } = await web.query("{ needed { id } many { id twin { id } } }");
      expect(data).toBeNull();
      // Nothing is left that could still call, or be joined.
      await sleep(200);
    }
    expect(backend.requests.length).toBeGreaterThanOrEqual(2 * requests);
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(100 - backend.requests.length);
  });
});

describe("what a caller may not read", () => {
  it.each([1, 2])("costs it nothing, in the operation's request %i", async (requests) => {
    const web = await start(
      'budgets: [{ name: "f", of: "fieldCost", capacity: 100, refillPerSecond: 0.001 }]',
    );
    for (let request = 0; request < requests; request++) {
      const { errors } = await web.query("{ kept { id } one { id } }");
      expect(errors).toMatchObject([{ path: ["kept"] }]);
    }
    expect(remainingIn((await web.query("{ __typename }")).headers)).toBe(100 - requests);
    expect(backend.requests.map(({ url }) => url)).toEqual(Array(requests).fill("/one"));
  });
});

describe("a limit of cost", () => {
  it("refuses what is beyond, before any backend is called", async () => {
    const web = await start("limits: { maxTypeCost: 11 }");
    expect((await web.query("{ many(first: 10) { id } }")).status).toBe(200);
    backend.requests.length = 0;
    const { status, errors } = await web.query("{ many(first: 11) { id } }");
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      { extensions: { code: "COST_LIMIT_EXCEEDED", limit: "maxTypeCost", max: 11, found: 12 } },
    ]);
    expect(backend.requests).toEqual([]);
  });

  it("tells which list is the longest, by its place in the answer", async () => {
    const web = await start("limits: { maxTypeCost: 11 }");
    const query = "query ($n: Int) { few: many(first: 2) { id } much: many(first: $n) { id } }";
    const { errors } = await web.query(query, { variables: { n: 2147483647 } });
    expect(errors).toMatchObject([
      {
        message:
          "The operation is estimated at 2147483650 as type cost; at most 11 are allowed. Its longest list, much, may have 2147483647 elements.",
        extensions: { longestList: { path: "much", length: 2147483647 } },
      },
    ]);
  });

  it.each([
    ["{ many(first: -1) { id } }", {}, "GRAPHQL_VALIDATION_FAILED", "found -1."],
    ["query ($n: Int) { many(first: $n) { id } }", { n: -2 }, "BAD_USER_INPUT", "found -2."],
  ])(
    "has nothing to do with sizes that no list has, which name field and argument: %s %o",
    async (query, variables, code, found) => {
      const web = await start("limits: { maxTypeCost: 11 }");
      const { errors, data } = await web.query(query, { variables });
      expect([data, errors]).toMatchObject([
        undefined,
        [{ message: `Query.many: expected at least 0 as first, ${found}`, extensions: { code } }],
      ]);
      expect(backend.requests).toEqual([]);
    },
  );

  it("counts calls already at an operation's first request", async () => {
    const web = await start("limits: { maxUpstreamCalls: 1 }");
    const { errors } = await web.query("{ one { id } many(first: 1) { id } }");
    expect(errors).toMatchObject([{ extensions: { limit: "maxUpstreamCalls", max: 1, found: 2 } }]);
    expect((await web.query("{ one { id } }")).errors).toEqual([]);
  });
});
