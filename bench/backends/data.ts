// The data of both backends: a function of the row's number, so that every process makes the same.

const userCount = 10;
export const commentsPerPost = 3;

export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly avatarUrl: string;
}

export interface PostRow {
  readonly id: string;
  readonly userId: string;
  readonly title: string;
  readonly body: string;
  readonly likes: number;
  readonly createdAt: string;
}

export interface CommentRow {
  readonly id: string;
  readonly postId: string;
  readonly userId: string;
  readonly text: string;
}

export interface ProductRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly price: { readonly currencyCode: string; readonly units: string; readonly nanos: number };
  readonly tags: readonly string[];
  readonly weightGrams: number;
}

export interface StockRow {
  readonly productId: string;
  readonly available: boolean;
  readonly quantity: number;
  readonly level: "OUT_OF_STOCK" | "LOW" | "PLENTY";
}

const colours = ["amber", "blue", "crème", "dark red", "ebony", "fuchsia", "green"];
const things = ["lamp", "duvet cover", "bike lock", "kettle", "rain jacket", "notebook", "chair", "tent"];
const sentence = "The colour is right, the seams hold, and it came two days before it was promised.";

/** `u0` to `u9`. */
export function userOf(number: number): UserRow {
  const id = `u${number}`;
  return {
    id,
    name: `Zoë Müller the ${number}th`,
    email: `${id}@example.com`,
    avatarUrl: `https://images.example.com/users/${id}.webp`,
  };
}

export function postOf(number: number): PostRow {
  return {
    id: `t${number}`,
    userId: `u${number % userCount}`,
    title: `About the ${pick(colours, number)} ${pick(things, number)}`,
    body: `${sentence} No. ${number}.`,
    likes: (number * 7919) % 1000,
    createdAt: new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString(),
  };
}

export function commentOf(post: number, place: number): CommentRow {
  return {
    id: `c${post}-${place}`,
    postId: `t${post}`,
    userId: `u${(post + place * 3) % userCount}`,
    text: `${place}: so is my ${pick(things, post + place)}.`,
  };
}

export function productOf(number: number): ProductRow {
  return {
    id: `p${number}`,
    name: `${pick(colours, number)} ${pick(things, number * 3)}`,
    description: sentence,
    price: { currencyCode: "EUR", units: String((number * 37) % 2000), nanos: (number % 100) * 10_000_000 },
    tags: [pick(colours, number), pick(things, number)],
    weightGrams: 100 + ((number * 131) % 5000),
  };
}

export function stockOf(number: number): StockRow {
  const quantity = (number * 13) % 40;
  const level = quantity === 0 ? "OUT_OF_STOCK" : quantity < 8 ? "LOW" : "PLENTY";
  return { productId: `p${number}`, available: quantity > 0, quantity, level };
}

/** The number in an id such as `t17`. */
export function numberOf(id: string): number {
  return Number(id.slice(1));
}

function pick(words: readonly string[], number: number): string {
  return words[number % words.length] ?? "";
}
