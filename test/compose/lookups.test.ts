import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

/** The hall knows seats by number and room, the ticket office by its own names for them. */
const hall = `
extend schema @source(name: "hall", url: "http://localhost:1")
type Query {
  seats: [Seat!] @rest(GET: "/hall/seats")
  seat(number: Int!, room: ID! @is(field: "room.id")): Seat
    @lookup
    @rest(GET: "/hall/rooms/{args.room}/seats/{args.number}")
  person(personId: ID! @is(field: "id"), locale: String = "en"): Person
    @lookup
    @rest(GET: "/hall/people{?ids*}", query: { locale: "$args.locale" }, batch: { of: "$args.personId", as: "ids", match: "no" })
}
type Seat @key(fields: "number room { id }") {
  number: Int!
  room: Room
  name: String @from(field: "label")
  guest: Person @from(field: "{ id: guestId }")
}
type Room { id: ID! }
type Person @key(fields: "id") { id: ID! @from(field: "no") name: String }
`;

const office = `
extend schema @source(name: "office", url: "http://localhost:1")
type Query {
  tickets: [Ticket!] @rest(GET: "/office/tickets")
  priceOf(seat: Int! @is(field: "number"), place: PlaceInput! @is(field: "{ in: room.id }")): Seat
    @lookup
    @rest(GET: "/office/prices/{args.place.in}/{args.seat}")
}
input PlaceInput { in: ID! }
type Ticket { code: ID! seat: Seat @from(field: "{ number: no, room: { id: hall } }") }
type Seat @key(fields: "room { id } number") {
  number: Int!
  room: Room
  price: Int
}
type Room { id: ID! }
`;

const client = `
type Query {
  seats: [Seat!]
  tickets: [Ticket!]
  person(personId: ID!, locale: String): Person
}
type Seat { number: Int! room: Room name: String guest: Person price: Int }
type Room { id: ID! }
type Person { id: ID! name: String }
type Ticket { code: ID! seat: Seat }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  const environment = { HALL_URL: backend.url, OFFICE_URL: backend.url };
  gateway = await startProject({ hall, office }, client, environment);
});
afterEach(() => backend.clear());
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});

function answer(bodies: Readonly<Record<string, unknown>>): void {
  backend.answer = ({ url }) => (url in bodies ? { body: bodies[url] } : { status: 404 });
}

function urls(): string[] {
  return backend.requests.map(({ url }) => url);
}

describe("a lookup", () => {
  test("gets a nested key through @is, by path and by object, from the row of another source", async () => {
    answer({
      "/hall/seats": [
        { number: 1, room: { id: "r1" }, label: "A1" },
        { number: 2, room: null, label: "A2" },
        { number: 3, room: { id: "" }, label: "A3" },
      ],
      "/office/prices/r1/1": { price: 12 },
    });
    const { data, errors } = await gateway.query("{ seats { name price } }");
    expect([data, errors]).toEqual([
      {
        seats: [
          { name: "A1", price: 12 },
          { name: "A2", price: null },
          { name: "A3", price: null },
        ],
      },
      [],
    ]);
    expect(urls()).toEqual(["/hall/seats", "/office/prices/r1/1"]);
  });

  test("gets it from a reference that a mapping built, whose key costs no call", async () => {
    answer({
      "/office/tickets": [
        { code: "t1", no: 7, hall: "r2" },
        { code: "t2", no: 8 },
      ],
      "/office/prices/r2/7": { price: 9 },
    });
    const { data } = await gateway.query("{ tickets { code seat { number room { id } } } }");
    expect(data).toEqual({
      tickets: [
        { code: "t1", seat: { number: 7, room: { id: "r2" } } },
        { code: "t2", seat: null },
      ],
    });
    expect(urls()).toEqual(["/office/tickets"]);
    backend.requests.length = 0;
    expect((await gateway.query("{ tickets { seat { price } } }")).data).toEqual({
      tickets: [{ seat: { price: 9 } }, { seat: null }],
    });
    expect(urls()).toEqual(["/office/tickets", "/office/prices/r2/7"]);
  });

  test("leaves further arguments to their defaults where it is asked by key, and takes them from clients", async () => {
    backend.answer = ({ url }) => {
      const { pathname, searchParams } = new URL(url, "http://localhost");
      if (pathname === "/hall/seats") return { body: [{ number: 1, guestId: "p1" }] };
      return { body: [{ no: "p1", name: searchParams.get("locale") === "fr" ? "Adèle" : "Ada" }] };
    };
    const { data } = await gateway.query(
      '{ seats { guest { name } } person(personId: "p1", locale: "fr") { name } }',
    );
    expect(data).toEqual({ seats: [{ guest: { name: "Ada" } }], person: { name: "Adèle" } });
    expect(urls().toSorted()).toEqual([
      "/hall/people?ids=p1&locale=en",
      "/hall/people?ids=p1&locale=fr",
      "/hall/seats",
    ]);
  });
});
