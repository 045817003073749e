import { SeededRandom } from "../backends/seeded-random.ts";

/** Who sends an operation, and in which language. */
export interface Asker {
  /** Null for a guest; u9999 has a token and no account. */
  readonly userId: string | null;
  readonly acceptLanguage: string | null;
  /** The locale that it leads to, by hand. */
  readonly locale: string;
}

/** All who have a token. */
export const userIds = ["u1", "u7", "u42", "u9999"] as const;

const languages = [
  { acceptLanguage: null, locale: "en-US" },
  { acceptLanguage: "de", locale: "de" },
  { acceptLanguage: "fr-CA, fr;q=0.9, en;q=0.8", locale: "fr" },
  { acceptLanguage: "ar-EG", locale: "ar-EG" },
  { acceptLanguage: "pt-BR", locale: "en-US" },
  { acceptLanguage: "de;q=0.5, fr;q=0.7", locale: "fr" },
] as const;

/** For one seed always the same. */
export function askerOf(seed: number): Asker {
  const random = new SeededRandom(seed + 1_000_000);
  return { userId: random.pick([null, ...userIds]), ...random.pick(languages) };
}
