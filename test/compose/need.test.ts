import { describe, expect, test } from "vitest";
import { Need, neededAt } from "../../gateway/compose/need.ts";
import type { RowSelection } from "../../gateway/sources/graphql/row-selection.ts";

/** Builds a selection that nothing reads, and counts how often. */
function countBuilds(): { readonly build: () => RowSelection; readonly count: () => number } {
  let builds = 0;
  return { build: () => ({ text: String(++builds) }) as RowSelection, count: () => builds };
}

describe("what is needed of an object", () => {
  test("is worked out once for each type, and only when it is asked for", () => {
    const asked: string[] = [];
    const need = new Need((typeName) => {
      asked.push(typeName);
      return [neededAt("id")];
    });
    expect(asked).toEqual([]);
    expect(need.fieldsOf("Film")).toEqual(need.fieldsOf("Film"));
    need.fieldsOf("Song");
    expect(asked).toEqual(["Film", "Song"]);
  });

  test("does not look at the arguments of fields of which each has its own name", () => {
    let reads = 0;
    const args = {
      get ids(): readonly string[] {
        reads += 1;
        return ["1"];
      },
    };
    const part = { name: "parts", args, need: null };
    expect(Need.of([neededAt("id"), part]).fieldsOf("Film").length).toBe(2);
    expect(reads).toBe(0);
    expect(Need.of([part, part]).fieldsOf("Film").length).toBe(1);
    expect(reads).toBe(2);
  });

  test("has each field with the same arguments once, with all that is needed below it", () => {
    const need = Need.of([
      neededAt("owner.id"),
      { name: "parts", args: { first: 1 }, need: null },
      neededAt("owner.name"),
      { name: "parts", args: { first: 2 }, need: null },
      { name: "parts", args: { first: 1 }, need: null },
    ]);
    const fields = need.fieldsOf("Film");
    expect(fields.map(({ name, args }) => [name, args])).toEqual([
      ["owner", {}],
      ["parts", { first: 1 }],
      ["parts", { first: 2 }],
    ]);
    expect(fields[0]?.need?.fieldsOf("Person").map(({ name }) => name)).toEqual(["id", "name"]);
  });

  test("becomes a selection once for each situation", () => {
    const { build, count } = countBuilds();
    const need = Need.of([]);
    expect(need.selectionFor("films Film", build)).toBe(need.selectionFor("films Film", build));
    need.selectionFor("people Film", build);
    expect(count()).toBe(2);
  });

  test("keeps nothing where it is nothing, because that outlives requests and generations", () => {
    const { build, count } = countBuilds();
    Need.none.selectionFor("films Film", build);
    Need.none.selectionFor("films Film", build);
    expect(count()).toBe(2);
    expect(Need.none.fieldsOf("Film")).toEqual([]);
  });
});
