import { afterAll, describe } from "vitest";
import { type Edit, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const config = "bff-web/bff.config.ts";
const client = "bff-web/schema.graphql";
const books = "schemas/books.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** The config with shapers, of which one is sound but for what `parts` says. */
function withShaper(parts: string, others = ""): Edit {
  return [
    config,
    `import { defineBff, defineShaper } from "overlock";

const sound = {
  name: "initials",
  sdl: "directive @initials(max: Int = 2) on FIELD_DEFINITION",
  takes: "String",
  gives: "String",
  shape: (value: string) => value,
} as const;

export default defineBff({ name: "web", shapers: [{ ...sound, ${parts} }${others}] as never });
`,
  ];
}

const used = 'writer: String @from(field: "author.name") @initials';
const use = (directive: string): Edit => [client, 'writer: String @from(field: "author.name")', directive];

describe("a start is refused for a shaper of a BFF's own", () => {
  refuses(
    "that is none",
    [
      [
        config,
        `import { defineBff } from "overlock";\n\nexport default defineBff({ name: "web", shapers: ["initials", null, () => 1] as never });\n`,
      ],
    ],
    `
bff-web/bff.config.ts  shapers[0]
  expected  defineShaper({ … })
  found     'initials'

bff-web/bff.config.ts  shapers[1]
  expected  defineShaper({ … })
  found     null

bff-web/bff.config.ts  shapers[2]
  expected  defineShaper({ … })
  found     [Function (anonymous)]
`,
  );

  refuses(
    "in something that is no list",
    [
      [
        config,
        `import { defineBff } from "overlock";\n\nexport default defineBff({ name: "web", shapers: { initials: 1 } as never });\n`,
      ],
    ],
    `
bff-web/bff.config.ts  shapers
  expected  a list of at most 100 shapers, defineShaper({ … })
  found     { initials: 1 }
`,
  );

  refuses(
    "with a property that it does not have",
    [withShaper('give: "String"')],
    `
bff-web/bff.config.ts  shapers[0].give
  expected  one of name, sdl, takes, gives, shape
  found     give
  hint      did you mean "gives"?
`,
  );

  refuses(
    "without a name, or with one that is no directive's",
    [withShaper("name: undefined", ', { ...sound, name: "Initials" }, { ...sound, name: "two words" }')],
    `
bff-web/bff.config.ts  shapers[0].name
  expected  letters and digits, a lower-case letter first, at most 63
  found     nothing

bff-web/bff.config.ts  shapers[1].name
  expected  letters and digits, a lower-case letter first, at most 63
  found     'Initials'

bff-web/bff.config.ts  shapers[2].name
  expected  letters and digits, a lower-case letter first, at most 63
  found     'two words'
`,
  );

  refuses(
    "that is called like a directive of the schema language",
    [withShaper('name: "truncate"', ', { ...sound, name: "rest" }, { ...sound, name: "authenticated" }')],
    `
bff-web/bff.config.ts  shapers[0].name
  expected  a name that no directive of Overlock or GraphQL has
  found     truncate

bff-web/bff.config.ts  shapers[1].name
  expected  a name that no directive of Overlock or GraphQL has
  found     rest

bff-web/bff.config.ts  shapers[2].name
  expected  a name that no directive of Overlock or GraphQL has
  found     authenticated
`,
  );

  refuses(
    "that is called like a directive of GraphQL",
    [withShaper('name: "deprecated"', ', { ...sound, name: "skip" }')],
    `
bff-web/bff.config.ts  shapers[0].name
  expected  a name that no directive of Overlock or GraphQL has
  found     deprecated

bff-web/bff.config.ts  shapers[1].name
  expected  a name that no directive of Overlock or GraphQL has
  found     skip
`,
  );

  refuses(
    "that is called like another",
    [withShaper("", ", sound")],
    `
bff-web/bff.config.ts  shapers[1].name
  expected  a name that no other shaper has (shapers[0] has it)
  found     initials
`,
  );

  refuses(
    "without a definition",
    [withShaper("sdl: undefined")],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  a text of at most 4000 characters such as directive @initials on FIELD_DEFINITION
  found     nothing
`,
  );

  refuses(
    "whose definition is no GraphQL",
    [withShaper('sdl: "directive @initials(max: ) on FIELD_DEFINITION"')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  GraphQL such as directive @initials on FIELD_DEFINITION
  found     Syntax Error: Expected Name, found ")".
`,
  );

  refuses(
    "whose definition is too long",
    [withShaper('sdl: "#".repeat(4001)')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  a text of at most 4000 characters such as directive @initials on FIELD_DEFINITION
  found     4001 characters
`,
  );

  refuses(
    "whose definition is of something else",
    [withShaper('sdl: "type Initials { max: Int }"')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  one directive, with the enums and input types that its arguments need
  found     an object type definition
`,
  );

  refuses(
    "whose definition is of two directives",
    [withShaper('sdl: "directive @initials on FIELD_DEFINITION directive @letters on FIELD_DEFINITION"')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  one directive, with the enums and input types that its arguments need
  found     2 directives
`,
  );

  refuses(
    "whose definition names a type that is not there",
    [withShaper('sdl: "directive @initials(style: Style) on FIELD_DEFINITION"')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  a valid definition such as directive @initials on FIELD_DEFINITION
  found     Unknown type "Style". Did you mean "__Type"?
`,
  );

  refuses(
    "whose arguments have defaults that are no values of their types",
    [
      withShaper(
        'sdl: `directive @initials(max: Int = "2", style: Style = BOLD, in: In = { n: 1 }) on FIELD_DEFINITION\n enum Style { UPPER } input In { n: Int = 1.5, all: [Style!] = [UPPER] }`',
      ),
    ],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  a default of type Int for max
  found     "2"

bff-web/bff.config.ts  shapers[0].sdl
  expected  a default of type Style for style
  found     BOLD

bff-web/bff.config.ts  shapers[0].sdl
  expected  a default of type Int for n
  found     1.5
`,
  );

  refuses(
    "whose definition has another name",
    [withShaper('sdl: "directive @initial on FIELD_DEFINITION"')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  directive @initials, as its name says
  found     @initial
`,
  );

  refuses(
    "whose definition is for another place",
    [withShaper('sdl: "directive @initials on FIELD_DEFINITION | OBJECT"'), use(used)],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  on FIELD_DEFINITION and nowhere else
  found     on FIELD_DEFINITION | OBJECT
`,
  );

  refuses(
    "whose definition is repeatable",
    [withShaper('sdl: "directive @initials repeatable on FIELD_DEFINITION"')],
    `
bff-web/bff.config.ts  shapers[0].sdl
  expected  a directive that stands once on a field
  found     repeatable
`,
  );

  refuses(
    "that takes nothing, or what is no type",
    [
      withShaper(
        "takes: undefined",
        ', { ...sound, name: "other", sdl: "directive @other on FIELD_DEFINITION", takes: "[String]" }',
      ),
    ],
    `
bff-web/bff.config.ts  shapers[0].takes
  expected  String, ID, Int, Float, Boolean, another scalar or enum by its name, or such by the field of an object
  found     nothing

bff-web/bff.config.ts  shapers[1].takes
  expected  String, ID, Int, Float, Boolean, another scalar or enum by its name, or such by the field of an object
  found     '[String]'
`,
  );

  refuses(
    "that takes an object of no fields, or of fields that are no scalars",
    [
      withShaper(
        "takes: {}",
        ', { ...sound, name: "other", sdl: "directive @other on FIELD_DEFINITION", takes: { amount: "Flaot", deep: {} } }',
      ),
    ],
    `
bff-web/bff.config.ts  shapers[0].takes
  expected  at least one field, by its name
  found     {}

bff-web/bff.config.ts  shapers[1].takes.amount
  expected  one of String, ID, Int, Float, Boolean
  found     'Flaot'
  hint      did you mean "Float"?

bff-web/bff.config.ts  shapers[1].takes.deep
  expected  one of String, ID, Int, Float, Boolean
  found     {}
`,
  );

  refuses(
    "that gives what is no scalar of GraphQL",
    [withShaper('gives: "Strings"')],
    `
bff-web/bff.config.ts  shapers[0].gives
  expected  one of String, ID, Int, Float, Boolean
  found     'Strings'
  hint      did you mean "String"?
`,
  );

  refuses(
    "without a function",
    [withShaper("shape: 1")],
    `
bff-web/bff.config.ts  shapers[0].shape
  expected  a function of value, args and context
  found     1
`,
  );

  refuses(
    "whose function would have to be waited for",
    [
      withShaper(
        "shape: async (value: string) => value",
        ', { ...sound, name: "other", sdl: "directive @other on FIELD_DEFINITION", *shape() {} }',
      ),
    ],
    `
bff-web/bff.config.ts  shapers[0].shape
  expected  a function that gives its result at once
  found     an async function

bff-web/bff.config.ts  shapers[1].shape
  expected  a function that gives its result at once
  found     a generator function
`,
  );

  refuses(
    "that is wrong in several ways, told once and not again where it is used",
    [withShaper("takes: 1, gives: 2, shape: 3"), use(used)],
    `
bff-web/bff.config.ts  shapers[0].takes
  expected  String, ID, Int, Float, Boolean, another scalar or enum by its name, or such by the field of an object
  found     1

bff-web/bff.config.ts  shapers[0].gives
  expected  one of String, ID, Int, Float, Boolean
  found     2

bff-web/bff.config.ts  shapers[0].shape
  expected  a function of value, args and context
  found     3
`,
  );

  refuses(
    "in another BFF's schema",
    [
      withShaper(""),
      [
        "bff-app/bff.config.ts",
        'import { defineBff } from "overlock";\n\nexport default defineBff({ name: "app" });\n',
      ],
      [
        "bff-app/schema.graphql",
        'type Query {\n  name(id: ID!): String @from(field: "author(id: $args.id).name") @initials\n}\n',
      ],
    ],
    `
bff-app/schema.graphql:2:67  Query.name
  expected  a directive of schemas/directives.graphql
  found     @initials
`,
  );

  refuses(
    "in a source schema",
    [withShaper(""), [books, "  pages: Int\n", "  pages: Int @initials\n"]],
    `
schemas/books.graphql:13:14  Book.pages
  expected  a directive of schemas/directives.graphql
  found     @initials
`,
  );

  refuses(
    "with arguments that do not fit",
    [withShaper(""), use(`${used}(max: "two", min: 1)`)],
    `
bff-web/schema.graphql:16:61  BookCard.writer @initials(max:)
  expected  Int
  found     "two"

bff-web/schema.graphql:16:68  BookCard.writer @initials
  expected  arguments max
  found     argument min
`,
  );

  refuses(
    "twice on one field",
    [withShaper(""), use(`${used} @initials(max: 1)`)],
    `
bff-web/schema.graphql:16:56  BookCard.writer @initials
  expected  @initials once
  found     it again
`,
  );

  refuses(
    "on a group",
    [withShaper(""), [client, "shelf: Shelf!", "shelf: Shelf! @initials"]],
    `
bff-web/schema.graphql:2:17  Query.shelf @initials
  expected  no shaper on a group, which has no value
  found     @initials
`,
  );

  refuses(
    "on what it does not take",
    [withShaper(""), [client, "pages: Int @default(value: 0)", "pages: String @initials"]],
    `
bff-web/schema.graphql:22:17  Book.pages @initials
  expected  String, or a list of them
  found     Int
`,
  );

  refuses(
    "on an object, where it takes a text",
    [withShaper(""), [client, "author: Writer\n", "author: String @initials\n"]],
    `
bff-web/schema.graphql:25:18  Book.author @initials
  expected  String, or a list of them
  found     Author
`,
  );

  refuses(
    "on a text, where it takes an object",
    [withShaper('takes: { id: "ID" }'), use(used)],
    `
bff-web/schema.graphql:16:46  BookCard.writer @initials
  expected  an object with id, or a list of them
  found     String
`,
  );

  refuses(
    "on an object without the fields that it takes",
    [
      withShaper('takes: { nam: "String", birthYear: "Int" }'),
      [client, "author: Writer\n", "author: String @initials\n"],
    ],
    `
bff-web/schema.graphql:25:18  Book.author @initials
  expected  an object with nam, birthYear, each a plain value
  found     Author, which has no nam
  hint      did you mean "name"?
`,
  );

  refuses(
    "on an object whose fields are of other types",
    [
      withShaper('takes: { name: "Int", birthYear: "String" }'),
      [client, "author: Writer\n", "author: String @initials\n"],
    ],
    `
bff-web/schema.graphql:25:18  Book.author @initials
  expected  Author.name of type Int
  found     String

bff-web/schema.graphql:25:18  Book.author @initials
  expected  Author.birthYear of type String
  found     Int
`,
  );

  refuses(
    "on a field of another type than it gives",
    [withShaper('gives: "Int"'), use(used)],
    `
bff-web/schema.graphql:16:3  BookCard.writer
  expected  Int, because @initials makes it one
  found     String
`,
  );
});

describe("a start is refused for @formatCurrency", () => {
  refuses(
    "of an amount without a currency",
    [[client, "pages: Int @default(value: 0)", "pages: String @formatCurrency"]],
    `
bff-web/schema.graphql:22:17  Book.pages @formatCurrency(currency:)
  expected  an ISO 4217 code such as EUR, for a number
  found     none
`,
  );

  refuses(
    "of an amount in a field, on a number",
    [
      [
        client,
        "pages: Int @default(value: 0)",
        'pages: String @formatCurrency(amount: "pages", currency: "EUR")',
      ],
    ],
    `
bff-web/schema.graphql:22:41  Book.pages @formatCurrency(amount:)
  expected  no amount: the value is the number itself
  found     "pages"
`,
  );

  refuses(
    "of a currency in a field, on a number",
    [[client, "pages: Int @default(value: 0)", 'pages: String @formatCurrency(currencyField: "genre")']],
    `
bff-web/schema.graphql:22:48  Book.pages @formatCurrency(currencyField:)
  expected  no currencyField: the value is the number itself
  found     "genre"
`,
  );

  refuses(
    "of a currency in a field, without the amount's",
    [[client, "author: Writer\n", 'author: String @formatCurrency(currencyField: "name")\n']],
    `
bff-web/schema.graphql:25:18  Book.author @formatCurrency(amount:)
  expected  the field with the amount, beside currencyField
  found     none
`,
  );

  refuses(
    "of minor units without an amount",
    [[client, "author: Writer\n", "author: String @formatCurrency(minorUnits: true)\n"]],
    `
bff-web/schema.graphql:25:46  Book.author @formatCurrency(minorUnits:)
  expected  no minorUnits without amount: units are whole ones
  found     true
`,
  );

  refuses(
    "of an amount in a field, without any currency",
    [[client, "author: Writer\n", 'author: String @formatCurrency(amount: "birthYear")\n']],
    `
bff-web/schema.graphql:25:18  Book.author @formatCurrency(currency:)
  expected  an ISO 4217 code such as EUR, or currencyField
  found     none
`,
  );

  refuses(
    "of two currencies",
    [
      [
        client,
        "author: Writer\n",
        'author: String @formatCurrency(amount: "birthYear", currencyField: "name", currency: "EUR")\n',
      ],
    ],
    `
bff-web/schema.graphql:25:88  Book.author @formatCurrency(currency:)
  expected  currency or currencyField, not both
  found     "EUR"
`,
  );

  refuses(
    "of a currency that there is not",
    [[client, "author: Writer\n", 'author: String @formatCurrency(amount: "birthYear", currency: "EURO")\n']],
    `
bff-web/schema.graphql:25:65  Book.author @formatCurrency(currency:)
  expected  an ISO 4217 code such as EUR, or currencyField
  found     "EURO"
  hint      did you mean "EUR"?
`,
  );

  refuses(
    "of one field for both",
    [[client, "author: Writer\n", 'author: String @formatCurrency(amount: "name", currencyField: "name")\n']],
    `
bff-web/schema.graphql:25:65  Book.author @formatCurrency(currencyField:)
  expected  another field than the amount's
  found     "name"
`,
  );

  refuses(
    "of fields that the object does not have",
    [
      [
        client,
        "author: Writer\n",
        'author: String @formatCurrency(amount: "birthyear", currencyField: "name")\n',
      ],
    ],
    `
bff-web/schema.graphql:25:18  Book.author @formatCurrency
  expected  an object with birthyear, name, each a plain value
  found     Author, which has no birthyear
  hint      did you mean "birthYear"?
`,
  );

  refuses(
    "of fields that are neither a number nor a text",
    [
      [
        client,
        "author: Writer\n",
        'author: String @formatCurrency(amount: "id", currencyField: "birthYear")\n',
      ],
    ],
    `
bff-web/schema.graphql:25:18  Book.author @formatCurrency
  expected  Author.id of type Int, Float or String
  found     ID

bff-web/schema.graphql:25:18  Book.author @formatCurrency
  expected  Author.birthYear of type String, or an enum
  found     Int
`,
  );
});
