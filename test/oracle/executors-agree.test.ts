import { execute as executeWithTools } from "@graphql-tools/executor";
import {
  buildSchema,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFieldResolver,
  parse,
  print,
} from "graphql";
import { describe, expect, test } from "vitest";
import type { Answer } from "./compare-answers.ts";
import { findDisagreement } from "./find-disagreement.ts";
import { OperationGenerator } from "./generate-operation.ts";
import { libraryOptions, librarySdl } from "./library-schema.ts";
import type { RandomOperation } from "./operation.ts";
import { randomDataResolver } from "./random-data.ts";
import { SchemaIndex } from "./schema-index.ts";

// Two executors of the same resolvers, on a schema of interfaces, unions and lists in lists: the whole way that a
// comparison of executors goes. ORACLE_OPERATIONS=<number> tries more.
const { ORACLE_OPERATIONS = "2000" } = process.env;
const count = Number(ORACLE_OPERATIONS);
const timeoutMs = 60_000 + count * 10;

const schema = buildSchema(librarySdl);
const generator = new OperationGenerator(new SchemaIndex(schema), { ...libraryOptions, maxFanOut: 100 });
const fieldResolver = randomDataResolver(schema);

type Execute = (args: ExecutionArgs) => unknown;

async function answerWith(
  executeOne: Execute,
  { document, variables, operationName }: RandomOperation,
  resolver = fieldResolver,
): Promise<Answer> {
  const result = (await executeOne({
    schema,
    document,
    variableValues: variables,
    operationName,
    fieldResolver: resolver,
  })) as ExecutionResult;
  const errors = (result.errors ?? []).map(({ path = [] }) => ({ path, code: null }));
  return { data: result.data, errors, absorbed: [] };
}

describe("two executors of the same resolvers", () => {
  test(
    `give the same answers to ${count} random operations`,
    async () => {
      const disagreement = await findDisagreement({
        generator,
        count,
        left: (operation) => answerWith(execute, operation),
        right: (operation) => answerWith(executeWithTools as Execute, operation),
      });
      expect(disagreement?.report ?? "none").toBe("none");
    },
    timeoutMs,
  );
});

describe("one that is wrong is found, and the operation that shows it made as small as it gets", () => {
  function wrongly(wrong: (fieldName: string, value: unknown, args: object) => unknown): Execute {
    const resolver: GraphQLFieldResolver<unknown, unknown> = async (parent, args: object, context, info) =>
      wrong(info.fieldName, await fieldResolver(parent, args, context, info), args);
    return (args) => execute({ ...args, fieldResolver: resolver });
  }

  test.each<[what: string, wrong: Execute, smallest: string]>([
    ["a leaf", wrongly((name, value) => (name === "now" ? "then" : value)), "{\n  now\n}"],
    [
      "an argument",
      wrongly((name, value, args) => (name === "matrix" && "rows" in args && args.rows === 0 ? null : value)),
      "{\n  matrix(rows: 0) {\n    __typename\n  }\n}",
    ],
    [
      "the order of members",
      async (args) => {
        const result = await execute(args);
        if (result.data === null || result.data === undefined) return result;
        return { ...result, data: Object.fromEntries(Object.entries(result.data).toReversed()) };
      },
      "{\n  now\n  items {\n    __typename\n  }\n}",
    ],
  ])("%s", async (_what, wrong, smallest) => {
    const disagreement = await findDisagreement({
      generator,
      count: 1000,
      left: (operation) => answerWith(execute, operation),
      right: (operation) => answerWith(wrong, operation),
    });
    const document = disagreement === null ? "" : print(disagreement.operation.document);
    expect(document).toBe(smallest);
    expect(parse(document).definitions).toHaveLength(1);
  });
});
