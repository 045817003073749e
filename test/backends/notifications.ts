import type { SeededRandom } from "./seeded-random.ts";
import type { Order, Product, Review } from "./shop-data.ts";
import { notificationTexts } from "./shop-vocabulary.ts";

type AnyNotification = {
  readonly id: string;
  readonly text: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly read: boolean;
};

/** What happened is told by `type`, and each kind says what it is about. */
export type Notification =
  | (AnyNotification & { readonly type: "order_shipped"; readonly orderId: string; readonly carrier: string })
  | (AnyNotification & {
      readonly type: "review_reply";
      readonly reviewId: string;
      readonly authorId: string;
    })
  | (AnyNotification & {
      readonly type: "price_drop";
      readonly productId: string;
      readonly percentOff: number;
    });

export type Notifications = { readonly unreadCount: number; readonly items: readonly Notification[] };

/** What a notification of a user may be about; lists are not empty. */
export type Occasions = {
  readonly orders: readonly Order[];
  readonly reviews: readonly Review[];
  readonly products: readonly Product[];
};

/** Makes a notification one of the kind that its text speaks of, about something of the user's own. */
export function nameOccasion(
  notification: AnyNotification,
  { orders, reviews, products }: Occasions,
  random: SeededRandom,
): Notification {
  const kind = notificationTexts.find(({ text }) => text === notification.text)?.type ?? "price_drop";
  const order = orders.length === 0 ? null : random.pick(orders);
  const review = reviews.length === 0 ? null : random.pick(reviews);
  if (kind === "order_shipped" && order !== null) {
    return {
      ...notification,
      type: kind,
      orderId: order.id,
      carrier: random.pick(["PostNord", "DHL", "InPost"]),
    };
  }
  if (kind === "review_reply" && review !== null) {
    return { ...notification, type: kind, reviewId: review.id, authorId: `u${random.integer(1, 300)}` };
  }
  return {
    ...notification,
    type: "price_drop",
    productId: random.pick(products).id,
    percentOff: random.pick([10, 20, 30]),
  };
}
