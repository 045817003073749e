import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { preparingOption } from "../../gateway/config/demand-control.ts";
import { type Asked, BorderGateway, ways } from "./border-gateway.ts";

// The budget for preparing unseen documents is one of real processor time, so that it is spent at once here: by a document that
// takes far more than all of it.

const preparing = { capacityMs: 5, refillMsPerSecond: 1 };
const helpers = Array.from({ length: 10 }, (_, index) => `helper ${index}`);
const gateway = new BorderGateway();
beforeAll(async () => {
  await gateway.start({
    config: { preparing },
    consumers: new Map(["app", "other", ...helpers].map((consumer) => [consumer, null])),
  });
  // What one of them has begun to prepare, the next goes on with.
  for (const by of helpers) if ((await gateway.ask(known, { by })).status === 200) return;
  throw new Error("expected a known document");
});
afterAll(() => gateway.stop());

const known: Asked = { query: "query A { dear } query B { dear }", operationName: "A" };
/** No use, and 1500 errors to find. */
const large: Asked = {
  query: `{ one { ${Array.from({ length: 1500 }, (_, index) => `no${index}`).join(" ")} } }`,
};

test("every setting of the budget is set", () => {
  expect(Object.keys(preparing)).toEqual(Object.keys(preparingOption.parse({})));
});

test("who has spent the budget for preparing has known documents answered, and no other until it has filled", async () => {
  const by = "app";
  expect((await gateway.ask(large, { by })).errors?.[0]?.extensions["code"]).toBe(
    "GRAPHQL_VALIDATION_FAILED",
  );
  const unseen: readonly Asked[] = [
    { query: "{ x: dear }" },
    { query: "{ dear  }" },
    { query: "{ nothing }" },
    { query: "{" },
    { ...known, operationName: "B" },
    { query: "query ($first: Int) { many(first: $first) { id } }", variables: { first: 1 } },
    large,
  ];
  const asked = [false, true].flatMap((withSecondKey) =>
    ways.flatMap((way) =>
      unseen
        .filter((one) => !(way.startsWith("GET") && one === large))
        .map((one) => gateway.ask(one, { by, way, withSecondKey })),
    ),
  );
  const [answers, other, ...allowed] = await Promise.all([
    Promise.all(asked),
    gateway.ask({ query: "{ nothing }" }, { by: "other" }),
    ...ways.map((way) => gateway.ask(known, { by, way })),
  ]);
  for (const { status, data, errors, headers } of answers) {
    const seconds = Number(headers["retry-after"]);
    // What was spent beyond the budget is at most as much as it holds.
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(preparing.capacityMs / preparing.refillMsPerSecond);
    expect({ status, data, errors }).toEqual({
      status: 429,
      data: undefined,
      errors: [
        {
          message: "The caller has used up its time for new documents and introspection for now.",
          extensions: { code: "RATE_LIMITED", retryAfterSeconds: seconds },
        },
      ],
    });
  }
  expect(allowed.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(other.errors?.[0]?.extensions["code"]).toBe("GRAPHQL_VALIDATION_FAILED");
  const again = async () =>
    (await gateway.ask({ query: "{ nothing }" }, { by })).errors?.[0]?.extensions["code"];
  await expect.poll(again, { timeout: 20_000 }).toBe("GRAPHQL_VALIDATION_FAILED");
});

const [head = "", selection = ""] = getIntrospectionQuery().split("__schema");
const [inner = "", fragments = ""] = selection.split("fragment FullType");
/** Five times, so that each request takes some milliseconds. */
const schemas = Array.from({ length: 5 }, (_, index) => `s${index}: __schema { ...Schema }`).join(" ");
const everySchema = `${head} ${schemas} } fragment Schema on __Schema ${inner.trim().slice(0, -1)} fragment FullType${fragments}`;

test.each([
  ["alone", everySchema],
  ["beside data", everySchema.replace("s0:", "one { id } s0:")],
])(
  "introspection is at the expense of who asks, known or not, and leaves known documents to him: %s",
  async (_how, query) => {
    const asking = new BorderGateway();
    await asking.start({
      config: { preparing: { capacityMs: 300, refillMsPerSecond: 1 }, introspection: "all" },
      consumers: new Map([
        ["app", null],
        ["other", null],
      ]),
    });
    const everything: Asked = { query };
    const asker = { by: "app" };
    await asking.ask(known, asker);
    const codes = new Set<unknown>();
    for (let asked = 0; asked < 1000 && codes.size < 2; asked++)
      codes.add((await asking.ask(everything, asker)).errors?.[0]?.extensions["code"]);
    expect([...codes]).toEqual([undefined, "RATE_LIMITED"]);
    expect((await asking.ask(known, asker)).status).toBe(200);
    expect((await asking.ask(everything, { by: "other" })).status).toBe(200);
    await asking.stop();
  },
);
