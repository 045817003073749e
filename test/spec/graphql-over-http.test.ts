import { auditServer } from "graphql-http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// The audits of the reference implementation of GraphQL over HTTP, https://graphql.github.io/graphql-over-http/draft/.

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
});
afterAll(() => test.stop());

it.each(["web", "mobile"])("the %s BFF passes all 61 audits", async (bff) => {
  const results = await auditServer({ url: `${test.gateway.url}/${bff}/graphql` });
  const failed = results.flatMap((result) =>
    result.status === "ok" ? [] : [`${result.id} ${result.name}: ${result.reason}`],
  );
  expect(failed).toEqual([]);
  expect(results).toHaveLength(61);
});
