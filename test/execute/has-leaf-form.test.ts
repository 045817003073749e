import fc from "fast-check";
import { GraphQLScalarType, specifiedScalarTypes } from "graphql";
import { expect, test } from "vitest";
import { hasLeafForm } from "../../gateway/execute/has-leaf-form.ts";

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, -0, 1e308, 0.5),
);
const values = fc.oneof(
  fc.string(),
  numbers,
  numbers.map(String),
  fc.constantFrom("", " ", "1 ", "0x10", "1e3", "Infinity", "NaN", "-", "true"),
  fc.boolean(),
  fc.object(),
  fc.array(fc.anything()),
  fc.bigInt(),
);

test.each(specifiedScalarTypes.map((type) => [type.name, type] as const))(
  "%s shows exactly what graphql-js serializes",
  (_name, type) => {
    fc.assert(
      fc.property(values, (value) => {
        let isShown = true;
        try {
          type.serialize(value);
        } catch {
          isShown = false;
        }
        expect(hasLeafForm(type, value)).toBe(isShown);
      }),
      { numRuns: 3000 },
    );
  },
);

test("a scalar of one's own decides by itself", () => {
  const type = new GraphQLScalarType({ name: "Int" });
  expect([hasLeafForm(type, {}), hasLeafForm(type, "x")]).toEqual([true, true]);
});
