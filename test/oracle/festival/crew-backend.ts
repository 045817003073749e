import { createServer } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { Listener } from "../../backends/listener.ts";
import { packRichStatus } from "../../backends/rich-status.ts";
import type { Epochs } from "./epochs.ts";
import { answerAfter, latencyMs } from "./latency.ts";
import { type Draw, isUnknown, type World } from "./world.ts";

type Request = Readonly<Record<string, unknown>>;
type Call = ServerUnaryCall<object, object>;

/** The gRPC source of the festival. */
export class CrewBackend {
  readonly #listener: Listener;

  constructor(epochs: Epochs) {
    const server = new Server();
    for (const [name, method] of Object.entries(crewService)) {
      server.register(
        method.path,
        (call: Call, callback: sendUnaryData<object>) => {
          const header = String(call.metadata.get("x-world")[0]);
          const world = name === "Hire" ? epochs.begin(header) : epochs.worldOf(header);
          const ms = latencyMs(header, `${name} ${JSON.stringify(call.request)}`);
          try {
            const message = answer(world, name, call.request as Request);
            answerAfter(ms, () => callback(null, message));
          } catch (error) {
            answerAfter(ms, () => callback(error as Error));
          }
        },
        method.responseSerialize,
        method.requestDeserialize,
        "unary",
      );
    }
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = new Listener(
      createServer({ noDelay: true }, (socket) => injector.injectConnection(socket)),
    );
  }

  get url(): string {
    return `grpc://127.0.0.1:${this.#listener.port}`;
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }
}

const protos = fileURLToPath(new URL("protos", import.meta.url));
const definition = loadSync(path.join("festival/v1/crew.proto"), {
  includeDirs: [protos],
  longs: String,
  enums: String,
  defaults: true,
});
const crewService = definition["festival.v1.CrewService"] as ServiceDefinition;

class CrewFailure extends Error {
  readonly code: status;
  readonly metadata = new Metadata();

  constructor(code: status, details: Parameters<typeof packRichStatus>[0]["details"] = []) {
    super("the crew is on strike");
    this.code = code;
    if (details.length > 0)
      this.metadata.set("grpc-status-details-bin", packRichStatus({ code, message: this.message, details }));
  }
}

const codes: readonly status[] = [
  status.CANCELLED,
  status.UNKNOWN,
  status.INVALID_ARGUMENT,
  status.DEADLINE_EXCEEDED,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.UNAUTHENTICATED,
];

/** Whatever is asked along with the keys of a batch changes the answer; the keys do not. */
function answer(world: World, method: string, request: Request): object {
  const { ids, keys, readMask, ...rest } = request;
  const isBatch = method !== "ListPeople" && (Array.isArray(ids) || Array.isArray(keys));
  const subject = `${method} ${JSON.stringify(isBatch ? rest : request)}`;
  const fault = world.draw(`endpoint ${subject}`).endpointFault(codes);
  if (fault === status.RESOURCE_EXHAUSTED)
    throw new CrewFailure(fault, [{ kind: "ErrorInfo", reason: "TOO_MANY", domain: "crew.example" }]);
  if (fault !== null) throw new CrewFailure(fault);
  const draw = world.draw(subject);
  const rows = <Row>(asked: unknown, make: (rowDraw: Draw, key: string) => Row): Row[] =>
    (asked as readonly unknown[]).flatMap((key) => {
      const text = typeof key === "string" ? key : JSON.stringify(key);
      const rowDraw = world.draw(`row ${subject} ${text}`);
      return isUnknown(text) || rowDraw.isMissing() ? [] : [make(rowDraw, text)];
    });
  const turned = <Row>(list: readonly Row[]): Row[] => (draw.happens(0.5) ? list.toReversed() : [...list]);
  switch (method) {
    case "BatchGetPeople":
      return { people: turned(rows(ids, person)).map((row) => masked(row, readMask)) };
    case "ListPeople":
      return {
        people: Array.from({ length: Math.max(0, Math.min(Number(request["first"] ?? 2), 4)) }, () =>
          person(draw, draw.id("p")),
        ),
      };
    case "GetTeam": {
      const id = String(request["id"]);
      if (isUnknown(id) || draw.isMissing()) throw new CrewFailure(status.NOT_FOUND);
      return team(draw, id, 1);
    }
    case "TeamsOfPeople":
      return {
        teams: Object.fromEntries(
          rows(ids, (rowDraw, id) => [id, team(rowDraw, rowDraw.id("t", 3), 1)] as const),
        ),
      };
    case "ShiftsOfPeople": {
      const most = Math.max(0, Math.min(Number(request["perPerson"] ?? 2), 3));
      return {
        shifts: turned(rows(ids, (rowDraw, id) => rowDraw.list(() => shift(rowDraw, id), most)).flat()),
      };
    }
    case "CountCrews":
      return { counts: Object.fromEntries(rows(ids, (rowDraw, id) => [id, rowDraw.integer(0, 5)] as const)) };
    case "BatchGetSeats":
      return { seats: turned(rows(keys, (rowDraw, key) => seat(rowDraw, JSON.parse(key) as object))) };
    case "ListTeams": {
      const page = Number(request["pageToken"] === "" ? 1 : String(request["pageToken"]).slice(1));
      if (!Number.isInteger(page)) throw new CrewFailure(status.INVALID_ARGUMENT);
      const length = Math.max(0, Math.min(Number(request["pageSize"]) || 2, 4));
      const teams = Array.from({ length }, () => team(draw, draw.id("t", 3), 1));
      return { teams, nextPageToken: page < 3 ? `t${page + 1}` : "", totalSize: 7 };
    }
    case "Hire":
      return {
        ...(draw.happens(0.9) && { person: person(draw, draw.id("p")) }),
        warnings: [JSON.stringify(request)],
      };
    default:
      throw new Error(`Nobody answers ${method}.`);
  }
}

/** What a mask leaves of a row; all of it where there is none. */
function masked(row: object, mask: unknown): object {
  const { paths = [] } = (mask ?? {}) as { readonly paths?: readonly string[] };
  if (paths.length === 0) return row;
  const names = new Set(paths.map((one) => camelCase(one.split(".")[0] ?? "")));
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.has(name)));
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function person(draw: Draw, id: string): object {
  const optional = (name: string, make: () => unknown): object =>
    draw.happens(0.85) && !draw.isSpoilt() ? { [name]: make() } : {};
  return {
    id,
    ...optional("name", () => draw.text()),
    role: draw.isSpoilt() ? 42 : draw.pick(["ROLE_UNSPECIFIED", "SINGER", "SPEAKER", "HELPER"]),
    ...optional("joinedAt", () => ({
      seconds: draw.isSpoilt() ? "999999999999" : String(draw.integer(0, 2_000_000_000)),
      nanos: draw.pick([0, 500_000_000]),
    })),
    ...optional("age", () => ({ value: draw.integer(0, 99) })),
    ...optional("labels", () => ({ color: draw.text() })),
    ...optional("details", () => ({
      fields: {
        height: draw.isSpoilt() ? { stringValue: "tall" } : { numberValue: draw.float() },
        list: { listValue: { values: [{ boolValue: true }, { nullValue: 0 }] } },
      },
    })),
    ...optional("gear", () => null),
    ...gear(draw),
    ...optional("extra", () => extra(draw)),
    friendIds: draw.list(() => draw.id("p")),
    showId: draw.happens(0.85) ? draw.id("s") : "",
    events: draw.list(() => ({
      kind: draw.isSpoilt() ? 9 : draw.pick(["PRAISED", "MOVED", "PRAISED", "KIND_UNSPECIFIED"]),
      at: draw.text(),
      byId: draw.happens(0.85) ? draw.id("p") : "",
      showId: draw.id("s"),
      times: draw.integer(0, 9),
    })),
    ...optional("fee", () => ({
      currencyCode: draw.pick(["EUR", "JPY", "", "XX1"]),
      units: String(draw.integer(0, 999)),
      nanos: draw.pick([0, 500_000_000, draw.isSpoilt() ? -5 : 10_000_000]),
    })),
    miles: draw.pick(["0", "9007199254740993", "-12"]),
    photo: Buffer.from(draw.text()),
    ...optional("rest", () => ({ seconds: String(draw.integer(0, 90)), nanos: 0 })),
    score: draw.isSpoilt() ? Number.NaN : draw.float(),
    pastRoles: draw.list(() => (draw.isSpoilt() ? 42 : draw.pick(["SINGER", "SPEAKER", "HELPER"]))),
    likes: draw.isSpoilt() ? 4_294_967_295 : draw.integer(0, 9),
  };
}

function gear(draw: Draw): object {
  switch (draw.integer(0, 4)) {
    case 0:
      return { instrument: instrument(draw) };
    case 1:
      return { camera: { model: draw.text(), lenses: draw.list(() => draw.float()) } };
    case 2:
      return { badgeCode: draw.text() };
    case 3:
      return draw.isSpoilt() ? { none: true } : { instrument: instrument(draw) };
    default:
      return {};
  }
}

function instrument(draw: Draw): object {
  return { name: draw.text(), strings: draw.integer(0, 12), ownerId: draw.happens(0.8) ? draw.id("p") : "" };
}

function extra(draw: Draw): object {
  const name = draw.pick(["Instrument", "Team"]);
  const message = name === "Instrument" ? instrument(draw) : team(draw, draw.id("t", 3), 0);
  const type = definition[`festival.v1.${name}`] as MessageTypeDefinition<object, object>;
  if (draw.isSpoilt())
    return {
      typeUrl: `type.googleapis.com/festival.v1.${draw.pick([name, "Unheard", "Camera"])}`,
      value: Buffer.alloc(4, 0xff),
    };
  return { typeUrl: `type.googleapis.com/festival.v1.${name}`, value: type.serialize(message) };
}

function team(draw: Draw, id: string, levels: number): object {
  return {
    id,
    name: draw.text(),
    memberIds: draw.list(() => draw.id("p")),
    ...(draw.happens(0.7) && levels > 0 && { captain: person(draw, draw.id("p")) }),
    parts: levels === 0 ? [] : draw.list(() => team(draw, draw.id("t", 3), levels - 1), 2),
  };
}

function shift(draw: Draw, personId: string): object {
  return {
    personId,
    from: draw.text(),
    ...(draw.happens(0.8) && { hours: { value: draw.isSpoilt() ? Number.POSITIVE_INFINITY : draw.float() } }),
    ...(draw.happens(0.8) && { seat: seat(draw, { row: draw.integer(1, 2), number: draw.integer(1, 2) }) }),
  };
}

function seat(draw: Draw, key: object): object {
  return { ...key, view: draw.text(), showId: draw.happens(0.8) ? draw.id("s") : "" };
}
