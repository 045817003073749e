import { loadSync } from "@grpc/proto-loader";
import { GrpcBackend } from "../backends/grpc-backend.ts";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { type SchemaTexts, testProtos } from "./compose-texts.ts";

/** Items speak REST, their lots and crates gRPC: keys of several fields, several keys, lists of keys, maps, groups. */
export const warehouseSchemas = {
  items: `extend schema @source(name: "items", url: "http://localhost:1")

type Query {
  items: [Item!] @rest(GET: "/items/all")
  item(id: ID!): Item @lookup @rest(GET: "/items{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
  itemBySku(sku: ID!, tenant: ID!): Item @lookup @rest(GET: "/tenants/{args.tenant}/items/{args.sku}")
}

type Item @key(fields: "id") @key(fields: "tenant sku") {
  id: ID!
  tenant: ID!
  sku: ID!
  name: String
  relatedIds: [ID!] @from(field: "related.ids")
  related: [Item] @rest(GET: "/items{?ids*}", batch: { of: "$parent.relatedIds", as: "ids", match: "id" })
  notes: [Note!] @rest(GET: "/notes{?itemIds*}", batch: { of: "$parent.id", as: "itemIds", match: "itemId" })
  views: Int @rest(GET: "/views{?ids*}", batch: { of: "$parent.id", as: "ids", match: "$key", value: "total" })
  labels: [Label!] @rest(GET: "/labels{?ids*}", batch: { of: "$parent.id", as: "ids", match: "$key" })
}

type Note {
  text: String
  item: Item @from(field: "{ id: itemId }")
}

type Label {
  text: String
}
`,
  lots: `extend schema
  @source(name: "lots", url: "grpc://localhost:2", proto: "warehouse/v1/warehouse.proto", service: "warehouse.v1.WarehouseService")

type Query {
  lots(tenant: ID!): [Lot!] @grpc(method: "ListLots", select: "lots")
  stockedItem(tenant: ID!, sku: ID!): Item
    @lookup
    @grpc(method: "BatchGetLots", batch: { of: "{ tenant: $args.tenant, sku: $args.sku }", as: "keys", select: "lots", match: "{ tenant: tenant, sku: sku }" })
  crate(number: ID!): Crate
    @lookup
    @grpc(method: "CratesByNumber", batch: { of: "$args.number", as: "numbers", select: "crates", match: "$key" })
}

type Item @key(fields: "sku tenant") {
  tenant: ID!
  sku: ID!
  quantity: Int
  lot: Lot
    @grpc(method: "BatchGetLots", batch: { of: "{ tenant: $parent.tenant, sku: $parent.sku }", as: "keys", select: "lots", match: "{ tenant: tenant, sku: sku }" })
}

type Lot {
  lotNumber: ID!
  quantity: Int
  item: Item @from(field: "{ tenant: tenant, sku: sku }")
  crateNumbers: [ID!]
  crates: [Crate!]
    @grpc(method: "CratesOfLots", batch: { of: "$parent.lotNumber", as: "numbers", select: "crates", match: "lotNumber" })
  cratesInOrder: [Crate]
    @grpc(method: "CratesByNumber", batch: { of: "$parent.crateNumbers", as: "numbers", select: "crates", match: "$key" })
  references: [Crate!] @from(field: "crate_numbers[{ number: $item }]")
}

type Crate @key(fields: "number") {
  number: ID!
  shelf: String
}
`,
} as const satisfies SchemaTexts;

const items = [
  { id: "i1", tenant: "t1", sku: "a", name: "Lamp", related: { ids: ["i3", "i9", "i2"] } },
  { id: "i2", tenant: "t1", sku: "b", name: "Desk", related: { ids: [] } },
  { id: "i3", tenant: "t2", sku: "a", name: "Sofa", related: null },
];
const notes = [
  { itemId: "i1", text: "bright" },
  { itemId: "i3", text: "soft" },
  { itemId: "i1", text: "warm" },
  { itemId: "i7", text: "nobody asked" },
];
const lots = [
  { tenant: "t1", sku: "a", lotNumber: "L1", quantity: 5, crateNumbers: ["c2", "c1", "c9"] },
  { tenant: "t2", sku: "a", lotNumber: "L2", quantity: 0, crateNumbers: [] },
  { tenant: "t3", sku: "z", lotNumber: "L3", quantity: 7, crateNumbers: ["c3"] },
];
const crates = [
  { number: "c1", lotNumber: "L1", shelf: "north" },
  { number: "c2", lotNumber: "L1", shelf: "south" },
  { number: "c3", lotNumber: "L3", shelf: "east" },
];

export interface Warehouse {
  readonly urls: Readonly<Record<"items" | "lots", string>>;
  /** What was received, in order: method and path, or method and message. */
  requests(): string[];
  clear(): void;
  stop(): Promise<void>;
}

export async function startWarehouse(): Promise<Warehouse> {
  const nextSequence = countUp();
  const rest = createItems(new RequestLog(nextSequence));
  const grpc = createLots(new RequestLog(nextSequence));
  await Promise.all([rest.start(), grpc.start()]);
  return {
    urls: { items: rest.url, lots: grpc.url },
    requests: () =>
      [...rest.log.entries, ...grpc.log.entries]
        .toSorted((left, right) => left.sequence - right.sequence)
        .map(({ method, url, message }) => url ?? `${method} ${JSON.stringify(message)}`),
    clear() {
      rest.log.clear();
      grpc.log.clear();
    },
    async stop() {
      await Promise.all([rest.stop(), grpc.stop()]);
    },
  };
}

function createItems(log: RequestLog): HttpBackend {
  const byId = (query: URLSearchParams) => items.filter((item) => query.getAll("ids").includes(item.id));
  return new HttpBackend(
    [
      { method: "GET", path: "/items/all", answer: () => items },
      { method: "GET", path: "/items", answer: ({ query }) => byId(query).toReversed() },
      {
        method: "GET",
        path: "/tenants/{tenant}/items/{sku}",
        answer: ({ path: { tenant, sku } }) =>
          items.find((item) => item.tenant === tenant && item.sku === sku) ?? null,
      },
      { method: "GET", path: "/notes", answer: () => notes },
      {
        method: "GET",
        path: "/views",
        answer: ({ query }) =>
          Object.fromEntries(byId(query).map(({ id }) => [id, { total: Number(id.slice(1)) * 10 }])),
      },
      { method: "GET", path: "/labels", answer: () => ({ i1: [{ text: "new" }, { text: "hot" }], i2: [] }) },
    ],
    log,
  );
}

interface LotsRequest {
  readonly keys: readonly { readonly tenant: string; readonly sku: string }[];
}

interface NumbersRequest {
  readonly numbers: readonly string[];
}

function createLots(log: RequestLog): GrpcBackend {
  const definition = loadSync("warehouse/v1/warehouse.proto", { includeDirs: [testProtos], defaults: true });
  const service = definition["warehouse.v1.WarehouseService"];
  if (service === undefined || "format" in service) throw new Error("expected the service");
  return new GrpcBackend(
    service,
    {
      BatchGetLots: ({ keys }: LotsRequest) => ({
        lots: lots
          .filter((lot) => keys.some((key) => key.tenant === lot.tenant && key.sku === lot.sku))
          .toReversed(),
      }),
      ListLots: ({ tenant }: { readonly tenant: string }) => ({
        lots: lots.filter((lot) => lot.tenant === tenant),
      }),
      CratesByNumber: ({ numbers }: NumbersRequest) => ({
        crates: Object.fromEntries(
          crates.filter((crate) => numbers.includes(crate.number)).map((crate) => [crate.number, crate]),
        ),
      }),
      CratesOfLots: ({ numbers }: NumbersRequest) => ({
        crates: crates.filter((crate) => numbers.includes(crate.lotNumber)).toReversed(),
      }),
    },
    log,
  );
}
