import {
  type ASTNode,
  buildSchema,
  type DocumentNode,
  getOperationAST,
  isObjectType,
  Kind,
  parse,
  print,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { describe, expect, test } from "vitest";
import { OperationGenerator } from "./generate-operation.ts";
import { describeOperation, type RandomOperation } from "./operation.ts";
import { reachedFrom } from "./reached-from.ts";
import { SchemaIndex } from "./schema-index.ts";
import { libraryOptions, librarySdl } from "./library-schema.ts";

const schema = buildSchema(librarySdl);
const generator = new OperationGenerator(new SchemaIndex(schema), libraryOptions);
const operations = Array.from({ length: 3000 }, (_, seed) => generator.operation(seed));

describe("random operations", () => {
  test("are valid, as they are and as a client writes them", () => {
    const invalid = operations.flatMap((operation) => {
      const errors = validate(schema, parse(print(operation.document)));
      return errors.length === 0 ? [] : [`${errors.join("\n")}\n${describeOperation(operation)}`];
    });
    expect(invalid.slice(0, 3)).toEqual([]);
  });

  test("are the same for the same seed, and different for others", () => {
    const texts = operations.slice(0, 500).map(describeOperation);
    const again = new OperationGenerator(new SchemaIndex(schema), libraryOptions);
    expect(texts.map((_, seed) => describeOperation(again.operation(seed)))).toEqual(texts);
    expect(new Set(texts.map((text) => text.slice(text.indexOf("\n")))).size).toBeGreaterThan(420);
  });

  test("have more of what is a favourite", () => {
    const textsWith = (favourites: readonly string[]): string[] => {
      const options = { ...libraryOptions, favourites: new Set(favourites) };
      const one = new OperationGenerator(new SchemaIndex(schema), options);
      return Array.from({ length: 1000 }, (_, seed) => print(one.operation(seed).document));
    };
    const share = (texts: readonly string[], word: RegExp): number =>
      texts.filter((text) => word.test(text)).length / texts.length;
    const [plain, others] = [textsWith([]), textsWith(["Query.book", "Item.related(first:)"])];
    expect(share(others, /\bbook\(/)).toBeGreaterThan(share(plain, /\bbook\(/) * 1.8);
    expect(share(others, /\brelated\(/)).toBeGreaterThan(share(plain, /\brelated\(/) * 1.1);
  });

  test("select one of the fields that they are aimed at, on every kind of way", () => {
    const aims = ["Book.title", "Person.name"];
    const ways = new Map<string, number>();
    for (let seed = 0; seed < 500; seed++) {
      const { document, operationName } = generator.operation(seed, aims);
      expect(validate(schema, document)).toEqual([]);
      const fields = fieldsOn(document, operationName);
      const found = fields.filter(({ of, name }) => aims.some((aim) => isSelectedBy(aim, of, name)));
      expect([print(document), found.length > 0]).toEqual([print(document), true]);
      for (const { of, isAliased, isInFragment } of found)
        for (const way of [of, isAliased ? "aliased" : "own name", isInFragment ? "fragment" : "no fragment"])
          ways.set(way, (ways.get(way) ?? 0) + 1);
    }
    for (const way of ["Book", "Item", "Person", "aliased", "own name", "fragment", "no fragment"])
      expect([way, (ways.get(way) ?? 0) > 20]).toEqual([way, true]);
  });

  test("are the same for the same seed and the same aims, and as before where no way leads to them", () => {
    const text = (...aims: string[]): string => describeOperation(generator.operation(7, aims));
    expect(text("Book.pages")).toBe(text("Book.pages"));
    const lost = buildSchema("type Query { one: Int two: Int } type Lost { three: Int }");
    const other = new OperationGenerator(new SchemaIndex(lost));
    expect(describeOperation(other.operation(7, ["Lost.three"]))).toBe(describeOperation(other.operation(7)));
    expect(() => generator.operation(7, ["Book.nothing"])).toThrow(
      "Expected a field that can be selected, found Book.nothing.",
    );
  });

  test("keep within depth and size", () => {
    const small = new OperationGenerator(new SchemaIndex(schema), { maxDepth: 3, maxFields: 10 });
    for (let seed = 0; seed < 500; seed++) {
      const { document } = small.operation(seed);
      let fields = 0;
      let depth = 0;
      visit(document, {
        Field: () => void fields++,
        SelectionSet: {
          enter: (_node, _key, _parent, path) =>
            void (depth = Math.max(depth, path.filter((key) => key === "selectionSet").length)),
        },
      });
      expect(depth).toBeLessThanOrEqual(3);
      // A selection set that has begun gets one field at least.
      expect(fields).toBeLessThanOrEqual(3 * 10 + 6);
    }
  });

  test.each<[what: string, has: (operation: RandomOperation) => boolean]>([
    ["aliases", has((node) => node.kind === Kind.FIELD && node.alias !== undefined)],
    ["the same field with different arguments", ({ document }) => hasSameFieldTwice(document, false)],
    ["the same field twice, to be merged", ({ document }) => hasSameFieldTwice(document, true)],
    [
      "inline fragments",
      has((node) => node.kind === Kind.INLINE_FRAGMENT && node.typeCondition !== undefined),
    ],
    [
      "inline fragments without a type",
      has((node) => node.kind === Kind.INLINE_FRAGMENT && node.typeCondition === undefined),
    ],
    ["named fragments", has((node) => node.kind === Kind.FRAGMENT_SPREAD)],
    [
      "fragments on an interface",
      has((node) => node.kind === Kind.FRAGMENT_DEFINITION && node.typeCondition.name.value === "Item"),
    ],
    [
      "fragments on a union",
      has((node) => node.kind === Kind.INLINE_FRAGMENT && node.typeCondition?.name.value === "Found"),
    ],
    ["@skip", has((node) => node.kind === Kind.DIRECTIVE && node.name.value === "skip")],
    [
      "@include with a variable",
      has(
        (node) =>
          node.kind === Kind.DIRECTIVE &&
          node.name.value === "include" &&
          node.arguments?.[0]?.value.kind === Kind.VARIABLE,
      ),
    ],
    ["__typename", has((node) => node.kind === Kind.FIELD && node.name.value === "__typename")],
    ["introspection", has((node) => node.kind === Kind.FIELD && node.name.value === "__schema")],
    [
      "several operations",
      ({ document }) =>
        document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length > 1,
    ],
    [
      "defaults of variables",
      has((node) => node.kind === Kind.VARIABLE_DEFINITION && node.defaultValue !== undefined),
    ],
    ["null as a variable", ({ variables }) => Object.values(variables).includes(null)],
    ["null as a literal", has((node) => node.kind === Kind.NULL)],
    [
      "variables inside lists",
      has((node) => node.kind === Kind.LIST && node.values.some(({ kind }) => kind === Kind.VARIABLE)),
    ],
    [
      "variables inside objects",
      has(
        (node) => node.kind === Kind.OBJECT && node.fields.some(({ value }) => value.kind === Kind.VARIABLE),
      ),
    ],
    ["enums", has((node) => node.kind === Kind.ENUM)],
    [
      "required variables",
      has((node) => node.kind === Kind.VARIABLE_DEFINITION && node.type.kind === Kind.NON_NULL_TYPE),
    ],
    [
      "variables that the request leaves out",
      ({ document, variables }) => declaredIn(document).some((name) => !(name in variables)),
    ],
    ["values of a pool", ({ document }) => print(document).includes('"9780262033848"')],
  ])("have %s", (_what, isThere) => {
    expect(operations.filter(isThere).length).toBeGreaterThan(15);
  });
});

type Judge = (operation: RandomOperation) => boolean;

function has(isIt: (node: ASTNode) => boolean): Judge {
  return ({ document }) => {
    let isThere = false;
    visit(document, { enter: (node) => void (isThere ||= isIt(node)) });
    return isThere;
  };
}

/** Whether some selection set has a field twice: under one name, or with other arguments. */
function hasSameFieldTwice(document: DocumentNode, isMerged: boolean): boolean {
  return has((node) => {
    if (node.kind !== Kind.SELECTION_SET) return false;
    const fields = node.selections.filter((selection) => selection.kind === Kind.FIELD);
    const byName = Map.groupBy(fields, ({ name }) => name.value);
    return [...byName.values()].some((same) => {
      const names = new Set(same.map(({ name, alias }) => (alias ?? name).value));
      const args = new Set(same.map((field) => field.arguments?.map(print).join() ?? ""));
      return isMerged ? names.size < same.length : args.size > 1;
    });
  })({ seed: 0, document, variables: {}, operationName: null });
}

interface FoundField {
  readonly of: string;
  readonly name: string;
  readonly isAliased: boolean;
  readonly isInFragment: boolean;
}

/** The fields of one operation, its fragments followed. */
function fieldsOn(document: DocumentNode, operationName: string | null): FoundField[] {
  const { operation, fragments } = partsOf(document, operationName);
  const found: FoundField[] = [];
  const info = new TypeInfo(schema);
  const { fragmentNames } = reachedFrom(operation, fragments);
  for (const node of [operation, ...[...fragmentNames].flatMap((name) => fragments.get(name) ?? [])]) {
    let fragmentsAround = node.kind === Kind.FRAGMENT_DEFINITION ? 1 : 0;
    visit(
      node,
      visitWithTypeInfo(info, {
        InlineFragment: { enter: () => void fragmentsAround++, leave: () => void fragmentsAround-- },
        Field: ({ name, alias }) => {
          const of = info.getParentType()?.name ?? "";
          const isAliased = alias !== undefined;
          found.push({ of, name: name.value, isAliased, isInFragment: fragmentsAround > 0 });
        },
      }),
    );
  }
  return found;
}

function partsOf(document: DocumentNode, operationName: string | null) {
  const operation = getOperationAST(document, operationName);
  if (operation === null || operation === undefined) throw new Error("Expected an operation.");
  const nodes = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return { operation, fragments: new Map(nodes.map((node) => [node.name.value, node] as const)) };
}

/** On the type itself, or on an interface of it. */
function isSelectedBy(aim: string, of: string, name: string): boolean {
  const [typeName = "", fieldName] = aim.split(".");
  const type = schema.getType(typeName);
  const isOfType =
    typeName === of || (isObjectType(type) && type.getInterfaces().some((one) => one.name === of));
  return isOfType && fieldName === name;
}

function declaredIn(document: DocumentNode): string[] {
  const nodes = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  return nodes.flatMap(({ variableDefinitions = [] }) =>
    variableDefinitions.map(({ variable }) => variable.name.value),
  );
}
