import { SeededRandom } from "./seeded-random.ts";
import type { Money } from "./shop-data.ts";
import { brands, careAdvice, colours, materials, suppliers } from "./shop-vocabulary.ts";

export type Dimensions = { readonly widthMm: number; readonly heightMm: number; readonly depthMm: number };

export type Image = {
  readonly kind: "image";
  readonly url: string;
  readonly altText: string;
  readonly width: number;
  readonly height: number;
};

export type Video = {
  readonly kind: "video";
  readonly url: string;
  readonly posterUrl: string;
  readonly lengthSeconds: number;
};

/** What the catalog knows of a product beyond its name and price. */
export type ProductDetails = {
  /** Free names and values: `colour`, `material`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Whatever JSON the supplier sent; null for every tenth product. */
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly dimensions: Dimensions | null;
  readonly brand: string | null;
  readonly condition: "NEW" | "REFURBISHED";
  /** Whole years of 365 days; null: none. */
  readonly warrantySeconds: number | null;
  /** Every fifth product has a video, every seventh of the others nothing. */
  readonly media: Image | Video | null;
  /** A GTIN-13, above 2³². */
  readonly barcode: string;
  /** A tiny blurred picture, base64. */
  readonly preview: string;
  /** What the shop pays for it. */
  readonly costPrice: Money;
  /** As the catalog still believes; shipping knows better. */
  readonly returnDays: number;
};

const secondsPerYear = 365 * 24 * 60 * 60;

/** The details of the product with this number (1 for p1), named `name`; the same on every call. */
export function describeProduct(number: number, name: string, price: Money): ProductDetails {
  const random = new SeededRandom(10_000 + number);
  const years = random.integer(0, 5);
  return {
    attributes: { colour: random.pick(colours), material: random.pick(materials) },
    details:
      number % 10 === 0
        ? null
        : {
            supplier: { name: random.pick(suppliers), batch: random.integer(1, 900) },
            care: random.shuffle(careAdvice).slice(0, random.integer(0, 2)),
            recycledShare: random.integer(0, 100) / 100,
            fragile: random.next() < 0.3,
            note: null,
          },
    dimensions:
      random.next() < 0.2
        ? null
        : {
            widthMm: random.integer(40, 2200),
            heightMm: random.integer(10, 2400),
            depthMm: random.integer(5, 900),
          },
    brand: random.next() < 0.3 ? null : random.pick(brands),
    condition: random.next() < 0.1 ? "REFURBISHED" : "NEW",
    warrantySeconds: years === 0 ? null : years * secondsPerYear,
    media: mediaOf(number, name, random),
    barcode: `40${String(number * 7919).padStart(11, "0")}`,
    preview: Buffer.from(Array.from({ length: 12 }, () => random.integer(0, 255))).toString("base64"),
    costPrice: {
      currencyCode: price.currencyCode,
      units: String(Math.trunc(Number(price.units) / 2)),
      nanos: 0,
    },
    returnDays: 14,
  };
}

function mediaOf(number: number, name: string, random: SeededRandom): Image | Video | null {
  const host = "https://images.shop.example/media";
  if (number % 5 === 0) {
    return {
      kind: "video",
      url: `${host}/p${number}.mp4`,
      posterUrl: `${host}/p${number}-poster.jpg`,
      lengthSeconds: random.integer(8, 240),
    };
  }
  if (number % 7 === 0) return null;
  return {
    kind: "image",
    url: `${host}/p${number}.jpg`,
    altText: `${name}, seen from the front`,
    width: random.pick([800, 1200, 1600]),
    height: random.pick([800, 1200]),
  };
}
