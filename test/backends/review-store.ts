import { ratingOf } from "./shop-data.ts";
import type { Rating, Review, ShopData } from "./shop-data.ts";

/** The reviews as the service's own writes have left them; `data` is never changed. */
export class ReviewStore {
  readonly #data: ShopData;
  #byId = new Map<string, Review>();
  #idsByProductId = new Map<string, readonly string[]>();
  #idsByAuthorId = new Map<string, readonly string[]>();
  #ratings = new Map<string, Rating>();
  #lastNumber = 0;

  constructor(data: ShopData) {
    this.#data = data;
    this.reset();
  }

  /** Forgets what was written. */
  reset(): void {
    this.#byId = new Map(this.#data.reviewById);
    this.#idsByProductId = new Map();
    this.#idsByAuthorId = new Map();
    this.#ratings = new Map(this.#data.ratingByProductId);
    this.#lastNumber = this.#data.reviews.length;
  }

  get ratings(): ReadonlyMap<string, Rating> {
    return this.#ratings;
  }

  get(id: string): Review | undefined {
    return this.#byId.get(id);
  }

  /** Newest first. */
  ofProduct(productId: string): readonly Review[] {
    return this.#rows(this.#idsByProductId.get(productId), this.#data.reviewsByProductId.get(productId));
  }

  /** Newest first. */
  ofAuthor(authorId: string): readonly Review[] {
    return this.#rows(this.#idsByAuthorId.get(authorId), this.#data.reviewsByAuthorId.get(authorId));
  }

  /** All of them, newest first. */
  newest(): readonly Review[] {
    return [...this.#byId.values()].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  /** Adds a review as the newest. */
  add(draft: Omit<Review, "id">): Review {
    this.#lastNumber += 1;
    const review = { ...draft, id: `r${this.#lastNumber}` };
    const { id, productId, authorId } = review;
    this.#idsByProductId.set(productId, [id, ...this.ofProduct(productId).map((one) => one.id)]);
    this.#idsByAuthorId.set(authorId, [id, ...this.ofAuthor(authorId).map((one) => one.id)]);
    this.replace(review);
    return review;
  }

  replace(review: Review): void {
    this.#byId.set(review.id, review);
    this.#rate(review.productId);
  }

  remove({ id, productId }: Review): void {
    this.#byId.delete(id);
    this.#rate(productId);
  }

  /** What is here of `ids`, or of the rows that were there from the beginning. */
  #rows(ids: readonly string[] | undefined, original: readonly Review[] = []): readonly Review[] {
    return (ids ?? original.map(({ id }) => id)).flatMap((id) => this.#byId.get(id) ?? []);
  }

  #rate(productId: string): void {
    const rating = ratingOf(productId, this.ofProduct(productId));
    if (rating === undefined) this.#ratings.delete(productId);
    else this.#ratings.set(productId, rating);
  }
}
