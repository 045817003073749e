import { describe, expect, test } from "vitest";
import {
  formatProblem,
  nearestNameHint,
  type ProblemFacts,
  Problems,
  StartupError,
} from "../../gateway/core/problems.ts";

describe("problems", () => {
  test("are all told at once, in the order of files, lines and columns", () => {
    const problems = new Problems();
    for (const [file, line, column] of [
      ["b.graphql", 1, 1],
      ["a.graphql", 10, 1],
      ["a.graphql", 9, 2],
      ["a.graphql", 9, 1],
    ] as const) {
      problems.error(facts({ place: { file, line, column } }));
    }
    const error = thrownBy(problems);
    expect(error.problems.map(({ place }) => `${place.file}:${place.line}:${place.column}`)).toEqual([
      "a.graphql:9:1",
      "a.graphql:9:2",
      "a.graphql:10:1",
      "b.graphql:1:1",
    ]);
    expect(error.message).toMatch(/^4 problems found; nothing was started\.\n\na\.graphql:9:1 /);
  });

  test("of one place keep the order in which they were found", () => {
    const problems = new Problems();
    for (const expected of ["first", "second", "third"]) problems.error(facts({ expected }));
    expect(thrownBy(problems).problems.map(({ expected }) => expected)).toEqual(["first", "second", "third"]);
  });

  test("that are the same are told once", () => {
    const problems = new Problems();
    for (const hint of [undefined, null, "x"]) problems.error(facts(hint === undefined ? {} : { hint }));
    expect(problems.errors).toHaveLength(2);
    expect(thrownBy(problems).message).toMatch(/^2 problems found/);
  });

  test("that are only warnings start the gateway", () => {
    const problems = new Problems();
    problems.warn(facts({}));
    problems.throwIfAny();
    expect([problems.errors, problems.warnings.length]).toEqual([[], 1]);
  });

  test("of one kind do not hide those of the other", () => {
    const problems = new Problems();
    problems.warn(facts({}));
    problems.error(facts({}));
    expect([problems.errors.length, problems.warnings.length]).toEqual([1, 1]);
    expect(thrownBy(problems).problems).toHaveLength(1);
  });
});

describe("a problem as text", () => {
  test("says where, what was expected, what was found and how to mend it", () => {
    const problems = new Problems();
    problems.error(facts({ hint: 'did you mean "id"?' }));
    expect(thrownBy(problems).message).toBe(
      [
        "1 problem found; nothing was started.",
        "",
        "a.graphql:3:7  Product.idd",
        "  expected  a field",
        "  found     idd",
        '  hint      did you mean "id"?',
      ].join("\n"),
    );
  });

  test("names the file alone where no line is known, and has no empty hint", () => {
    const place = { file: "environment", line: 0, column: 0 };
    const problem = { ...facts({ place }), hint: null, severity: "error" } as const;
    expect(formatProblem(problem)).toBe(
      ["environment  Product.idd", "  expected  a field", "  found     idd"].join("\n"),
    );
  });

  test("keeps further lines below the first", () => {
    const problem = { ...facts({ found: "one\ntwo" }), hint: null, severity: "error" } as const;
    expect(formatProblem(problem)).toContain("  found     one\n            two");
  });
});

describe("a hint", () => {
  const names = ["reviews", "rating", "id"];

  test.each([
    ["review", "reviews"],
    ["Reviews", "reviews"],
    ["reveiws", "reviews"],
    ["ratings", "rating"],
    ["ib", "id"],
  ])("for %s names %s", (name, nearest) => {
    expect(nearestNameHint(name, names)).toBe(`did you mean "${nearest}"?`);
  });

  test.each(["", "x", "price", "constructor", "a".repeat(5000)])("is not given for %.20s", (name) => {
    expect(nearestNameHint(name, names)).toBeNull();
  });

  test("is never the name itself", () => {
    expect(nearestNameHint("id", ["id"])).toBeNull();
  });

  test("names the nearest of several", () => {
    expect(nearestNameHint("pageTokn", ["pageTotal", "pageToken"])).toBe('did you mean "pageToken"?');
  });

  test("keeps to the distance that it is given", () => {
    expect(nearestNameHint("ADMIN_USER", ["ADMIN_PORT"])).toBe('did you mean "ADMIN_PORT"?');
    expect(nearestNameHint("ADMIN_USER", ["ADMIN_PORT"], 2)).toBeNull();
  });
});

function facts(some: Partial<ProblemFacts>): ProblemFacts {
  const place = { file: "a.graphql", line: 3, column: 7 };
  return { place, coordinate: "Product.idd", expected: "a field", found: "idd", ...some };
}

function thrownBy(problems: Problems): StartupError {
  try {
    problems.throwIfAny();
  } catch (error) {
    if (error instanceof StartupError) return error;
  }
  throw new Error("expected a StartupError, found none");
}
