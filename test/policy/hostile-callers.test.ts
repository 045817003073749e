import { buildSchema, Kind, type OperationDefinitionNode, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BoundClientSchema } from "../../gateway/compose/bindings.ts";
import { anonymousCaller, type Caller } from "../../gateway/core/caller.ts";
import type { Guard } from "../../gateway/language/guards.ts";
import type { AccessRules } from "../../gateway/policy/access-rules.ts";
import { decideAccess } from "../../gateway/policy/decide-access.ts";
import { createDenials } from "../../gateway/policy/denied-guards.ts";
import { findOperationGuards } from "../../gateway/policy/operation-guards.ts";
import { type GuardedLibrary, startGuardedLibrary } from "./guarded-library.ts";

const guardCount = 16;
const names = Array.from({ length: guardCount }, (_, index) => `f${index}`);
const schema = buildSchema(`type Query { ${names.map((name) => `${name}: Int`).join(" ")} }`);

/** A schema of which each field needs a scope of its own. */
function openRules(): AccessRules {
  const guards = names.map((name): Guard => ({ kind: "scopes", anyOf: [[name]] }));
  const guardsOfField = (_type: string, field: string): readonly number[] => [names.indexOf(field)];
  const bindings = new Map(names.map((name) => [name, { kind: "group" as const }]));
  const bound: BoundClientSchema = { schema, fields: new Map([["Query", bindings]]), views: new Map() };
  const rules = { guards, guardsOfField, guardsOfObject: () => [] };
  return { ...rules, denialsFor: createDenials(bound, rules) };
}

function callerWith(scopes: readonly string[]): Caller {
  return { ...anonymousCaller, kind: "jwt", scopes: new Set(scopes) };
}

const nobody = (): boolean => false;

describe("thousands of different sets of scopes", () => {
  const rules = openRules();
  const all = [...rules.guards.keys()];

  it("are each denied exactly what they lack, whatever is kept of them", () => {
    for (let set = 0; set < 5000; set++) {
      const scopes = names.filter((_, index) => ((set >> index) & 1) === 1);
      const denials = decideAccess(rules, all, callerWith(scopes), nobody);
      if (denials === null || denials instanceof Promise) throw new Error("expected denials");
      const denied = names.filter((name) => denials.deniesField("Query", name));
      expect(denied).toEqual(names.filter((name) => !scopes.includes(name)));
      const visible = [...(denials.visible.fields.get("Query")?.keys() ?? [])];
      expect(visible).toEqual(scopes);
    }
  });

  it("do not push out what is kept for those that ask again and again", () => {
    const often = callerWith(["f0"]);
    const first = decideAccess(rules, all, often, nobody);
    for (let set = 0; set < 5000; set++) {
      for (let time = 0; time < 2; time++) void decideAccess(rules, all, often, nobody);
      const scopes = names.filter((_, index) => ((set >> index) & 1) === 1);
      void decideAccess(rules, all, callerWith(scopes), nobody);
    }
    expect(decideAccess(rules, all, often, nobody)).toBe(first);
  });
});

describe("a document of 10,000 tokens over an interface of many types", () => {
  const types = Array.from({ length: 200 }, (_, index) => `T${index}`);
  const wide = buildSchema(`
    type Query { all: Any }
    interface Any { id: ID next: Any }
    ${types.map((name) => `type ${name} implements Any { id: ID next: Any }`).join("\n")}
  `);
  const rules = {
    guards: [{ kind: "authenticated" } as const],
    guardsOfField: (_type: string, field: string) => (field === "id" ? [0] : []),
    guardsOfObject: () => [],
  };

  it.each([
    [
      "of aliases",
      `{ all { ${Array.from({ length: 3300 }, (_, index) => `a${index}: id`).join(" ")} } }`,
      ["Any.id"],
    ],
    ["of levels", `{ all ${"{ next ".repeat(150)}{ id }${" }".repeat(150)} }`, ["Any.id"]],
    [
      "of fragments of fragments",
      `{ all { ...F0 } } ${Array.from({ length: 600 }, (_, index) => `fragment F${index} on Any { id ...F${index + 1} ...F${index + 1} next { ...F${index + 1} } }`).join(" ")} fragment F600 on Any { id }`,
      ["Any.id"],
    ],
    [
      "of conditions on types",
      `{ all { ${Array.from({ length: 1600 }, (_, index) => `... on T${index % 200} { id }`).join(" ")} } }`,
      types.map((name) => `${name}.id`),
    ],
  ])("has its guards found soon: %s", (_what, text, named) => {
    const document = parse(text);
    const [operation] = document.definitions.filter(
      (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
    );
    if (operation === undefined) throw new Error("expected an operation");
    const before = process.cpuUsage();
    const found = findOperationGuards(rules, wide, document, operation);
    const { user, system } = process.cpuUsage(before);
    expect(found.guards).toEqual([0]);
    expect(found.named.map(({ coordinate }) => coordinate)).toEqual(named);
    // A tenth of that on a machine of one's own.
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});

describe("more kinds of callers than an operation has variants", () => {
  let library: GuardedLibrary;
  beforeAll(async () => {
    library = await startGuardedLibrary();
  });
  afterAll(() => library.stop());

  it("get each its own answer, again and again", async () => {
    const fields = { isbn: "admin", cost: "money", lock: "codes" };
    const query = "{ books { isbn cost lock author { email } shelf { label } } }";
    const kinds = Array.from({ length: 32 }, (_, set) => {
      const scopes = ["admin", "money", "codes", "contact"].filter(
        (_name, index) => ((set >> index) & 1) === 1,
      );
      return set < 16 ? scopes : null;
    });
    for (let round = 0; round < 3; round++) {
      for (const scopes of kinds) {
        const { data, errors } = await library.ask(scopes, query);
        const [book] = (data as { books: Record<string, unknown>[] }).books;
        for (const [name, scope] of Object.entries(fields))
          expect([scopes, name, book?.[name] !== null]).toEqual([
            scopes,
            name,
            scopes?.includes(scope) === true,
          ]);
        const denied = 4 - (scopes?.length ?? 0) + (scopes === null ? 1 : 0);
        expect(errors).toHaveLength(denied * 2);
      }
    }
  });
});
