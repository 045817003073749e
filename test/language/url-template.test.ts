import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encode,
  expandUrlTemplate,
  parseUrlTemplate,
  TemplateSyntaxError,
} from "../../gateway/language/url-template.ts";

describe("RFC 6570's examples", () => {
  const values = {
    var: "value",
    hello: "Hello World!",
    path: "/foo/bar",
    x: "1024",
    y: "768",
    list: ["red", "green", "blue"],
    who: "fred",
    v: "6",
    half: "50%",
    year: ["1965", "2000", "2012"],
    empty: "",
  };

  test.each([
    ["/{var}", "/value"],
    ["/{hello}", "/Hello%20World%21"],
    ["/{half}", "/50%25"],
    ["/map/{x,y}", "/map/1024,768"],
    ["/{x,hello,y}", "/1024,Hello%20World%21,768"],
    ["/{list}", "/red,green,blue"],
    ["/{list*}", "/red,green,blue"],
    ["/{path}", "/%2Ffoo%2Fbar"],
    ["/{?x,y}", "/?x=1024&y=768"],
    ["/{?x,y,undef}", "/?x=1024&y=768"],
    ["/{?x,y,empty}", "/?x=1024&y=768&empty="],
    ["/{?list}", "/?list=red,green,blue"],
    ["/{?list*}", "/?list=red&list=green&list=blue"],
    ["/{?who}", "/?who=fred"],
    ["/{?half}", "/?half=50%25"],
    ["/?fixed=yes{&x}", "/?fixed=yes&x=1024"],
    ["/?fixed=yes{&x,y,empty}", "/?fixed=yes&x=1024&y=768&empty="],
    ["/?fixed=yes{&x,y,undef}", "/?fixed=yes&x=1024&y=768"],
    ["/find{?year*}", "/find?year=1965&year=2000&year=2012"],
  ])("%s is %s", (text, expected) => {
    expect(expand(text, values)).toBe(expected);
  });
});

describe("a template", () => {
  test.each([
    ["/users/{args.id}", { "args.id": "u1" }, "/users/u1"],
    [
      "/users/{parent.id}/reviews{?args.first}",
      { "parent.id": "u1", "args.first": 5 },
      "/users/u1/reviews?first=5",
    ],
    ["/a{?args.filter.kind}", { "args.filter.kind": "X" }, "/a?kind=X"],
    ["/a{?x}&b=1", { x: 1 }, "/a?x=1&b=1"],
    ["/a{?x}&b=1", {}, "/a?b=1"],
    ["/a{?x}&b=1{&y}&c=2", { x: 1, y: 2 }, "/a?x=1&b=1&y=2&c=2"],
    ["/a?b=1&b=2{&x}", { x: 3 }, "/a?b=1&b=2&x=3"],
    ["/a?b{&x}", { x: 3 }, "/a?b&x=3"],
    ["/a?{&x}", { x: 3 }, "/a?x=3"],
    ["/a?{&x}", {}, "/a"],
    ["/a?b=1&{&x}", { x: 3 }, "/a?b=1&x=3"],
    ["/a?b=/../c", {}, "/a?b=/../c"],
    ["/v1.{x}/b", { x: "0" }, "/v1.0/b"],
    ["/a%20b/{x}", { x: "c" }, "/a%20b/c"],
    ["/a{?x}", { x: true }, "/a?x=true"],
    ["/a{?x}", { x: 1.5 }, "/a?x=1.5"],
    ["/a{?x}", { x: 2n ** 64n }, "/a?x=18446744073709551616"],
    ["/a{?x}", { x: 1e21 }, "/a?x=1e%2B21"],
    ["/a{?x*}", { x: ["a,b", 1, false, null] }, "/a?x=a%2Cb&x=1&x=false"],
    ["/a{?x}", { x: ["a,b", "c"] }, "/a?x=a%2Cb,c"],
    ["/a{?x*}", { x: "a" }, "/a?x=a"],
    ["/a{?x}", { x: "\r\nHost: evil" }, "/a?x=%0D%0AHost%3A%20evil"],
    ["/a{?x}", { x: "1&y=2#z?w=+" }, "/a?x=1%26y%3D2%23z%3Fw%3D%2B"],
    ["/{x}", { x: "grün 😀" }, "/gr%C3%BCn%20%F0%9F%98%80"],
    ["/{x}", { x: "\ud800" }, "/%EF%BF%BD"],
    ["/{x}", { x: "%2e%2e" }, "/%252e%252e"],
    ["/{x}", { x: "..." }, "/..."],
    ["/{x}", { x: "a/b" }, "/a%2Fb"],
    ["/{x}", { x: "a\\b" }, "/a%5Cb"],
    ["/{x}", { x: "a\0b" }, "/a%00b"],
  ])("%s (case %#) is sent as its values ask for", (text, values, expected) => {
    expect(expand(text, values)).toBe(expected);
  });

  test("sends very long values whole", () => {
    const long = "ä".repeat(100_000);
    expect(expand("/a{?x}", { x: long })).toBe(`/a?x=${"%C3%A4".repeat(100_000)}`);
  });

  test("has its further pairs at the end, absent ones left out, lists repeated", () => {
    const template = parseUrlTemplate("/a{?x}");
    const pairs = [
      ["first", 5],
      ["sort", undefined],
      ["tag", ["b", "c&d"]],
      ["none", []],
      ["text", ""],
    ] as const;
    expect(expandUrlTemplate(template, () => 1, pairs)).toBe("/a?x=1&first=5&tag=b&tag=c%26d&text=");
    expect(expandUrlTemplate(template, () => null, [["sort", null]])).toBe("/a");
  });

  test("knows its variables, their pairs and their places", () => {
    const { variables, pairNames } = parseUrlTemplate("/u/{args.id}/r?kind=a{&args.page.first,ids*}");
    expect(variables).toEqual([
      { name: "args.id", pairName: "id", isExploded: false, isInQuery: false, offset: 4 },
      { name: "args.page.first", pairName: "first", isExploded: false, isInQuery: true, offset: 23 },
      { name: "ids", pairName: "ids", isExploded: true, isInQuery: true, offset: 39 },
    ]);
    expect([...pairNames]).toEqual(["kind", "first", "ids"]);
  });
});

describe("no call is made", () => {
  test.each([
    ["/a/{x}", undefined],
    ["/a/{x}", null],
    ["/a/{x}", ""],
    ["/a/{x}", []],
    ["/a/{x}", [null]],
    ["/a/{x}", ["b", ""]],
    ["/a/{x}", "."],
    ["/a/{x}", ".."],
    ["/a/{x}/b", ".."],
    ["/a/.{x}", "."],
    ["/a/{x}", "../b"],
    ["/a/{x}", "b/../c"],
    ["/a/{x}", "b/.."],
    ["/a/{x}", "..\\b"],
    ["/a/%2e{x}", "."],
    ["/a/%ff/{x}", "../b"],
    ["/a/{x}", ["..", "b"].slice(0, 1)],
  ])("for %s (case %#) in the path", (text, x) => {
    expect(expand(text, { x })).toBeNull();
  });

  test("where one of several values in the path is absent", () => {
    expect(expand("/a/{x,y}", { x: 1 })).toBeNull();
    expect(expand("/a/{x}/{y}{?z}", { x: 1, z: 1 })).toBeNull();
  });
});

describe("what stands in no URL", () => {
  test.each([[{}], [{ toString: () => "x" }], [[{}]], [[["a"]]], [() => 0], [Symbol("x")]])(
    "is a TypeError: %o",
    (x) => {
      for (const text of ["/{x}", "/{?x}"]) expect(() => expand(text, { x })).toThrow(TypeError);
    },
  );
});

describe("a template is refused", () => {
  const name = "a variable's name";
  const characters = "a path and query of URL characters, braces in pairs";
  const segments = "a path without empty, dot or encoded-slash segments";
  test.each([
    ["", "a path that starts with /", '""', 0],
    ["users", "a path that starts with /", '"users"', 0],
    ["http://x/y", "a path that starts with /", '"http://x/y"', 0],
    ["{x}", "a path that starts with /", '"{x}"', 0],
    ["/a{+x}", "{name} or {?name}", '"{+x}"', 3],
    ["/a{#x}", "{name} or {?name}", '"{#x}"', 3],
    ["/a{/x}", "{name} or {?name}", '"{/x}"', 3],
    ["/a{.x}", "{name} or {?name}", '"{.x}"', 3],
    ["/a{;x}", "{name} or {?name}", '"{;x}"', 3],
    ["/a{=x}", "{name} or {?name}", '"{=x}"', 3],
    ["/a{&x}", "{name} or {?name}", '"{&x}"', 3],
    ["/a?b=1{?x}", "{&name}, because the query has begun", '"{?x}"', 7],
    ["/a?b={x}", "{&name}, because the query has begun", '"{x}"', 6],
    ["/a{?x}{y}", "{&name}, because the query has begun", '"{y}"', 7],
    ["/a{?x}{?y}", "{&name}, because the query has begun", '"{?y}"', 7],
    ["/{}", name, '""', 2],
    ["/{x:3}", name, '"x:3"', 2],
    ["/{x**}", name, '"x**"', 2],
    ["/{ x}", "{name} or {?name}", '"{ x}"', 2],
    ["/{x,}", name, '""', 4],
    ["/{x..y}", name, '"x..y"', 2],
    ["/{x.}", name, '"x."', 2],
    ["/{x.1}", name, '"x.1"', 2],
    ["/{x", characters, '"/{x"', 0],
    ["/x}", characters, '"/x}"', 0],
    ["/{{x}}", characters, '"/{"', 0],
    ["/a b", characters, '"/a b"', 0],
    ["/a#b", characters, '"/a#b"', 0],
    ["/a%zz", characters, '"/a%zz"', 0],
    ["/a\\b", characters, '"/a\\\\b"', 0],
    ["/ä", characters, '"/ä"', 0],
    ["/a\r\nb", characters, '"/a\\r\\nb"', 0],
    ["/a{?x}b=1", "& before a further query pair", '"b=1"', 6],
    ["/a{?x}/b", "& before a further query pair", '"/b"', 6],
    ["/a{?x,x}", "each query pair once", '"x"', 6],
    ["/a{?x}{&x}", "each query pair once", '"x"', 8],
    ["/a{?args.id,parent.id}", "each query pair once", '"id"', 12],
    ["/a?x=1{&x}", "each query pair once", '"x"', 8],
    ["/a?%78=1{&x}", "each query pair once", '"x"', 10],
    ["/a{?x}&x=1", "each query pair once", '"x"', 6],
    ["//a", segments, '"//a"', 0],
    ["/a//b", segments, '"/a//b"', 0],
    ["/a/./b", segments, '"/a/./b"', 0],
    ["/a/../b", segments, '"/a/../b"', 0],
    ["/..", segments, '"/.."', 0],
    ["/a/%2e%2E/b", segments, '"/a/%2e%2E/b"', 0],
    ["/a/.%2e", segments, '"/a/.%2e"', 0],
    ["/a%2fb", segments, '"/a%2fb"', 0],
    ["/a%5Cb/{x}", segments, '"/a%5Cb/{x}"', 0],
  ])("%j: expected %s, found %s at %i", (text, expected, found, offset) => {
    const error = errorOf(text);
    expect(error).toMatchObject({ expected, found, offset });
    expect(error.message).toBe(`expected ${expected}, found ${found}`);
  });
});

describe("whatever the value", () => {
  const text = fc.string({ unit: "binary", minLength: 1 });
  const nasty = fc
    .array(
      fc.constantFrom(
        "..",
        ".",
        "/",
        "\\",
        "%2f",
        "%2e",
        "&",
        "=",
        "?",
        "#",
        ";",
        "\r\n",
        "\0",
        "a",
        "ü",
        "\ud800",
      ),
    )
    .map((parts) => parts.join(""))
    .filter((value) => value !== "");
  const scalar = fc.oneof(text, nasty, fc.integer(), fc.boolean(), fc.double({ noNaN: true }));

  test("it is one segment of the path, or there is no call", () => {
    fc.assert(
      fc.property(scalar, (value) => {
        const url = expand("/a/{x}/b", { x: value });
        if (url === null) return /^\.\.?$|[/\\]/.test(String(value));
        const segments = url.split("/");
        const [, before, segment = "", after] = segments;
        return (
          /^[-\w.~%/]*$/.test(url) &&
          segments.length === 4 &&
          before === "a" &&
          after === "b" &&
          segment !== "." &&
          segment !== ".." &&
          decodeURIComponent(segment) === String(value).toWellFormed()
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("it is one pair of the query", () => {
    fc.assert(
      fc.property(scalar, scalar, (x, y) => {
        const url = expandUrlTemplate(parseUrlTemplate("/a?k=v{&x*}"), () => x, [["y", y]]) ?? "";
        const [path, query = "", ...more] = url.split("?");
        const pairs = query.split("&").map((pair) => pair.split("="));
        const decoded = pairs.map((parts) => parts.map((part) => decodeURIComponent(part)));
        const expected = [
          ["k", "v"],
          ["x", String(x).toWellFormed()],
          ["y", String(y).toWellFormed()],
        ];
        return path === "/a" && more.length === 0 && JSON.stringify(decoded) === JSON.stringify(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("a list is as many pairs as it has elements", () => {
    fc.assert(
      fc.property(fc.array(scalar), (x) => {
        const query = (expand("/a{?x*}", { x }) ?? "").slice("/a?".length);
        const found = query === "" ? [] : query.split("&").map((pair) => decodeURIComponent(pair.slice(2)));
        return JSON.stringify(found) === JSON.stringify(x.map((value) => String(value).toWellFormed()));
      }),
    );
  });

  test("any template is taken or refused with a place inside of it", () => {
    const template = fc
      .array(fc.constantFrom(..."/ a . .. { } {x} {?x} {&y*} ? & = % %2f %41 # \\ é , *".split(" ")))
      .map((parts) => `/${parts.join("")}`);
    fc.assert(
      fc.property(fc.oneof(template, text), (written) => {
        const outcome = parseOrError(written);
        if (!(outcome instanceof TemplateSyntaxError)) return true;
        return outcome.offset >= 0 && outcome.offset <= written.length;
      }),
      { numRuns: 2000 },
    );
  });
});

describe("encoding", () => {
  test("leaves RFC 3986's unreserved characters alone, and only those", () => {
    const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
    expect(ascii.filter((character) => encode(character) === character).join("")).toBe(
      "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~",
    );
  });
});

function expand(text: string, values: Readonly<Record<string, unknown>>): string | null {
  return expandUrlTemplate(parseUrlTemplate(text), ({ name }) => values[name], []);
}

function parseOrError(text: string): unknown {
  try {
    return parseUrlTemplate(text);
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return error;
    throw error;
  }
}

function errorOf(text: string): TemplateSyntaxError {
  const outcome = parseOrError(text);
  if (outcome instanceof TemplateSyntaxError) return outcome;
  throw new Error(`expected ${JSON.stringify(text)} to be refused`);
}
