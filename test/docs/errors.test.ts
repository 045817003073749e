import { describe, expect, test } from "vitest";
import { errorCodes } from "../../gateway/core/error-codes.ts";
import { cellOf, codeOf, readMarkdownDocument, tableUnder } from "./markdown-document.ts";

describe("docs/errors.md", () => {
  const { rows } = tableUnder(readMarkdownDocument("docs/errors.md"), "Codes");

  test("lists exactly the codes of the registry, in its order", () => {
    expect(rows.map((row) => codeOf(row, "code"))).toEqual(Object.keys(errorCodes));
  });

  test("says of each code what the registry says", () => {
    const documented = rows.map((row) => [
      codeOf(row, "code"),
      {
        family: cellOf(row, "family"),
        status: Number(cellOf(row, "status")),
        isRetryable: cellOf(row, "retryable") === "yes",
        isDenial: cellOf(row, "denial") === "yes",
        publicMessage: cellOf(row, "what the client sees"),
      },
    ]);
    expect(documented).toEqual(Object.entries(errorCodes));
  });

  test("answers yes or no, and says what to do", () => {
    expect(
      rows
        .filter((row) => !["retryable", "denial"].every((column) => /^(?:yes|no)$/.test(cellOf(row, column))))
        .map((row) => codeOf(row, "code")),
    ).toEqual([]);
    expect(rows.filter((row) => cellOf(row, "what to do") === "").map((row) => codeOf(row, "code"))).toEqual(
      [],
    );
  });
});
