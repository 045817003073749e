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
};

type GetProductRequest = {
  readonly id: string;
  readonly readMask: { readonly paths: readonly string[] } | null;
};

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
      ListProducts: ({ sort, categoryId, ...page }: ListProductsRequest) => {
        const products = productsBySort[sort];
        if (products === undefined) {
          throw new GrpcError(status.INVALID_ARGUMENT, `Expected a ProductSort, got ${sort}.`);
        }
        const wanted = products.filter((product) => categoryId === "" || product.categoryId === categoryId);
        const { rows, ...rest } = pageOf(wanted, page, { defaultFirst: 20, maxFirst: 1000 });
        return { items: rows.map(toProductMessage), ...rest };
      },
      BatchGetProducts: ({ ids }: IdsRequest) => ({
        products: findRows(data.productById, ids).map(toProductMessage),
      }),
      GetProduct: ({ id, readMask }: GetProductRequest) => {
        const product = data.productById.get(id);
        if (product === undefined) throw unknownProduct(id);
        return onlyFields(toProductMessage(product), readMask?.paths ?? []);
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
function onlyFields(message: Readonly<Record<string, unknown>>, paths: readonly string[]): object {
  if (paths.length === 0) return message;
  const unknown = paths.filter((path) => !productFields.has(path));
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
  const wanted = new Set(
    paths.map((path) => path.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())),
  );
  return Object.fromEntries(Object.entries(message).filter(([name]) => wanted.has(name)));
}

const productFields: ReadonlySet<string> = new Set(
  `id name description price category_id tags image_url weight_grams released_at attributes details release_time
   warranty brand condition image video dimensions barcode preview cost_price return_days`.split(/\s+/),
);
