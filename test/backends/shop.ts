import { createAccounts } from "./accounts.ts";
import { createCatalog } from "./catalog.ts";
import type { GrpcBackend } from "./grpc-backend.ts";
import type { HttpBackend } from "./http-backend.ts";
import { createInventory } from "./inventory.ts";
import { createOrders } from "./orders.ts";
import { createRecommendations } from "./recommendations.ts";
import { countUp, RequestLog } from "./request-log.ts";
import { createReviews } from "./reviews.ts";
import { createShipping } from "./shipping.ts";
import { buildShopData } from "./shop-data.ts";
import type { ShopData } from "./shop-data.ts";

type Backends = {
  readonly catalog: GrpcBackend;
  readonly inventory: GrpcBackend;
  readonly orders: GrpcBackend;
  readonly reviews: HttpBackend;
  readonly accounts: HttpBackend;
  readonly shipping: HttpBackend;
  readonly recommendations: HttpBackend;
};

const sourceNames = [
  "catalog",
  "inventory",
  "orders",
  "reviews",
  "accounts",
  "shipping",
  "recommendations",
] as const;

export type SourceName = (typeof sourceNames)[number];

/** The running backends of the shop. Each can be stopped, and started again on the port it had. */
export type Shop = Backends & {
  readonly data: ShopData;
  /** `CATALOG_URL` and so on: the environment of a gateway in front of this shop. */
  readonly env: Readonly<Record<`${Uppercase<SourceName>}_URL`, string>>;
  /** Every logged request in the order of arrival: `reviews GET /reviews`, `inventory BatchGetStock`. */
  calls(): string[];
  clearLogs(): void;
  /** Forgets what requests have changed: every backend answers from `data` again. */
  reset(): void;
  /** Kills all backends; resolves when their last socket is closed. */
  stop(): Promise<void>;
};

export type ShopOptions = {
  /** Absent: a free one. */
  readonly ports?: Partial<Record<SourceName, number>>;
  /** Absent: built afresh, in some 70 ms. Shops may share one, as none changes it. */
  readonly data?: ShopData;
};

/** Starts all backends on 127.0.0.1. Rejects, with none left running, if one of them cannot listen. */
export async function startShop({ ports = {}, data = buildShopData() }: ShopOptions = {}): Promise<Shop> {
  const nextSequence = countUp();
  const backends: Backends = {
    catalog: createCatalog(data, new RequestLog(nextSequence)),
    inventory: createInventory(data, new RequestLog(nextSequence)),
    orders: createOrders(data, new RequestLog(nextSequence)),
    reviews: createReviews(data, new RequestLog(nextSequence)),
    accounts: createAccounts(data, new RequestLog(nextSequence)),
    shipping: createShipping(data, new RequestLog(nextSequence)),
    recommendations: createRecommendations(data, new RequestLog(nextSequence)),
  };
  const all = sourceNames.map((source) => ({ source, backend: backends[source] }));
  const stop = async (): Promise<void> => {
    await Promise.all(all.map(({ backend }) => backend.stop()));
  };
  try {
    await Promise.all(all.map(({ source, backend }) => backend.start(ports[source])));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    ...backends,
    data,
    env: {
      CATALOG_URL: backends.catalog.url,
      INVENTORY_URL: backends.inventory.url,
      ORDERS_URL: backends.orders.url,
      REVIEWS_URL: backends.reviews.url,
      ACCOUNTS_URL: backends.accounts.url,
      SHIPPING_URL: backends.shipping.url,
      RECOMMENDATIONS_URL: `${backends.recommendations.url}/graphql`,
    },
    calls: () =>
      all
        .flatMap(({ source, backend }) => backend.log.entries.map((entry) => ({ source, ...entry })))
        .toSorted((a, b) => a.sequence - b.sequence)
        .map(({ source, method }) => `${source} ${method}`),
    clearLogs: () => {
      for (const { backend } of all) backend.log.clear();
    },
    reset: () => {
      for (const { backend } of all) backend.reset();
    },
    stop,
  };
}
