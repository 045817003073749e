import { defineConfig } from "@graphql-hive/gateway";
import { formatPrice } from "../resolvers.ts";

export const gatewayConfig = defineConfig({
  additionalResolvers: {
    Product: {
      priceText: {
        selectionSet: "{ price { currencyCode units nanos } }",
        resolve: (product: any) => formatPrice(product.price),
      },
    },
  },
});
