import { readFileSync } from "node:fs";
import path from "node:path";
import type { GraphQLSchema } from "graphql";
import type { ShopData } from "../backends/shop-data.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { askerOf } from "./asker.ts";
import type { Answer } from "./compare-answers.ts";
import type { Answerer } from "./find-disagreement.ts";
import { type GeneratorOptions, OperationGenerator } from "./generate-operation.ts";
import { plainMobile } from "./plain-mobile.ts";
import { answerPlainly, buildPlainSchema } from "./plain-schema.ts";
import { pageToken, productLink, reviewLink } from "./plain-shop.ts";
import { plainWeb } from "./plain-web.ts";
import type { ValuePools } from "./random-values.ts";
import { SchemaIndex } from "./schema-index.ts";
import type { BffName } from "./shop-gateway.ts";

/** Random operations of one of the shop's client schemas, and graphql-js's answers to them. */
export interface PlainBff {
  readonly generator: OperationGenerator;
  readonly answer: Answerer;
}

export function openPlainBff(name: BffName, data: ShopData): PlainBff {
  const sdl = readFileSync(path.join(shopRoot, `bff-${name}/schema.graphql`), "utf8");
  const schema: GraphQLSchema = buildPlainSchema(sdl, name === "web" ? plainWeb : plainMobile);
  return {
    generator: new OperationGenerator(new SchemaIndex(schema, opaqueFields), shopOptions),
    answer(operation): Promise<Answer> {
      const { userId, locale } = askerOf(operation.seed);
      return answerPlainly(schema, operation, { data, userId, locale, absorbed: [] });
    },
  };
}

/** Cursors are the gateway's own texts: which edges they lead to is tested where they are made. */
const opaqueFields = new Set([
  "WishEdge.cursor",
  "ReviewEdge.cursor",
  "PageInfo.startCursor",
  "PageInfo.endCursor",
]);

/** p990 and p991 have a reviewer without an account, p970 has no reviews, p100 no stock. */
const productIds = [
  "p1",
  "p2",
  "p7",
  "p42",
  "p100",
  "p500",
  "p970",
  "p990",
  "p991",
  "p1000",
  "p1001",
  "nope",
  "",
];
const counts = [1, 1, 2, 2, 3, 3, 5, 8, 0, -1, 101];
const links = [
  ...["p1", "p7", "p100", "p970", "p990", "p1001", "nope", ""].map((id) => productLink(id)),
  ...["r1", "r2", "r500", "nope", ""].map((id) => reviewLink(id)),
  Buffer.from("Order:o1").toString("base64url"),
  "p1",
  "",
];
const tokens = [pageToken(2), pageToken(5), pageToken(0), pageToken(1_000_000), "", "no token", "p1"];

/** By coordinate, or for every argument of a type. Add those of new arguments here. */
const pools = new Map<string, readonly unknown[]>([
  ["Int", counts],
  ["Query.product(id:)", productIds],
  ["Query.quickLook(id:)", productIds],
  ["Query.shared(link:)", [...productIds.map((id) => productLink(id)), "p1", "nope", ""]],
  ["Query.linked(link:)", links],
  ["Query.linkedAll(links:)", links],
  ["Query.userExists(id:)", ["u1", "u300", "u301", "nope", ""]],
  ["Query.searchReviews(text:)", ["pratique", "FIVE", "nothing of the kind", ""]],
  ["Query.searchReviews(minStars:)", [1, 4, 5, 6]],
  ["Query.searchReviews(productIds:)", ["p1", "p2", "p7", "p990", "nope"]],
  ["Query.latestReviews(after:)", ["no cursor", ""]],
  ["Product.allReviews(after:)", ["no cursor", ""]],
  ["Product.delivery(country:)", ["SE", "FR", "PL", "DE", ""]],
  ["Viewer.wishes(after:)", ["no cursor", "cm93OjI", ""]],
  ["Query.user(id:)", ["u1", "u2", "u42", "u300", "u301", "u9999", ""]],
  ["Viewer.order(id:)", ["o1", "o2", "o3", "o5000", "nope", ""]],
  ["Query.products(category:)", ["c1", "c2", "c3", "c99", ""]],
  ["Query.products(after:)", tokens],
  ["Viewer.orders(after:)", tokens],
  ["Query.__type(name:)", ["Query", "Product", "ProductCard", "OrderStatus", "Int", "Nothing"]],
]);

/** The same for mutations: what changes something, and what is refused. */
export const mutationPools: ValuePools = new Map<string, readonly unknown[]>([
  ...pools,
  ["ID", ["p1", "p7", "p100", "r1", "r2", "o1", "o2", "n1", "nope", ""]],
  ["NewReviewInput.stars", [1, 5, 6]],
  ["CardInput.cardNumber", ["4242424242424242", "1"]],
  ["InvoiceInput.days", [14, 30, 5]],
  ["AddressInput.country", ["SE", "DE", "??"]],
]);

/** How long lists are, so that none explodes. */
const listLengths = new Map([
  ["Query.categories", 8],
  ["Query.linkedAll", 3],
  ["Home.latestVoices", 3],
  ["Order.lines", 3],
  ["OrderCard.lines", 3],
  ["Notifications.items", 5],
  ["Home.news", 5],
  ["WishConnection.edges", 1],
  ["ReviewPage.rows", 10],
  ["ReviewConnection.edges", 1],
  ["ReviewConnection.nodes", 1],
  ["Product.attributes", 2],
  ["ProductScreen.alsoLike", 3],
  ["ProductScreen.facts", 2],
]);

export const shopOptions: GeneratorOptions = {
  pools,
  maxFanOut: 300,
  fanOut(coordinate, { first }) {
    if (typeof first === "number") return Math.max(first, 1);
    if (first === null) return 20;
    // Lists inside a page are as long as what was asked of the page.
    if (coordinate === "ProductList.items" || coordinate === "OrderList.items") return 1;
    return listLengths.get(coordinate);
  },
};
