import {
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DefinitionNode,
  type DocumentNode,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadProject } from "../../gateway/config/load-project.ts";
import { anonymousCaller, type Caller, type ClaimValue } from "../../gateway/core/caller.ts";
import { Deadline } from "../../gateway/core/deadline.ts";
import { Problems } from "../../gateway/core/problems.ts";
import type { AccessRules, Denials } from "../../gateway/policy/access-rules.ts";
import { decideAccess } from "../../gateway/policy/decide-access.ts";
import { SeededRandom } from "../backends/seeded-random.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { differenceOf } from "./compare-answers.ts";
import { OperationGenerator } from "./generate-operation.ts";
import { type OpenProject, openProject } from "./open-project.ts";
import type { RandomOperation } from "./operation.ts";
import { plantGuards } from "./plant-guards.ts";
import { RandomValues } from "./random-values.ts";
import { SchemaIndex } from "./schema-index.ts";
import { shopOptions } from "./shop-operations.ts";
import { type CountedAnswer, type CountingAnswerer, openTwoExecutors } from "./two-executors.ts";

// The shop, with a scope of its own for every field of every source and client schema. What a caller may not read is
// asked for exactly as if its operation did not have it. ORACLE_OPERATIONS=<number> tries more random operations.
const { ORACLE_OPERATIONS = "100", ORACLE_FROM = "0" } = process.env;
const count = Number(ORACLE_OPERATIONS);
const from = Number(ORACLE_FROM);

let shop: Shop;
let project: OpenProject;
const allScopes = new Set<string>(["orders:write"]);

beforeAll(async () => {
  shop = await startShop();
  const problems = new Problems();
  const { sourceFiles, bffs, protosFolder } = await loadProject(shopRoot, problems);
  problems.throwIfAny();
  const plant = (text: string, prefix: string): string => {
    const planted = plantGuards(text, prefix);
    for (const scope of planted.scopes) allScopes.add(scope);
    return planted.text;
  };
  project = openProject({
    sources: sourceFiles.map(({ file, text }) => {
      // Time is no part of what is compared, and test machines are slow.
      const patient = text.replaceAll(/timeoutMs: \d+/g, "timeoutMs: 120000");
      return { file, text: plant(patient, `${file}:`) };
    }),
    clients: new Map(
      bffs.map(({ settings, schema }) => {
        const text = plant(schema.text, `${settings.name}:`);
        return [settings.name, { file: schema.file, text, shapers: settings.shapers }];
      }),
    ),
    protosFolder,
    urls: Object.fromEntries(
      Object.entries(shop.env).map(([name, url]) => [name.replace(/_URL$/, "").toLowerCase(), url]),
    ),
  });
}, 60_000);
afterAll(async () => {
  await project.dispose();
  await shop.stop();
});

interface Opened {
  readonly schema: GraphQLSchema;
  readonly access: AccessRules;
  /** Both, of one caller. */
  readonly as: (caller: Caller) => readonly [CountingAnswerer, CountingAnswerer];
}

function open(name: string): Opened {
  const bound = project.clients.get(name);
  const access = project.access.get(name);
  if (bound === undefined || access === undefined) throw new Error(`Expected a BFF ${name}.`);
  let current = anonymousCaller;
  const { reference, compiled } = openTwoExecutors(bound, project.model, {
    access,
    scopeOf: ({ seed }) => ({
      requestId: `seed-${seed}`,
      caller: current,
      headers: new Map(),
      deadline: Deadline.start(600_000, null),
      locale: "en-US",
      timeZone: "Europe/Berlin",
    }),
    letsCaller: () => true,
  });
  const by =
    (answer: CountingAnswerer, caller: Caller): CountingAnswerer =>
    (operation) => {
      current = caller;
      return answer(operation);
    };
  return { schema: bound.schema, access, as: (caller) => [by(reference, caller), by(compiled, caller)] };
}

function callerWith(scopes: Iterable<string>): Caller {
  const claims = Object.assign(Object.create(null) as Record<string, ClaimValue>, { sub: "u1" });
  return { ...anonymousCaller, kind: "jwt", subject: "u1", scopes: new Set(scopes), claims };
}

function operationOf(document: DocumentNode, seed = 0): RandomOperation {
  return { seed, document, variables: {}, operationName: null };
}

interface Asked {
  readonly answer: CountedAnswer;
  /** What backends were asked, what was asked for of it included. */
  readonly requests: readonly string[];
}

async function ask(answerer: CountingAnswerer, operation: RandomOperation): Promise<Asked> {
  shop.reset();
  shop.clearLogs();
  const answer = await answerer(operation);
  const { catalog, inventory, orders, reviews, accounts, shipping, recommendations } = shop;
  const backends = { catalog, inventory, orders, reviews, accounts, shipping, recommendations };
  const requests = Object.entries(backends).flatMap(([source, { log }]) =>
    log.entries.map(({ method, url, message }) => `${source} ${method} ${url} ${JSON.stringify(message)}`),
  );
  return { answer, requests: requests.toSorted() };
}

/** An operation in which one field is selected, by the shortest way from a root; `other` stands in its place. */
function operationFor(
  schema: GraphQLSchema,
  typeName: string,
  field: GraphQLField<unknown, unknown>,
): readonly [operation: string, other: string] | null {
  const way = wayTo(schema, typeName);
  if (way === null) return null;
  const leaf = isLeafType(getNamedType(field.type)) ? "" : " { __typename }";
  const selected = `x: ${field.name}${argumentsOf(`${typeName}.${field.name}`, field)}${leaf}`;
  return [way(selected), way("x: __typename")];
}

function wayTo(schema: GraphQLSchema, typeName: string): ((inner: string) => string) | null {
  type Way = (inner: string) => string;
  const waiting: [GraphQLObjectType, Way][] = [];
  const query = schema.getQueryType();
  const mutation = schema.getMutationType();
  if (isObjectType(query)) waiting.push([query, (inner) => `{ ${inner} }`]);
  if (isObjectType(mutation)) waiting.push([mutation, (inner) => `mutation { ${inner} }`]);
  const seen = new Set<string>();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [type, way] = next;
    if (type.name === typeName) return way;
    if (seen.has(type.name)) continue;
    seen.add(type.name);
    for (const field of Object.values(type.getFields())) {
      const below = getNamedType(field.type);
      if (!isCompositeType(below)) continue;
      const args = argumentsOf(`${type.name}.${field.name}`, field);
      for (const object of isAbstractType(below) ? schema.getPossibleTypes(below) : [below])
        waiting.push([object, (inner) => way(`${field.name}${args} { ... on ${object.name} { ${inner} } }`)]);
    }
  }
  return null;
}

/** Those that are required. */
function argumentsOf(coordinate: string, { args }: GraphQLField<unknown, unknown>): string {
  const values = new RandomValues(new SeededRandom(1), firstOfPools);
  const given = args
    .filter(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined)
    .map(
      ({ name, type }) =>
        `${name}: ${literalOf(values.valueOf(type, `${coordinate.split("(")[0]}(${name}:)`))}`,
    );
  return given.length === 0 ? "" : `(${given.join(", ")})`;
}

/** Of each pool what is there for sure. */
const firstOfPools = new Map(
  [...(shopOptions.pools ?? [])].map(([name, values]) => [name, values.slice(0, 1)] as const),
);

function literalOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literalOf).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, one]) => `${name}: ${literalOf(one)}`)
    .join(", ")} }`;
}

/** Of all object types, but enums would be written as texts in arguments of mutations, which are left out. */
function fieldsOf(schema: GraphQLSchema): (readonly [string, GraphQLField<unknown, unknown>])[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith("__") && type !== schema.getMutationType()
      ? Object.values(type.getFields()).map((field) => [type.name, field] as const)
      : [],
  );
}

describe.each(["web", "mobile"])("every field of the shop's %s schema", (name) => {
  const timeoutMs = 300_000;

  test(
    "is asked for by neither executor where the caller may not read it",
    async () => {
      const { schema, as } = open(name);
      let denied = 0;
      let fetched = 0;
      for (const [typeName, field] of fieldsOf(schema)) {
        const texts = operationFor(schema, typeName, field);
        if (texts === null) continue;
        const [operation, other] = texts.map((text) => operationOf(parse(text)));
        if (operation === undefined || other === undefined) continue;
        const scope = `${name}:${typeName}.${field.name}`;
        const caller = callerWith([...allScopes].filter((one) => one !== scope));
        const [reference, compiled] = as(caller);
        const asked = [await ask(reference, operation), await ask(compiled, operation)] as const;
        const plain = [await ask(reference, other), await ask(compiled, other)] as const;
        const what = print(operation.document);
        expect([what, differenceOf(asked[0].answer, asked[1].answer)]).toEqual([what, null]);
        for (const index of [0, 1] as const)
          expect([what, asked[index].requests]).toEqual([what, plain[index].requests]);
        if (asked[0].answer.errors.some(({ code }) => code === "UNAUTHORIZED_FIELD_OR_TYPE")) denied++;
        const [all] = as(callerWith(allScopes));
        const { requests } = await ask(all, operation);
        if (requests.join("\n") !== plain[0].requests.join("\n")) fetched++;
      }
      const total = fieldsOf(schema).length;
      // Most were there to be denied, and of many something would have been fetched.
      expect(denied).toBeGreaterThan(total * 0.6);
      expect(fetched).toBeGreaterThan(total * 0.1);
    },
    timeoutMs,
  );

  test(
    `has the same answers from both for ${count} random operations of callers with random scopes, for which backends are asked as without what is denied`,
    async () => {
      const { schema, access, as } = open(name);
      const options = { ...shopOptions, introspectionShare: 0, maxFields: 30 };
      const generator = new OperationGenerator(new SchemaIndex(schema), options);
      let denied = 0;
      let compared = 0;
      for (let seed = from; seed < from + count; seed++) {
        const operation = generator.operation(seed);
        const random = new SeededRandom(seed);
        const share = random.pick([0.9, 0.97, 0.99, 0.995]);
        const caller = callerWith([...allScopes].filter(() => random.next() < share));
        const [reference, compiled] = as(caller);
        const one = await ask(reference, operation);
        const other = await ask(compiled, operation);
        const text = `${seed} ${print(operation.document)} ${JSON.stringify(operation.variables)}`;
        expect([text, differenceOf(one.answer, other.answer)]).toEqual([text, null]);
        if (one.answer.isDenied) denied++;
        const denials = await decideAccess(access, [...access.guards.keys()], caller, () => true);
        const without = denials === null ? null : withoutDenied(schema, operation.document, denials);
        if (without === null) continue;
        const plain = await ask(compiled, { ...operation, document: without });
        // A variable of one of several operations may have lost its only use.
        if (plain.answer.errors.some(({ code }) => code?.startsWith("GRAPHQL_VALIDATION_FAILED") === true))
          continue;
        compared++;
        const kinds = new Set(plain.requests.map(kindOf));
        expect([text, other.requests.map(kindOf).filter((kind) => !kinds.has(kind))]).toEqual([text, []]);
      }
      expect(denied).toBeGreaterThan(count * 0.15);
      expect(compared).toBeGreaterThan(count * 0.1);
    },
    120_000 + count * 500,
  );

  test.each([
    ["who has no credential", anonymousCaller],
    ["who has no scope", callerWith([])],
  ])(
    "asks backends for nothing at all for a caller %s",
    async (_who, caller) => {
      const { schema, as } = open(name);
      for (const [typeName, field] of fieldsOf(schema)) {
        const [text] = operationFor(schema, typeName, field) ?? [];
        if (text === undefined) continue;
        for (const answerer of as(caller)) {
          const { answer, requests } = await ask(answerer, operationOf(parse(text)));
          expect([text, requests]).toEqual([text, []]);
          expect([text, answer.errors.map(({ code }) => code)]).toEqual([
            text,
            ["UNAUTHORIZED_FIELD_OR_TYPE"],
          ]);
        }
      }
    },
    timeoutMs,
  );
});

/** The backend and the method: keys that are known in one turn share a request, and which are is a matter of time. */
function kindOf(request: string): string {
  return request.split(" ").slice(0, 2).join(" ");
}

/** The operation with `__typename` in place of denied fields; null where a field is denied of some types only. */
function withoutDenied(schema: GraphQLSchema, document: DocumentNode, denials: Denials): DocumentNode | null {
  const info = new TypeInfo(schema);
  let isSure = true;
  const changed: DocumentNode = visit(
    document,
    visitWithTypeInfo(info, {
      Field: (node) => {
        const parent = info.getParentType();
        if (parent === null || parent === undefined) return undefined;
        const types = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent];
        const denied = types.filter((type) => denials.deniesField(type.name, node.name.value));
        if (denied.length === 0) return undefined;
        if (denied.length < types.length) isSure = false;
        const alias = node.alias ?? node.name;
        const { selectionSet: _selected, arguments: _given, ...rest } = node;
        return { ...rest, alias, name: { kind: Kind.NAME, value: "__typename" } };
      },
    }),
  );
  return isSure ? withoutUnused(changed) : null;
}

/** Validation refuses what is not used. */
function withoutUnused(document: DocumentNode): DocumentNode {
  const spreads = new Set<string>();
  const variables = new Set<string>();
  visit(document, {
    FragmentSpread: ({ name }) => void spreads.add(name.value),
    VariableDefinition: () => false,
    Variable: ({ name }) => void variables.add(name.value),
  });
  const definitions = document.definitions.flatMap((node): DefinitionNode[] => {
    if (node.kind === Kind.FRAGMENT_DEFINITION) return spreads.has(node.name.value) ? [node] : [];
    if (node.kind !== Kind.OPERATION_DEFINITION) return [node];
    const declared = node.variableDefinitions ?? [];
    const variableDefinitions = declared.filter(({ variable }) => variables.has(variable.name.value));
    return [{ ...node, variableDefinitions }];
  });
  const used: DocumentNode = { ...document, definitions };
  return definitions.length === document.definitions.length ? used : withoutUnused(used);
}
