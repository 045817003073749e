import { describe, expect, test } from "vitest";
import { bffOptions } from "../../gateway/config/define-bff.ts";
import {
  environmentVariables,
  readEnvironment,
  sourceUrlVariable,
} from "../../gateway/config/environment.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { cellOf, codeOf, type MarkdownRow, readMarkdownDocument, tableUnder } from "./markdown-document.ts";

const document = readMarkdownDocument("docs/configuration.md");

describe("docs/configuration.md on the environment", () => {
  const { rows } = tableUnder(document, "Environment variables");

  test("lists exactly the variables that the gateway reads, with defaults and descriptions", () => {
    const documented = rows.map((row) => ({
      name: codeOf(row, "variable"),
      default: cellOf(row, "default") === "none" ? null : codeOf(row, "default"),
      description: cellOf(row, "what it is for"),
    }));
    expect(documented).toEqual(environmentVariables);
  });

  test("says what is legal as the gateway says it when it refuses a value", () => {
    const documented = rows.map((row) => [codeOf(row, "variable"), cellOf(row, "legal values")]);
    expect(documented).toEqual(environmentVariables.map(({ name }) => [name, expectedFor(name)]));
  });

  test("names the variable of each source's URL", () => {
    const { rows: sources } = tableUnder(document, "Addresses of sources");
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.map((row) => codeOf(row, "variable"))).toEqual(
      sources.map((row) => sourceUrlVariable(codeOf(row, "source"))),
    );
  });
});

describe("docs/configuration.md on BFFs", () => {
  const { rows } = tableUnder(document, "BFF options");

  test("lists exactly the options that a BFF has", () => {
    expect(rows.map((row) => codeOf(row, "option"))).toEqual(Object.keys(bffOptions.shape));
  });

  test("has the default of each", () => {
    const { name: required, ...defaults } = bffOptions.parse({ name: "web" });
    const documented = rows.map((row) => [codeOf(row, "option"), readDefault(row)]);
    expect(Object.fromEntries(documented)).toEqual({ name: "required", ...defaults });
    expect(required).toBe("web");
  });

  test("has the range of each number", () => {
    const ranges = rows.flatMap((row) => {
      const range = /^a whole number from (\d+) to (\d+)$/.exec(cellOf(row, "legal values"));
      return range === null
        ? []
        : [{ option: codeOf(row, "option"), min: Number(range[1]), max: Number(range[2]) }];
    });
    expect(ranges.map(({ option }) => option)).toEqual(numericOptions());
    const accepts = (option: string, value: number): boolean =>
      bffOptions.safeParse({ name: "web", [option]: value }).success;
    expect(
      ranges.map(({ option, min, max }) =>
        [min - 1, min, max, max + 1].map((value) => accepts(option, value)),
      ),
    ).toEqual(ranges.map(() => [false, true, true, false]));
  });

  test("says what is legal as the gateway says it when it refuses a value", () => {
    const documented = rows.map((row) => [codeOf(row, "option"), cellOf(row, "legal values")]);
    expect(documented).toEqual(
      Object.entries(bffOptions.shape).map(([option, check]) => {
        // A text that no name may be, and a number, which is out of range or nothing that may be there.
        const wrong = option === "name" ? "?" : 0;
        return [option, check.safeParse(wrong).error?.issues[0]?.message];
      }),
    );
  });
});

/** What the gateway expects of a variable, from its answer to the empty text, which none accepts. */
function expectedFor(name: string): string | undefined {
  const problems = new Problems();
  readEnvironment({ [name]: "" }, problems);
  return problems.errors.find((problem) => problem.coordinate === name)?.expected;
}

function readDefault(row: MarkdownRow): unknown {
  const text = codeOf(row, "default");
  if (text === "none") return null;
  return /^(?:true|false|\d+|\[.*\]|\{.*\})$/.test(text) ? (JSON.parse(text) as unknown) : text;
}

function numericOptions(): readonly string[] {
  const settings: Readonly<Record<string, unknown>> = bffOptions.parse({ name: "web" });
  return Object.keys(settings).filter((option) => typeof settings[option] === "number");
}
