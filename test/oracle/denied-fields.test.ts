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
  parse,
  print,
  type DocumentNode,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { anonymousCaller, type Caller } from "../../gateway/core/caller.ts";
import type { AccessRules, Denials } from "../../gateway/policy/access-rules.ts";
import { decideAccess } from "../../gateway/policy/decide-access.ts";
import { SeededRandom } from "../backends/seeded-random.ts";
import { askedOf } from "./asked-of-backends.ts";
import { differenceOf } from "./compare-answers.ts";
import { OperationGenerator } from "./generate-operation.ts";
import { type Asked, callerWith, type GuardedShop, startGuardedShop } from "./guarded-shop.ts";
import { describeOperation, type RandomOperation } from "./operation.ts";
import { literalOf, RandomValues } from "./random-values.ts";
import { SchemaIndex } from "./schema-index.ts";
import { mutationPools, shopOptions } from "./shop-operations.ts";
import type { CountedAnswer, CountingAnswerer } from "./two-executors.ts";
import { withoutDenied } from "./without-denied.ts";

// The shop, with a scope of its own for every field of every source and client schema. What a caller may not read is
// asked for exactly as if its operation did not have it. ORACLE_OPERATIONS=<number> tries more random operations,
// ORACLE_FROM=<seed> others.
const { ORACLE_OPERATIONS = "100", ORACLE_FROM = "0" } = process.env;
const count = Number(ORACLE_OPERATIONS);
const from = Number(ORACLE_FROM);

let shop: GuardedShop;

beforeAll(async () => {
  // What is written carries the time.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-02-01T12:00:00Z") });
  shop = await startGuardedShop();
}, 60_000);
afterAll(async () => {
  await shop.stop();
  vi.useRealTimers();
});

function operationOf(document: DocumentNode, seed = 0): RandomOperation {
  return { seed, document, variables: {}, operationName: null };
}

/** What backends were asked, what was asked for of it included, in an order that is always the same. */
function textsOf({ requests }: Asked): string[] {
  return requests
    .map(({ source, method, url, message }) => `${source} ${method} ${url} ${JSON.stringify(message)}`)
    .toSorted();
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
    .map(({ name, type }) => {
      const value = values.valueOf(type, `${coordinate}(${name}:)`);
      return `${name}: ${print(literalOf(value, type))}`;
    });
  return given.length === 0 ? "" : `(${given.join(", ")})`;
}

/** Of each pool what is there for sure. */
const firstOfPools = new Map([...mutationPools].map(([name, values]) => [name, values.slice(0, 1)] as const));

function fieldsOf(schema: GraphQLSchema): (readonly [string, GraphQLField<unknown, unknown>])[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith("__")
      ? Object.values(type.getFields()).map((field) => [type.name, field] as const)
      : [],
  );
}

/** Somebody who may not read some of a client schema, and what that comes to. */
interface Stranger {
  readonly caller: Caller;
  readonly denials: Denials;
  readonly missing: readonly string[];
}

/** Without one to three scopes, or without each of them by chance; one that guards something is always among them. */
async function strangerOf(access: AccessRules, random: SeededRandom): Promise<Stranger> {
  const guarding = access.guards.flatMap((guard) => (guard.kind === "scopes" ? guard.anyOf.flat() : []));
  const few = Array.from({ length: random.integer(1, 3) }, () => random.pick(guarding));
  const share = random.pick([0, 0, 0, 0.01, 0.03, 0.1]);
  const missing = new Set([...few, ...[...shop.scopes].filter(() => random.next() < share)]);
  const caller = callerWith([...shop.scopes].filter((scope) => !missing.has(scope)));
  const denials = await decideAccess(access, [...access.guards.keys()], caller, () => true);
  if (denials === null) throw new Error("Expected that something is denied.");
  return { caller, denials, missing: [...missing] };
}

/** Denied fields; now and then those beside them. */
function aimsOf(schema: GraphQLSchema, { denials }: Stranger, random: SeededRandom): string[] {
  const all = fieldsOf(schema);
  const isDenied = (typeName: string, { name }: GraphQLField<unknown, unknown>): boolean =>
    denials.deniesField(typeName, name);
  const denied = all.filter(([typeName, field]) => isDenied(typeName, field));
  const types = new Set(denied.map(([typeName]) => typeName));
  const beside = all.filter(([typeName, field]) => types.has(typeName) && !isDenied(typeName, field));
  const aims = beside.length > 0 && random.next() < 0.15 ? beside : denied;
  return aims.map(([typeName, { name }]) => `${typeName}.${name}`);
}

describe.each(["web", "mobile"])("every field of the shop's %s schema", (name) => {
  const timeoutMs = 300_000;

  test(
    "is asked for by neither executor where the caller may not read it",
    async () => {
      const { schema, as } = shop.open(name);
      let denied = 0;
      let fetched = 0;
      for (const [typeName, field] of fieldsOf(schema)) {
        const texts = operationFor(schema, typeName, field);
        if (texts === null) continue;
        const [operation, other] = texts.map((text) => operationOf(parse(text)));
        if (operation === undefined || other === undefined) continue;
        const scope = `${name}:${typeName}.${field.name}`;
        const caller = callerWith([...shop.scopes].filter((one) => one !== scope));
        const [reference, compiled] = as(caller);
        const asked = [await shop.ask(reference, operation), await shop.ask(compiled, operation)] as const;
        const plain = [await shop.ask(reference, other), await shop.ask(compiled, other)] as const;
        const what = print(operation.document);
        expect([what, differenceOf(asked[0].answer, asked[1].answer)]).toEqual([what, null]);
        for (const index of [0, 1] as const)
          expect([what, textsOf(asked[index])]).toEqual([what, textsOf(plain[index])]);
        if (asked[0].answer.errors.some(({ code }) => code === "UNAUTHORIZED_FIELD_OR_TYPE")) denied++;
        const [all] = as(callerWith(shop.scopes));
        if (textsOf(await shop.ask(all, operation)).join() !== textsOf(plain[0]).join()) fetched++;
      }
      const total = fieldsOf(schema).length;
      // Most were there to be denied, and of many something would have been fetched.
      expect(denied).toBeGreaterThan(total * 0.6);
      expect(fetched).toBeGreaterThan(total * 0.1);
    },
    timeoutMs,
  );

  test(
    `has the same answers from both for ${count} random operations about what is denied, for which backends are asked as without it`,
    async () => {
      const { schema, access, as } = shop.open(name);
      const options = { ...shopOptions, pools: mutationPools, introspectionShare: 0, maxFields: 30 };
      const generator = new OperationGenerator(new SchemaIndex(schema), { ...options, mutationShare: 0.15 });
      const [, free] = as(callerWith(shop.scopes));
      const failures: string[] = [];
      let denied = 0;
      let told = 0;
      let tried = 0;
      let guarded = 0;
      for (let seed = from; seed < from + count && failures.length === 0; seed++) {
        const random = new SeededRandom(seed);
        const stranger = await strangerOf(access, random);
        const operation = generator.operation(seed, aimsOf(schema, stranger, random));
        const without = withoutDenied(schema, operation, stranger.denials);
        const { answer, failure } = await compare(as(stranger.caller), { operation, without, stranger });
        if (failure !== null) failures.push(failure);
        if (answer.isDenied) denied++;
        if (answer.errors.some(({ code }) => code === "UNAUTHORIZED_FIELD_OR_TYPE")) told++;
        if (seed % 5 > 0) continue;
        // Who may read everything asks for what is forbidden to others, so that there was something to be seen.
        tried++;
        const everything = askedOf((await shop.ask(free, operation)).requests);
        const allowed = askedOf((await shop.ask(free, without)).requests);
        if (difference(everything, allowed).length > 0) guarded++;
      }
      expect(failures.join()).toBe("");
      // Few are in vain: what is aimed at is denied, or stands beside it, and most of the ways to it lead somewhere.
      expect(denied).toBeGreaterThan(count * 0.75);
      expect(told).toBeGreaterThan(count * 0.35);
      expect(guarded).toBeGreaterThan(tried * 0.2);
    },
    120_000 + count * 500,
  );

  test.each([
    ["who has no credential", anonymousCaller],
    ["who has no scope", callerWith([])],
  ])(
    "asks backends for nothing at all for a caller %s",
    async (_who, caller) => {
      const { schema, as } = shop.open(name);
      for (const [typeName, field] of fieldsOf(schema)) {
        const [text] = operationFor(schema, typeName, field) ?? [];
        if (text === undefined) continue;
        for (const answerer of as(caller)) {
          const { answer, requests } = await shop.ask(answerer, operationOf(parse(text)));
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

interface Question {
  readonly operation: RandomOperation;
  /** The same without what is denied. */
  readonly without: RandomOperation;
  readonly stranger: Stranger;
}

/**
 * The answer of the first of two executors, and where the other's is another one, or backends of either are asked for
 * something that is denied, all that is needed to find out why.
 */
async function compare(
  executors: readonly [CountingAnswerer, CountingAnswerer],
  question: Question,
): Promise<{ readonly answer: CountedAnswer; readonly failure: string | null }> {
  const { operation, without } = question;
  const [reference, compiled] = executors;
  const asked = [await shop.ask(reference, operation), await shop.ask(compiled, operation)] as const;
  const { answer } = asked[0];
  const disagreement = differenceOf(answer, asked[1].answer);
  if (disagreement !== null) {
    const again = await askAgain(executors, operation);
    return { answer, failure: report(disagreement, { ...question, asked, again }) };
  }
  for (const index of [0, 1] as const) {
    const plain = await shop.ask(executors[index], without);
    const forbidden = await forbiddenIn(asked[index], plain, () => shop.ask(executors[index], without));
    if (forbidden.length === 0) continue;
    const what = `Asked for by the ${names[index]}, although it is denied: ${forbidden.join(", ")}`;
    const again = `Without what is denied: ${describeOperation(without)}\n${describeAsked(plain)}`;
    return { answer, failure: report(what, { ...question, asked, again }) };
  }
  return { answer, failure: null };
}

const names = ["reference executor", "compiled executor"] as const;

/**
 * What backends were asked for that they are not asked for without what is denied. What is asked for in vain is a matter of
 * time: an operation is asked again before that is said of it.
 */
async function forbiddenIn(asked: Asked, plain: Asked, ask: () => Promise<Asked>): Promise<string[]> {
  const wanted = askedOf(asked.requests);
  let forbidden = difference(wanted, askedOf(plain.requests));
  for (let tries = 0; tries < 3 && forbidden.length > 0; tries++)
    forbidden = difference(new Set(forbidden), askedOf((await ask()).requests));
  return forbidden;
}

function difference(asked: ReadonlySet<string>, allowed: ReadonlySet<string>): string[] {
  return [...asked].filter((part) => !allowed.has(part));
}

interface Failure extends Question {
  readonly asked: readonly [Asked, Asked];
  /** What asking again has shown. */
  readonly again: string;
}

/** All that is needed to find out why. */
function report(what: string, { operation, stranger: { missing }, asked, again }: Failure): string {
  return [
    what,
    describeOperation(operation),
    `without scopes  ${missing.join(", ")}`,
    `reference ${describeAsked(asked[0])}`,
    `compiled ${describeAsked(asked[1])}`,
    again,
  ].join("\n\n");
}

function describeAsked(asked: Asked): string {
  const { data, errors, absorbed, reasons } = asked.answer;
  return [JSON.stringify({ data, errors, absorbed }, null, 2), ...reasons, ...textsOf(asked)].join("\n");
}

/** Whether a difference is there again, or depends on time. */
async function askAgain(
  [reference, compiled]: readonly [CountingAnswerer, CountingAnswerer],
  operation: RandomOperation,
): Promise<string> {
  const found: string[] = [];
  for (let round = 0; round < 3; round++) {
    const one = await shop.ask(reference, operation);
    const other = await shop.ask(compiled, operation);
    found.push(differenceOf(one.answer, other.answer) ?? "none");
  }
  return `Asked again, differences are: ${found.join("; ")}`;
}
