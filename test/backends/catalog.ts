import { status } from "@grpc/grpc-js";
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
        return { items: rows, ...rest };
      },
      BatchGetProducts: ({ ids }: IdsRequest) => ({ products: findRows(data.productById, ids) }),
      ListCategories: () => ({ categories }),
      BatchGetCategories: ({ ids }: IdsRequest) => ({ categories: findRows(data.categoryById, ids) }),
    },
    log,
  );
}
