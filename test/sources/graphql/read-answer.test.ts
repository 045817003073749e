import { describe, expect, test } from "vitest";
import { OverlockError } from "../../../gateway/core/errors.ts";
import { ResponseBody } from "../../../gateway/outbound/response-body.ts";
import { readAnswer, SharedResponse } from "../../../gateway/sources/graphql/read-answer.ts";
import { caught } from "../../support/caught.ts";

const specific = "application/graphql-response+json";

function read(status: number, mediaType: string, answer: unknown) {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  const body = ResponseBody.of(new TextEncoder().encode(text));
  return readAnswer(new SharedResponse({ status, mediaType, header: () => null, body }));
}

describe("an answer of GraphQL over HTTP", () => {
  test.each<[status: number, mediaType: string]>([
    [200, specific],
    [203, specific],
    [200, "application/json"],
    [400, "application/json"],
    // What the media type says came from the GraphQL service itself, whatever the status.
    [400, specific],
    [500, specific],
  ])("is read with status %i and %s", (status, mediaType) => {
    const { data } = read(status, mediaType, { data: { _0: 1 } });
    expect(data).toEqual({ _0: 1 });
  });

  test.each([
    [400, specific],
    [200, specific],
    [400, "application/json"],
    [200, "application/json"],
  ])("without data says what failed, with status %i and %s", (status, mediaType) => {
    const errors = [{ message: "no such field", extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }];
    const { data, failures } = read(status, mediaType, { errors });
    expect(data).toBeNull();
    expect([...failures].map(([root, error]) => [root, error.code])).toEqual([[null, "UPSTREAM_REJECTED"]]);
  });

  test.each<[status: number, mediaType: string, body: unknown, code: string]>([
    [401, "application/json", { errors: [{ message: "who?" }] }, "UPSTREAM_DENIED"],
    [403, "text/html", "<p>", "UPSTREAM_DENIED"],
    [404, "application/json", { data: { _0: 1 } }, "UPSTREAM_REJECTED"],
    [429, "application/json", {}, "UPSTREAM_ERROR"],
    [502, "application/json", { data: { _0: 1 } }, "UPSTREAM_ERROR"],
    [504, "text/html", "", "UPSTREAM_TIMEOUT"],
    [302, "text/html", "", "UPSTREAM_INVALID_RESPONSE"],
    [400, "text/html", "<p>", "UPSTREAM_REJECTED"],
    [400, "application/json", { error: "x" }, "UPSTREAM_REJECTED"],
    [500, specific, { error: "x" }, "UPSTREAM_ERROR"],
    [200, "text/html", "<p>", "UPSTREAM_INVALID_RESPONSE"],
    [200, "", "{}", "UPSTREAM_INVALID_RESPONSE"],
    [200, specific, "{", "UPSTREAM_INVALID_RESPONSE"],
    [200, specific, { data: 3 }, "UPSTREAM_INVALID_RESPONSE"],
    [200, specific, { errors: {} }, "UPSTREAM_INVALID_RESPONSE"],
  ])("is none with status %i, %s and %j: %s", async (status, mediaType, body, code) => {
    const error = await caught(Promise.resolve().then(() => read(status, mediaType, body)));
    expect(error).toBeInstanceOf(OverlockError);
    expect((error as OverlockError).code).toBe(code);
  });
});

describe("errors stand in place of the nulls that they left", () => {
  test("at the end of their path and where a null climbed to, each once", () => {
    const { data } = read(200, specific, {
      data: { _0: [{ a: null }, null], _1: { b: { c: null } }, _2: 1 },
      errors: [
        { message: "one", path: ["_0", 0, "a"] },
        { message: "two", path: ["_0", 1, "a", "deeper"] },
        { message: "three", path: ["_1", "b", "c", 4, "d"] },
        { message: "again", path: ["_0", 0, "a"] },
      ],
    });
    const error = (message: string): unknown => expect.objectContaining({ message, code: "UPSTREAM_ERROR" });
    expect(data).toEqual({
      _0: [{ a: error("one") }, error("two")],
      _1: { b: { c: error("three") } },
      _2: 1,
    });
  });

  test("say where they happened without the indices", () => {
    const { data } = read(200, specific, {
      data: { _0: null },
      errors: [{ message: "one", path: ["_0", 3, "a", 2, "b"] }],
    });
    expect(data?.["_0"]).toMatchObject({ fieldPath: ["a", "b"] });
  });

  test("and of answers without data by root field, or for all of them", () => {
    const errors = [
      { message: "one", path: ["_1", "a"] },
      { message: "two", path: ["_1"] },
      { message: "three" },
    ];
    const { failures } = read(200, specific, { data: null, errors });
    expect([...failures].map(([root, { message }]) => [root, message])).toEqual([
      ["_1", "one"],
      [null, "three"],
    ]);
  });
});

test("an answer that is shared is parsed once, and errors are put into each reader's own", () => {
  const readTwice = (answer: object): readonly unknown[] => {
    const body = ResponseBody.of(new TextEncoder().encode(JSON.stringify(answer)));
    const shared = new SharedResponse({ status: 200, mediaType: specific, header: () => null, body });
    return [readAnswer(shared).data, readAnswer(shared).data];
  };
  const [first, second] = readTwice({ data: { _0: { a: 1 } } });
  expect(second).toBe(first);
  const errors = [{ message: "no", path: ["_0", "a"] }];
  const [one, other] = readTwice({ data: { _0: { a: null, b: {} } }, errors }) as Record<
    string,
    { a: unknown }
  >[];
  expect(one).toEqual(other);
  expect(one?.["_0"]).not.toBe(other?.["_0"]);
  expect(one?.["_0"]?.a).toBeInstanceOf(OverlockError);
  expect(one?.["_0"]?.a).not.toBe(other?.["_0"]?.a);
});
