import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Listener } from "../../backends/listener.ts";
import { answerSubquery } from "./guide.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { Epochs } from "./epochs.ts";
import { answerAfter, latencyMs } from "./latency.ts";
import * as rows from "./rest-rows.ts";
import { type Draw, isUnknown, type World } from "./world.ts";

/** One request to the REST backends, read. */
interface Asked {
  readonly world: World;
  readonly method: string;
  /** Of the path, without the first slash. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage["headers"];
}

const httpFaults: readonly (HttpAnswer | "reset")[] = [
  ...[400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504].map((status) => {
    const text = JSON.stringify({ error: { type: `T${status}`, message: `status ${status}` } });
    return { status, text };
  }),
  { status: 400, text: "no JSON" },
  { status: 200, text: '{"rows": [' },
  { status: 200, text: "<html></html>", mediaType: "text/html" },
  { status: 200, text: "null" },
  { status: 200, text: "{}" },
  { status: 200, text: "[]" },
  { status: 200, text: '"text"' },
  { status: 200, text: '{"rows":null,"data":null,"hits":null,"fares":null,"items":null}' },
  { status: 200, text: '{"rows":{},"data":{},"hits":7,"fares":"x","items":true}' },
  { status: 200, text: '[null,7,"x",[]]' },
  { status: 200, text: '{"error":{"type":"SOFT","message":"softly refused"}}' },
  { status: 204, text: "" },
  { status: 302, text: "", headers: { location: "/elsewhere" } },
  "reset",
];

/** The REST sources and the GraphQL source of the festival, on one port. */
export class RestBackend {
  readonly #epochs: Epochs;
  readonly #listener: Listener;

  constructor(epochs: Epochs) {
    this.#epochs = epochs;
    const server = createServer((request, response) => this.#handle(request, response));
    server.keepAliveTimeout = 60_000;
    this.#listener = new Listener(server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      try {
        this.#answer(request, Buffer.concat(chunks).toString(), response);
      } catch (error) {
        // Not one of the faults that are meant to be.
        response.writeHead(599).end(String(error));
      }
    });
  }

  /** What is answered is decided at once, however long it takes. */
  #answer(request: IncomingMessage, text: string, response: ServerResponse): void {
    const { method = "GET", url = "/", headers } = request;
    const answer = this.#answerTo(request, text);
    const ms = latencyMs(String(headers["x-world"]), `${method} ${url} ${text}`);
    answerAfter(ms, () => send(response, answer));
  }

  #answerTo({ method = "GET", url = "/", headers }: IncomingMessage, text: string): HttpAnswer | "reset" {
    const header = String(headers["x-world"]);
    const isForm = headers["content-type"] === "application/x-www-form-urlencoded";
    const body = (text === "" || isForm ? { form: text } : JSON.parse(text)) as Asked["body"];
    const { pathname, searchParams: query } = new URL(url, "http://localhost");
    const segments = pathname.slice(1).split("/").map(decodeURIComponent);
    if (pathname === "/graphql") {
      const isMutation = String(body["query"]).startsWith("mutation");
      const world = isMutation ? this.#epochs.begin(header) : this.#epochs.worldOf(header);
      return answerSubquery(world, body);
    }
    const isChange = method !== "GET" && method !== "HEAD" && !safePosts.has(pathname);
    const world = isChange ? this.#epochs.begin(header) : this.#epochs.worldOf(header);
    const asked = { world, method, segments, query, body, headers };
    const batch = batchOf(asked);
    const { keys, rest } = batch ?? { keys: null, rest: `${method} ${url} ${text}` };
    const fault = world.draw(`endpoint ${rest}`).endpointFault(httpFaults);
    if (fault !== null) return fault;
    if (keys !== null && batch !== null) return ok(answerBatch(asked, batch));
    return answerOne(asked, world.draw(`one ${rest}`));
  }
}

function ok(value: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status: 200, text: JSON.stringify(value), headers };
}

function send(response: ServerResponse, answer: HttpAnswer | "reset"): void {
  if (answer === "reset") {
    response.socket?.destroy();
    return;
  }
  const { status, text, mediaType = "application/json", headers = {} } = answer;
  response.writeHead(status, { "content-type": mediaType, ...headers });
  response.end(status === 204 ? undefined : text);
}

const safePosts = new Set([
  "/search",
  "/box/shows",
  "/box/fares",
  "/box/crowds",
  "/box/tours",
  "/box/ways",
  "/box/poems",
]);

/** A call for many keys: what is the same for all of them, and how one row is made. */
interface BatchEndpoint {
  readonly keys: readonly unknown[];
  /** Everything but the keys. */
  readonly rest: string;
  /** The members of a row that tell whose it is; null: rows are a map. */
  readonly match: readonly string[] | null;
  /** What stands around the rows. */
  readonly around: string | null;
  readonly row: (draw: Draw, key: string, asked: unknown) => Record<string, unknown>;
  /** The most rows of one key. */
  readonly most?: number;
}

function batchOf({ method, segments, query, body }: Asked): BatchEndpoint | null {
  const path = segments.join("/");
  const listed = (name: string): readonly string[] => query.getAll(name);
  const base = { rest: `${method} ${path}`, match: ["id"], around: null };
  switch (path) {
    case "shows/by-id":
      return { ...base, keys: listed("ids"), row: rows.showRow };
    case "concerts":
      return {
        ...base,
        keys: listed("ids"),
        around: "rows",
        row: (draw, id) => rows.actMembers(draw, id, 1),
      };
    case "talks":
      return {
        ...base,
        keys: listed("ids").flatMap((ids) => ids.split(",")),
        match: null,
        row: (draw, id) => rows.actMembers(draw, id, 1),
      };
    case "notes":
      return {
        ...base,
        rest: `${base.rest} ${query.get("perShow")}`,
        keys: listed("showIds"),
        around: "data",
        match: ["showId"],
        most: Math.max(0, Math.min(3, Number(query.get("perShow") ?? 2))),
        row: (draw, id) => rows.noteRow(draw, id),
      };
    case "ratings":
      return {
        ...base,
        keys: listed("ids"),
        match: null,
        row: (draw, id) => ({
          average: draw.maybe(() => draw.float()),
          counts: draw.list(() => draw.integer(0, 9)),
          best: draw.maybe(() => rows.noteRow(draw, id)),
        }),
      };
    case "views":
      return {
        ...base,
        keys: listed("ids"),
        match: null,
        row: (draw) => ({ total: draw.maybe(() => draw.integer(0, 2_000_000)) }),
      };
    case "box/shows": {
      const { filter } = body as { readonly filter: { readonly ids: readonly string[] } };
      return { ...base, keys: filter.ids, around: "rows", match: ["ref"], row: rows.soldRow };
    }
    case "box/orders":
      if (method !== "GET" || !query.has("ids")) return null;
      return { ...base, keys: listed("ids"), row: rows.orderRow };
    case "box/fares": {
      const { zone, parcels } = body as { readonly zone: string; readonly parcels: readonly object[] };
      return {
        ...base,
        rest: `${base.rest} ${zone}`,
        keys: parcels,
        around: "fares",
        match: ["showId", "weight", "floor"],
        row: (draw, _key, parcel) => ({
          ...(parcel as object),
          fare: draw.maybe(() => ({
            price: draw.maybe(() => rows.priceRow(draw)),
            zone: draw.maybe(() => zone),
            conditions: draw.maybe(() => draw.list(() => draw.maybe(() => draw.text()))),
          })),
        }),
      };
    }
    case "box/last-orders":
      return {
        ...base,
        keys: listed("ids"),
        match: ["showId"],
        row: (draw, showId) => ({ showId, order: draw.maybe(() => rows.orderRow(draw, draw.id("o"))) }),
      };
    case "box/counters":
      return {
        ...base,
        keys: listed("ids"),
        match: null,
        row: (draw) => ({
          rows: draw.maybe(() =>
            draw.list(() =>
              draw.maybe(() =>
                draw.list(() =>
                  draw.maybe(() => ({
                    number: draw.integer(1, 9),
                    open: draw.maybe(() => draw.happens(0.5)),
                    clerkId: draw.maybe(() => draw.id("p")),
                  })),
                ),
              ),
            ),
          ),
        }),
      };
    default:
      return null;
  }
}

function answerBatch({ world }: Asked, { keys, rest, match, around, row, most = 1 }: BatchEndpoint): unknown {
  const whole = world.draw(`rows ${rest}`);
  const strangers = whole.isSpoilt();
  const entries = keys.flatMap((asked): [string, Record<string, unknown>][] => {
    const key = typeof asked === "string" ? asked : JSON.stringify(asked);
    const draw = world.draw(`row ${rest} ${key}`);
    if (isUnknown(key) || draw.isMissing()) return [];
    const count = most === 1 ? (draw.isSpoilt() ? 2 : 1) : draw.integer(0, most);
    return Array.from({ length: count }, () => {
      const made = row(draw, key, asked);
      return [key, draw.spoil(made, match ?? []) as Record<string, unknown>];
    });
  });
  // In an order of their own: rows are told apart by their keys.
  if (whole.happens(0.5)) entries.reverse();
  if (strangers) {
    const made = row(whole, "stranger9", { showId: "stranger9", weight: 1, floor: 1 });
    const { [match?.[0] ?? ""]: _key, ...keyless } = made;
    entries.unshift(["stranger9", made]);
    if (match !== null) entries.push(["", keyless]);
  }
  const found = match === null ? Object.fromEntries(entries) : entries.map(([, made]) => made);
  return around === null ? found : { [around]: found };
}

/** A call for one thing. */
function answerOne(asked: Asked, draw: Draw): HttpAnswer {
  const { segments, query, method } = asked;
  const path = segments.join("/");
  if (segments.some((segment) => segment === "nope")) return { status: 404, text: "{}" };
  if (method === "HEAD") return { status: draw.pick([200, 200, 404]), text: "" };
  if (segments[0] === "box") return answerBox(asked, draw);
  const first = countOf(query.get("first"));
  const some = <Value>(make: () => Value): Value[] => Array.from({ length: first }, make);
  const spoilt = (value: unknown): HttpAnswer => ok(draw.spoil(value));
  const last = segments.at(-1) ?? "";
  if (draw.isMissing())
    return draw.pick<HttpAnswer>([{ status: 404, text: "{}" }, ok(null), { status: 204, text: "" }]);
  switch (path) {
    case "shows":
      return spoilt({ rows: some(() => rows.showRow(draw, draw.id("s"))) });
    case "venues":
      return spoilt({
        data: { items: draw.list(() => draw.maybe(() => rows.venueRow(draw, draw.id("v", 4)))) },
      });
    case "acts":
      return spoilt(some(() => draw.maybe(() => rows.actRow(draw, 1))));
    case "acts/any":
      return spoilt(rows.actRow(draw, 1));
    case "acts/rows":
      return spoilt({
        rows: draw.list(() => draw.maybe(() => draw.list(() => draw.maybe(() => rows.actRow(draw, 0))))),
      });
    case "grid": {
      const length = countOf(query.get("rows"));
      return spoilt(Array.from({ length }, () => draw.maybe(() => draw.list(() => rows.cellRow(draw)))));
    }
    case "cube":
      return spoilt(
        draw.list(() =>
          draw.list(() => draw.maybe(() => draw.list(() => draw.maybe(() => rows.cellRow(draw))))),
        ),
      );
    case "numbers":
      return spoilt(draw.list(() => draw.maybe(() => draw.list(() => draw.integer(-3, 3)))));
    case "ratios":
      return spoilt(
        draw.list(() =>
          draw.maybe(() =>
            draw.list(() => draw.maybe(() => draw.list(() => draw.maybe(() => draw.float())))),
          ),
        ),
      );
    case "kinds":
      return spoilt(
        draw.list(() =>
          draw.maybe(() => draw.list(() => draw.pick(["MUSIC", "SPEECH", "SECRET", "CINEMA", null]))),
        ),
      );
    case "search":
      return spoilt({ hits: draw.list(() => draw.maybe(() => rows.hitRow(draw))) });
    case "subjects":
      return spoilt(draw.list(() => draw.maybe(() => rows.subjectRow(draw))));
    case "motto":
      return spoilt({
        text: draw.maybe(() => draw.text()),
        fallback: draw.maybe(() => ({ text: draw.text() })),
      });
    case "anything":
      return spoilt({ list: [1, { two: [draw.text()] }], none: null });
    default:
  }
  if (segments[0] === "halls")
    return spoilt({ ...rows.showRow(draw, draw.id("s")), day: Number(last), hall: { code: segments[1] } });
  if (segments[0] === "films") {
    if (last === "director") return spoilt({ id: draw.id("p") });
    return spoilt(rows.actMembers(draw, last, 1));
  }
  if (last === "poster") return spoilt(rows.linkRow(draw, 2));
  if (last === "shows") return spoilt({ rows: some(() => rows.showRow(draw, draw.id("s"))) });
  if (segments[0] === "venues") return spoilt(rows.venueRow(draw, last));
  throw new Error(`Nobody answers ${path}.`);
}

function answerBox(asked: Asked, draw: Draw): HttpAnswer {
  const { segments, query, body, headers, method } = asked;
  const [, ...parts] = segments;
  const path = parts.join("/");
  const last = parts.at(-1) ?? "";
  const spoilt = (value: unknown): HttpAnswer => ok(draw.spoil(value));
  if (draw.isMissing())
    return draw.pick<HttpAnswer>([{ status: 404, text: "{}" }, ok(null), { status: 204, text: "" }]);
  if (last === "sales") return salesPage(asked, draw);
  if (last === "orders" && method === "GET") return ordersPage(asked, draw, parts);
  if (parts[0] === "orders") {
    if (method === "DELETE")
      return draw.happens(0.5) ? { status: 204, text: "" } : spoilt({ done: draw.happens(0.5) });
    if (method === "POST") {
      return spoilt({
        order: draw.maybe(() => rows.orderRow(draw, draw.id("o"))),
        bought: { showId: body["showId"] },
        total: draw.maybe(() => rows.priceRow(draw)),
        visitor: draw.maybe(() => visitorRow(draw, "u2")),
        codes: [JSON.stringify(body), String(headers["x-key"]), String(headers["x-visitor"])],
      });
    }
    return spoilt({ ...rows.orderRow(draw, last), label: JSON.stringify(body) });
  }
  switch (parts[0]) {
    case "visitors":
      return spoilt(visitorRow(draw, last));
    case "coupons":
      return spoilt({
        code: last,
        percent: draw.maybe(() => draw.integer(1, 90)),
        showId: draw.maybe(() => draw.id("s")),
      });
    case "subscriptions":
      return spoilt({ topics: [body["form"], draw.text()], often: draw.pick(["DAILY", "WEEKLY", "NEVER"]) });
    case "venues":
      return spoilt({ id: last, city: draw.text(), capacity: draw.maybe(() => draw.integer(0, 9)) });
    case "shelves":
      return spoilt({ label: draw.maybe(() => draw.text()) });
    case "vaults":
      return spoilt({ name: draw.maybe(() => draw.text()) });
    case "crowds":
      return spoilt({ size: body["count"] === 3 ? null : draw.integer(0, 99) });
    case "tours":
      return spoilt({ names: [JSON.stringify(body), draw.text()] });
    case "ways":
    case "poems":
      return spoilt({ text: draw.maybe(() => JSON.stringify(body)) });
    case "people":
      return spoilt(draw.list(() => rows.orderRow(draw, draw.id("o"))));
    default:
      throw new Error(`Nobody answers ${path}${query.toString()}.`);
  }
}

function visitorRow(draw: Draw, id: string): object {
  return {
    id,
    email: draw.maybe(() => `${draw.text()}@x.example`),
    phone: draw.maybe(() => draw.pick(["+49 170 1234567", "12"])),
    tenant: draw.maybe(() => draw.text()),
  };
}

const maxPages = 3;

/** By a cursor that stands in the page before. */
function ordersPage({ query }: Asked, draw: Draw, parts: readonly string[]): HttpAnswer {
  const page = Number(query.get("cursor")?.slice(1) ?? 1);
  if (!Number.isInteger(page)) return { status: 400, text: "{}" };
  const size = countOf(query.get("first"));
  const hasMore = page < maxPages;
  const data = Array.from({ length: hasMore ? size : size - 1 }, (_, index) =>
    rows.orderRow(draw, `o${page}${index}${parts.length}`),
  );
  const paging = { next: hasMore ? `n${page + 1}` : null, more: hasMore, total: draw.maybe(() => 17) };
  return ok(draw.spoil({ data, paging }));
}

/** By numbers, or behind the `Link` header. */
function salesPage({ query, segments }: Asked, draw: Draw): HttpAnswer {
  const isLinked = segments.includes("shows");
  const page = Number(query.get("page") ?? (isLinked ? 1 : 0));
  const size = countOf(query.get(isLinked ? "per_page" : "size"));
  const hasMore = page < maxPages;
  const found = Array.from({ length: hasMore ? size : size - 1 }, () => rows.saleRow(draw));
  if (!isLinked) return ok(draw.spoil({ rows: found, count: draw.maybe(() => maxPages * size) }));
  const link: Readonly<Record<string, string>> = hasMore ? { link: `</x?page=${page + 1}>; rel="next"` } : {};
  return ok(draw.spoil(found), { ...link, "x-total-count": "11" });
}

/** How many are asked for; 2 where nothing is said, at most 4. */
function countOf(text: string | null): number {
  const count = Number(text ?? 2);
  return Number.isInteger(count) ? Math.max(0, Math.min(count, 4)) : 2;
}
