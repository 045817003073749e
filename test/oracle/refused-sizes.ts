import { print } from "graphql";
import type { Answer } from "./compare-answers.ts";
import type { RandomOperation } from "./operation.ts";
import type { PlainBff } from "./shop-operations.ts";

/**
 * An operation that asks for fewer than no elements has no cost, so that the gateway refuses it as a whole. For such a
 * one the answer counts that graphql-js gives.
 */
export async function insteadOfRefusal(
  answer: Answer,
  plain: PlainBff,
  operation: RandomOperation,
): Promise<Answer> {
  const isRefused =
    answer.data === undefined && answer.errors.every(({ code }) => refusalsOfSizes.has(code ?? ""));
  const text = `${print(operation.document)} ${JSON.stringify(operation.variables)}`;
  return isRefused && /-\d/.test(text) ? plain.answer(operation) : answer;
}

const refusalsOfSizes: ReadonlySet<string> = new Set(["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]);
