import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ScriptedBackend } from "../../support/scripted-backend.ts";
import { type ProjectGateway, startProject } from "../../support/project-gateway.ts";

const shop = `
extend schema @source(name: "shop", url: "http://localhost:1")
type Query {
  coupon(code: String!): Coupon @rest(GET: "/coupons/{args.code}", errors: [
    { status: 410, code: "COUPON_EXPIRED", message: "This coupon is no longer valid." }
    { status: 409, when: "error.soldOut", code: "SOLD_OUT" }
    { status: 404, code: "NO_SUCH_COUPON" }
    { status: "4xx", codeFrom: "error.type", code: "COUPON_REFUSED", messageFrom: "error.message | detail" }
    { status: "5xx", message: "Try again later." }
    { status: "2xx", when: "error", codeFrom: "error.code", messageFrom: "error.message" }
  ])
  plain(code: String!): Coupon @rest(GET: "/plain/{args.code}")
  all: [Coupon] @rest(GET: "/coupons", errors: [{ status: "2xx", when: "error", code: "SOME" }])
  coupons(codes: [String!]!): [Coupon] @rest(GET: "/coupons{?codes*}",
    batch: { of: "$args.codes", as: "codes", match: "code" }, errors: { status: "4xx", codeFrom: "type" })
}
type Coupon { code: String discount: Int }
`;

const client = `
type Query { coupon(code: String!): Coupon all: [Coupon] plain(code: String!): Coupon coupons(codes: [String!]!): [Coupon]
  discount(code: String!): Int @from(field: "coupon(code: $args.code).discount") @default(value: 0, onError: true) }
type Coupon { code: String discount: Int }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;
beforeAll(async () => {
  await backend.start();
  gateway = await startProject({ shop }, client, { SHOP_URL: backend.url });
});
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});
afterEach(() => backend.clear());

const refused = "A backend refused the call.";

describe("a failure that the source schema declares", () => {
  test.each<
    [
      status: number,
      body: unknown,
      code: string,
      shown: readonly [upstreamCode: string | null, message: string],
    ]
  >([
    [410, { secret: 1 }, "UPSTREAM_REJECTED", ["COUPON_EXPIRED", "This coupon is no longer valid."]],
    [409, { error: { soldOut: true } }, "UPSTREAM_REJECTED", ["SOLD_OUT", refused]],
    [409, { error: { soldOut: false, type: "BUSY" } }, "UPSTREAM_REJECTED", ["BUSY", refused]],
    [404, {}, "UPSTREAM_REJECTED", ["NO_SUCH_COUPON", refused]],
    [
      422,
      { error: { type: "TOO_LATE", message: "Too late." } },
      "UPSTREAM_REJECTED",
      ["TOO_LATE", "Too late."],
    ],
    [422, { detail: "No." }, "UPSTREAM_REJECTED", ["COUPON_REFUSED", "No."]],
    [422, { error: { type: { a: 1 }, message: ["x"] } }, "UPSTREAM_REJECTED", ["COUPON_REFUSED", refused]],
    [422, "<html>stack at db.internal</html>", "UPSTREAM_REJECTED", ["COUPON_REFUSED", refused]],
    [
      422,
      { error: { message: "m".repeat(501) } },
      "UPSTREAM_REJECTED",
      ["COUPON_REFUSED", `${"m".repeat(499)}…`],
    ],
    [422, { error: { type: "x".repeat(65) } }, "UPSTREAM_REJECTED", ["COUPON_REFUSED", refused]],
    [403, { error: { type: "FROZEN" } }, "UPSTREAM_DENIED", ["FROZEN", "A backend denied access."]],
    [408, {}, "UPSTREAM_TIMEOUT", ["COUPON_REFUSED", "A backend did not answer in time."]],
    [500, { error: { type: "X", message: "stack" } }, "UPSTREAM_ERROR", [null, "Try again later."]],
    [200, { error: { code: 4711, message: "Not today." } }, "UPSTREAM_REJECTED", ["4711", "Not today."]],
  ])("%i with %j is %s", async (status, body, code, [upstreamCode, message]) => {
    backend.answer = { status, body };
    const { data, errors, status: httpStatus } = await gateway.query('{ coupon(code: "a") { discount } }');
    expect(httpStatus).toBe(200);
    expect(data).toEqual({ coupon: null });
    expect(errors).toMatchObject([{ message, path: ["coupon"] }]);
    expect(errors[0]?.extensions).toEqual({ code, ...(upstreamCode !== null && { upstreamCode }) });
  });

  test("shows nothing where no rule lets it through", async () => {
    backend.answer = { status: 422, body: { error: { type: "SECRET", message: "secret at db.internal" } } };
    const { text, errors } = await gateway.query('{ plain(code: "a") { discount } }');
    expect(errors).toMatchObject([{ message: refused }]);
    expect(errors[0]?.extensions).toEqual({ code: "UPSTREAM_REJECTED" });
    expect(text.toLowerCase()).not.toContain("secret");
  });

  test("is no failure where the rule for successes does not hold", async () => {
    for (const error of [undefined, null, false, "", [], [null, ""]]) {
      backend.answer = { body: { code: "a", discount: 5, error } };
      const { data, errors } = await gateway.query('{ coupon(code: "a") { discount } }');
      expect([data, errors]).toEqual([{ coupon: { discount: 5 } }, []]);
    }
  });

  test("is a row's error in an answer that is a list, and none where no row has one", async () => {
    backend.answer = { body: [{ code: "a", discount: 5 }, { code: "b" }] };
    const good = await gateway.query("{ all { discount } }");
    expect([good.data, good.errors]).toEqual([{ all: [{ discount: 5 }, { discount: null }] }, []]);
    backend.answer = { body: [{ code: "a" }, { error: "down" }] };
    const bad = await gateway.query("{ all { discount } }");
    expect(bad.errors.map(({ extensions }) => extensions)).toEqual([
      { code: "UPSTREAM_REJECTED", upstreamCode: "SOME" },
    ]);
  });

  test("is shown at every key of a call for many", async () => {
    backend.answer = { status: 400, body: { type: "TOO_MANY" } };
    const { errors } = await gateway.query('{ coupons(codes: ["a", "b"]) { code } }');
    expect(errors.map(({ extensions }) => extensions)).toEqual([
      { code: "UPSTREAM_REJECTED", upstreamCode: "TOO_MANY" },
    ]);
    expect(backend.requests).toHaveLength(1);
  });

  test("is absorbed as any other, and told in completeness; a denial is not", async () => {
    backend.answer = { status: 410 };
    const absorbed = await gateway.query('{ discount(code: "a") }');
    expect([absorbed.data, absorbed.errors]).toEqual([{ discount: 0 }, []]);
    expect(absorbed.extensions).toEqual({
      completeness: [{ path: ["discount"], code: "UPSTREAM_REJECTED", upstreamCode: "COUPON_EXPIRED" }],
    });
    backend.answer = { status: 401, body: { error: { type: "LOGIN" } } };
    const denied = await gateway.query('{ discount(code: "a") }');
    expect(denied.data).toEqual({ discount: null });
    expect(denied.errors[0]?.extensions).toEqual({ code: "UPSTREAM_DENIED", upstreamCode: "LOGIN" });
  });

  test("is not written to the log", () => {
    expect(gateway.log.text).toContain('"errorCodes"');
    for (const word of ["TOO_LATE", "Too late.", "COUPON_EXPIRED"])
      expect(gateway.log.text).not.toContain(word);
  });
});
