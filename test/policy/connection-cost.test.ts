import { afterAll, describe, expect, it } from "vitest";
import { writeCursor } from "../../gateway/compose/cursor.ts";
import { fieldsOf, openCosts } from "../cost/costed-schema.ts";

// A cursor in the middle of a page asks for the whole page again, and cursors are not signed: whoever writes one decides how
// long the page is.

const shelf = openCosts(
  [
    `extend schema @source(name: "shelf", url: "http://localhost:1")
     type Query {
       books(size: Int = 4, page: String): BookPage
         @rest(GET: "/books{?args.size,args.page}")
         @listSize(slicingArguments: ["size"], sizedFields: ["items"])
       unsized(size: Int, page: String): BookPage @rest(GET: "/unsized{?args.size,args.page}")
       numbered(size: Int = 4, page: String): BookPage
         @rest(GET: "/numbered{?args.size}", pagination: { style: LINK, token: "$args.page", as: "page" })
         @listSize(slicingArguments: ["size"], sizedFields: ["items"])
     }
     type BookPage { items: [Book!] nextPageToken: String }
     type Book @cost(weight: 3) { id: ID! }`,
  ],
  `type Query {
     books(first: Int, after: String): Books @from(field: "books(size: $args.first, page: $args.after)")
     unsized(first: Int, after: String): Books @from(field: "unsized(size: $args.first, page: $args.after)")
     numbered(first: Int, after: String): Books @from(field: "numbered(size: $args.first, page: $args.after)")
   }
   type Books @view(of: "BookPage") @connection { edges: [BookEdge] nodes: [Book] }
   type BookEdge { cursor: String node: Book }
   type Book { id: ID! }`,
);
afterAll(() => shelf.dispose());

/** Into a page of `size`; of which connection is nothing that counts. */
function cursor(offset: number, size: number | null, token: string | null = null): string {
  return writeCursor("anything", { token, size, offset });
}

type Case = readonly [
  what: string,
  field: string,
  after: string | null,
  first: number | null,
  typeCost: number,
];

// Query and the connection are 2, a book is 3.
const cases: readonly Case[] = [
  ["without a cursor what is asked for", "books", null, 2, 2 + 2 * 3],
  ["at the end of a page what is asked for", "books", cursor(0, 100, "next"), 2, 2 + 2 * 3],
  ["in the middle of a page that page, and what comes behind it", "books", cursor(1, 2), 2, 2 + (2 + 2) * 3],
  ["in the middle of a long page all of it", "books", cursor(1, 10_000), 1, 2 + 10_001 * 3],
  ["in the middle of a page that is shown to its end all of it", "books", cursor(1, 700), null, 2 + 700 * 3],
  ["in a page of the backend's own size that size", "books", cursor(1, null), 1, 2 + (4 + 1) * 3],
  ["where nobody says how long pages are the cursor's", "unsized", cursor(1, 500), 1, 2 + 501 * 3],
  ["where nobody says it and all is shown the cursor's", "unsized", cursor(1, 500), null, 2 + 500 * 3],
  ["where nobody says anything what is assumed", "unsized", cursor(1, null), null, 2 + 10 * 3],
  ["on numbered pages two of the old size", "numbered", cursor(0, 50, "2"), 1, 2 + 100 * 3],
  ["of no cursor what is asked for", "books", "nonsense", 2, 2 + 2 * 3],
];

describe("a connection behind a cursor costs", () => {
  for (const [what, field, after, first, typeCost] of cases)
    it(what, () => {
      const variables = { first, after };
      const query = `query ($first: Int, $after: String) { ${field}(first: $first, after: $after) { nodes { id } } }`;
      const written = `{ ${field}(first: ${first}, after: ${JSON.stringify(after)}) { nodes { id } } }`;
      const estimate = shelf.estimate(query, variables);
      expect([estimate.typeCost, shelf.estimate(written).typeCost]).toEqual([typeCost, typeCost]);
      // What the field is charged in the end is the same, but for what is shown.
      const root = shelf.project.costs.get("web")?.objectCost("Query", fieldsOf(query), null)(variables);
      const shown = estimate.lengthOf(`${field}.nodes`);
      expect((root?.typeCost ?? 0) + 1 + shown * 3).toBe(typeCost);
    });
});
