import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { defineShaper } from "../../gateway/config/define-shaper.ts";
import type { ExecutedOperation } from "../../gateway/execute/executed-operation.ts";
import { createExecutor, type Executor } from "../../gateway/execute/executor.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { PreparedOperation } from "../../gateway/prepare/prepared-operation.ts";
import { type OpenProject, openProject } from "../oracle/open-project.ts";
import { openAccess } from "../support/open-access.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { createScope, type ScopeOptions, type TestScope } from "../support/request-scope.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { ampleLimits } from "../support/ample-limits.ts";

// An answer that is assembled in turns, each of them one element long. What a turn sees of the clock and of the client
// is changed while the fifth value is shaped.

const count = 20;
const backend = new ScriptedBackend();
let project: OpenProject;
let executor: Executor;
let prepared: PreparedOperation;
let shaped = 0;
let onFifth: () => void = () => undefined;

const noted = defineShaper({
  name: "noted",
  sdl: "directive @noted on FIELD_DEFINITION",
  takes: "String",
  gives: "String",
  shape(text) {
    if (++shaped === 5) onFifth();
    return text.toUpperCase();
  },
});

beforeAll(async () => {
  await backend.start();
  const rows = Array.from({ length: count }, (_, index) => ({ id: String(index), title: `title ${index}` }));
  backend.answer = { headers: { "content-type": "application/json" }, body: JSON.stringify(rows) };
  project = openProject({
    sources: [
      {
        file: "schemas/archive.graphql",
        text: `extend schema @source(name: "archive", url: "${backend.url}")
          type Query { rows: [Row!] @rest(GET: "/rows") }
          type Row { id: ID! title: String }`,
      },
    ],
    clients: new Map([
      [
        "web",
        {
          file: "bff-web/schema.graphql",
          text: "type Query { rows: [Row!] } type Row { id: ID! title: String @noted }",
          shapers: [noted],
        },
      ],
    ]),
    protosFolder: ".",
    urls: {},
  });
  const bound = project.clients.get("web");
  if (bound === undefined) throw new Error("expected the client schema to be bound");
  const assemblyTurns = { freeValues: 0, maxPartMs: 0, elementsPerLook: 1 };
  const settings = {
    maxResolvedValues: 1000,
    compileFromRequest: 1,
    assemblyTurns,
    costs: plainCosts,
  };
  executor = createExecutor(bound, project.model, settings, () => undefined);
  const limits = { limits: ampleLimits, maxPreparedOperations: 1 };
  const schema = { schema: bound.schema, access: openAccess, costs: plainCosts, showsSuggestions: false };
  prepared = new OperationPreparer(schema, limits, () => undefined).prepare("{ rows { id title } }", null);
});
afterAll(async () => {
  executor.dispose();
  await project.dispose();
  await backend.stop();
});

let scope: TestScope;
beforeEach(() => {
  shaped = 0;
  onFifth = () => undefined;
});
afterEach(() => {
  vi.restoreAllMocks();
  scope.deadline.dispose();
});

async function run(options: ScopeOptions = {}): Promise<ExecutedOperation> {
  scope = createScope(options);
  const variant = prepared.variantFor({}, null);
  const executed = await executor.execute(
    { prepared, variant, variables: {}, coerced: {}, denials: null },
    scope,
  );
  expect(variant?.compiled).not.toBeNull();
  return executed;
}

/** From the fifth value on it is so long after the deadline. */
function lateBy(lateMs: number): void {
  onFifth = () => {
    const atMs = scope.deadline.expiresAtMs + lateMs;
    vi.spyOn(performance, "now").mockImplementation(() => atMs);
  };
}

describe("an answer that is assembled in turns", () => {
  const whole = {
    data: { rows: Array.from({ length: count }, (_, id) => ({ id: String(id), title: `TITLE ${id}` })) },
    errors: [],
    actual: { typeCost: 1 + count, fieldCost: 0, upstreamCalls: 1 },
  };

  test("is whole where nothing happens meanwhile", async () => {
    expect(await run()).toEqual(whole);
    expect(shaped).toBe(count);
  });

  test("is given up where its client goes away", async () => {
    const client = new AbortController();
    onFifth = () => client.abort();
    await expect(run({ client: client.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(shaped).toBe(5);
  });

  test("is given up where its deadline is long over", async () => {
    lateBy(501);
    await expect(run()).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(shaped).toBe(5);
  });

  test("is still told where its deadline has just passed, but for what shapers of a BFF's own would make", async () => {
    lateBy(499);
    const { data, errors } = await run();
    const rows = whole.data.rows.map((row, index) => (index < 5 ? row : { ...row, title: null }));
    expect(data).toEqual({ rows });
    expect(errors.map(({ code, path }) => [code, path])).toEqual(
      rows.slice(5).map(({ id }) => ["REQUEST_TIMEOUT", ["rows", Number(id), "title"]]),
    );
  });

  test("of the next request knows nothing of one that was given up", async () => {
    lateBy(501);
    await expect(run()).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    scope.deadline.dispose();
    vi.restoreAllMocks();
    shaped = 0;
    onFifth = () => undefined;
    expect(await run()).toEqual(whole);
  });
});
