import { type ConstDirectiveNode, DirectiveLocation, isTypeDefinitionNode, Kind, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { Problems } from "../../gateway/core/problems.ts";
import { readDirectiveCatalog, type SchemaFileKind } from "../../gateway/language/directive-catalog.ts";
import {
  DirectiveReader,
  type DirectiveUse,
  placeOf,
  readLeafDirectives,
} from "../../gateway/language/directive-reader.ts";
import { problemsOf, readMarkedText } from "../support/marked-problem.ts";

const catalog = readDirectiveCatalog();

describe("a directive", () => {
  test("hands out its arguments, defaults included", () => {
    const use = readUse(
      '@source(name: "a", url: "http://x", forwardHeaders: ["b"])',
      DirectiveLocation.SCHEMA,
    );
    expect([use.text("name"), use.value("forwardHeaders"), use.value("timeoutMs")]).toEqual([
      "a",
      ["b"],
      3000,
    ]);
    expect([use.text("proto"), use.text("timeoutMs"), use.value("headers"), use.value("nothing")]).toEqual([
      null,
      null,
      [],
      null,
    ]);
    expect(use.coordinate).toBe("Type.field @source");
  });

  test("takes one element for a list of one, and checks it as an element", () => {
    const one =
      '@source(name: "a", url: "http://x", forwardHeaders: "b", headers: { name: "c", value: "$claims.d" })';
    const use = readUse(one, DirectiveLocation.SCHEMA);
    expect([use.value("forwardHeaders"), use.value("headers")]).toEqual([
      ["b"],
      [{ name: "c", value: "$claims.d" }],
    ]);
  });

  test("fills in the defaults of its input objects", () => {
    const use = readUse('@rest(GET: "/a{?b}", batch: { of: "$args.b", as: "b", match: "b" })');
    expect(use.value("batch")).toEqual({ of: "$args.b", as: "b", match: "b", maxSize: 100 });
  });

  test("keeps an explicit null apart from a default", () => {
    expect(readUse('@rest(GET: "/a", select: null)').value("select")).toBeNull();
    expect(readUse('@grpc(method: "A", safe: null)').flag("safe")).toBe(false);
  });

  test("may be repeated where its definition says so", () => {
    const uses = readAll('@key(fields: "a") @key(fields: "b")', DirectiveLocation.OBJECT);
    expect(uses.get("key")?.map((use) => use.text("fields"))).toEqual(["a", "b"]);
  });

  test("of GraphQL itself is left alone", () => {
    expect(readAll('@deprecated(reason: "old")').size).toBe(0);
  });

  test("knows the literals that it was written with", () => {
    const use = readUse('@rest(GET: "/a", batch: { of: "$args.b", as: "b", match: "b" })');
    expect(use.nodeAt(["GET"])).toMatchObject({ kind: Kind.STRING, value: "/a" });
    expect(use.nodeAt(["batch", "as"])).toMatchObject({ value: "b" });
    expect([use.nodeAt(["select"]), use.nodeAt(["batch", "value"]), use.nodeAt(["GET", "x"])]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

interface WrongUse {
  readonly expected: string;
  readonly found: string;
  readonly coordinate?: string;
  readonly hint?: string;
  readonly at?: DirectiveLocation;
  readonly kind?: SchemaFileKind;
}

const schema = DirectiveLocation.SCHEMA;
const object = DirectiveLocation.OBJECT;

describe("a wrong use of a directive", () => {
  test.each<[written: string, problem: WrongUse]>([
    ["▸@nonsense", { expected: "a directive of schemas/directives.graphql", found: "@nonsense" }],
    [
      "▸@form(field: 1)",
      {
        expected: "a directive of schemas/directives.graphql",
        found: "@form",
        hint: 'did you mean "from"?',
      },
    ],
    [
      "▸@truncat(length: 1)",
      {
        kind: "client",
        expected: "a directive of schemas/directives.graphql",
        found: "@truncat",
        hint: 'did you mean "truncate"?',
      },
    ],
    [
      "▸@cacheTag",
      {
        expected: "a directive that this version enforces",
        found: "@cacheTag, which it does not enforce yet",
        hint: "remove it; nothing fails open",
      },
    ],
    [
      "▸@tag",
      {
        at: DirectiveLocation.INPUT_OBJECT,
        expected: "a directive that this version enforces",
        found: "@tag, which it does not enforce yet",
        hint: "remove it; nothing fails open",
      },
    ],
    [
      '▸@view(of: "A")',
      {
        at: object,
        expected: "@view in client schemas (a BFF's folder) only",
        found: "it in a source schema",
      },
    ],
    [
      '▸@rest(GET: "/")',
      {
        kind: "client",
        expected: "@rest in source schemas (schemas/) only",
        found: "it in a client schema",
      },
    ],
    ['▸@key(fields: "a")', { expected: "@key on OBJECT", found: "it on FIELD_DEFINITION" }],
    [
      "▸@shareable",
      { at: schema, expected: "@shareable on OBJECT or FIELD_DEFINITION", found: "it on SCHEMA" },
    ],
    [
      '@from(field: "a") ▸@from(field: "b")',
      { coordinate: "Type.field @from", expected: "@from once", found: "it again" },
    ],
    ["▸@from", { coordinate: "Type.field @from(field:)", expected: "argument field", found: "nothing" }],
    [
      '@from(field: "a", ▸feild: "b")',
      {
        coordinate: "Type.field @from",
        expected: "arguments field",
        found: "argument feild",
        hint: 'did you mean "field"?',
      },
    ],
    ["@lookup(▸by: 1)", { coordinate: "Type.field @lookup", expected: "no argument", found: "argument by" }],
    [
      '@from(field: "a", ▸field: "b")',
      { coordinate: "Type.field @from", expected: "field once", found: "it again" },
    ],
    [
      "@from(field: ▸1)",
      {
        coordinate: "Type.field @from(field:)",
        expected: 'a FieldSelectionMap in quotes, for example "a.b"',
        found: "1",
      },
    ],
    [
      "@from(field: ▸null)",
      {
        coordinate: "Type.field @from(field:)",
        expected: 'a FieldSelectionMap in quotes, for example "a.b"',
        found: "null",
      },
    ],
    [
      '@rest(GET: "/", query: ▸"a")',
      {
        coordinate: "Type.field @rest(query:)",
        expected: 'an object of FieldSelectionMaps, for example { first: "$args.first" }',
        found: '"a"',
      },
    ],
    [
      '@source(name: "a", url: "b", timeoutMs: ▸"1")',
      { at: schema, coordinate: "Type.field @source(timeoutMs:)", expected: "Int", found: '"1"' },
    ],
    [
      '@source(name: "a", url: "b", timeoutMs: ▸2147483648)',
      { at: schema, coordinate: "Type.field @source(timeoutMs:)", expected: "Int", found: "2147483648" },
    ],
    [
      '@source(name: "a", url: "b", forwardHeaders: ["c", ▸1])',
      { at: schema, coordinate: "Type.field @source(forwardHeaders:)", expected: "String", found: "1" },
    ],
    [
      '@source(name: "a", url: "b", forwardHeaders: ▸{ c: 1 })',
      { at: schema, coordinate: "Type.field @source(forwardHeaders:)", expected: "String", found: "{c: 1}" },
    ],
    [
      '@source(name: "a", url: "b", headers: { name: "c", value: ▸5 })',
      {
        at: schema,
        coordinate: "Type.field @source(headers.value:)",
        expected: 'a FieldSelectionMap in quotes, for example "a.b"',
        found: "5",
      },
    ],
    [
      '@source(name: "a", url: "b", headers: [▸{ name: "c" }])',
      {
        at: schema,
        coordinate: "Type.field @source(headers.value:)",
        expected: "field value",
        found: "nothing",
      },
    ],
    [
      '@rest(GET: "/", batch: ▸"x")',
      { coordinate: "Type.field @rest(batch:)", expected: "Batch", found: '"x"' },
    ],
    [
      '@rest(GET: "/", batch: { of: "a", as: "b", match: "c", ▸maxSiz: 1 })',
      {
        coordinate: "Type.field @rest(batch:)",
        expected: "fields of, as, select, match, value, maxSize",
        found: "field maxSiz",
        hint: 'did you mean "maxSize"?',
      },
    ],
    [
      `@from(field: ▸[${"1, ".repeat(60)}1])`,
      {
        coordinate: "Type.field @from(field:)",
        expected: 'a FieldSelectionMap in quotes, for example "a.b"',
        found: `[${"1, ".repeat(32)}1,…`,
      },
    ],
  ])("%s is one problem with its place", (marked, problem) => {
    const {
      at = DirectiveLocation.FIELD_DEFINITION,
      kind = "source",
      coordinate = "Type.field",
      ...facts
    } = problem;
    const { text, column } = readMarkedText(marked);
    const problems = problemsOf((found) => readAll(text, at, kind, found));
    expect(problems).toEqual([
      { place: { file: "a.graphql", line: 2, column }, coordinate, hint: null, severity: "error", ...facts },
    ]);
  });

  test("leaves the directive out, so that nothing reads it", () => {
    const problems = new Problems();
    expect(readAll("@from(field: 1)", DirectiveLocation.FIELD_DEFINITION, "source", problems).size).toBe(0);
    expect(problems.errors).toHaveLength(1);
  });

  test("is told once for each thing that is wrong with it", () => {
    const problems = problemsOf((found) =>
      readAll('@source(nam: "a", url: 1, timeoutMs: true)', schema, "source", found),
    );
    expect(problems.map(({ coordinate, found }) => [coordinate, found])).toEqual([
      ["Type.field @source", "argument nam"],
      ["Type.field @source(name:)", "nothing"],
      ["Type.field @source(url:)", "1"],
      ["Type.field @source(timeoutMs:)", "true"],
    ]);
  });
});

describe("numbers", () => {
  test.each([
    [1, 1],
    [600_000, 600_000],
    [0, null],
    [600_001, null],
    [-1, null],
  ])("%i within 1 to 600000 is %s", (written, read) => {
    const problems = new Problems();
    const text = `@source(name: "a", url: "b", timeoutMs: ${written})`;
    const use = readAll(text, schema, "source", problems).get("source")?.[0];
    expect(use?.integer("timeoutMs", 1, 600_000)).toBe(read);
    expect(problems.errors.map(({ place, expected, found }) => [place.column, expected, found])).toEqual(
      read === null ? [[41, "1 to 600000", `${written}`]] : [],
    );
  });
});

describe("a map inside a directive", () => {
  test("is pointed at where it is wrong", () => {
    const problems = new Problems();
    const use = readAll('@from(field: "a.b | ")', DirectiveLocation.FIELD_DEFINITION, "source", problems);
    expect(use.get("from")?.[0]?.selection(["field"])).toBeNull();
    expect(problems.errors).toEqual([
      {
        place: { file: "a.graphql", line: 2, column: 21 },
        coordinate: "Type.field @from(field:)",
        expected: "a name",
        found: "the end",
        hint: null,
        severity: "error",
      },
    ]);
  });

  test("knows the place of each of its characters", () => {
    const selection = readUse('@from(field: "{ id: authorId }")').selection(["field"]);
    expect(selection?.placeAt(6)).toEqual({ file: "a.graphql", line: 2, column: 21 });
    expect(selection?.text).toBe("{ id: authorId }");
  });

  test.each(['@from(field: """a.b""")', '@from(field: "a\\u002eb")'])(
    "has only its start where its characters are not as written: %s",
    (text) => {
      const selection = readUse(text).selection(["field"]);
      expect([selection?.text, selection?.placeAt(2).column]).toEqual(["a.b", 14]);
    },
  );

  test("is null where there is none", () => {
    const use = readUse('@rest(GET: "/a", select: null)');
    expect([use.selection(["select"]), use.selection(["batch", "of"])]).toEqual([null, null]);
  });
});

describe("a problem found later", () => {
  test("points at what stands at the path, or at the directive", () => {
    const problems = new Problems();
    const text = '@rest(GET: "/a{?b}", batch: { of: "$args.b", as: "b", match: "b" })';
    const use = readAll(text, DirectiveLocation.FIELD_DEFINITION, "source", problems).get("rest")?.[0];
    use?.refuse(["batch", "as"], "one", "two");
    use?.refuse(["batch", "value"], "one", "two", "three");
    use?.refuse([], "one", "two");
    expect(problems.errors.map(({ place, coordinate, hint }) => [place.column, coordinate, hint])).toEqual([
      [50, "Type.field @rest(batch.as:)", null],
      [1, "Type.field @rest(batch.value:)", "three"],
      [1, "Type.field @rest", null],
    ]);
  });
});

describe("the place of a definition", () => {
  test("is behind its description and comments", () => {
    const [type] = parse('"""\nLong.\n"""\n# Note.\ntype A {\n  "Short." b: Int\n}').definitions;
    if (type?.kind !== Kind.OBJECT_TYPE_DEFINITION) throw new Error("expected a type");
    expect(placeOf(type, "f")).toEqual({ file: "f", line: 5, column: 1 });
    expect(type.fields?.map((field) => placeOf(field, "f"))).toEqual([{ file: "f", line: 6, column: 12 }]);
  });

  test("is line 0 where the parser kept none", () => {
    const [type] = parse("type A { b: Int }", { noLocation: true }).definitions.filter(isTypeDefinitionNode);
    expect(type === undefined ? null : placeOf(type, "f")).toEqual({ file: "f", line: 0, column: 0 });
  });
});

test("directives on enums, scalars and inputs do not stand there unread", () => {
  const text = `scalar A @tag(name: "x")
enum B @cacheTag { C @semanticNonNull }
input D @external { e: Int @provides(field: "x") }`;
  const problems = problemsOf((found) => {
    readLeafDirectives(parse(text), new DirectiveReader(catalog, "source", "a.graphql", found));
  });
  expect(
    problems.map(({ place, coordinate, found }) => [place.line, place.column, coordinate, found]),
  ).toEqual([
    [1, 10, "A", "@tag, which it does not enforce yet"],
    [2, 8, "B", "@cacheTag, which it does not enforce yet"],
    [2, 22, "B.C", "@semanticNonNull, which it does not enforce yet"],
    [3, 9, "D", "@external, which it does not enforce yet"],
    [3, 28, "D.e", "@provides, which it does not enforce yet"],
  ]);
});

/** The directives of a type definition that consists of nothing else, read as if they stood at `location`. */
function readAll(
  text: string,
  location = DirectiveLocation.FIELD_DEFINITION,
  kind: SchemaFileKind = "source",
  problems = new Problems(),
): Map<string, DirectiveUse[]> {
  const reader = new DirectiveReader(catalog, kind, "a.graphql", problems);
  return reader.read(parseDirectives(text), location, "Type.field");
}

function readUse(text: string, location = DirectiveLocation.FIELD_DEFINITION): DirectiveUse {
  const problems = new Problems();
  const [use] = [...readAll(text, location, "source", problems).values()].flat();
  if (use === undefined) throw new Error(`expected ${text} to be read, found ${problems.errors[0]?.found}`);
  return use;
}

/** The directives stand on line 2, so that columns count from the text's own start. */
function parseDirectives(text: string): readonly ConstDirectiveNode[] {
  const [definition] = parse(`scalar A\n${text}`).definitions;
  return definition?.kind === Kind.SCALAR_TYPE_DEFINITION ? (definition.directives ?? []) : [];
}
