import { print } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findDisagreement } from "./find-disagreement.ts";
import { insteadOfRefusal } from "./refused-sizes.ts";
import {
  type BffName,
  openOracleGateway,
  type OracleShop,
  type PlantedFault,
  startOracleShop,
} from "./shop-gateway.ts";
import { openPlainBff } from "./shop-operations.ts";

let oracleShop: OracleShop;

beforeAll(async () => {
  oracleShop = await startOracleShop();
});
afterAll(() => oracleShop.stop());

const web = "bff-web/schema.graphql";
const mobile = "bff-mobile/schema.graphql";

describe("a mistake in a binding is found, and the operation that shows it made small", () => {
  test.each<[fault: string, bff: BffName, planted: PlantedFault, field: string]>([
    [
      "an argument",
      "mobile",
      [mobile, "first: $args.first, sort: TOP", "first: $args.first, sort: NEWEST"],
      "reviews",
    ],
    [
      "a literal in a path",
      "mobile",
      [mobile, "items.reviews(first: 1)", "items.reviews(first: 2)"],
      "latestVoices",
    ],
    ["one character less", "web", [web, "length: 120", "length: 119"], "teaser"],
    ["one character more that is shown", "web", [web, "keepFirst: 1", "keepFirst: 2"], "maskedEmail"],
    ["another property", "web", [web, '"address.country"', '"address.city"'], "country"],
    [
      "another default",
      "mobile",
      [mobile, "@default(value: 0, onError: true)", "@default(value: 1, onError: true)"],
      "unread",
    ],
    ["another time of day", "web", [web, "timeStyle: SHORT", "timeStyle: MEDIUM"], "placedAtText"],
    [
      "another key of a reference",
      "web",
      ["schemas/reviews.graphql", "{ id: authorId }", "{ id: id }"],
      "author",
    ],
    [
      "rows told apart by another key",
      "web",
      [
        "schemas/reviews.graphql",
        'match: "productId", maxSize: 200 }\n    )\n}',
        'match: "average", maxSize: 200 }\n    )\n}',
      ],
      "rating",
    ],
    ["another user", "web", ["schemas/orders.graphql", "$claims.sub", "$claims.iss"], "orders"],
  ])(
    "%s",
    async (_fault, bff, planted, field) => {
      const plain = openPlainBff(bff, oracleShop.shop.data);
      const faulty = await openOracleGateway(oracleShop, planted);
      try {
        const disagreement = await findDisagreement({
          generator: plain.generator,
          count: 2000,
          left: async (operation) => insteadOfRefusal(await faulty.answer(bff, operation), plain, operation),
          right: plain.answer,
          concurrency: 4,
        });
        const document = disagreement === null ? "nothing found" : print(disagreement.operation.document);
        expect(document).toContain(field);
        expect(document.match(/[\w.]+(?=[\s({}])/g)?.length).toBeLessThan(20);
        expect(disagreement?.report).toContain(`seed       ${disagreement?.operation.seed}`);
      } finally {
        await faulty.dispose();
      }
    },
    60_000,
  );
});
