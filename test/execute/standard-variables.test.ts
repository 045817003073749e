import { execute } from "@graphql-tools/executor";
import fc from "fast-check";
import { buildSchema, type ExecutionResult, getOperationAST, parse } from "graphql";
import { expect, it } from "vitest";
import { RequestRefusal, withinMaxErrors } from "../../gateway/core/request-refusal.ts";
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
      const told = withinMaxErrors(reasons ?? [], 50);
      const expected = "data" in result ? null : { code: "BAD_USER_INPUT", reasons: told };
      const text = describeVariables(variables);
      expect({ text, refusal: refusalOf(variables) }).toEqual({ text, refusal: expected });
      if (expected !== null) refused += 1;
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(200);
});

it.each([
  [19, 19],
  [20, 20],
  [21, 21],
  [200, 21],
])(
  "of %i variables that do not fit, %i errors are told, the last of which may be that there are more",
  (count, told) => {
    const schema = buildSchema("type Query { a: String }");
    const names = Array.from({ length: count }, (_, index) => `v${index}`);
    const operation = getOperationAST(
      parse(`query (${names.map((name) => `$${name}: Int`).join(" ")}) { a }`),
    );
    if (operation === null || operation === undefined) throw new Error("Expected one operation.");
    const values = Object.fromEntries(names.map((name) => [name, "x"]));
    const refusal = caughtNow(() =>
      coerceByStandard({ schema, showsSuggestions: false, maxErrors: 20 }, operation, values),
    );
    if (!(refusal instanceof RequestRefusal)) throw new Error("Expected a refusal.");
    const more = "There are more errors than these 20, and no more are told.";
    expect(refusal.reasons.map(({ message }) => message === more)).toEqual(
      Array.from({ length: told }, (_, index) => index === 20),
    );
  },
);

function caughtNow(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
