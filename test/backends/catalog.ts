import { status } from "@grpc/grpc-js";
import { toProductMessage } from "./catalog-message.ts";
import { findRows } from "./find-rows.ts";
import { GrpcBackend, GrpcError, loadGrpcService } from "./grpc-backend.ts";
import { pageOf } from "./grpc-page.ts";
import type { RequestLog } from "./request-log.ts";
import { centsOf } from "./shop-data.ts";
import type { Product, ShopData } from "./shop-data.ts";

type ListProductsRequest = {
  readonly first: number;
  readonly pageToken: string;
  readonly sort: string;
  readonly categoryId: string;
  readonly readMask: ReadMask;
};

type ReadMask = { readonly paths: readonly string[] } | null;

type GetProductRequest = { readonly id: string; readonly readMask: ReadMask };

type GetProductsRequest = IdsRequest & { readonly readMask: ReadMask };

type IdsRequest = { readonly ids: readonly string[] };

/** The catalog team's service (gRPC): products and categories. */
export function createCatalog(data: ShopData, log: RequestLog): GrpcBackend {
  const productsBySort: Readonly<Record<string, readonly Product[]>> = {
    PRODUCT_SORT_UNSPECIFIED: data.featuredProducts,
    FEATURED: data.featuredProducts,
    NEWEST: data.products.toSorted((a, b) => b.releasedAt.localeCompare(a.releasedAt)),
    PRICE_ASCENDING: data.products.toSorted((a, b) => centsOf(a.price) - centsOf(b.price)),
  };
  const categories = data.categories.toSorted((a, b) => a.name.localeCompare(b.name, "en"));

  return new GrpcBackend(
    loadGrpcService("shop/catalog/v1/catalog.proto", "shop.catalog.v1.CatalogService"),
    {
      ListProducts: ({ sort, categoryId, readMask, ...page }: ListProductsRequest) => {
        const products = productsBySort[sort];
        if (products === undefined) {
          throw new GrpcError(status.INVALID_ARGUMENT, `Expected a ProductSort, got ${sort}.`);
        }
        const wanted = products.filter((product) => categoryId === "" || product.categoryId === categoryId);
        const { rows, ...rest } = pageOf(wanted, page, { defaultFirst: 20, maxFirst: 1000 });
        return { items: rows.map((row) => readProduct(row, readMask)), ...rest };
      },
      BatchGetProducts: ({ ids, readMask }: GetProductsRequest) => ({
        products: findRows(data.productById, ids).map((row) => readProduct(row, readMask)),
      }),
      GetProduct: ({ id, readMask }: GetProductRequest) => {
        const product = data.productById.get(id);
        if (product === undefined) throw unknownProduct(id);
        return readProduct(product, readMask);
      },
      ListCategories: () => ({ categories }),
      BatchGetCategories: ({ ids }: IdsRequest) => ({ categories: findRows(data.categoryById, ids) }),
    },
    log,
  );
}

function unknownProduct(id: string): GrpcError {
  return new GrpcError(status.NOT_FOUND, `There is no product "${id}".`, [
    { kind: "ErrorInfo", reason: "UNKNOWN_PRODUCT", domain: "catalog.shop.example", metadata: { id } },
  ]);
}

/** `paths`: names as in the .proto file; none: all fields. */
function readProduct(product: Product, readMask: ReadMask): object {
  const message = toProductMessage(product);
  const paths = readMask?.paths ?? [];
  if (paths.length === 0) return message;
  const unknown = paths.filter((path) => !productFields.has(path.split(".", 1)[0] ?? ""));
  if (unknown.length > 0) {
    const fieldViolations = unknown.map((path) => ({
      field: "read_mask",
      description: `Product has no field ${path}.`,
    }));
    const found = unknown.join(", ");
    throw new GrpcError(status.INVALID_ARGUMENT, `Expected fields of Product, got ${found}.`, [
      { kind: "BadRequest", fieldViolations },
    ]);
  }
  return onlyFields(
    message,
    paths.map((path) => path.split(".")),
  );
}

function onlyFields(message: object, paths: readonly (readonly string[])[]): object {
  return Object.fromEntries(
    Object.entries(message).flatMap(([name, value]: [string, unknown]) => {
      const here = paths.filter(([first = ""]) => camelCase(first) === name).map((path) => path.slice(1));
      if (here.length === 0) return [];
      const isWhole = here.some((path) => path.length === 0) || typeof value !== "object" || value === null;
      return [[name, isWhole ? value : onlyFields(value, here)]];
    }),
  );
}

function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

const productFields: ReadonlySet<string> = new Set(
  `id name description price category_id tags image_url weight_grams released_at attributes details release_time
   warranty brand condition image video dimensions barcode preview cost_price return_days`.split(/\s+/),
);
