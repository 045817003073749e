import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../support/grpc-echo.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// A client's own names of enum values and input fields: what a backend gets, and what the client gets back.

const source = `${echoSource}
type Query {
  echo(text: String, color: Color, colors: [Color!], maybe: String, filter: Filter, filters: [Filter!]): Echo @grpc(method: "Safe")
  pick(by: Pick!): Echo @grpc(method: "Safe", request: { text: "$args.by.text", maybe: "$args.by.maybe" })
}
type Mutation { send(text: String, color: Color = RED): Echo @grpc(method: "Echo") }
type Echo { text: String color: Color colors: [Color!] filter: Filtered }
type Filtered { mode: Mode category_id: String }
enum Color { COLOR_UNSPECIFIED RED BLUE }
enum Mode { ANY ALL }
input Filter { category_id: String mode: Mode = ALL all_of: [Filter!] }
input Pick @oneOf { text: String maybe: String }
`;

const clientSchema = `
type Query {
  paint(shade: Shade = CALM, shades: [Shade!]): Painted @from(field: "echo(color: $args.shade, colors: $args.shades)")
  find(by: Search = { way: EVERY }): Painted @from(field: "echo(filter: $args.by)")
  pick(by: Pick!): Painted
  sent(text: String): Painted @from(field: "echo(text: $args.text)")
}
type Mutation { send(text: String, shade: Shade): Painted @from(field: "send(text: $args.text, color: $args.shade)") }
type Painted @view(of: "Echo") {
  shade: Shade @from(field: "color")
  sureShade: Shade! @from(field: "color")
  text: String
  shadeText: String @from(field: "color")
  spare: Shade @from(field: "color") @default(value: CALM)
  calm: Shade @from(field: "color") @default(value: CALM, onError: true)
  shades: [Shade] @from(field: "colors")
  way: Way @from(field: "filter.mode")
}
enum Shade @view(of: "Color") { "Red." LOUD @from(field: "RED")  CALM @from(field: "BLUE") @deprecated }
enum Way @view(of: "Mode") { SOME @from(field: "ANY")  EVERY @from(field: "ALL") }
input Search @view(of: "Filter") { topic: String @from(field: "category_id")  way: Way @from(field: "mode")  also: [Search!] @from(field: "all_of") }
input Pick @oneOf { text: String maybe: String }
`;

let echo: GrpcEcho;
let test: ProjectGateway;

beforeAll(async () => {
  echo = await startGrpcEcho();
  test = await startProject(
    { echo: source },
    clientSchema,
    { ECHO_URL: echo.backend.url },
    { protos: echo.protos },
  );
});
afterAll(async () => {
  await test.stop();
  await echo.stop();
});
beforeEach(() => echo.backend.log.clear());

function codes(
  errors: readonly { readonly path?: unknown; readonly extensions: { readonly code: string } }[],
) {
  return errors.map(({ path, extensions }) => [path, extensions.code]);
}

describe("enum values with a name of the client's", () => {
  it("are the backend's on the way up and the client's on the way down, from literals and variables", async () => {
    const answer = await test.query(
      "query ($s: Shade, $l: [Shade!]) { a: paint(shade: LOUD, shades: [LOUD, CALM]) { shade sureShade shadeText shades } b: paint(shade: $s, shades: $l) { shade shades } }",
      { variables: { s: "LOUD", l: ["CALM"] } },
    );
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      a: { shade: "LOUD", sureShade: "LOUD", shadeText: "RED", shades: ["LOUD", "CALM"] },
      b: { shade: "LOUD", shades: ["CALM"] },
    });
    expect(echo.sent()).toEqual([
      { color: "RED", colors: ["RED", "BLUE"] },
      { color: "RED", colors: ["BLUE"] },
    ]);
  });

  it("may be defaults of arguments, of input fields and of what is missing", async () => {
    const answer = await test.query('{ paint { shade spare } find { way } sent(text: "x") { spare } }');
    expect(answer.errors.map(({ path }) => path)).toEqual([["sent", "spare"]]);
    expect(answer.data).toEqual({
      paint: { shade: "CALM", spare: "CALM" },
      find: { way: "EVERY" },
      sent: { spare: null },
    });
    expect(echo.sent()).toEqual([{ color: "BLUE" }, { filter: { mode: "ALL" } }, { text: "x" }]);
  });

  it("that the client does not have are null and an error, or what @default says", async () => {
    const answer = await test.query('{ sent(text: "x") { text shade shadeText calm shades } }');
    expect(answer.data).toEqual({
      sent: { text: "x", shade: null, shadeText: "COLOR_UNSPECIFIED", calm: "CALM", shades: [] },
    });
    expect(codes(answer.errors)).toEqual([[["sent", "shade"], "INVALID_VALUE"]]);
    expect(answer.extensions).toEqual({ completeness: [{ path: ["sent", "calm"], code: "INVALID_VALUE" }] });
  });

  it.each(["RED", "BLUE", "loud", 1, "__proto__", ["LOUD"]])(
    "are all that is taken: %s is refused and nothing is sent",
    async (value) => {
      const answer = await test.query("query ($s: Shade) { paint(shade: $s) { text } }", {
        variables: { s: value },
      });
      expect(codes(answer.errors)).toEqual([[undefined, "BAD_USER_INPUT"]]);
      expect(echo.sent()).toEqual([]);
    },
  );

  it("work in mutations, where the source's default stands in for what is left out", async () => {
    const answer = await test.query("mutation { send(shade: CALM) { shade } other: send { shade } }");
    expect(answer.data).toEqual({ send: { shade: "CALM" }, other: { shade: "LOUD" } });
    expect(echo.sent()).toEqual([{ color: "BLUE" }, { color: "RED" }]);
  });
});

describe("input fields with a name of the client's", () => {
  it("arrive under the backend's names, nested too", async () => {
    const answer = await test.query("query ($by: Search) { find(by: $by) { way } }", {
      variables: { by: { topic: "a", also: [{ topic: "b", way: "SOME" }] } },
    });
    expect(answer.data).toEqual({ find: { way: "EVERY" } });
    expect(echo.sent()).toEqual([
      { filter: { category_id: "a", mode: "ALL", all_of: [{ category_id: "b" }] } },
    ]);
  });

  it.each([{ category_id: "a" }, { way: "ANY" }, { also: [{ mode: "ALL" }] }])(
    "have no other: %j is refused and nothing is sent",
    async (by) => {
      const answer = await test.query("query ($by: Search) { find(by: $by) { way } }", { variables: { by } });
      expect(codes(answer.errors)).toEqual([[undefined, "BAD_USER_INPUT"]]);
      expect(echo.sent()).toEqual([]);
    },
  );
});

describe("an input type that is @oneOf", () => {
  it("takes exactly one of its fields", async () => {
    const answer = await test.query(
      'query ($by: Pick!) { a: pick(by: { text: "x" }) { text } b: pick(by: $by) { text } }',
      {
        variables: { by: { maybe: "y" } },
      },
    );
    expect(answer.data).toEqual({ a: { text: "x" }, b: { text: "" } });
    expect(echo.sent()).toEqual([{ text: "x" }, { maybe: "y" }]);
  });

  it.each([{}, { text: "a", maybe: "b" }, { text: null }, { text: "a", maybe: null }])(
    "refuses %j, and nothing is sent",
    async (by) => {
      const answer = await test.query("query ($by: Pick!) { pick(by: $by) { text } }", { variables: { by } });
      expect(codes(answer.errors)).toEqual([[undefined, "BAD_USER_INPUT"]]);
      expect(echo.sent()).toEqual([]);
    },
  );
});
