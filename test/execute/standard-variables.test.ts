import { execute } from "@graphql-tools/executor";
import fc from "fast-check";
import { buildSchema, type ExecutionResult, getOperationAST, parse } from "graphql";
import { expect, it } from "vitest";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { coerceByStandard } from "../../gateway/execute/standard-variables.ts";
import { describeVariables, makeVariables, type RandomVariables } from "../prepare/random-variables.ts";

function refusalOf({ schema, document, values }: RandomVariables): unknown {
  const operation = getOperationAST(document);
  if (operation === null || operation === undefined) throw new Error("Expected one operation.");
  try {
    coerceByStandard({ schema, showsSuggestions: true, maxErrors: 50 }, operation, values);
    return null;
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error;
    return { code: error.code, reasons: error.reasons };
  }
}

it("variables that fit and are out of the ordinary have the shape that the compiled coercion gives them", () => {
  const schema = buildSchema(
    "type Query { a(first: Int): String } input Deep { deep: Deep toString: String }",
  );
  const operation = getOperationAST(parse("query ($first: Int, $deep: Deep, $toString: String) { a }"));
  if (operation === null || operation === undefined) throw new Error("Expected one operation.");
  const nest = (levels: number): unknown => (levels === 0 ? null : { deep: nest(levels - 1), toString: "y" });
  expect(
    coerceByStandard({ schema, showsSuggestions: false, maxErrors: 50 }, operation, { deep: nest(200) }),
  ).toStrictEqual({
    first: undefined,
    deep: nest(200),
    toString: undefined,
  });
});

it("variables are refused in the words of the standard executor", () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.gen(), (make) => {
      const variables = makeVariables(make);
      const { schema, document, values } = variables;
      const result = execute({ schema, document, variableValues: values }) as ExecutionResult;
      const reasons = result.errors?.map(({ message, locations = [] }) => ({ message, locations }));
      const expected = "data" in result ? null : { code: "BAD_USER_INPUT", reasons };
      const text = describeVariables(variables);
      expect({ text, refusal: refusalOf(variables) }).toEqual({ text, refusal: expected });
      if (expected !== null) refused += 1;
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(200);
});
