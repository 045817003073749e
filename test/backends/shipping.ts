import { findRows } from "./find-rows.ts";
import { HttpBackend, HttpError } from "./http-backend.ts";
import { readIds } from "./http-query.ts";
import { readObject, unprocessable } from "./json-body.ts";
import type { RequestLog } from "./request-log.ts";
import { euros } from "./shop-data.ts";
import type { Money, ShopData } from "./shop-data.ts";

/** How a product travels, and until when it may come back. */
export type ShippedProduct = {
  readonly productId: string;
  readonly parcelClass: "LETTER" | "PARCEL" | "FREIGHT";
  readonly returnDays: number;
};

export type Delivery = {
  readonly carrier: string;
  readonly minDays: number;
  readonly maxDays: number;
  readonly cost: Money;
};

/** The shipping team's service (REST). It is told what a parcel weighs and where it lies: it asks nobody. */
export function createShipping(data: ShopData, log: RequestLog): HttpBackend {
  const shipped = new Map(data.products.map(({ id, weightGrams }) => [id, shipProduct(id, weightGrams)]));

  return new HttpBackend(
    [
      { method: "GET", path: "/products", answer: ({ query }) => findRows(shipped, readIds(query, "ids")) },
      {
        method: "GET",
        path: "/deliveries",
        answer: ({ query }) => ({
          productId: query.get("productId"),
          ...estimateDelivery({
            weightGrams: Number(query.get("weightGrams") ?? Number.NaN),
            warehouse: query.get("warehouse") ?? "",
            country: query.get("country"),
          }),
        }),
      },
      // Reads only. What can't be delivered costs its own row.
      { method: "POST", path: "/deliveries/estimate", answer: ({ body }) => estimateAll(readObject(body)) },
    ],
    log,
  );
}

/** What shipping knows of a product by itself. */
export function shipProduct(productId: string, weightGrams: number): ShippedProduct {
  if (weightGrams < 1000) return { productId, parcelClass: "LETTER", returnDays: 100 };
  if (weightGrams < 31_500) return { productId, parcelClass: "PARCEL", returnDays: 60 };
  return { productId, parcelClass: "FREIGHT", returnDays: 30 };
}

/** Throws 422: UNKNOWN_WAREHOUSE, INVALID_WEIGHT, TOO_HEAVY. `country`: ISO 3166; null: the warehouse's own. */
export function estimateDelivery(parcel: {
  readonly weightGrams: number;
  readonly warehouse: string;
  readonly country: string | null;
}): Delivery {
  const { weightGrams, warehouse, country } = parcel;
  const home = countryByWarehouse.get(warehouse);
  if (home === undefined) throw unprocessable("UNKNOWN_WAREHOUSE", `There is no warehouse "${warehouse}".`);
  if (!Number.isInteger(weightGrams) || weightGrams < 1) {
    throw unprocessable("INVALID_WEIGHT", `Expected a weight in grams, got ${weightGrams}.`);
  }
  if (weightGrams > 60_000) throw unprocessable("TOO_HEAVY", `${weightGrams} g are more than 60 kg.`);
  const isAbroad = country !== null && country !== home;
  const minDays = (isAbroad ? 3 : 1) + (weightGrams >= 31_500 ? 2 : 0);
  return {
    carrier: weightGrams >= 31_500 ? "DB Schenker" : "PostNord",
    minDays,
    maxDays: minDays + (isAbroad ? 4 : 1),
    cost: euros(390 + Math.ceil(weightGrams / 1000) * (isAbroad ? 120 : 45)),
  };
}

const countryByWarehouse: ReadonlyMap<string, string> = new Map([
  ["malmö", "SE"],
  ["lyon", "FR"],
  ["łódź", "PL"],
]);

function estimateAll({ parcels, country = null }: Readonly<Record<string, unknown>>): object {
  if (!Array.isArray(parcels) || parcels.length < 1 || parcels.length > 200) {
    throw new HttpError(400, "Expected 1 to 200 parcels.");
  }
  const rows = new Map(
    parcels.map((parcel: unknown) => {
      const { productId, weightGrams, warehouse } = readObject(parcel);
      return [String(productId), estimateRow({ productId, weightGrams, warehouse, country })];
    }),
  );
  return { deliveries: findRows(rows, [...rows.keys()]) };
}

function estimateRow({
  productId,
  weightGrams,
  warehouse,
  country,
}: Readonly<Record<string, unknown>>): object {
  const asked = { productId, weightGrams, warehouse };
  try {
    const parcel = {
      weightGrams: Number(weightGrams),
      warehouse: String(warehouse),
      country: typeof country === "string" ? country : null,
    };
    return { ...asked, delivery: estimateDelivery(parcel) };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { ...asked, delivery: null, error: { code: error.code, message: error.message } };
  }
}
