import { defineShaper } from "overlock";

/** `@initials`: the first letters of a name, in the app's round badges. */
export const initials = defineShaper({
  name: "initials",
  sdl: "directive @initials(max: Int = 2) on FIELD_DEFINITION",
  takes: "String",
  gives: "String",
  shape(name, { max }: { readonly max: number }, { locale }) {
    const words = name.split(/\s+/).filter((word) => word !== "");
    const letters = words.slice(0, max).map((word) => String.fromCodePoint(word.codePointAt(0) ?? 0));
    return letters.join("").toLocaleUpperCase(locale);
  },
});
