import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import mobile from "../../bff-mobile/bff.config.ts";
import web from "../../bff-web/bff.config.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What the explorer shows first has to work as it stands.

let test: TestGateway;
beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

describe("the operation that the explorer opens with", () => {
  it("asks six backends from the web", async () => {
    const { errors } = await test.query(web.explorerOperation ?? "", { bff: "web" });
    expect(errors).toEqual([]);
    expect(test.shop.calls().toSorted()).toEqual([
      "accounts GET /users",
      "catalog BatchGetProducts",
      "catalog ListProducts",
      "inventory BatchGetStock",
      "recommendations POST /graphql",
      "reviews GET /ratings",
      "reviews GET /reviews",
      "shipping POST /deliveries/estimate",
    ]);
  });

  it("is the app's first screen", async () => {
    const token = await test.issuer.issueToken("u1", 600);
    const { errors } = await test.query(mobile.explorerOperation ?? "", { bff: "mobile", token });
    expect(errors).toEqual([]);
  });
});
