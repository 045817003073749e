import { defineShaper } from "overlock";

/** What the festival's client schemas shape by themselves: a text, a list's elements, an object's fields. */
export const festivalShapers = [
  defineShaper({
    name: "shout",
    sdl: "directive @shout(times: Int = 1) on FIELD_DEFINITION",
    takes: "String",
    gives: "String",
    shape(text, { times }: { readonly times: number }) {
      if (text.includes("7")) throw new Error("sevens can't be shouted");
      return text + "!".repeat(times);
    },
  }),
  defineShaper({
    name: "area",
    sdl: "directive @area on FIELD_DEFINITION",
    takes: { row: "Int", number: "Int", view: "String" },
    gives: "String",
    shape({ row, number, view }) {
      return view === "blocked" ? null : `${row}/${number} ${view ?? "?"}`;
    },
  }),
];
