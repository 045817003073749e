import { afterAll, describe } from "vitest";
import { ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const similar = '@rest(GET: "/books/{parent.id}/similar")';

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

function errors(rules: string): readonly [string, string, string] {
  return [books, similar, `@rest(GET: "/books/{parent.id}/similar", errors: ${rules})`];
}

describe("a start is refused for", () => {
  describe("errors", () => {
    refuses(
      "statuses that no backend's failure has",
      [errors('[{ status: 304, code: "A" }, { status: "4x", code: "B" }]')],
      `
schemas/books.graphql:17:80  Book.similar @rest(errors.status:)
  expected  a status of 400 to 599 or 200 to 299, or one of the classes "4xx", "5xx" and "2xx"
  found     304

schemas/books.graphql:17:108  Book.similar @rest(errors.status:)
  expected  a status of 400 to 599 or 200 to 299, or one of the classes "4xx", "5xx" and "2xx"
  found     4x
  hint      did you mean "4xx"?
`,
    );

    refuses(
      "a rule that shows nothing",
      [errors("[{ status: 409 }]")],
      `
schemas/books.graphql:17:70  Book.similar @rest(errors:)
  expected  code, codeFrom, message or messageFrom
  found     none of them
`,
    );

    refuses(
      "a rule for successes that would make each of them a failure",
      [errors('[{ status: "2xx", code: "A" }]')],
      `
schemas/books.graphql:17:70  Book.similar @rest(errors:)
  expected  when: 2xx is a success unless the body says otherwise
  found     nothing
`,
    );

    refuses(
      "a code and a message that could not be shown",
      [errors(`[{ status: 409, code: "out of stock" }, { status: 410, message: "${"x".repeat(501)}" }]`)],
      `
schemas/books.graphql:17:70  Book.similar @rest(errors.code:)
  expected  at most 64 letters, digits, _, -, ., : and /, the first a letter or digit
  found     "out of stock"

schemas/books.graphql:17:109  Book.similar @rest(errors.message:)
  expected  a text of 1 to 500 characters, none of them a control character
  found     "${"x".repeat(99)}…"
`,
    );

    refuses(
      "maps that do not read the error body",
      [errors('[{ status: 409, codeFrom: "$args.id", messageFrom: "error..message" }]')],
      `
schemas/books.graphql:17:96  Book.similar @rest(errors.codeFrom:)
  expected  a path into the backend's value, without a root
  found     $args.id

schemas/books.graphql:17:127  Book.similar @rest(errors.messageFrom:)
  expected  a name
  found     ".message"
`,
    );
  });
});
