import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// The tour in the README is run as it stands: what it sends is sent, and what it shows is what comes back.

interface TourStep {
  readonly bff: "web" | "mobile";
  readonly isSignedIn: boolean;
  readonly query: string;
  readonly answer: unknown;
}

const steps = readTour(readFileSync(new URL("../../README.md", import.meta.url), "utf8"));

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "info" });
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(() => test.stop());

describe("the README's tour", () => {
  it("has steps to run", () => {
    expect(steps.length).toBeGreaterThanOrEqual(3);
  });

  it.each(steps)("shows what $bff answers to $query", async ({ bff, isSignedIn, query, answer }) => {
    const { text } = await test.query(query, { bff, ...(isSignedIn && { token }) });
    expect(JSON.parse(text)).toEqual(answer);
  });

  it("says truly that the first query is five calls", async () => {
    test.shop.clearLogs();
    await test.query(steps[0]?.query ?? "");
    expect(test.shop.calls()).toHaveLength(5);
  });
});

/** Every `curl` in a `sh` block that a `json` block follows. */
function readTour(markdown: string): TourStep[] {
  const blocks = [...markdown.matchAll(/```sh\n(curl[^`]*)```\s+```json\n([^`]*)```/g)];
  return blocks.map(([, command = "", answer = ""]) => {
    const body = /-d '([^']*)'/.exec(command)?.[1]?.replaceAll("\n", "") ?? "{}";
    return {
      bff: command.includes("/mobile/graphql") ? "mobile" : "web",
      isSignedIn: command.includes("authorization: Bearer"),
      query: (JSON.parse(body) as { query: string }).query,
      answer: JSON.parse(answer) as unknown,
    };
  });
}
