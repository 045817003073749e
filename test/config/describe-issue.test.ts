import { describe, expect, test } from "vitest";
import { z } from "zod";
import { describeIssue } from "../../gateway/config/describe-issue.ts";

const expectedColour = "a list of colours";
const options = z.strictObject({
  colours: z.array(z.enum(["red", "blue"], expectedColour), expectedColour).default([]),
  doors: z
    .array(
      z.discriminatedUnion(
        "kind",
        [
          z.strictObject({
            kind: z.literal("key"),
            keys: z.number("a number of keys"),
            labels: z.array(z.string("a list of texts"), "a list of texts").default([]),
          }),
          z.strictObject({
            kind: z.literal("code"),
            secret: z.strictObject({ variable: z.string("a variable") }, "a reference"),
            guests: z
              .array(z.strictObject({ name: z.string("a name") }, "a guest"))
              .nullable()
              .default(null),
          }),
        ],
        "a door",
      ),
      "a list of doors",
    )
    .default([]),
  rooms: z
    .record(z.string(), z.strictObject({ windows: z.number("a number of windows") }, "a room"))
    .optional(),
});

function problemsOf(value: unknown): string[] {
  const { error } = options.safeParse(value);
  return (error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, options, value))
    .map(({ coordinate, expected, found, hint }) =>
      [coordinate, expected, found, ...(typeof hint === "string" ? [hint] : [])].join(" | "),
    );
}

describe("a problem of an option", () => {
  test.each([
    [
      "a list of texts is told of as a whole",
      { colours: ["red", "green"] },
      ["colours | a list of colours | [ 'red', 'green' ]"],
    ],
    [
      "so is one inside another option",
      { doors: [{ kind: "key", keys: 1, labels: ["a", 1] }] },
      ["doors[0].labels | a list of texts | [ 'a', 1 ]"],
    ],
    [
      "an option of something that has a name of its own is told with those that there are",
      { rooms: { kitchen: { windows: 1, window: 2 } } },
      ['rooms.kitchen.window | one of the options windows | window | did you mean "windows"?'],
    ],
    [
      "an option inside others is named in full",
      {
        doors: [
          { kind: "key", keys: 1 },
          { kind: "code", secret: { variable: "A" }, guests: [{ name: 1 }] },
        ],
      },
      ["doors[1].guests[0].name | a name | 1"],
    ],
    ["so is an object in a list", { doors: [7] }, ["doors[0] | a door | 7"]],
    ["the kind of an object", { doors: [{ kind: "kee" }] }, ["doors[0].kind | a door | 'kee'"]],
    [
      "an unknown option has those that the object may have",
      { doors: [{ kind: "key", keys: 1, label: [] }] },
      ['doors[0].label | one of the options kind, keys, labels | label | did you mean "labels"?'],
    ],
    [
      "an unknown option further inside",
      {
        doors: [{ kind: "code", secret: { variable: "A", defualt: "B" }, guests: [{ nam: "a", name: "b" }] }],
      },
      [
        "doors[0].secret.defualt | one of the options variable | defualt",
        'doors[0].guests[0].nam | one of the options name | nam | did you mean "name"?',
      ],
    ],
    [
      "an unknown option of the first rank",
      { door: [] },
      ['door | one of the options colours, doors, rooms | door | did you mean "doors"?'],
    ],
  ])("(%s)", (_what, value, problems) => {
    expect(problemsOf(value)).toEqual(problems);
  });

  test.each<[what: string, value: unknown, problems: string[]]>([
    [
      "a secret as text",
      { doors: [{ kind: "code", secret: "pin" }] },
      ["doors[0].secret | a reference | a text"],
    ],
    [
      "a secret inside it",
      { doors: [{ kind: "code", secret: { variable: ["pin"] } }] },
      ["doors[0].secret.variable | a variable | a list"],
    ],
    [
      "keys as text",
      { doors: [{ kind: "key", keys: "pin" }] },
      ["doors[0].keys | a number of keys | a text"],
    ],
    [
      "an object with a secret",
      { doors: { kind: "code", secret: "pin" } },
      ["doors | a list of doors | an object"],
    ],
    ["nothing", { doors: [{ kind: "code" }] }, ["doors[0].secret | a reference | nothing"]],
    ["null", { doors: [{ kind: "code", secret: null }] }, ["doors[0].secret | a reference | null"]],
    ["a number", { doors: [{ kind: "code", secret: 1234 }] }, ["doors[0].secret | a reference | a number"]],
    ["a list", { doors: [{ kind: "code", secret: ["pin"] }] }, ["doors[0].secret | a reference | a list"]],
  ])("does not repeat what may be a secret (%s)", (_what, value, problems) => {
    expect(problemsOf(value)).toEqual(problems);
  });
});
