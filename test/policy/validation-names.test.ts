import { parse, visit } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GuardedLibrary, libraryClientSchema, startGuardedLibrary } from "./guarded-library.ts";

// What a message about a document, or about variables, tells of the schema besides what the client has written itself.

const everything = ["catalog", "isbn", "admin", "money", "codes", "contact", "people:write"];

const cases: readonly (readonly [document: string, told: readonly string[]])[] = [
  // The type of what it selects from.
  ["{ nothing }", ["Query"]],
  ["{ vault { x } }", ["Vault"]],
  ["{ vault { books { shelf { x } } } }", ["Shelf"]],
  ["{ items { x } }", ["Item"]],
  ["{ items { label } }", ["Item"]],
  ["{ priced { title } }", ["Priced"]],
  // The type of what it selects without its fields, or as if it had some.
  ["{ vault }", ["Vault"]],
  ["{ books { author { email { x } } } }", ["Email"]],
  // What a field needs.
  ["mutation { forget { name } }", ["id", "ID"]],
  ["{ books(x: 1) { id } }", ["Query"]],
  // What can't be there.
  ["{ books { ... on Vault { books { id } } } }", ["Book"]],
  ["{ books { ... on Nope { id } } }", []],
  ["query ($v: Vault) { titles }", []],
  ["{ books { x: isbn x: cost } }", []],
  ["mutation { forget(id: [1]) { name } }", ["ID"]],
  ["query ($id: Int) { titles } mutation M($id: Int) { forget(id: $id) { name } }", ["ID"]],
];

/** All names of the client schema, and of GraphQL's own types. */
const schemaNames = new Set(["Query", "Int", "Float", "String", "Boolean", "ID"]);
visit(parse(libraryClientSchema), {
  Directive: () => false,
  Name: ({ value }) => void schemaNames.add(value),
});

/** Those of them that are somewhere in a text. */
function namesIn(text: string): Set<string> {
  return new Set(text.match(/\w+/g)?.filter((word) => schemaNames.has(word)));
}

describe("a message about a document", () => {
  let library: GuardedLibrary;
  beforeAll(async () => {
    library = await startGuardedLibrary('introspection: "allowed"');
  });
  afterAll(() => library.stop());

  it.each(cases)("tells of %s the names %j and no others", async (document, told) => {
    const { errors } = await library.query(document);
    expect(errors[0]?.extensions.code).toBe("GRAPHQL_VALIDATION_FAILED");
    const own = namesIn(document);
    const names = namesIn(errors.map(({ message }) => message).join("\n"));
    expect([...names].filter((name) => !own.has(name)).toSorted()).toEqual(told.toSorted());
  });

  it.each([
    ["who may see less comes first", [null, everything, null]],
    ["who may see all comes first", [everything, null, everything]],
  ])("is the same for all callers, where %s", async (how, callers) => {
    for (const [document] of cases) {
      const text = `# ${how}\n${document}`;
      const answers: unknown[] = [];
      for (const scopes of callers) {
        const credential = scopes === null ? {} : { token: await library.token({ scope: scopes.join(" ") }) };
        const { status, errors } = await library.query(text, credential);
        answers.push({ status, errors });
      }
      expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    }
  });
});

it("who is nobody here is told nothing about a document", async () => {
  const library = await startGuardedLibrary("anonymous: false");
  try {
    for (const [document] of cases) {
      const { errors } = await library.query(document);
      expect(errors.map(({ message, extensions }) => [message, extensions.code])).toEqual([
        ["A credential is required.", "UNAUTHENTICATED"],
      ]);
    }
  } finally {
    await library.stop();
  }
});
