import { buildSchema } from "graphql";
import { afterAll, describe, expect, it } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { prepare, type PreparingRuntime } from "../../gateway/pipeline/prepare.ts";
import { OperationPreparer, type PrepareTerms } from "../../gateway/prepare/prepare-operation.ts";
import { PreparingTurns } from "../../gateway/prepare/preparing-turns.ts";
import { ampleLimits } from "../support/ample-limits.ts";
import { openAccess } from "../support/open-access.ts";
import { plainCosts } from "../support/plain-costs.ts";

const schema = buildSchema("type Query { a: Int b: Int } type Mutation { a: Int }");
const deadline = Deadline.start(60_000, null);
afterAll(() => deadline.dispose());

/** A gateway in which each document takes as long as a turn's part. */
function opened() {
  let nowMs = 0;
  let prepared = 0;
  const bff: PreparingRuntime = {
    schema,
    introspection: "none",
    preparer: new OperationPreparer(
      { schema, access: openAccess, costs: plainCosts, showsSuggestions: false },
      { limits: ampleLimits, maxPreparedOperations: 100 },
      () => undefined,
    ),
    preparingTurns: new PreparingTurns({ onWaiting: () => {}, onWaited: () => {} }, 10, () => nowMs),
  };
  const terms: PrepareTerms = {
    limits: ampleLimits,
    onExcess: () => undefined,
    spend(work) {
      prepared++;
      nowMs += 10;
      return work();
    },
  };
  return {
    ask: (query: string, method: "GET" | "POST" = "POST") =>
      prepare(bff, { method }, { query }, { terms, deadline }),
    preparedSoFar: () => prepared,
  };
}

describe("a document that is not known", () => {
  it("waits for its turn, and nobody who asks for a known one waits with it", async () => {
    const { ask, preparedSoFar } = opened();
    expect(ask("{ a }")).not.toBeInstanceOf(Promise);
    const waiting = Array.from({ length: 20 }, async (_, number) => ask(`{ a${number}: a }`));
    expect(ask("{ a }")).toMatchObject({ prepared: { name: null } });
    expect(preparedSoFar()).toBe(1);
    await Promise.all(waiting);
    expect(preparedSoFar()).toBe(21);
  });

  it("is prepared once, however many wait for it", async () => {
    const { ask, preparedSoFar } = opened();
    void ask("{ a }");
    const [one, ...others] = await Promise.all(Array.from({ length: 20 }, async () => ask("{ b }")));
    for (const other of others) expect(other.prepared).toBe(one?.prepared);
    expect(preparedSoFar()).toBe(2);
  });

  it("is refused in its turn as it would be at once", async () => {
    const { ask } = opened();
    void ask("{ a }");
    await expect(ask("{ c }")).rejects.toMatchObject({ code: "GRAPHQL_VALIDATION_FAILED" });
    await expect(ask("{ __schema { types { name } } }")).rejects.toMatchObject({
      code: "GRAPHQL_VALIDATION_FAILED",
    });
    await expect(ask("mutation { a }", "GET")).rejects.toMatchObject({ code: "METHOD_NOT_ALLOWED" });
  });
});
