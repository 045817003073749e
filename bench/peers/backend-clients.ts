import path from "node:path";
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { Pool } from "undici";

// The same clients as the limit's, for everybody who writes resolvers.

const { CONTENT_URL = "", CATALOG_URL = "", INVENTORY_URL = "" } = process.env;
const pool = new Pool(CONTENT_URL);
const catalog = openClient("catalog", "CatalogService", CATALOG_URL);
const inventory = openClient("inventory", "InventoryService", INVENTORY_URL);

export async function getJson(url: string): Promise<any> {
  const { statusCode, body } = await pool.request({ method: "GET", path: url });
  if (statusCode !== 200) throw new Error(`Expected 200, got ${statusCode}.`);
  return body.json();
}

export async function postJson(url: string, value: object): Promise<any> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: url,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
  if (statusCode !== 200) throw new Error(`Expected 200, got ${statusCode}.`);
  return body.json();
}

export async function listProducts(first: number): Promise<any[]> {
  return new Promise((resolve, reject) => {
    catalog.listProducts({ first }, (error: Error | null, response: any) =>
      error === null ? resolve(response.items) : reject(error),
    );
  });
}

export async function getStock(productIds: readonly string[]): Promise<any[]> {
  return new Promise((resolve, reject) => {
    inventory.batchGetStock({ productIds }, (error: Error | null, response: any) =>
      error === null ? resolve(response.items) : reject(error),
    );
  });
}

function openClient(name: string, service: string, url: string): any {
  // Values as GraphQL wants them: what is zero is there, 64-bit integers and enums are text.
  const definition = loadSync(`bench/${name}.proto`, {
    includeDirs: [path.join(import.meta.dirname, "../project/protos")],
    defaults: true,
    longs: String,
    enums: String,
  });
  const packages = loadPackageDefinition(definition)["bench"] as Record<
    string,
    Record<string, ServiceClientConstructor>
  >;
  const ServiceClient = packages[name]?.[service];
  if (ServiceClient === undefined) throw new Error(`bench.${name} has no ${service}.`);
  return new ServiceClient(url.replace("grpc://", ""), credentials.createInsecure());
}
