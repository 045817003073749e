import { describe, expect, test } from "vitest";
import { type Answer, differenceOf } from "./compare-answers.ts";

function answer(data: unknown, errors: Answer["errors"] = [], absorbed: Answer["absorbed"] = []): Answer {
  return { data, errors, absorbed };
}

const denied = { path: ["a"], code: "UNAUTHENTICATED" };
const missing = { path: ["a"], code: "NULL_IN_NON_NULL" };

describe("answers are the same", () => {
  test.each<[what: string, left: Answer, right: Answer]>([
    ["with the same data", answer({ a: [1, null] }), answer({ a: [1, null] })],
    [
      "whatever prototype their objects have",
      answer(Object.assign(Object.create(null), { a: 1 })),
      answer({ a: 1 }),
    ],
    [
      "with the same errors in another order",
      answer({ a: null, b: null }, [denied, { path: ["b"], code: "X" }]),
      answer({ a: null, b: null }, [{ path: ["b"], code: "X" }, denied]),
    ],
    [
      "where one side has no code",
      answer({ a: null }, [denied]),
      answer({ a: null }, [{ path: ["a"], code: null }]),
    ],
    [
      "where each tells another of the errors that made one null",
      answer({ a: null }, [{ path: ["a", "b"], code: "X" }]),
      answer({ a: null }, [{ path: ["a", "c"], code: "X" }]),
    ],
    [
      "where both are refused",
      answer(undefined, [{ path: [], code: "BAD_USER_INPUT" }]),
      answer(undefined, [{ path: [], code: null }]),
    ],
  ])("%s", (_what, left, right) => {
    expect(differenceOf(left, right)).toBeNull();
  });
});

describe("answers are different", () => {
  test.each<[difference: string, left: Answer, right: Answer]>([
    ["data.a.1: 2 and 3", answer({ a: [1, 2] }), answer({ a: [1, 3] })],
    ["data.a: 1 elements and 2", answer({ a: [1] }), answer({ a: [1, 1] })],
    ["data: members a, b and b, a", answer({ a: 1, b: 2 }), answer({ b: 2, a: 1 })],
    ["data: members a and none of them", answer({ a: 1 }), answer({ "none of them": 1 })],
    ['data.a: 1 and "1"', answer({ a: 1 }), answer({ a: "1" })],
    ["data.a: null and {}", answer({ a: null }), answer({ a: {} })],
    ["data.a: null and nothing", answer({ a: null }), answer({ a: undefined })],
    ['data: nothing and {"a":null}', answer(undefined), answer({ a: null })],
    ["error at a: UNAUTHENTICATED at a and none", answer({ a: null }, [denied]), answer({ a: null })],
    [
      "error at a: UNAUTHENTICATED at a and NULL_IN_NON_NULL at a",
      answer({ a: null }, [denied]),
      answer({ a: null }, [missing]),
    ],
    [
      "error at a: UNAUTHENTICATED at a and UNAUTHENTICATED at a, UNAUTHENTICATED at a",
      answer({ a: null }, [denied]),
      answer({ a: null }, [denied, denied]),
    ],
    [
      "error at a: X at a.b and none",
      answer({ a: null }, [{ path: ["a", "b"], code: "X" }]),
      answer({ a: null }),
    ],
    [
      "absorbed error at a: X at a and none",
      answer({ a: 0 }, [], [{ path: ["a"], code: "X" }]),
      answer({ a: 0 }),
    ],
  ])("%s", (difference, left, right) => {
    expect(differenceOf(left, right)).toBe(difference);
  });
});
