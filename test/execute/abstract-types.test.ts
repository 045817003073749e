import { getIntrospectionQuery, buildClientSchema, printSchema, type IntrospectionQuery } from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toOverlockError } from "../../gateway/core/errors.ts";
import { createReferenceExecutor, type Executor } from "../../gateway/execute/reference-executor.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { HttpBackend, type HttpRoute } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { composeTexts } from "../compose/compose-texts.ts";
import { createScope } from "../support/request-scope.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { openAccess } from "../support/open-access.ts";
import { ampleLimits } from "../support/ample-limits.ts";

// Messages about things, hits that two sources share, things that other sources know: all three speak REST.

const messagesSchema = `
extend schema @source(name: "messages", url: "http://localhost:1")
type Query {
  messages: [Message] @rest(GET: "/messages")
  message(id: ID!): Message @rest(GET: "/messages/{args.id}")
  threads: [[Message!]] @rest(GET: "/threads")
  topHits(first: Int = 3): [Hit] @rest(GET: "/hits{?args.first}")
}
type Mutation { readAll(userId: ID!): ReadResult @rest(POST: "/read/{args.userId}") }
union ReadResult @discriminator(field: "refused", mapping: [{ value: "true", type: "Refused" }, { value: "false", type: "Read" }]) = Read | Refused
type Read { count: Int messages: [Message] }
type Refused { reason: String product: Product @from(field: "{ id: productId }") }
interface Message
  @discriminator(
    field: "meta.kind"
    mapping: [{ value: "order_shipped", type: "OrderShipped" }, { value: "7", type: "VoucherReceived" }]
  ) {
  id: ID!
  sentAt: String
  about: Subject
}
type OrderShipped implements Message {
  id: ID!
  sentAt: String @from(field: "meta.sent_at")
  about: Subject @from(field: "{ kind: aboutKind, id: aboutId }")
  attachments: [Attachment]
}
type VoucherReceived implements Message {
  id: ID!
  sentAt: String @from(field: "meta.sent_at")
  about: Product @from(field: "{ id: productId }")
  amount: Int
}
type Note implements Message { id: ID! sentAt: String about: Subject @from(field: "{ kind, id: aboutId }") }
interface Subject @discriminator(field: "kind") { id: ID! }
type Product implements Subject @key(fields: "id") { id: ID! }
type Person implements Subject @key(fields: "id") { id: ID! }
union Attachment = Image | Link
type Image { url: String width: Int }
type Link { url: String }
union Hit @discriminator(field: "type", mapping: [{ value: "product", type: "Product" }]) = Product | Image
`;

const catalogSchema = `
extend schema @source(name: "catalog", url: "http://localhost:1")
type Query {
  product(id: ID!): Product @lookup @rest(GET: "/products{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
  catalogHits: [Hit] @rest(GET: "/hits")
}
interface Subject { id: ID! name: String }
type Product implements Subject @key(fields: "id") { id: ID! name: String related: [Hit] @from(field: "relatedHits") }
type Bundle implements Subject { id: ID! name: String }
union Hit @discriminator(field: "sku | kind", mapping: [{ value: "true", type: "Bundle" }]) = Product
extend union Hit = Bundle
`;

const peopleSchema = `
extend schema @source(name: "people", url: "http://localhost:1")
type Query { person(id: ID!): Person @lookup @rest(GET: "/people{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" }) }
type Person @key(fields: "id") { id: ID! name: String }
`;

const clientSchema = `type Query {
  messages: [Message]
  sure: [Message!] @from(field: "messages")
  message(id: ID!): Message
  threads: [[Message!]]
  hits(first: Int): [Hit] @from(field: "topHits(first: $args.first)")
  oneHit: [Hit] @from(field: "topHits(first: 1)") @slice(limit: 1)
  allHits: [Hit] @from(field: "catalogHits")
  products: [ProductCard] @from(field: "topHits<Product>")
  productNames: [String] @from(field: "topHits<Product>.name")
  subjectIds: [ID] @from(field: "messages.about.id")
  rows: [MessageRow] @from(field: "messages")
}

type Mutation {
  readAll(userId: ID!): ReadResult
}

union ReadResult = Read | Refused

type Read {
  count: Int
  messages: [Message]
}

type Refused {
  reason: String
  product: ProductCard
}

interface Node {
  id: ID!
}

interface Message implements Node {
  id: ID!
  about: Thing
}

type Shipped implements Message & Node @view(of: "OrderShipped") {
  id: ID!
  about: Thing
  attachments: [Attachment]
}

type Voucher implements Message & Node @view(of: "VoucherReceived") {
  id: ID!
  about: ProductCard
  amount: Int
}

type MessageRow @view(of: "Message") {
  id: ID!
  at: String @from(field: "sentAt")
}

union Thing @view(of: "Subject") = ProductCard | Person

type ProductCard implements Node @view(of: "Product") {
  id: ID!
  title: String @from(field: "name")
  related: [Hit]
}

type Person implements Node {
  id: ID!
  name: String
}

union Attachment = Image | Link

type Image {
  url: String
  pixels: Int @from(field: "width")
}

type Link {
  url: String
}

union Hit = ProductCard | Bundle

type Bundle {
  name: String
}
`;

let answers: Record<string, unknown> = {};
const log = new RequestLog(countUp());
let backends: readonly HttpBackend[];
let sources: readonly Source[];
let executor: Executor;
let preparer: OperationPreparer;

const products = [
  {
    id: "p1",
    name: "Lamp",
    relatedHits: [
      { sku: true, id: "b1", name: "Set" },
      { kind: "Product", id: "p2", name: "Desk" },
    ],
  },
  { id: "p2", name: "Desk" },
];
const people = [{ id: "u1", name: "Ada" }];

beforeAll(async () => {
  const get = (path: string, answer: HttpRoute["answer"]): HttpRoute => ({ method: "GET", path, answer });
  const messages = new HttpBackend(
    [
      get("/messages", () => answers["messages"]),
      get("/messages/{id}", () => answers["message"]),
      get("/threads", () => answers["threads"]),
      get("/hits", () => answers["hits"]),
      { method: "POST", path: "/read/{userId}", answer: () => answers["read"] },
    ],
    log,
  );
  const among =
    (rows: readonly { id: string }[]): HttpRoute["answer"] =>
    ({ query }) => {
      const ids = query.getAll("ids");
      return rows.filter(({ id }) => ids.includes(id));
    };
  const catalog = new HttpBackend(
    [get("/products", among(products)), get("/hits", () => answers["hits"])],
    log,
  );
  const persons = new HttpBackend([get("/people", among(people))], log);
  backends = [messages, catalog, persons];
  await Promise.all(backends.map((backend) => backend.start()));
  const composed = composeTexts(
    { messages: messagesSchema, catalog: catalogSchema, people: peopleSchema },
    clientSchema,
    {
      urls: { messages: messages.url, catalog: catalog.url, people: persons.url },
    },
  );
  sources = composed.sources;
  const [bound] = composed.composition.clients;
  if (bound === undefined) throw new Error("expected a client schema");
  preparer = new OperationPreparer(
    { schema: bound.schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    { limits: ampleLimits, maxPreparedOperations: 50 },
    () => {},
  );
  executor = createReferenceExecutor(bound, composed.composition.model, { maxResolvedValues: 1000 });
});

beforeEach(() => {
  log.clear();
  answers = {};
});

afterAll(async () => {
  await Promise.all(sources.map((source) => source.dispose()));
  await Promise.all(backends.map((backend) => backend.stop()));
});

async function run(query: string) {
  const result = await executor.execute(
    { prepared: preparer.prepare(query, null), variables: {}, denials: null },
    createScope(),
  );
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return {
    data: structuredClone(result.data) as unknown,
    errors: (result.errors ?? []).map(
      ({ path, originalError }) => `${path?.join(".")} ${toOverlockError(originalError).code}`,
    ),
  };
}

function calls(): string[] {
  return log.entries.map(({ url }) => url ?? "");
}

const shipped = {
  id: "m1",
  meta: { kind: "order_shipped", sent_at: "noon" },
  aboutKind: "Product",
  aboutId: "p1",
  attachments: [
    { __typename: "Link", url: "/a" },
    { __typename: "Image", url: "/b", width: 7 },
  ],
};
const voucher = { id: "m2", meta: { kind: 7, sent_at: "one" }, productId: "p2", amount: 5 };
const note = { id: "m3", meta: { kind: "Note" }, kind: "Person", aboutId: "u1" };

describe("objects of an interface", () => {
  test("tell their type, and have the client's name", async () => {
    answers["messages"] = [shipped, voucher, null];
    expect(
      await run("{ messages { __typename id ... on Voucher { amount } ... on Node { node: id } } }"),
    ).toEqual({
      data: {
        messages: [
          { __typename: "Shipped", id: "m1", node: "m1" },
          { __typename: "Voucher", id: "m2", amount: 5, node: "m2" },
          null,
        ],
      },
      errors: [],
    });
    expect(calls()).toEqual(["/messages"]);
  });

  test("come alone and in lists of lists", async () => {
    answers["message"] = voucher;
    answers["threads"] = [[shipped, voucher], null, [], [voucher]];
    const { data, errors } = await run("{ message(id: 1) { __typename } threads { __typename id } }");
    expect(data).toEqual({
      message: { __typename: "Voucher" },
      threads: [
        [
          { __typename: "Shipped", id: "m1" },
          { __typename: "Voucher", id: "m2" },
        ],
        null,
        [],
        [{ __typename: "Voucher", id: "m2" }],
      ],
    });
    expect(errors).toEqual([]);
  });

  test("hold objects of other interfaces and unions, which are asked for where they are known, once", async () => {
    answers["messages"] = [shipped, voucher, { ...shipped, id: "m4", aboutKind: "Person", aboutId: "u1" }];
    const { data, errors } = await run(`{
      messages {
        about { __typename ... on ProductCard { title related { ... on ProductCard { title } ... on Bundle { name } } } ...Who }
        ... on Shipped { attachments { __typename ... on Image { url pixels } ... on Link { url } } }
      }
    }
    fragment Who on Person { name }`);
    expect(errors).toEqual([]);
    const attachments = [
      { __typename: "Link", url: "/a" },
      { __typename: "Image", url: "/b", pixels: 7 },
    ];
    expect(data).toEqual({
      messages: [
        {
          about: { __typename: "ProductCard", title: "Lamp", related: [{ name: "Set" }, { title: "Desk" }] },
          attachments,
        },
        { about: { __typename: "ProductCard", title: "Desk", related: null } },
        { about: { __typename: "Person", name: "Ada" }, attachments },
      ],
    });
    expect(calls().toSorted()).toEqual(["/messages", "/people?ids=u1", "/products?ids=p1&ids=p2"]);
  });

  test("cost no call where only their keys and names are wanted", async () => {
    answers["messages"] = [shipped, { ...shipped, aboutKind: "Person", aboutId: "gone" }];
    const { data } = await run("{ messages { about { __typename ... on Person { id } } } subjectIds }");
    expect(data).toEqual({
      messages: [{ about: { __typename: "ProductCard" } }, { about: { __typename: "Person", id: "gone" } }],
      subjectIds: ["p1", "gone"],
    });
    expect(calls()).toEqual(["/messages"]);
  });

  test("are null where they are references without a row, whichever types are beside them", async () => {
    answers["messages"] = [
      { ...shipped, aboutKind: "Person", aboutId: "gone" },
      { ...shipped, aboutId: "gone" },
      { ...shipped, aboutKind: null, aboutId: null },
      shipped,
    ];
    const { data, errors } = await run(
      "{ messages { about { __typename ... on ProductCard { title } ... on Person { name } } } }",
    );
    expect(data).toEqual({
      messages: [
        { about: null },
        { about: null },
        { about: null },
        { about: { __typename: "ProductCard", title: "Lamp" } },
      ],
    });
    expect(errors).toEqual([]);
    expect(calls().toSorted()).toEqual(["/messages", "/people?ids=gone", "/products?ids=gone&ids=p1"]);
  });

  test("are shown by one type with the interface's own fields, whatever they are", async () => {
    answers["messages"] = [shipped, voucher, note];
    const { data, errors } = await run("{ rows { __typename id at } }");
    expect(data).toEqual({
      rows: [
        { __typename: "MessageRow", id: "m1", at: "noon" },
        { __typename: "MessageRow", id: "m2", at: "one" },
        { __typename: "MessageRow", id: "m3", at: null },
      ],
    });
    expect(errors).toEqual([]);
  });
});

describe("objects that do not tell a type, or tell one that nobody knows", () => {
  test("are null and INVALID_VALUE at their own place", async () => {
    const bad = [
      { id: "x" },
      { meta: { kind: "unheard-of" } },
      { meta: { kind: { a: 1 } } },
      { meta: { kind: "Message" } },
    ];
    answers["messages"] = [shipped, ...bad, "text", voucher];
    const { data, errors } = await run("{ messages { id } }");
    expect(data).toEqual({ messages: [{ id: "m1" }, null, null, null, null, null, { id: "m2" }] });
    expect(errors.toSorted()).toEqual([1, 2, 3, 4, 5].map((index) => `messages.${index} INVALID_VALUE`));
    answers["message"] = { id: "x" };
    expect(await run("{ message(id: 1) { id } }")).toEqual({
      data: { message: null },
      errors: ["message INVALID_VALUE"],
    });
    answers["threads"] = [[shipped, { id: "x" }], [voucher]];
    expect(await run("{ threads { id } }")).toEqual({
      data: { threads: [null, [{ id: "m2" }]] },
      errors: ["threads.0.1 INVALID_VALUE"],
    });
  });

  test("are told by the name of the type where a type has no value, and by the mapped value alone where it has", async () => {
    answers["messages"] = [note, { ...voucher, meta: { kind: "VoucherReceived" } }];
    const { data, errors } = await run("{ rows { id } }");
    expect(data).toEqual({ rows: [{ id: "m3" }, null] });
    expect(errors).toEqual(["rows.1 INVALID_VALUE"]);
  });

  test("within an object cost their own field", async () => {
    answers["messages"] = [
      { ...shipped, aboutKind: "Spaceship" },
      { ...shipped, attachments: [{ url: "/a" }] },
    ];
    const { data, errors } = await run(
      "{ messages { id about { __typename } ... on Shipped { attachments { __typename } } } }",
    );
    expect(data).toMatchObject({
      messages: [
        { id: "m1", about: null },
        { id: "m1", about: { __typename: "ProductCard" }, attachments: [null] },
      ],
    });
    expect(errors.toSorted()).toEqual([
      "messages.0.about INVALID_VALUE",
      "messages.1.attachments.0 INVALID_VALUE",
    ]);
  });

  test("never lend a type that is the prototype's", async () => {
    answers["messages"] = [
      { meta: { kind: "constructor" } },
      { meta: { kind: "__proto__" } },
      { meta: { kind: "" } },
    ];
    expect((await run("{ messages { id } }")).errors).toHaveLength(3);
  });
});

describe("a type that the client does not show", () => {
  test("is null and TYPE_NOT_EXPOSED at its own place, and no call is made for it", async () => {
    answers["messages"] = [note, shipped];
    expect(await run("{ messages { id about { ... on ProductCard { title } } } }")).toEqual({
      data: { messages: [null, { id: "m1", about: { title: "Lamp" } }] },
      errors: ["messages.0 TYPE_NOT_EXPOSED"],
    });
    expect(calls()).toEqual(["/messages", "/products?ids=p1"]);
    expect(await run("{ sure { id } }")).toEqual({
      data: { sure: null },
      errors: ["sure.0 TYPE_NOT_EXPOSED"],
    });
    answers["message"] = note;
    expect(await run("{ message(id: 1) { id } }")).toEqual({
      data: { message: null },
      errors: ["message TYPE_NOT_EXPOSED"],
    });
  });
});

describe("a union that two sources share", () => {
  const hits = [
    { type: "product", id: "p1" },
    { type: "Image", url: "/i" },
  ];

  test("has the members of both, each source telling its own in its own way", async () => {
    answers["hits"] = [...hits, { type: "Bundle", id: "b1" }];
    const { data, errors } = await run(
      "{ hits { __typename ... on ProductCard { title } ... on Bundle { name } } }",
    );
    expect(data).toEqual({ hits: [{ __typename: "ProductCard", title: "Lamp" }, null, null] });
    // Image is a type of the first source that the client leaves out; Bundle is none of that source's.
    expect(errors.toSorted()).toEqual(["hits.1 TYPE_NOT_EXPOSED", "hits.2 INVALID_VALUE"]);
    answers["hits"] = [
      { sku: true, id: "b1", name: "Set" },
      { kind: "Product", id: "p3", name: "Own" },
    ];
    expect(
      await run("{ allHits { __typename ... on ProductCard { title } ... on Bundle { name } } }"),
    ).toEqual({
      data: {
        allHits: [
          { __typename: "Bundle", name: "Set" },
          { __typename: "ProductCard", title: "Own" },
        ],
      },
      errors: [],
    });
    expect(calls().filter((url) => url.startsWith("/products"))).toEqual(["/products?ids=p1"]);
  });

  test("is narrowed by a type condition in a path: other types are null without an error", async () => {
    answers["hits"] = [...hits, null, { type: "product", id: "p2" }];
    expect(await run("{ products { title } productNames }")).toEqual({
      data: {
        products: [{ title: "Lamp" }, null, null, { title: "Desk" }],
        productNames: ["Lamp", null, null, "Desk"],
      },
      errors: [],
    });
    expect(calls()).toEqual(["/hits?first=3", "/products?ids=p1&ids=p2"]);
  });

  test("takes arguments and shapers of lists", async () => {
    answers["hits"] = [...hits, ...hits];
    expect(await run("{ oneHit { __typename } }")).toEqual({
      data: { oneHit: [{ __typename: "ProductCard" }] },
      errors: [],
    });
    await run("{ hits(first: 2) { __typename } }");
    expect(calls()).toEqual(["/hits?first=1", "/hits?first=2"]);
  });
});

describe("a mutation whose result is a union", () => {
  test("tells what has become of it, and goes on from there", async () => {
    const operation = `mutation {
      readAll(userId: "u1") { __typename ... on Read { count messages { id } } ... on Refused { reason product { title } } }
    }`;
    answers["read"] = { refused: false, count: 1, messages: [voucher, note] };
    expect(await run(operation)).toEqual({
      data: { readAll: { __typename: "Read", count: 1, messages: [{ id: "m2" }, null] } },
      errors: ["readAll.messages.1 TYPE_NOT_EXPOSED"],
    });
    answers["read"] = { refused: true, reason: "busy", productId: "p1" };
    expect(await run(operation)).toEqual({
      data: { readAll: { __typename: "Refused", reason: "busy", product: { title: "Lamp" } } },
      errors: [],
    });
    expect(calls()).toEqual(["/read/u1", "/read/u1", "/products?ids=p1"]);
  });
});

describe("fragments", () => {
  test("on an interface apply to every type that implements it", async () => {
    answers["messages"] = [shipped, voucher];
    const { data } = await run(`
      query { messages { ...OnMessage ... on Node { ...OnNode } ... @skip(if: true) { about { __typename } } } }
      fragment OnMessage on Message { a: id about { ...OnThing } }
      fragment OnThing on Thing { ... on Node { __typename id } }
      fragment OnNode on Node { b: id }`);
    expect(data).toEqual({
      messages: [
        { a: "m1", about: { __typename: "ProductCard", id: "p1" }, b: "m1" },
        { a: "m2", about: { __typename: "ProductCard", id: "p2" }, b: "m2" },
      ],
    });
    expect(calls()).toEqual(["/messages"]);
  });
});

describe("introspection", () => {
  test("shows exactly the client schema", async () => {
    const { data } = await run(getIntrospectionQuery());
    const withoutDirectives = clientSchema.replaceAll(/ @\w+\((?:[^()"]|"[^"]*")*\)/g, "");
    expect(printSchema(buildClientSchema(data as IntrospectionQuery)).trim()).toBe(withoutDirectives.trim());
  });
});
