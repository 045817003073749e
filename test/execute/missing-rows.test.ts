import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createReferenceExecutor, type Executor } from "../../gateway/execute/reference-executor.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { composeTexts } from "../compose/compose-texts.ts";
import { startWarehouse, type Warehouse, warehouseSchemas } from "../compose/warehouse.ts";
import { createScope } from "../support/request-scope.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { openAccess } from "../support/open-access.ts";
import { ampleLimits } from "../support/ample-limits.ts";

// The lot L3 refers to an item that the items source does not know, and of which the lots source knows the quantity.
const clientSchema = `
type Query { lots(tenant: ID!): [Lot!] }
type Lot { lotNumber: ID! item: Item }
type Item { tenant: ID! sku: ID! name: String quantity: Int }
`;

let warehouse: Warehouse;
let sources: readonly Source[];
let executor: Executor;
let preparer: OperationPreparer;

beforeAll(async () => {
  warehouse = await startWarehouse();
  const composed = composeTexts(warehouseSchemas, clientSchema, { urls: warehouse.urls });
  sources = composed.sources;
  const [bound] = composed.composition.clients;
  if (bound === undefined) throw new Error("expected a client schema");
  const limits = { limits: ampleLimits, maxPreparedOperations: 10 };
  preparer = new OperationPreparer(
    { schema: bound.schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    limits,
    () => {},
  );
  executor = createReferenceExecutor(bound, composed.composition.model, { maxResolvedValues: 1000 });
});

afterAll(async () => {
  await Promise.all(sources.map((source) => source.dispose()));
  await warehouse.stop();
});

describe("a reference of which one source has a row and another has none", () => {
  test.each([
    ["{ name }", null],
    ["{ quantity }", { quantity: 7 }],
    ["{ name quantity }", { name: null, quantity: 7 }],
    ["{ sku }", { sku: "z" }],
    ["{ sku name }", null],
  ])("with the selection %s is %j", async (selection, item) => {
    const query = `{ lots(tenant: "t3") { item ${selection} } }`;
    const result = await executor.execute(
      { prepared: preparer.prepare(query, null), variables: {}, denials: null },
      createScope(),
    );
    expect(result).toEqual({ data: { lots: [{ item }] } });
  });
});
