import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { formatProblem, StartupError } from "../../gateway/core/problems.ts";
import { checkProject } from "../../gateway/server/check-project.ts";
import { startGateway } from "../../gateway/server/gateway.ts";
import { repositoryRoot } from "../architecture/source-files.ts";
import { lockfileNode, TestProcess } from "../support/test-process.ts";
import { editProject, minimalProject, type ProjectFiles, ProjectFolders } from "./minimal-project.ts";
import { refusalOf, refusalTable, refusalWith } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const proto = "protos/library/v1/authors.proto";
const config = "bff-web/bff.config.ts";
const client = "bff-web/schema.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);
const logDestination = { write: () => {} };

describe("a start", () => {
  test("is not refused for the project that the others are made from, and warns of nothing", async () => {
    expect(await checkProject(folders.write(minimalProject), {})).toEqual([]);
  });

  test("is not refused for a byte order mark and CRLF, and places are right in such files", async () => {
    const windows = (files: ProjectFiles): ProjectFiles =>
      Object.fromEntries(
        Object.entries(files).map(([file, text]) => [
          file,
          file.endsWith(".graphql") ? `\ufeff${text.replaceAll("\n", "\r\n")}` : text,
        ]),
      );
    expect(await refusalOf(folders.write(windows(minimalProject)))).toBeNull();
    const wrong = editProject([
      [authors, "birthYear: Int\n}", "birthyear: Int\n}"],
      [client, '"birthYear"', '"birthyear"'],
    ]);
    expect(await refusalOf(folders.write(windows(wrong)))).toBe(`1 problem found; nothing was started.

schemas/authors.graphql:29:3  Author.birthyear
  expected  a field of library.v1.Author (id, name, birth_year)
  found     birthyear
  hint      did you mean "birth_year"?`);
  });

  test("is refused for files that are too large or nested too deep to be read", async () => {
    const large = `${" ".repeat(16 * 1024 * 1024)}\n`;
    const long = `type Query { ${"a: Int ".repeat(200_000)} }`;
    const values = editProject([[books, "first: Int = 10", `first: Int = ${"[".repeat(20_000)}`]]);
    const types = `type Query { a: ${"[".repeat(20_000)}Int${"]".repeat(20_000)} }`;
    expect(
      await refusalOf(
        folders.write({ ...values, "schemas/large.graphql": large, [authors]: types, [client]: long }),
      ),
    ).toBe(`4 problems found; nothing was started.

bff-web/schema.graphql:1:1166672  SDL
  expected  at most 500000 names, values and punctuators
  found     one more

schemas/authors.graphql:1:116  SDL
  expected  at most 100 open brackets
  found     one more

schemas/books.graphql:4:120  SDL
  expected  at most 100 open brackets
  found     one more

schemas/large.graphql  file
  expected  at most 16777216 bytes
  found     16777217 bytes`);
  });

  test("raises the same from the gateway itself, and leaves nothing open", async () => {
    const root = folders.write(editProject([[client, "@truncate", "@trunkate"]]));
    const started = startGateway({ root, environment: { PORT: "0", ADMIN_PORT: "0" } });
    await expect(started).rejects.toThrow(StartupError);
    await expect(checkProject(root, {})).rejects.toThrow(
      await started.catch((error: unknown) => String(error).slice(14)),
    );
  });

  test("is refused where a port is taken, and gives up the one it has", async () => {
    const root = folders.write(minimalProject);
    const first = await startGateway({ root, environment: { PORT: "0", ADMIN_PORT: "0" }, logDestination });
    const { port } = new URL(first.adminUrl);
    const environment = { PORT: "0", ADMIN_PORT: port };
    const problems = await startGateway({ root, environment, logDestination }).catch((error: unknown) =>
      error instanceof StartupError ? error.problems.map(formatProblem) : [String(error)],
    );
    await first.close({ idleGraceMs: 0 });
    expect(problems).toEqual([
      [
        "environment  ADMIN_PORT",
        `  expected  an address that can be listened on, 127.0.0.1:${port} is not`,
        "  found     another process listens there",
        "  hint      set ADMIN_PORT to another port, or to 0 for a free one",
      ].join("\n"),
    ]);
    const second = await startGateway({ root, environment, logDestination });
    await second.close({ idleGraceMs: 0 });
  });
});

describe("a config that Node can't load", () => {
  test.each([
    {
      what: "no TypeScript",
      from: "export default defineBff(",
      to: "export default defineBff(((",
      found: "SyntaxError: Expected ',', got ';'",
    },
    {
      what: "an import of what is not there",
      from: '"overlock"',
      to: '"overlok"',
      found: "Error: Cannot find package 'overlok' imported from <project>/bff-web/bff.config.ts",
    },
  ])("is refused with Node's own words: $what", async ({ from, to, found }) => {
    const folder = folders.write(editProject([[config, from, to]]));
    // In a process of its own, because the test runner loads modules in its own way.
    const launcher = path.join(repositoryRoot, "gateway/cli/overlock.js");
    const check = new TestProcess(lockfileNode, [launcher, "check", "--root", folder]);
    expect(await check.exited()).toEqual({ code: 1, signal: null });
    const problem = `bff-web/bff.config.ts  config\n  expected  a module that loads\n  found     ${found}`;
    expect(check.stderr.replaceAll(folder, "<project>").trim()).toBe(refusalWith(problem));
  });
});

describe("a start is refused for", () => {
  describe("its files", () => {
    refuses(
      "a project without anything",
      [
        [books, null],
        [authors, null],
        [client, null],
        [config, null],
      ],
      `
.  bff-*/
  expected  at least one BFF folder, bff-<name>/bff.config.ts
  found     none

schemas  schemas/
  expected  at least one source schema, schemas/<source>.graphql
  found     none
`,
    );

    refuses(
      "a BFF folder without a config",
      [[config, null]],
      `
bff-web  bff-web
  expected  bff.config.ts in the BFF's folder
  found     none
`,
    );

    refuses(
      "a client schema that is not there",
      [[client, null]],
      `
bff-web/schema.graphql  file
  expected  a readable file
  found     nothing of that name (ENOENT)
`,
    );

    refuses(
      "empty schema files",
      [
        [books, ""],
        [client, "# nothing yet\n"],
      ],
      `
bff-web/schema.graphql:1:1  SDL
  expected  the GraphQL schema language
  found     an empty file

schemas/books.graphql:1:1  SDL
  expected  the GraphQL schema language
  found     an empty file
`,
    );

    refuses(
      "a schema file that is no GraphQL",
      [[books, 'type Book @key(fields: "id") {', 'type Book @key(fields: "id" {']],
      `
schemas/books.graphql:10:29  SDL
  expected  the GraphQL schema language
  found     Syntax Error: Expected Name, found "{".
`,
    );

    refuses(
      "no source schemas",
      [
        [books, null],
        [authors, null],
      ],
      `
schemas  schemas/
  expected  at least one source schema, schemas/<source>.graphql
  found     none
`,
    );

    refuses(
      "a source schema that can't be read, without what follows from it",
      [
        [authors, null],
        [`${authors}/notes.txt`, ""],
      ],
      `
schemas/authors.graphql  file
  expected  a readable file
  found     a folder (EISDIR)
`,
    );

    refuses(
      "a schema that is a folder",
      [["schemas/stock.graphql/notes.txt", ""]],
      `
schemas/stock.graphql  file
  expected  a readable file
  found     a folder (EISDIR)
`,
    );
  });

  describe("a BFF's config", () => {
    refuses(
      "two BFFs of one name",
      [
        ["bff-app/bff.config.ts", 'export default { name: "web" };\n'],
        ["bff-app/schema.graphql", "type Query {\n  book(id: ID!): Book\n}\n\ntype Book {\n  id: ID!\n}\n"],
      ],
      `
bff-web/bff.config.ts  name
  expected  a name that no other BFF has (bff-app has it)
  found     web
`,
    );

    refuses(
      "a misspelt option",
      [[config, "requestTimeoutMs", "requestTimeOutMs"]],
      `
bff-web/bff.config.ts  requestTimeOutMs
  expected  one of the options name, schema, explorer, explorerOperation, showPlan, showCost, requestTimeoutMs, maxPreparedOperations, maxResolvedValues, locales, timeZone, shapers, anonymous, denied, shareRequests, introspection, policies, credentials, cors, clientAddresses, limits, assumedListSize, budgets, preparing, tiers
  found     requestTimeOutMs
  hint      did you mean "requestTimeoutMs"?
`,
    );

    refuses(
      "options of the wrong type",
      [
        [
          config,
          '{ name: "web", anonymous: true, requestTimeoutMs: 5000 }',
          '{ name: "Web App", requestTimeoutMs: "5000", explorer: 1, schema: "", maxPreparedOperations: 5n, limits: { maxDocumentTokens: 0 } } as never',
        ],
      ],
      `
bff-web/bff.config.ts  name
  expected  lower-case letters, digits and dashes, a letter first, at most 63
  found     'Web App'

bff-web/bff.config.ts  schema
  expected  a file's path
  found     ''

bff-web/bff.config.ts  explorer
  expected  true or false
  found     1

bff-web/bff.config.ts  requestTimeoutMs
  expected  a whole number from 1 to 600000
  found     '5000'

bff-web/bff.config.ts  maxPreparedOperations
  expected  a whole number from 1 to 1000000
  found     5n

bff-web/bff.config.ts  limits.maxDocumentTokens
  expected  a whole number from 1 to 1000000
  found     0
`,
    );

    refuses(
      "no name",
      [[config, 'name: "web", ', ""]],
      `
bff-web/bff.config.ts  name
  expected  a name in quotes
  found     nothing
`,
    );

    refuses(
      "a config that throws",
      [
        [
          config,
          "export default defineBff",
          'throw new Error("no secrets for you");\n\nexport default defineBff',
        ],
      ],
      `
bff-web/bff.config.ts  config
  expected  a module that loads
  found     Error: no secrets for you
`,
    );

    refuses(
      "a config that throws no error",
      [[config, "export default defineBff", "throw null;\n\nexport default defineBff"]],
      `
bff-web/bff.config.ts  config
  expected  a module that loads
  found     null
`,
    );

    refuses(
      "a config without a default export",
      [[config, "export default", "export const config ="]],
      `
bff-web/bff.config.ts  export default
  expected  defineBff({ name: … })
  found     nothing
`,
    );

    refuses(
      "a config that is a list",
      [
        [
          config,
          'defineBff({ name: "web", anonymous: true, requestTimeoutMs: 5000 })',
          '[{ name: "web" }] as never',
        ],
      ],
      `
bff-web/bff.config.ts  export default
  expected  defineBff({ name: … })
  found     [ { name: 'web' } ]
`,
    );

    refuses(
      "a config whose options throw",
      [
        [
          config,
          '{ name: "web", anonymous: true, requestTimeoutMs: 5000 }',
          '{ get name(): string { throw new Error("not now"); } }',
        ],
      ],
      `
bff-web/bff.config.ts  config
  expected  a module that loads
  found     Error: not now
`,
    );

    refuses(
      "a schema elsewhere that is not there",
      [[config, 'name: "web", ', 'name: "web", schema: "app.graphql", ']],
      `
bff-web/app.graphql  file
  expected  a readable file
  found     nothing of that name (ENOENT)
`,
    );
  });

  describe("its environment", () => {
    refuses(
      "a port that is none",
      [],
      `
environment  PORT
  expected  a whole number from 0 to 65535
  found     "abc"
`,
      { PORT: "abc" },
    );

    refuses(
      "numbers out of range",
      [],
      `
environment  PORT
  expected  a whole number from 0 to 65535
  found     "65536"

environment  ADMIN_PORT
  expected  a whole number from 0 to 65535
  found     "-1"

environment  MAX_BODY_BYTES
  expected  a whole number from 1 to 104857600
  found     "0"

environment  SHUTDOWN_DELAY_MS
  expected  a whole number from 0 to 600000
  found     "1.5"

environment  SHUTDOWN_TIMEOUT_MS
  expected  a whole number from 1 to 600000
  found     ""
`,
      {
        PORT: "65536",
        ADMIN_PORT: "-1",
        MAX_BODY_BYTES: "0",
        SHUTDOWN_DELAY_MS: "1.5",
        SHUTDOWN_TIMEOUT_MS: "",
      },
    );

    refuses(
      "words that are none of those known",
      [],
      `
environment  HOST
  expected  a host name or address
  found     "all interfaces"

environment  LOG_LEVEL
  expected  one of fatal, error, warn, info, debug, silent
  found     "verbose"
`,
      { LOG_LEVEL: "verbose", HOST: "all interfaces" },
    );

    refuses(
      "a token issuer set by half",
      [],
      `
environment  JWT_JWKS_URL
  expected  a value: the three JWT_ variables belong together
  found     nothing, while another JWT_ variable is set

environment  JWT_AUDIENCE
  expected  a value: the three JWT_ variables belong together
  found     nothing, while another JWT_ variable is set
`,
      { JWT_ISSUER: "https://id.example" },
    );

    refuses(
      "a key set's URL that is none",
      [],
      `
environment  JWT_JWKS_URL
  expected  a URL that begins with http:// or https://
  found     "id.example/keys"
`,
      { JWT_ISSUER: "https://id.example", JWT_AUDIENCE: "shop", JWT_JWKS_URL: "id.example/keys" },
    );

    refuses(
      "a misspelt variable",
      [],
      `
environment  JWT_AUDIANCE
  expected  a variable that the gateway reads
  found     JWT_AUDIANCE
  hint      did you mean "JWT_AUDIENCE"?
`,
      { JWT_AUDIANCE: "shop", SHUTDOWN_TIMEOUT: "5" },
    );

    refuses(
      "a source's URL of the other kind",
      [],
      `
environment  AUTHORS_URL
  expected  a URL that begins with grpc:// or grpcs://, without credentials, query and fragment
  found     "http://localhost:7202"
  hint      it overrides the url of schemas/authors.graphql

environment  BOOKS_URL
  expected  a URL that begins with http:// or https://, without credentials, query and fragment
  found     "grpc://localhost:7201"
  hint      it overrides the url of schemas/books.graphql
`,
      { BOOKS_URL: "grpc://localhost:7201", AUTHORS_URL: "http://localhost:7202" },
    );

    refuses(
      "a source's URL with credentials, which are not repeated",
      [],
      `
environment  BOOKS_URL
  expected  a URL that begins with http:// or https://, without credentials, query and fragment
  found     "http://…@localhost:7201"
  hint      it overrides the url of schemas/books.graphql
`,
      { BOOKS_URL: "http://admin:s3cret@localhost:7201" },
    );
  });

  describe("several things at once", () => {
    refuses(
      "wrong files of every kind, all told at once",
      [
        [books, "maxSize: 50", "maxSize: 0"],
        [authors, '"ListAuthors"', '"ListAuthor"'],
        [proto, "repeated string ids = 1;", "repeated string ids = 1"],
        [client, "@truncate", "@trunkate"],
        ["bff-app/bff.config.ts", "export default { nam: 1 };\n"],
      ],
      `
bff-app/bff.config.ts  name
  expected  a name in quotes
  found     nothing

bff-app/bff.config.ts  nam
  expected  one of the options name, schema, explorer, explorerOperation, showPlan, showCost, requestTimeoutMs, maxPreparedOperations, maxResolvedValues, locales, timeZone, shapers, anonymous, denied, shareRequests, introspection, policies, credentials, cors, clientAddresses, limits, assumedListSize, budgets, preparing, tiers
  found     nam
  hint      did you mean "name"?

bff-web/schema.graphql:15:18  BookCard.title
  expected  a directive of schemas/directives.graphql
  found     @trunkate
  hint      did you mean "truncate"?

environment  PORT
  expected  a whole number from 0 to 65535
  found     "abc"

schemas/authors.graphql:5:12  schema @source(proto:)
  expected  a valid .proto file whose imports are below protos/
  found     illegal token '}', ';' expected (line 15 of library/v1/authors.proto or of one of its imports)

schemas/books.graphql:7:91  Query.book @rest(batch.maxSize:)
  expected  1 to 10000
  found     0
`,
      { PORT: "abc" },
    );

    refuses(
      "what only shows when files are put together, all told at once",
      [
        [
          books,
          'type Author @key(fields: "id") {\n  id: ID!\n',
          'type Author @key(fields: "id") {\n  id: ID!\n  name: String\n',
        ],
        [client, '"author.name"', '"author.nmae"'],
        [client, "  tags: [String!]\n", "  tags: [Int!]\n"],
      ],
      `
bff-web/schema.graphql:16:39  BookCard.writer @from(field:)
  expected  a field of Author (id, name, birthYear)
  found     nmae
  hint      did you mean "name"?

bff-web/schema.graphql:24:3  Book.tags
  expected  String or ID, because Book.tags is String
  found     Int

environment  BOOKS_URL
  expected  a URL that begins with http:// or https://, without credentials, query and fragment
  found     "grpc://localhost:7201"
  hint      it overrides the url of schemas/books.graphql

schemas/books.graphql:27:3  Author.name
  expected  one source for the field, or @shareable in schemas/authors.graphql and in schemas/books.graphql
  found     it in both, without @shareable in schemas/authors.graphql and schemas/books.graphql
  hint      remove it from one, call it differently in one, or mark both @shareable
`,
      { BOOKS_URL: "grpc://localhost:7201" },
    );

    refuses(
      "a method that is not there, without what follows from it",
      [[authors, '@grpc(method: "BatchGetAuthors"', '@grpc(method: "BatchGetAuthor"']],
      `
schemas/authors.graphql:12:19  Query.author @grpc(method:)
  expected  a method of library.v1.AuthorsService (BatchGetAuthors, ListAuthors, WatchAuthors)
  found     BatchGetAuthor
  hint      did you mean "BatchGetAuthors"?
`,
    );

    refuses(
      "a wrong template, without what follows from it",
      [
        [books, "/books{?ids*}", "/books{+ids}"],
        [client, '"author.name"', '"author.nmae"'],
      ],
      `
bff-web/schema.graphql:16:39  BookCard.writer @from(field:)
  expected  a field of Author (id, name, birthYear)
  found     nmae
  hint      did you mean "name"?

schemas/books.graphql:7:24  Query.book @rest(GET:)
  expected  {name} or {?name}
  found     "{+ids}"
`,
    );
  });
});
