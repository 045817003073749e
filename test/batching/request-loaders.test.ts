import { describe, expect, test } from "vitest";
import {
  type KeyedCall,
  letGoOfRows,
  loadersOf,
  RequestLoaders,
} from "../../gateway/batching/request-loaders.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import { createScope } from "../support/request-scope.ts";

/** A backend that knows every key but "missing", and notes what it was asked for. */
class Rows {
  readonly asked: (readonly unknown[])[] = [];
  readonly #owner = {};

  call(some: Partial<KeyedCall<unknown>> = {}): KeyedCall<unknown> {
    return {
      owner: this.#owner,
      group: "",
      maxSize: 100,
      textOf: String,
      fetch: async (keys) => {
        this.asked.push(keys);
        await Promise.resolve();
        // In another order than asked, and with a row that nobody asked for.
        const known = keys.filter((key) => key !== "missing").toReversed();
        return new Map([...known, "uninvited"].map((key) => [String(key), `row ${String(key)}`]));
      },
      missing: null,
      ...some,
    };
  }
}

describe("keys that become known in one turn of the event loop", () => {
  test("share one call, whatever the depth at which they became known", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const after = async (awaits: number, key: string): Promise<unknown> => {
      for (let turn = 0; turn < awaits; turn++) await Promise.resolve();
      return loaders.load(rows.call(), key);
    };
    const found = await Promise.all([after(0, "a"), after(1, "b"), after(5, "c"), after(25, "d")]);
    expect(found).toEqual(["row a", "row b", "row c", "row d"]);
    expect(rows.asked).toEqual([["a", "b", "c", "d"]]);
  });

  test("are not held up by a branch that is slower", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const later = new Promise<void>((resolve) => void setImmediate(resolve)).then(() =>
      loaders.load(rows.call(), "b"),
    );
    expect(await loaders.load(rows.call(), "a")).toBe("row a");
    expect(await later).toBe("row b");
    expect(rows.asked).toEqual([["a"], ["b"]]);
  });

  test("are cut into pieces of the most that a call carries", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const keys = ["a", "b", "c", "d", "e"];
    for (const [maxSize, sizes] of [
      [4, [4, 1]],
      [5, [5]],
      [6, [5]],
      [1, [1, 1, 1, 1, 1]],
    ] as const) {
      rows.asked.length = 0;
      loaders.clear();
      const found = await Promise.all(keys.map((key) => loaders.load(rows.call({ maxSize }), key)));
      expect(found).toEqual(keys.map((key) => `row ${key}`));
      expect(rows.asked.map(({ length }) => length)).toEqual(sizes);
    }
  });

  test("are asked for once each, where they are equal as text", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const found = await Promise.all(["7", 7, "7", "8"].map((key) => loaders.load(rows.call(), key)));
    expect(found).toEqual(["row 7", "row 7", "row 7", "row 8"]);
    expect(rows.asked).toEqual([["7", "8"]]);
  });
});

describe("a key", () => {
  test("that was asked for before is not asked for again", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    await loaders.load(rows.call(), "a");
    await Promise.all([loaders.load(rows.call(), "a"), loaders.load(rows.call(), "b")]);
    expect(rows.asked).toEqual([["a"], ["b"]]);
  });

  test("that is being asked for is waited for", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const first = loaders.load(rows.call(), "a");
    await new Promise((resolve) => void setImmediate(resolve));
    expect(await Promise.all([first, loaders.load(rows.call(), "a")])).toEqual(["row a", "row a"]);
    expect(rows.asked).toHaveLength(1);
  });

  test("that is being asked for among others is waited for, and only the others are asked for", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const ask = async (...keys: string[]): Promise<unknown[]> => {
      const known = await loaders.loadRows(rows.call(), new Map(keys.map((key) => [key, key])));
      return keys.map((key) => known.get(key));
    };
    const first = ask("a", "b");
    await new Promise((resolve) => process.nextTick(resolve, null));
    expect(rows.asked).toEqual([["a", "b"]]);
    expect(await Promise.all([first, ask("b", "c"), ask("a"), ask("c")])).toEqual([
      ["row a", "row b"],
      ["row b", "row c"],
      ["row a"],
      ["row c"],
    ]);
    expect(rows.asked).toEqual([["a", "b"], ["c"]]);
  });

  test("that came uninvited is asked for when it is wanted", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    await loaders.load(rows.call(), "a");
    expect(await loaders.load(rows.call(), "uninvited")).toBe("row uninvited");
    expect(rows.asked).toEqual([["a"], ["uninvited"]]);
  });

  test("stays known where others are asked for later, and fail", async () => {
    const loaders = new RequestLoaders(createScope());
    const fetch = async (keys: readonly unknown[]) => {
      await Promise.resolve();
      if (keys.includes("b")) throw new OverlockError("UPSTREAM_ERROR", "down");
      return new Map([["a", "row a"]]);
    };
    const call = new Rows().call({ fetch });
    expect(await loaders.load(call, "a")).toBe("row a");
    await expect(loaders.load(call, "b")).rejects.toThrow("down");
    expect(await loaders.load(call, "a")).toBe("row a");
  });

  test("is there at once for who is called back, where it is known", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    await loaders.load(rows.call(), "a");
    const told: unknown[] = [];
    loaders.whenLoaded(rows.call(), new Map([["a", "a"]]), (known) => told.push(known.get("a")));
    expect(told).toEqual(["row a"]);
  });

  test("without a row yields what the call says of missing rows", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    expect(await loaders.load(rows.call(), "missing")).toBeNull();
    const missing = Object.freeze([]);
    expect(await loaders.load(rows.call({ group: "grouped", missing }), "missing")).toBe(missing);
  });

  test("keeps a row that is null apart from a row that is missing", async () => {
    const loaders = new RequestLoaders(createScope());
    const fetch = async () => new Map([["a", null]]);
    const call = new Rows().call({ fetch, missing: "missing" });
    expect(await Promise.all([loaders.load(call, "a"), loaders.load(call, "b")])).toEqual([null, "missing"]);
  });

  test("may be called like a property of objects", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const keys = ["__proto__", "constructor", "toString"];
    const found = await Promise.all(keys.map((key) => loaders.load(rows.call({ group: key }), key)));
    expect(found).toEqual(keys.map((key) => `row ${key}`));
  });
});

describe("calls", () => {
  test("that send something else besides the keys are made separately", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    await Promise.all(["x", "y", "x"].map((group) => loaders.load(rows.call({ group }), "a")));
    expect(rows.asked).toEqual([["a"], ["a"]]);
  });

  test("of different fields never meet", async () => {
    const [loaders, rows, others] = [new RequestLoaders(createScope()), new Rows(), new Rows()];
    await Promise.all([loaders.load(rows.call(), "a"), loaders.load(others.call(), "a")]);
    expect([rows.asked, others.asked]).toEqual([[["a"]], [["a"]]]);
  });

  test("that fail, fail for all of their keys and for no other call", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const error = new OverlockError("UPSTREAM_ERROR", "down");
    const failing = rows.call({ group: "failing", fetch: () => Promise.reject(error) });
    const found = await Promise.allSettled([
      loaders.load(failing, "a"),
      loaders.load(failing, "b"),
      loaders.load(rows.call(), "a"),
    ]);
    expect(found).toEqual([
      { status: "rejected", reason: error },
      { status: "rejected", reason: error },
      { status: "fulfilled", value: "row a" },
    ]);
  });

  test("that raise fail like those that reject, and hold up no other call", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const fetch = (): never => {
      throw new OverlockError("INVALID_VALUE", "raised");
    };
    const batched = rows.call({ group: "raising", fetch });
    const single = rows.call({ group: "single", fetch, maxSize: 1 });
    const found = await Promise.allSettled([
      loaders.load(batched, "a"),
      loaders.load(single, "a"),
      loaders.load(rows.call(), "a"),
    ]);
    const reason = { code: "INVALID_VALUE", message: "raised" };
    expect(found).toMatchObject([{ reason }, { reason }, { value: "row a" }]);
  });

  test("that failed are not made again for the same key", async () => {
    const loaders = new RequestLoaders(createScope());
    let calls = 0;
    const fetch = (): Promise<never> => {
      calls += 1;
      return Promise.reject(new Error("down"));
    };
    const call = new Rows().call({ fetch });
    await expect(loaders.load(call, "a")).rejects.toThrow("down");
    await expect(loaders.load(call, "a")).rejects.toThrow("down");
    expect(calls).toBe(1);
  });

  test("that fail in one piece leave the other pieces alone", async () => {
    const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
    const healthy = rows.call();
    const call = rows.call({
      maxSize: 2,
      fetch: (keys) => (keys.includes("c") ? Promise.reject(new Error("down")) : healthy.fetch(keys)),
    });
    const found = await Promise.allSettled(["a", "b", "c"].map((key) => loaders.load(call, key)));
    expect(found.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  });
});

test("after clear everything is asked for again, and what was under way still arrives", async () => {
  const [loaders, rows] = [new RequestLoaders(createScope()), new Rows()];
  const before = loaders.load(rows.call(), "a");
  loaders.clear();
  expect(await Promise.all([before, loaders.load(rows.call(), "a")])).toEqual(["row a", "row a"]);
  expect(rows.asked).toEqual([["a"], ["a"]]);
});

test("rows that nobody asks for again are in nobody's hands any more", async () => {
  const [scope, rows] = [createScope(), new Rows()];
  const loaders = loadersOf(scope);
  const calls = ["", "other", "third"].map((group) => rows.call({ group }));
  const found = await Promise.all(calls.map((call) => loaders.loadRows(call, new Map([["a", "a"]]))));
  expect(found.map((some) => some.get("a"))).toEqual(["row a", "row a", "row a"]);
  letGoOfRows(scope);
  expect(found.map(({ size }) => size)).toEqual([0, 0, 0]);
  letGoOfRows(createScope());
  scope.deadline.dispose();
});

test("a request has loaders of its own, for as long as it lives", () => {
  const [one, other] = [createScope(), createScope()];
  expect(loadersOf(one)).toBe(loadersOf(one));
  expect(loadersOf(one)).not.toBe(loadersOf(other));
  for (const scope of [one, other]) scope.deadline.dispose();
});
