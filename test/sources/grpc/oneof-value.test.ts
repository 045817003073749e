import { expect, test } from "vitest";
import {
  buildCaseValue,
  readMessageCase,
  typeNamesOfCase,
} from "../../../gateway/sources/grpc/oneof-value.ts";

test("a member that is a message keeps its fields and says which one it is", () => {
  const message = { number: "42" };
  const value = buildCaseValue({ member: "credit_card", message: "shop.v1.Card" }, message);
  expect(value).toMatchObject({ number: "42" });
  expect(readMessageCase(value)).toEqual({ member: "credit_card", message: "shop.v1.Card" });
  expect(message).toEqual({ number: "42" });
});

test("a member that is no message is the only field", () => {
  const value = buildCaseValue({ member: "note", message: null }, "cash");
  expect(value).toMatchObject({ note: "cash" });
  expect(readMessageCase(value)).toEqual({ member: "note", message: null });
});

test("other values have no case", () => {
  for (const value of [null, undefined, "a", {}, { number: "42" }, { $case: "a" }, []])
    expect(readMessageCase(value)).toBeNull();
});

test.each([
  [{ member: "credit_card", message: "shop.v1.Card" }, ["CreditCard", "Card"]],
  [{ member: "creditCard2", message: "Card" }, ["CreditCard2", "Card"]],
  [{ member: "note", message: null }, ["Note"]],
  [{ member: null, message: "shop.v1.Order.Line" }, ["Line"]],
])("%j means the types %j", (messageCase, names) => {
  expect(typeNamesOfCase(messageCase)).toEqual(names);
});
