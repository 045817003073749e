import { afterAll, beforeAll, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const search = `
extend schema @source(name: "search", url: "http://localhost:1")
type Query { find(filter: Filter): [String] @rest(POST: "/find", safe: true, body: "$args.filter", select: "rows") }
input Filter { city: String not: Filter }
`;
const client = `
type Query { find(filter: Filter): [String] }
input Filter { city: String not: Filter }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;
beforeAll(async () => {
  await backend.start();
  gateway = await startProject({ search }, client, { SEARCH_URL: backend.url });
});
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});

test("variables that are nested beyond what can be read are refused in words of ours, and nothing is sent", async () => {
  backend.answer = { body: { rows: [] } };
  const nested = `${'{"not":'.repeat(40_000)}{"city":"Oslo"}${"}".repeat(40_000)}`;
  const query = "query ($filter: Filter) { find(filter: $filter) }";
  const response = await fetch(`${gateway.gateway.url}/web/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: `{"query":${JSON.stringify(query)},"variables":{"filter":${nested}}}`,
  });
  expect(await response.json()).toEqual({
    errors: [
      {
        message: "The operation has 40001 levels of lists and objects in one value; at most 20 are allowed.",
        extensions: { code: "LIMIT_EXCEEDED", limit: "maxVariableDepth", max: 20, found: 40_001 },
      },
    ],
  });
  expect(backend.requests).toEqual([]);
});
