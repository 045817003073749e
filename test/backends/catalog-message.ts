import { toDuration, toStruct, toTimestamp } from "./protobuf-values.ts";
import type { Image, Video } from "./product-details.ts";
import type { Product } from "./shop-data.ts";

/** A product as `shop.catalog.v1.Product`, with every field that a decoded one has. */
export function toProductMessage(product: Product): Readonly<Record<string, unknown>> {
  const { details, warrantySeconds, brand, media, preview, ...same } = product;
  return {
    ...same,
    details: details === null ? null : toStruct(details),
    releaseTime: toTimestamp(product.releasedAt),
    warranty: warrantySeconds === null ? null : toDuration(warrantySeconds),
    brand: brand === null ? null : { value: brand },
    preview: Buffer.from(preview, "base64"),
    ...(media !== null && toMediaMember(media)),
  };
}

function toMediaMember(media: Image | Video): object {
  if (media.kind === "image") {
    const { url, altText, width, height } = media;
    return { image: { url, altText, width, height } };
  }
  const { url, posterUrl, lengthSeconds } = media;
  return { video: { url, posterUrl, length: toDuration(lengthSeconds) } };
}
