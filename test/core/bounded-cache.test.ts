import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoundedCache } from "../../gateway/core/bounded-cache.ts";

interface Item {
  readonly name: string;
}

function createCache(maxEntries: number, maxSize: number): BoundedCache<Item> {
  return new BoundedCache<Item>({ maxEntries, maxSize });
}

/** Finds it, or puts it in. */
function use(cache: BoundedCache<Item>, name: string, size = 1): "hit" | "miss" {
  if (cache.get(name) !== undefined) return "hit";
  cache.set(name, { name }, size);
  return "miss";
}

test("forgets the least recently used entry when there are too many", () => {
  const cache = createCache(2, 100);
  for (const key of ["a", "b"]) cache.set(key, { name: key }, 1);
  cache.get("a");
  cache.set("c", { name: "c" }, 1);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([{ name: "a" }, undefined, { name: "c" }]);
  expect(cache.entries).toBe(2);
});

test("keeps as many entries as it may, none more", () => {
  const cache = createCache(3, 100);
  for (const key of ["a", "b", "c"]) use(cache, key);
  expect([cache.entries, use(cache, "a")]).toEqual([3, "hit"]);
  use(cache, "d");
  expect([cache.entries, use(cache, "c"), use(cache, "d"), use(cache, "a")]).toEqual([
    3,
    "hit",
    "hit",
    "hit",
  ]);
});

test("keeps entries whose sizes add up to the limit, and not one unit more", () => {
  const cache = createCache(10, 10);
  use(cache, "a", 5);
  use(cache, "b", 5);
  expect([cache.entries, cache.size]).toEqual([2, 10]);
  use(cache, "c", 1);
  expect([cache.get("a"), cache.entries, cache.size]).toEqual([undefined, 2, 6]);
});

test("does not keep an entry that is larger than the whole cache, nor an older one of its name", () => {
  const cache = createCache(10, 10);
  use(cache, "a", 10);
  expect(cache.entries).toBe(1);
  cache.set("a", { name: "a" }, 10.5);
  expect([cache.get("a"), cache.entries, cache.size]).toEqual([undefined, 0, 0]);
});

test("counts every entry as one unit at least, so that nothing is free", () => {
  const cache = createCache(10, 2);
  for (const key of ["a", "b", "c"]) use(cache, key, 0);
  expect(cache.entries).toBe(2);
});

test("does not confuse keys with properties of objects", () => {
  const cache = createCache(2, 2);
  expect(cache.get("__proto__")).toBeUndefined();
  expect(cache.get("constructor")).toBeUndefined();
});

test("is empty after clear", () => {
  const cache = createCache(5, 5);
  for (const key of ["a", "b", "a"]) use(cache, key);
  cache.clear();
  expect([cache.get("a"), cache.get("b"), cache.entries, cache.size]).toEqual([undefined, undefined, 0, 0]);
});

describe("an entry that grows", () => {
  test("makes room among those on probation", () => {
    const cache = createCache(10, 10);
    const items = ["a", "b", "c"].map((name) => ({ name }));
    for (const item of items) cache.set(item.name, item, 3);
    cache.grow("b", items[1] as Item, 1);
    expect([cache.entries, cache.size]).toEqual([3, 10]);
    cache.grow("b", items[1] as Item, 1);
    expect([cache.get("a"), cache.entries, cache.size]).toEqual([undefined, 2, 8]);
  });

  test("is no longer kept when it has outgrown the cache", () => {
    const cache = createCache(10, 10);
    const item = { name: "a" };
    cache.set("a", item, 3);
    cache.get("a");
    cache.grow("a", item, 8);
    expect([cache.get("a"), cache.entries, cache.size]).toEqual([undefined, 0, 0]);
  });

  test("takes the place of protected ones only where it is used more than they are", () => {
    for (const [uses, kept] of [
      [1, [false, true]],
      [5, [true, false]],
    ] as const) {
      const cache = createCache(10, 10);
      const items = ["a", "b"].map((name) => ({ name }));
      for (const item of items) cache.set(item.name, item, 2);
      for (let time = 0; time < uses; time++) cache.get("a");
      for (let time = 0; time < 3; time++) cache.get("b");
      cache.grow("a", items[0] as Item, 6);
      expect([cache.entries, cache.size]).toEqual([2, 10]);
      use(cache, "c", 1);
      expect(["a", "b"].map((key) => cache.get(key) !== undefined)).toEqual(kept);
    }
  });

  test("shrinks too, to one unit at least", () => {
    const cache = createCache(10, 10);
    const item = { name: "a" };
    cache.set("a", item, 8);
    cache.grow("a", item, -5);
    expect(cache.size).toBe(3);
    cache.grow("a", item, -5);
    expect(cache.size).toBe(1);
  });

  test("is left alone where it is not the one that is kept", () => {
    const cache = createCache(10, 10);
    cache.set("a", { name: "a" }, 1);
    cache.grow("a", { name: "a" }, 5);
    cache.grow("b", { name: "b" }, 5);
    expect(cache.size).toBe(1);
  });
});

test("keeps its books right, whatever is put in, found, changed in size and pushed out", () => {
  const key = fc.integer({ min: 0, max: 30 }).map((number) => `key ${number}`);
  const step = fc.record({
    key,
    kind: fc.constantFrom("get", "set", "grow"),
    size: fc.integer({ min: -10, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 12 }), (steps, maxEntries) => {
      const cache = createCache(maxEntries, 100);
      const put = new Map<string, { item: Item; size: number }>();
      for (const { key: name, kind, size } of steps) {
        const known = put.get(name);
        if (kind === "get") cache.get(name);
        else if (kind === "set") {
          const item = { name };
          cache.set(name, item, size);
          put.set(name, { item, size: Math.max(1, size) });
        } else if (known !== undefined && cache.get(name) !== undefined) {
          cache.grow(name, known.item, size);
          known.size = Math.max(1, known.size + size);
        }
        if (cache.entries > maxEntries || cache.size > 100) throw new Error("It is out of its bounds.");
      }
      const kept = [...put].filter(([name, { item }]) => cache.get(name) === item);
      expect(cache.entries).toBe(kept.length);
      expect(cache.size).toBe(kept.reduce((sum, [, { size }]) => sum + size, 0));
    }),
    { numRuns: 500 },
  );
});

describe("a flood", () => {
  const hot = Array.from({ length: 20 }, (_, index) => `hot ${index}`);

  /** How many of the hot ones were not found while `total` others came, each `times` times, and one hot one in `every`. */
  function missesIn(
    cache: BoundedCache<Item>,
    flood: { total: number; times: number; every: number },
  ): number {
    let misses = 0;
    let requests = 0;
    for (let number = 0; number < flood.total; number++) {
      for (let time = 0; time < flood.times; time++) {
        use(cache, `flood ${number}`, 3);
        if (requests % flood.every === 0) {
          const name = hot[(requests / flood.every) % hot.length] ?? "";
          if (use(cache, name, 3) === "miss") misses += 1;
        }
        requests += 1;
        if (cache.entries > 500 || cache.size > 1500) throw new Error("It is out of its bounds.");
      }
    }
    return misses;
  }

  test.each([1, 2, 3, 5])("of 100,000 keys, %i times each, pushes out nothing that is hot", (times) => {
    const cache = createCache(500, 1500);
    for (let round = 0; round < 10; round++) for (const name of hot) use(cache, name, 3);
    expect(missesIn(cache, { total: 100_000, times, every: 10 })).toBe(0);
    expect(hot.map((name) => use(cache, name, 3))).toEqual(hot.map(() => "hit"));
  });

  test("leaves what is hot where each of the hot ones comes only once in thousands of its requests", () => {
    const cache = createCache(500, 1500);
    for (let round = 0; round < 20; round++) for (const name of hot) use(cache, name, 3);
    // One in 2,000 requests for each; 400 fit among those that are protected.
    expect(missesIn(cache, { total: 30_000, times: 2, every: 100 })).toBe(0);
  });

  test("of large entries pushes out nothing that is hot", () => {
    const cache = createCache(500, 1500);
    for (let round = 0; round < 3; round++) for (const name of hot) use(cache, name, 50);
    for (let number = 0; number < 1000; number++) use(cache, `flood ${number}`, 490);
    expect(hot.map((name) => use(cache, name, 50))).toEqual(hot.map(() => "hit"));
    expect(cache.size).toBeLessThanOrEqual(1500);
  });

  test("does not keep what becomes hot later out for ever", () => {
    const cache = createCache(500, 1500);
    const old = Array.from({ length: 400 }, (_, index) => `old ${index}`);
    for (let round = 0; round < 300; round++) for (const name of old) use(cache, name, 3);
    for (let request = 0; request < 50_000; request++) {
      use(cache, `flood ${request}`, 3);
      if (request % 4 === 0) use(cache, hot[(request / 4) % hot.length] ?? "", 3);
    }
    for (let number = 0; number < 1000; number++) use(cache, `last ${number}`, 3);
    expect(hot.map((name) => use(cache, name, 3))).toEqual(hot.map(() => "hit"));
  });
});

describe("long keys", () => {
  const keys = Array.from({ length: 2500 }, (_, index) => `${"x".repeat(17_000)}${index + 1000}`);

  test("of one length are told apart, in a moment", () => {
    const cache = createCache(2500, 2500);
    const startedMs = performance.now();
    for (const key of keys) use(cache, key);
    const found = keys.map((key) => cache.get(`${key.slice(0, -3)}${key.slice(-3)}`)?.name === key);
    expect(found).toEqual(keys.map(() => true));
    // Compared with each other, they take some six seconds.
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  test("are not found by anything but themselves", () => {
    const cache = createCache(1000, 1000);
    const [key = ""] = keys;
    use(cache, key);
    expect(cache.get(key.slice(0, -1))).toBeUndefined();
    expect(cache.get(`${key.slice(0, -1)}9`)).toBeUndefined();
    expect(cache.get("JmYvlPvPlHJ7nDG0gzw3F7JnSIGuIF4RUYJNXJHGJ9M=")).toBeUndefined();
  });
});

describe("with a share for entries on probation", () => {
  const createShared = () => new BoundedCache<Item>({ maxEntries: 100, maxSize: 1000, probationShare: 0.2 });
  const namesOf = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);

  test("those that were used once have their share of the entries, and not one more", () => {
    const cache = createShared();
    for (const name of namesOf(20, "a")) use(cache, name);
    expect(cache.entries).toBe(20);
    for (const name of namesOf(500, "b")) use(cache, name);
    expect(cache.entries).toBe(20);
    expect(cache.get("b499")).toEqual({ name: "b499" });
    expect(cache.get("b479")).toBeUndefined();
  });

  test("they have their share of the size, but for a single one", () => {
    const cache = createShared();
    for (const name of namesOf(10, "a")) use(cache, name, 50);
    expect([cache.entries, cache.size]).toEqual([4, 200]);
    use(cache, "large", 900);
    expect([cache.entries, cache.get("large")]).toEqual([1, { name: "large" }]);
  });

  test("those that are used again have all the rest", () => {
    const cache = createShared();
    for (const name of namesOf(80, "hot")) {
      use(cache, name);
      use(cache, name);
    }
    for (const name of namesOf(500, "b")) use(cache, name);
    expect(cache.entries).toBe(100);
    for (const name of namesOf(80, "hot")) expect(cache.peek(name)).toEqual({ name });
  });

  test("a small cache keeps 16 of them, as far as it has room", () => {
    const small = new BoundedCache<Item>({ maxEntries: 20, maxSize: 1000, probationShare: 0.2 });
    for (const name of namesOf(50, "a")) use(small, name);
    expect(small.entries).toBe(16);
    const smallest = new BoundedCache<Item>({ maxEntries: 2, maxSize: 1000, probationShare: 0.2 });
    for (const name of namesOf(50, "a")) use(smallest, name);
    expect(smallest.entries).toBe(2);
  });
});
