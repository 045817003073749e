import { expect, test } from "vitest";
import { BoundedCache } from "../../gateway/core/bounded-cache.ts";

test("forgets the least recently used entry when there are too many", () => {
  const cache = new BoundedCache<{ name: string }>({ maxEntries: 2, maxSize: 100 });
  cache.set("a", { name: "a" }, 1);
  cache.set("b", { name: "b" }, 1);
  cache.get("a");
  cache.set("c", { name: "c" }, 1);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([{ name: "a" }, undefined, { name: "c" }]);
  expect(cache.entries).toBe(2);
});

test("keeps entries whose sizes add up to the limit, and not one unit more", () => {
  const cache = new BoundedCache<object>({ maxEntries: 10, maxSize: 10 });
  cache.set("a", {}, 5);
  cache.set("b", {}, 5);
  expect(cache.entries).toBe(2);
  cache.set("c", {}, 1);
  expect([cache.get("a"), cache.entries]).toEqual([undefined, 2]);
});

test("does not keep an entry that is larger than the whole cache, nor an older one of its name", () => {
  const cache = new BoundedCache<object>({ maxEntries: 10, maxSize: 10 });
  cache.set("a", {}, 10);
  expect(cache.entries).toBe(1);
  cache.set("a", {}, 10.5);
  expect([cache.get("a"), cache.entries]).toEqual([undefined, 0]);
});

test("counts every entry as one unit at least, so that nothing is free", () => {
  const cache = new BoundedCache<object>({ maxEntries: 10, maxSize: 2 });
  for (const key of ["a", "b", "c"]) cache.set(key, {}, 0);
  expect(cache.entries).toBe(2);
});

test("does not confuse keys with properties of objects", () => {
  const cache = new BoundedCache<object>({ maxEntries: 2, maxSize: 2 });
  expect(cache.get("__proto__")).toBeUndefined();
  expect(cache.get("constructor")).toBeUndefined();
});

test("is empty after clear", () => {
  const cache = new BoundedCache<object>({ maxEntries: 2, maxSize: 2 });
  cache.set("a", {}, 1);
  cache.clear();
  expect([cache.get("a"), cache.entries]).toEqual([undefined, 0]);
});
