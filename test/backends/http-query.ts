import { HttpError } from "./http-backend.ts";

/** The values of a repeated query pair, at least 1 and at most 200. Throws 400. */
export function readIds(query: URLSearchParams, name: string): string[] {
  const ids = query.getAll(name);
  if (ids.length < 1 || ids.length > 200) {
    throw new HttpError(400, `Expected ${name} 1 to 200 times, got it ${ids.length} times.`);
  }
  return ids;
}

/** An integer from 1 to 100; absent: 10. Throws 400. */
export function readCount(query: URLSearchParams, name: string): number {
  const written = query.get(name) ?? "10";
  const count = /^\d{1,3}$/.test(written) ? Number(written) : 0;
  if (count < 1 || count > 100) throw new HttpError(400, `Expected ${name} from 1 to 100, got "${written}".`);
  return count;
}
