import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  astFromValue,
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  GraphQLError,
  type GraphQLArgument,
  type GraphQLInputField,
  isInputObjectType,
  Kind,
  parse,
  print,
  visit,
} from "graphql";
import { describe, expect, test } from "vitest";
import { formatProblem, Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import {
  homeOf,
  isStandard,
  readDirectiveCatalog,
  unenforcedDirectives,
} from "../../gateway/language/directive-catalog.ts";
import { compileSelection } from "../../gateway/language/evaluate-selection.ts";
import { parseSelectionMap } from "../../gateway/language/selection-map.ts";
import { readSourceSchema } from "../../gateway/language/source-schema.ts";
import { expandUrlTemplate, parseUrlTemplate } from "../../gateway/language/url-template.ts";
import { repositoryRoot } from "../architecture/source-files.ts";
import {
  cellOf,
  codeOf,
  type MarkdownCode,
  type MarkdownRow,
  readMarkdownDocument,
  tableUnder,
} from "./markdown-document.ts";

const document = readMarkdownDocument("docs/schema-language.md");
const catalog = readDirectiveCatalog();

describe("the directives in docs/schema-language.md", () => {
  test("are those of schemas/directives.graphql, with their files, places and repetition", () => {
    const { rows } = tableUnder(document, "Directives");
    const documented = rows.map((row) => ({
      name: codeOf(row, "directive"),
      in: cellOf(row, "in"),
      on: codesIn(cellOf(row, "on")),
      isRepeatable: cellOf(row, "repeatable"),
    }));
    const defined = [...catalog.directives.values()].map((directive) => ({
      name: `@${directive.name}`,
      in: homeOf(directive.name) ?? "source and client",
      on: directive.locations,
      isRepeatable: directive.isRepeatable ? "yes" : "no",
    }));
    expect(documented).toEqual(defined);
  });

  test("have one section each, and so have their input types", () => {
    const sections = document.headings
      .filter(({ text }) => text.startsWith("@"))
      .map(({ text }) => text.slice(1));
    expect(sections.toSorted()).toEqual([...catalog.directives.keys()].toSorted());
    expect(inputTypes().map((type) => type.name)).toEqual([
      "SourceHeader",
      "Rename",
      "CallHeader",
      "Batch",
      "ErrorRule",
      "Pagination",
      "Trim",
      "DiscriminatorMapping",
    ]);
  });

  test.each([...catalog.directives.values()].filter((directive) => directive.args.length > 0))(
    "have every argument: $name",
    (directive) => {
      expect(tableUnder(document, `@${directive.name}`).rows.map(describeRow)).toEqual(
        directive.args.map(describeMember),
      );
    },
  );

  test.each(inputTypes())("have every field of their inputs: $name", (type) => {
    expect(tableUnder(document, type.name).rows.map(describeRow)).toEqual(
      Object.values(type.getFields()).map(describeMember),
    );
  });

  test("have the ranges that are stated where they are defined", () => {
    const members = [...catalog.directives.values()].flatMap((directive) =>
      directive.args.map((member) => ({ heading: `@${directive.name}`, member })),
    );
    const fields = inputTypes().flatMap((type) =>
      Object.values(type.getFields()).map((member) => ({ heading: type.name, member })),
    );
    const wrong = [...members, ...fields].filter(({ heading, member }) => {
      const row = tableUnder(document, heading).rows.find((one) => codeOf(one, "argument") === member.name);
      const range = /\d+ to \d+/.exec(member.description ?? "")?.[0];
      return row === undefined || (range !== undefined && cellOf(row, "legal values") !== range);
    });
    expect(wrong).toEqual([]);
  });

  test("accept the ends of each range and nothing beyond them", () => {
    expect(readNumber("@source", "timeoutMs")).toEqual(rangeIn("@source", "timeoutMs"));
    expect(readNumber("@source", "maxResponseBytes")).toEqual(rangeIn("@source", "maxResponseBytes"));
    expect(readNumber("Batch", "maxSize")).toEqual(rangeIn("Batch", "maxSize"));
  });

  test("that are refused by name are those that the gateway refuses by name", () => {
    const line = readFileSync(path.join(repositoryRoot, document.file), "utf8")
      .split("\n")
      .find((text) => text.startsWith("Refused by name:"));
    const documented = codesIn(line ?? "").map((name) => name.slice(1));
    expect(documented.toSorted()).toEqual(
      [...unenforcedDirectives].filter((name) => !isStandard(name)).toSorted(),
    );
  });

  test("may not set the headers that are listed as reserved", () => {
    const { rows } = tableUnder(document, "Headers");
    const names = rows.flatMap((row) => codesIn(cellOf(row, "names")));
    const source = readFileSync(path.join(repositoryRoot, "gateway/language/source-settings.ts"), "utf8");
    const list = /const reservedHeaders = new Set\(\[([^\]]*)\]/.exec(source)?.[1] ?? "";
    const reserved = [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(names.filter((name) => !name.includes("*")).toSorted()).toEqual(reserved.toSorted());
    const allowed = names.filter(
      (name) => problemsOfSource(`forwardHeaders: ["${name.replace("*", "x")}"]`).length === 0,
    );
    expect(allowed).toEqual([]);
    expect(problemsOfSource('forwardHeaders: ["accept-language", "authorization", "x-tenant"]')).toEqual([]);
  });
});

describe("the examples in docs/schema-language.md", () => {
  const examples = document.codes.filter(({ language }) => language === "graphql");

  test("are all GraphQL", () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(examples.flatMap(findSyntaxError)).toEqual([]);
  });

  test("that begin with a file's name are read without a problem", () => {
    const files = examples.filter((example) => fileOf(example) !== null);
    expect(files.length).toBeGreaterThan(4);
    expect(files.flatMap(findProblems)).toEqual([]);
  });

  test("that begin with the name of a file of the shop are parts of it", () => {
    const excerpts = examples.filter((example) => {
      const file = fileOf(example);
      return file !== null && existsSync(path.join(repositoryRoot, file));
    });
    expect(excerpts.length).toBeGreaterThan(2);
    expect(excerpts.flatMap(findStrangers)).toEqual([]);
  });
});

describe("the sections of docs/schema-language.md", () => {
  test("that are about a directive have an example of it that is taken from the shop", () => {
    const examples = document.codes.filter((code) => {
      const file = code.language === "graphql" ? fileOf(code) : null;
      return file !== null && existsSync(path.join(repositoryRoot, file));
    });
    const without = document.headings.filter(({ text, line }, index) => {
      const end = document.headings[index + 1]?.line ?? Infinity;
      const own = examples.filter((code) => code.line > line && code.line < end);
      return text.startsWith("@") && !own.some((code) => new RegExp(`${text}\\b`).test(code.text));
    });
    expect(without.map(({ text }) => text)).toEqual([]);
  });
});

describe("the tables in docs/schema-language.md", () => {
  test.each(tableUnder(document, "What maps yield").rows.map((row) => [codeOf(row, "map"), row] as const))(
    "say what a map yields: %s",
    (map, row) => {
      const item = JSON.parse(codeOf(row, "from")) as Readonly<Record<string, unknown>>;
      const evaluate = compileSelection(parseSelectionMap(map));
      const found = evaluate({
        value: item,
        args: recordIn(item, "$args"),
        parent: recordIn(item, "$parent"),
        claims: recordIn(item, "$claims"),
        headers: new Map(Object.entries(recordIn(item, "$headers") as Record<string, string>)),
      });
      expect(found === undefined ? "absent" : found).toEqual(readJson(row, "yields"));
    },
  );

  test.each(tableUnder(document, "URL templates").rows.map((row) => [codeOf(row, "template"), row] as const))(
    "say what a template becomes: %s",
    (text, row) => {
      const values = JSON.parse(codeOf(row, "values")) as Readonly<Record<string, unknown>>;
      const request = expandUrlTemplate(parseUrlTemplate(text), ({ name }) => values[name], []);
      expect(request ?? "no call").toBe(codeOf(row, "request"));
    },
  );

  test.each(tableUnder(document, "What a template may not say").rows.map((row) => codeOf(row, "template")))(
    "say which templates are refused: %s",
    (text) => {
      expect(() => parseUrlTemplate(text)).toThrow(/^expected /);
    },
  );
});

function inputTypes() {
  const types = [...catalog.directives.values()].flatMap((directive) =>
    directive.args.map((argument) => namedInput(argument)),
  );
  return [...new Set(types)].filter((type) => isInputObjectType(type));
}

function namedInput({ type }: GraphQLArgument) {
  let inner = type;
  while ("ofType" in inner) inner = inner.ofType;
  return inner;
}

function describeRow(row: MarkdownRow) {
  return {
    name: codeOf(row, "argument"),
    type: codeOf(row, "type"),
    default: cellOf(row, "default").replaceAll("`", ""),
  };
}

function describeMember(member: GraphQLArgument | GraphQLInputField) {
  const node = member.defaultValue === undefined ? null : astFromValue(member.defaultValue, member.type);
  const isRequired = member.type.toString().endsWith("!");
  const standard = node === null || node === undefined ? (isRequired ? "required" : "none") : print(node);
  return { name: member.name, type: member.type.toString(), default: standard };
}

function rangeIn(heading: string, name: string): readonly [min: number, max: number] {
  const row = tableUnder(document, heading).rows.find((one) => codeOf(one, "argument") === name);
  const [min = Number.NaN, max = Number.NaN] = cellOf(row ?? new Map(), "legal values")
    .split(" to ")
    .map(Number);
  return [min, max];
}

/** The documented range where its ends are accepted and their neighbours are refused. */
function readNumber(heading: string, name: string): readonly [min: number, max: number] | null {
  const [min, max] = rangeIn(heading, name);
  const isAccepted = (value: number): boolean =>
    heading === "@source"
      ? problemsOfSource(`${name}: ${value}`).length === 0
      : problemsOfSource("", `, batch: { of: "$args.id", as: "ids", match: "id", ${name}: ${value} }`)
          .length === 0;
  const answers = [min - 1, min, max, max + 1].map(isAccepted);
  return JSON.stringify(answers) === "[false,true,true,false]" ? [min, max] : null;
}

/** What is wrong with a sound REST source once these arguments are added. */
function problemsOfSource(sourceArguments: string, restArguments = ""): readonly string[] {
  const problems = new Problems();
  const template = restArguments === "" ? "/rows{?args.id}" : "/rows{?ids*}";
  const text = `extend schema @source(name: "rows", url: "http://localhost:7000" ${sourceArguments})
    type Query { row(id: ID!): Row @lookup @rest(GET: "${template}"${restArguments}) }
    type Row @key(fields: "id") { id: ID! }`;
  readSourceSchema("schemas/rows.graphql", text, catalog, problems);
  return problems.errors.map(formatProblem);
}

/** `# schemas/reviews.graphql` as first line: the example is a file that can stand by itself. */
function fileOf(example: MarkdownCode): string | null {
  return (
    /^# ((?:schemas|bff-[a-z]+)\/[-a-z]+\.graphql)$/.exec(example.text.split("\n", 1)[0] ?? "")?.[1] ?? null
  );
}

function findSyntaxError(example: MarkdownCode): string[] {
  try {
    parse(example.text);
    return [];
  } catch (error) {
    return error instanceof GraphQLError ? [`${document.file}:${example.line} ${error.message}`] : [];
  }
}

function findProblems(example: MarkdownCode): string[] {
  const file = fileOf(example) ?? "";
  const read = file.startsWith("schemas/") ? readSourceSchema : readClientSchema;
  const problems = new Problems();
  const schema = read(file, example.text, catalog, problems);
  const found = problems.errors.map(
    (problem) => `${document.file}:${example.line} ${formatProblem(problem)}`,
  );
  return schema === null && found.length === 0
    ? [`${document.file}:${example.line} reads as nothing`]
    : found;
}

/** What an excerpt says that the file it names does not. */
function findStrangers(example: MarkdownCode): string[] {
  const file = fileOf(example) ?? "";
  const known = statementsOf(readFileSync(path.join(repositoryRoot, file), "utf8"));
  return [...statementsOf(example.text)]
    .filter((statement) => !known.has(statement))
    .map((statement) => `${document.file}:${example.line} is not in ${file}: ${statement}`);
}

/** Every directive of a type or schema, every field, every value of an enum; without descriptions and order. */
function statementsOf(text: string): ReadonlySet<string> {
  const statements = new Set<string>();
  const undescribed = visit(parse(text), { enter: withoutDescription });
  const addDirectives = (owner: string, directives: readonly ConstDirectiveNode[] = []): void => {
    for (const directive of directives) statements.add(`${owner} ${print(directive)}`);
  };
  const addFields = (owner: string, fields: readonly FieldDefinitionNode[] = []): void => {
    for (const field of fields) statements.add(`${owner} { ${print(field)} }`);
  };
  for (const node of undescribed.definitions) {
    if (node.kind === Kind.SCHEMA_EXTENSION) addDirectives("schema", node.directives);
    else if (node.kind === Kind.OBJECT_TYPE_DEFINITION) {
      addDirectives(`type ${node.name.value}`, node.directives);
      addFields(`type ${node.name.value}`, node.fields);
    } else statements.add(print(node));
  }
  return statements;
}

function withoutDescription(node: object): object | undefined {
  return "description" in node ? { ...node, description: undefined } : undefined;
}

function codesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

function recordIn(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  return (value[name] ?? {}) as Readonly<Record<string, unknown>>;
}

function readJson(row: MarkdownRow, column: string): unknown {
  const text = codeOf(row, column);
  return text === "absent" ? text : (JSON.parse(text) as unknown);
}
