import {
  buildSchema,
  type GraphQLError,
  OverlappingFieldsCanBeMergedRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { describe, expect, it } from "vitest";
import { overlappingFieldsCanBeMerged } from "../../gateway/prepare/overlapping-fields.ts";
import { validateDocument } from "../../gateway/prepare/validate-document.ts";

const schema = buildSchema(`
  directive @once(by: Int) on FIELD | QUERY
  directive @often(by: Int!) repeatable on FIELD
  type Query { pet(id: ID, by: By, ids: [ID!], color: Color): Pet dog: Dog need(id: ID!): String }
  type Mutation { change: Dog }
  type Subscription { dog: Dog cat: Cat }
  enum Color { RED GREEN }
  input By { name: String! age: Int inner: By }
  interface Pet { name: String }
  type Dog implements Pet { name: String barks: Boolean owner: Owner }
  type Cat implements Pet { name: String }
  type Owner { name: String dog: Dog }
`);

const introspection = (levels: number): string =>
  levels === 0 ? "name" : `fields { type { ${introspection(levels - 1)} } }`;

const documents: readonly (readonly [breaks: string, document: string])[] = [
  [
    "no rule",
    `query A($id: ID, $by: By = { name: "a" }) { pet(id: $id, by: $by) { name ... on Dog { ...F } } } fragment F on Dog { barks @include(if: true) }`,
  ],
  ["no rule, without a name", `{ dog { name } }`],
  ["no rule, by a change", `mutation { change { name @often(by: 1) @often(by: 2) } }`],
  [
    "ExecutableDefinitionsRule",
    `{ dog { name } } type Odd { odd: Unknown @unknown } extend type Dog { odd: Int }`,
  ],
  ["UniqueOperationNamesRule", `query A { dog { name } } query A { dog { barks } }`],
  ["LoneAnonymousOperationRule", `{ dog { name } } query A { dog { barks } }`],
  ["SingleFieldSubscriptionsRule", `subscription { dog { name } cat { name } }`],
  ["KnownTypeNamesRule", `query ($a: Unknown, $b: [Dogg]) { dog { ... on Doog { name } } }`],
  ["FragmentsOnCompositeTypesRule", `{ dog { ...F ... on Color { name } } } fragment F on By { name }`],
  [
    "VariablesAreInputTypesRule",
    `query ($a: Dog, $b: [Pet!]!) { pet(id: $a) { name } dog { name @once(by: $b) } }`,
  ],
  ["ScalarLeafsRule", `{ dog pet { name { odd } } }`],
  ["FieldsOnCorrectTypeRule", `{ dog { nam ... { brks } ...F } dogs } fragment F on Pet { barks }`],
  ["UniqueFragmentNamesRule", `{ dog { ...F } } fragment F on Dog { name } fragment F on Dog { barks }`],
  ["KnownFragmentNamesRule", `{ dog { ...G } }`],
  ["NoUnusedFragmentsRule", `{ dog { name } } fragment F on Dog { name ...G } fragment G on Dog { barks }`],
  ["PossibleFragmentSpreadsRule", `{ dog { ... on Cat { name } ...F } } fragment F on Owner { name }`],
  [
    "NoFragmentCyclesRule",
    `{ dog { ...F } } fragment F on Dog { owner { ...G } } fragment G on Owner { dog { ...F } }`,
  ],
  ["UniqueVariableNamesRule", `query ($a: ID, $a: ID) { pet(id: $a) { name } }`],
  [
    "NoUndefinedVariablesRule",
    `query A { pet(id: $a) { name ...F } } fragment F on Pet { name @once(by: $b) }`,
  ],
  ["NoUnusedVariablesRule", `query A($a: ID, $b: Int) { dog { name } }`],
  ["KnownDirectivesRule", `query @often(by: 1) { dog @unknown { name @deprecated } }`],
  [
    "UniqueDirectivesPerLocationRule",
    `query @once @once { dog { name @once @once @often(by: 1) @often(by: 1) } }`,
  ],
  ["KnownArgumentNamesRule", `{ pet(idd: 1, other: 2) { name @once(bye: 1) } dog(id: 1) { name } }`],
  ["UniqueArgumentNamesRule", `{ pet(id: 1, id: 2) { name @once(by: 1, by: 1) } }`],
  [
    "ValuesOfCorrectTypeRule",
    `query ($a: ID = [1]) { pet(id: $a, by: { age: "x", odd: 1 }, ids: [1, null, 2.5], color: "RED") { name @often(by: null) } }`,
  ],
  ["ProvidedRequiredArgumentsRule", `{ need dog { name @often } }`],
  [
    "VariablesInAllowedPositionRule",
    `query ($a: Int, $b: [ID]) { pet(id: $a, ids: $b) { name } need(id: $a) ...F } fragment F on Query { dog { name @often(by: $a) } }`,
  ],
  ["OverlappingFieldsCanBeMergedRule", `{ dog { it: name it: barks } pet { name: id } }`],
  [
    "UniqueInputFieldNamesRule",
    `{ pet(by: { name: "a", name: "b", inner: { name: "c", age: 1, age: 2 } }) { name } }`,
  ],
  ["MaxIntrospectionDepthRule", `{ __schema { types { ${introspection(4)} } } }`],
  [
    "many rules",
    `query A($a: Odd) { dogs { x } dog { ...F ... on Cat { y } } } query A { pet(id: $b, oops: 1) @once @once } fragment F on Dog { z(u: 1) }`,
  ],
  [
    "variables wherever one may stand",
    `query A @include(if: $a) {
      dog @include(if: $b) {
        ... @include(if: $c) { name }
        ... on Dog @skip(if: $d) { owner { name } }
        ...F @include(if: $e)
        owner { dog { name @often(by: $f) } }
      }
      pet(by: { name: "a", inner: { name: $g } }, ids: [1, $h]) { name }
    }
    query B($a: Int, $b: Int) { dog { owner { dog { barks @include(if: $a) } } } }
    fragment F on Dog @include(if: $i) { owner { dog { barks @skip(if: $j) } } }`,
  ],
  [
    "a rule for what is skipped",
    `query A { dog { ...F } } query B { dog { ...F name(a: $u) } } fragment F on Dog { name @include(if: $v) }`,
  ],
];

const rules = specifiedRules.map((rule) =>
  rule === OverlappingFieldsCanBeMergedRule ? overlappingFieldsCanBeMerged : rule,
);
const facts = (errors: readonly GraphQLError[]): readonly unknown[] =>
  errors.map(({ message, locations }) => ({ message, locations }));

describe("documents", () => {
  it.each(documents)("are judged as by graphql-js: %s", (_breaks, text) => {
    const document = parse(text);
    for (const showsSuggestions of [true, false]) {
      const mine = validateDocument(schema, document, { maxErrors: 100, showsSuggestions });
      const theirs = validate(schema, document, rules, {
        maxErrors: 100,
        hideSuggestions: !showsSuggestions,
      });
      const inside = /Unknown (?:type "Unknown"|directive "@unknown")/;
      const executable = text.includes("type Odd")
        ? theirs.filter(({ message }) => !inside.test(message))
        : theirs;
      expect(facts(mine)).toEqual(facts(executable));
    }
  });

  it.each(specifiedRules.map((rule) => [rule.name, rule] as const))(
    "break a rule by itself: %s",
    (name, rule) => {
      const text = documents.find(([breaks]) => breaks === name)?.[1] ?? "";
      expect(validate(schema, parse(text), [rule])).not.toEqual([]);
    },
  );

  it.each([
    [1, 2],
    [299, 300],
    [300, 300],
    [301, 300],
  ])("are given up with one error more than the most: %i", (maxErrors, found) => {
    const document = parse(`{ ${Array.from({ length: 300 }, (_, index) => `u${index}`).join(" ")} }`);
    expect(validateDocument(schema, document, { maxErrors, showsSuggestions: true })).toHaveLength(found);
  });
});
