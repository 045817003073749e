import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type GrpcProject, type RawGrpc, startGrpcProject, startRawGrpc } from "../../support/raw-grpc.ts";
import { roundTripFiles } from "./round-trip-files.ts";

let backend: RawGrpc;
let project: GrpcProject;
beforeAll(async () => {
  backend = await startRawGrpc("/trip.v1.TripService/Echo");
  project = await startGrpcProject(roundTripFiles, { TRIP_URL: backend.url });
});
afterAll(async () => {
  await project.stop();
  await backend.stop();
});
afterEach(() => {
  backend.received.length = 0;
  backend.answer = null;
});

const int64Min = "-9223372036854775808";
const int64Max = "9223372036854775807";
const uint64Max = "18446744073709551615";
const floatMax = 3.4028234663852886e38;
const selections = {
  scalars:
    "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes color",
  presence: "count text flag ratio raw color node { name kind }",
  known: "at took mask meta anyValue list detail times values",
  wrapped: "double float int64 uint64 int32 uint32 bool string bytes",
  maps: "counts byNumber { key value } byFlag nodes { key value { name kind } } blobs times things",
  choice: "note card { number pin cvv } cash { currencyCode units nanos } points later yes no",
  legacy:
    "id count text flag ratio level big bare numbers packed part { label depth } piece { size } price { units }",
  modern:
    "explicit implicit inner { text next { text next { text } } } expanded closed inners { text next { text } }",
  tree: "name kind left { name left { name left { name } } } right { name } more { name more { name } }",
  lists: "packed unpacked texts blobs colors doubles flags amounts { currencyCode units nanos }",
  names: "snakeCaseName with2Digits other UPPER trailing constructor toString type message hasOwnProperty",
};
type Part = keyof typeof selections;
const inputTypes: Readonly<Record<Part, string>> = {
  scalars: "ScalarsIn",
  presence: "PresenceIn",
  known: "KnownIn",
  wrapped: "WrappedIn",
  maps: "MapsIn",
  choice: "ChoiceIn",
  legacy: "LegacyIn",
  modern: "ModernIn",
  tree: "NodeIn",
  lists: "ListsIn",
  names: "NamesIn",
};

async function send(part: Part, value: unknown) {
  const query = `query ($value: ${inputTypes[part]}) { echo(${part}: $value) { ${part} { ${selections[part]} } } }`;
  const answer = await project.query(query, { variables: { value } });
  const [bytes] = backend.received;
  const box =
    bytes === undefined ? {} : (project.codecOf("trip.v1.Box").decode(bytes) as Record<string, unknown>);
  const data = (answer.data ?? {}) as { readonly echo?: Record<string, unknown> | null };
  return { answer, sent: box[part], got: data.echo?.[part] };
}

type Case = readonly [part: Part, value: object, sent: object, got: object];

describe("a value arrives as it was meant, and comes back", () => {
  test.each<Case>([
    [
      "scalars",
      {
        double: 1.7976931348623157e308,
        float: floatMax,
        int32: 2147483647,
        int64: int64Max,
        uint32: "4294967295",
        uint64: uint64Max,
        sint32: 2147483647,
        sint64: int64Max,
        fixed32: "4294967295",
        fixed64: uint64Max,
        sfixed32: 2147483647,
        sfixed64: int64Max,
        bool: true,
        string: "ü😀\u0000\u2028",
        bytes: "AP8=",
        color: "DEEP",
      },
      {
        double: 1.7976931348623157e308,
        float: floatMax,
        int32: 2147483647,
        int64: int64Max,
        uint32: 4294967295,
        uint64: uint64Max,
        sint32: 2147483647,
        sint64: int64Max,
        fixed32: 4294967295,
        fixed64: uint64Max,
        sfixed32: 2147483647,
        sfixed64: int64Max,
        bool: true,
        string: "ü😀\u0000\u2028",
        bytes: "AP8=",
        color: "DEEP",
      },
      {
        double: 1.7976931348623157e308,
        float: 3.4028235e38,
        int32: 2147483647,
        int64: int64Max,
        uint32: "4294967295",
        uint64: uint64Max,
        sint32: 2147483647,
        sint64: int64Max,
        fixed32: "4294967295",
        fixed64: uint64Max,
        sfixed32: 2147483647,
        sfixed64: int64Max,
        bool: true,
        string: "ü😀\u0000\u2028",
        bytes: "AP8=",
        color: "DEEP",
      },
    ],
    [
      "scalars",
      {
        double: 5e-324,
        float: 1.401298464324817e-45,
        int32: -2147483648,
        int64: int64Min,
        sint32: -2147483648,
        sint64: int64Min,
        sfixed32: -2147483648,
        sfixed64: int64Min,
        bytes: "_-8",
        color: "COLD",
      },
      {
        double: 5e-324,
        float: 1.401298464324817e-45,
        int32: -2147483648,
        int64: int64Min,
        sint32: -2147483648,
        sint64: int64Min,
        sfixed32: -2147483648,
        sfixed64: int64Min,
        bytes: "/+8=",
        color: "COLD",
      },
      {
        double: 5e-324,
        float: 1.4013e-45,
        int32: -2147483648,
        int64: int64Min,
        uint32: "0",
        uint64: "0",
        sint32: -2147483648,
        sint64: int64Min,
        fixed32: "0",
        fixed64: "0",
        sfixed32: -2147483648,
        sfixed64: int64Min,
        bool: false,
        string: "",
        bytes: "/+8=",
        color: "COLD",
      },
    ],
    [
      "scalars",
      { double: "NaN", float: "-Infinity", string: "", color: "NONE", int64: "0", bool: false },
      { double: "NaN", float: "-Infinity" },
      {
        double: "NaN",
        float: "-Infinity",
        int32: 0,
        int64: "0",
        uint32: "0",
        uint64: "0",
        sint32: 0,
        sint64: "0",
        fixed32: "0",
        fixed64: "0",
        sfixed32: 0,
        sfixed64: "0",
        bool: false,
        string: "",
        bytes: "",
        color: "NONE",
      },
    ],
    [
      "presence",
      { count: 0, text: "", flag: false, ratio: 0, raw: "", color: "NONE", node: {} },
      { count: 0, text: "", flag: false, ratio: 0, raw: "", color: "NONE", node: {} },
      { count: 0, text: "", flag: false, ratio: 0, raw: "", color: "NONE", node: { name: "", kind: "LEAF" } },
    ],
    [
      "presence",
      { count: null, node: null },
      {},
      { count: null, text: null, flag: null, ratio: null, raw: null, color: null, node: null },
    ],
    [
      "known",
      {
        at: "0001-01-01T00:00:00Z",
        took: "-315576000000s",
        mask: "user.displayName,photo",
        meta: { a: [1, "x", null, true, { b: {} }], __proto__x: 1, "": -0.5 },
        anyValue: null,
        list: [[], {}, "é"],
        times: ["9999-12-31T23:59:59.999999999Z", "2026-01-31T12:00:00+02:00"],
        values: [1.5, "a", false, [], { k: 1 }],
        detail: { "@type": "type.googleapis.com/trip.common.Money", currencyCode: "EUR", units: int64Max },
      },
      {
        at: { seconds: "-62135596800" },
        took: { seconds: "-315576000000" },
        mask: { paths: ["user.display_name", "photo"] },
        times: [{ seconds: "253402300799", nanos: 999999999 }, { seconds: "1769853600" }],
      },
      {
        at: "0001-01-01T00:00:00Z",
        took: "-315576000000s",
        mask: "user.displayName,photo",
        meta: { a: [1, "x", null, true, { b: {} }], __proto__x: 1, "": -0.5 },
        anyValue: null,
        list: [[], {}, "é"],
        times: ["9999-12-31T23:59:59.999999999Z", "2026-01-31T10:00:00Z"],
        values: [1.5, "a", false, [], { k: 1 }],
        detail: {
          "@type": "type.googleapis.com/trip.common.Money",
          currencyCode: "EUR",
          units: int64Max,
          nanos: 0,
        },
      },
    ],
    [
      "known",
      {
        at: "1969-12-31T23:59:59.5Z",
        took: "-0.000000001s",
        mask: "",
        meta: {},
        anyValue: { deep: [[["x"]]] },
        list: [],
        detail: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.5s" },
        times: [],
        values: [],
      },
      { at: { seconds: "-1", nanos: 500000000 }, took: { nanos: -1 }, mask: {}, meta: {}, list: {} },
      {
        at: "1969-12-31T23:59:59.500Z",
        took: "-0.000000001s",
        mask: "",
        meta: {},
        anyValue: { deep: [[["x"]]] },
        list: [],
        detail: { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.500s" },
        times: [],
        values: [],
      },
    ],
    [
      "wrapped",
      {
        double: 0,
        float: 0,
        int64: "0",
        uint64: "0",
        int32: 0,
        uint32: "0",
        bool: false,
        string: "",
        bytes: "",
      },
      {
        double: {},
        float: {},
        int64: {},
        uint64: {},
        int32: {},
        uint32: {},
        bool: {},
        string: {},
        bytes: {},
      },
      {
        double: 0,
        float: 0,
        int64: "0",
        uint64: "0",
        int32: 0,
        uint32: "0",
        bool: false,
        string: "",
        bytes: "",
      },
    ],
    [
      "wrapped",
      { double: -1.5, int64: int64Min, uint64: uint64Max, uint32: "4294967295", bool: true, bytes: "AA==" },
      {
        double: { value: -1.5 },
        int64: { value: int64Min },
        uint64: { value: uint64Max },
        uint32: { value: 4294967295 },
        bool: { value: true },
        bytes: { value: "AA==" },
      },
      {
        double: -1.5,
        float: null,
        int64: int64Min,
        uint64: uint64Max,
        int32: null,
        uint32: "4294967295",
        bool: true,
        string: null,
        bytes: "AA==",
      },
    ],
    [
      "maps",
      {
        counts: { red: int64Max, "": "0", constructor: "-1" },
        byNumber: [
          { key: "0", value: "" },
          { key: int64Min, value: "low" },
        ],
        byFlag: { true: "RED", false: "NONE" },
        nodes: [
          { key: "a", value: { name: "A", kind: "BRANCH" } },
          { key: "b", value: {} },
        ],
        blobs: { 4294967295: "AP8=", 0: "" },
        times: { epoch: "1970-01-01T00:00:00Z" },
        things: { [int64Min]: { a: [1] }, 7: null },
      },
      {
        counts: { red: int64Max, "": "0", constructor: "-1" },
        by_number: { [int64Min]: "low", 0: "" },
        by_flag: { true: "RED", false: "NONE" },
        nodes: { a: { name: "A", kind: "BRANCH" }, b: {} },
        blobs: { 4294967295: "AP8=", 0: "" },
        times: { epoch: {} },
      },
      {
        counts: { red: int64Max, "": "0", constructor: "-1" },
        byNumber: [
          { key: "0", value: "" },
          { key: int64Min, value: "low" },
        ],
        byFlag: { true: "RED", false: "NONE" },
        nodes: [
          { key: "a", value: { name: "A", kind: "BRANCH" } },
          { key: "b", value: { name: "", kind: "LEAF" } },
        ],
        blobs: { 4294967295: "AP8=", 0: "" },
        times: { epoch: "1970-01-01T00:00:00Z" },
        things: { [int64Min]: { a: [1] }, 7: null },
      },
    ],
    [
      "choice",
      { card: { number: "42", cvv: 0 }, no: false },
      { card: { number: "42", cvv: 0, second: "cvv" }, method: "card", no: false, other: "no" },
      {
        note: null,
        card: { number: "42", pin: null, cvv: 0 },
        cash: null,
        points: null,
        later: null,
        yes: null,
        no: false,
      },
    ],
    [
      "choice",
      { points: "0" },
      { points: "0", method: "points" },
      { note: null, card: null, cash: null, points: "0", later: null, yes: null, no: null },
    ],
    [
      "choice",
      { later: "1970-01-01T00:00:00Z", yes: true },
      { later: {}, method: "later", yes: true, other: "yes" },
      {
        note: null,
        card: null,
        cash: null,
        points: null,
        later: "1970-01-01T00:00:00Z",
        yes: true,
        no: null,
      },
    ],
    [
      "legacy",
      {
        id: "",
        count: 0,
        text: "",
        flag: false,
        ratio: "-Infinity",
        level: "LOW",
        big: int64Max,
        numbers: [0, -1],
        packed: [1, 2, 3],
        part: { label: "p", inner: { depth: 7 } },
        piece: [{ size: 0 }, { size: 2 }],
        price: { units: "5" },
      },
      {
        id: "",
        count: 0,
        text: "",
        flag: false,
        ratio: "-Infinity",
        level: "LOW",
        big: int64Max,
        numbers: [0, -1],
        packed: [1, 2, 3],
        part: { label: "p", inner: { depth: 7 } },
        piece: [{ size: 0 }, { size: 2 }],
        price: { units: "5" },
      },
      {
        id: "",
        count: 0,
        text: "",
        flag: false,
        ratio: "-Infinity",
        level: "LOW",
        big: int64Max,
        bare: null,
        numbers: [0, -1],
        packed: [1, 2, 3],
        part: { label: "p", depth: 7 },
        piece: [{ size: 0 }, { size: 2 }],
        price: { units: "5" },
      },
    ],
    [
      "legacy",
      { id: "defaults" },
      { id: "defaults" },
      {
        id: "defaults",
        count: 42,
        text: "none",
        flag: true,
        ratio: "Infinity",
        level: "HIGH",
        big: int64Min,
        bare: null,
        numbers: [],
        packed: [],
        part: null,
        piece: [],
        price: null,
      },
    ],
    [
      "modern",
      {
        explicit: "",
        implicit: 0,
        inner: { text: "a", next: { text: "", next: {} } },
        expanded: [1, 0, -1],
        closed: "SECOND",
        inners: [{}, { text: "b", next: {} }],
      },
      {
        explicit: "",
        inner: { text: "a", next: { text: "", next: {} } },
        expanded: [1, 0, -1],
        closed: "SECOND",
        inners: [{}, { text: "b", next: {} }],
      },
      {
        explicit: "",
        implicit: 0,
        inner: { text: "a", next: { text: "", next: { text: null } } },
        expanded: [1, 0, -1],
        closed: "SECOND",
        inners: [
          { text: null, next: null },
          { text: "b", next: { text: null } },
        ],
      },
    ],
    [
      "tree",
      {
        name: "root",
        kind: "BRANCH",
        left: { name: "l", left: { name: "ll" } },
        more: [{}, { more: [{ name: "m" }] }],
      },
      {
        name: "root",
        kind: "BRANCH",
        left: { name: "l", left: { name: "ll" } },
        more: [{}, { more: [{ name: "m" }] }],
      },
      {
        name: "root",
        kind: "BRANCH",
        left: { name: "l", left: { name: "ll", left: null } },
        right: null,
        more: [
          { name: "", more: [] },
          { name: "", more: [{ name: "m" }] },
        ],
      },
    ],
    [
      "lists",
      {
        packed: [0, 2147483647, -2147483648],
        unpacked: [int64Min, "0", int64Max],
        texts: ["", "a", ""],
        blobs: ["", "AA=="],
        colors: ["NONE", "RED"],
        doubles: [0, -1.5, 1e300],
        flags: [false, true],
        amounts: [{}, { currencyCode: "EUR", units: "-1", nanos: -1 }],
      },
      {
        packed: [0, 2147483647, -2147483648],
        unpacked: [int64Min, "0", int64Max],
        texts: ["", "a", ""],
        blobs: ["", "AA=="],
        colors: ["NONE", "RED"],
        doubles: [0, -1.5, 1e300],
        flags: [false, true],
        amounts: [{}, { currency_code: "EUR", units: "-1", nanos: -1 }],
      },
      {
        packed: [0, 2147483647, -2147483648],
        unpacked: [int64Min, "0", int64Max],
        texts: ["", "a", ""],
        blobs: ["", "AA=="],
        colors: ["NONE", "RED"],
        doubles: [0, -1.5, 1e300],
        flags: [false, true],
        amounts: [
          { currencyCode: "", units: "0", nanos: 0 },
          { currencyCode: "EUR", units: "-1", nanos: -1 },
        ],
      },
    ],
    [
      "lists",
      {},
      {},
      { packed: [], unpacked: [], texts: [], blobs: [], colors: [], doubles: [], flags: [], amounts: [] },
    ],
    [
      "names",
      {
        snakeCaseName: "1",
        with2Digits: "2",
        other: "3",
        UPPER: "4",
        trailing: "5",
        constructor: "6",
        toString: "7",
        type: "8",
        message: "9",
        hasOwnProperty: "10",
      },
      {
        snake_case_name: "1",
        with_2_digits: "2",
        renamed: "3",
        UPPER: "4",
        trailing_: "5",
        constructor: "6",
        toString: "7",
        type: "8",
        message: "9",
        hasOwnProperty: "10",
      },
      {
        snakeCaseName: "1",
        with2Digits: "2",
        other: "3",
        UPPER: "4",
        trailing: "5",
        constructor: "6",
        toString: "7",
        type: "8",
        message: "9",
        hasOwnProperty: "10",
      },
    ],
  ])("%s (case %#)", async (part, value, expectedSent, expectedGot) => {
    const { answer, sent, got } = await send(part, value);
    expect(answer.errors).toEqual([]);
    expect(got).toEqual(expectedGot);
    expect(sent).toMatchObject(expectedSent);
  });

  test("long maps and lists, in full", async () => {
    const counts = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`k${index}`, `${index}`]),
    );
    const { sent, got } = await send("maps", { counts });
    expect((got as { counts: object }).counts).toEqual(counts);
    expect((sent as { counts: object }).counts).toEqual(counts);
    backend.received.length = 0;
    const packed = Array.from({ length: 50_000 }, (_, index) => index - 25_000);
    expect((await send("lists", { packed })).got).toMatchObject({ packed });
  });

  test("messages inside of each other, 90 deep", async () => {
    let left: object = { name: "last" };
    for (let depth = 0; depth < 90; depth++) left = { left };
    const { sent } = await send("tree", left);
    let at: unknown = sent;
    for (let depth = 0; depth < 90; depth++) at = (at as { left?: unknown }).left;
    expect(at).toMatchObject({ name: "last" });
  });
});

describe("an answer", () => {
  const ask = async (fields: string, bytes: Buffer) => {
    backend.answer = () => bytes;
    const answer = await project.query(`{ echo { ${fields} } }`);
    const { echo } = (answer.data ?? {}) as {
      readonly echo?: Record<string, Record<string, unknown>> | null;
    };
    return { echo, codes: answer.errors.map(({ path, extensions }) => [path?.join("."), extensions.code]) };
  };
  const box = (value: object): Buffer => project.codecOf("trip.v1.Box").encode(value);

  test("with numbers that an enum has no name for costs that field only", async () => {
    // Field 16 of Scalars: 7, and two of a packed list.
    const scalars = Buffer.from([0x0a, 0x05, 0x80, 0x01, 0x07, 0x18, 0x05]);
    const { echo, codes } = await ask("scalars { color int32 }", scalars);
    expect(echo).toEqual({ scalars: { color: null, int32: 5 } });
    expect(codes).toEqual([["echo.scalars.color", "INVALID_VALUE"]]);
  });

  test("with a number that a closed enum has no name for is without it", async () => {
    // Modern.closed is 99, Modern.implicit 1.
    const { echo, codes } = await ask(
      "modern { closed implicit }",
      Buffer.from([0x3a, 0x04, 0x28, 0x63, 0x10, 0x01]),
    );
    expect([echo, codes]).toEqual([{ modern: { closed: null, implicit: 1 } }, []]);
  });

  test("with a time or a number that GraphQL has none for costs that field only", async () => {
    const bytes = box({
      known: {
        at: { seconds: "253402300800" },
        took: { seconds: "1", nanos: -1 },
        times: [{ nanos: -1 }, {}],
      },
      wrapped: { double: { value: Number.NaN }, bool: { value: true } },
    });
    const { echo, codes } = await ask("known { at took times mask } wrapped { double bool }", bytes);
    expect(echo).toEqual({
      known: { at: null, took: null, times: [null, "1970-01-01T00:00:00Z"], mask: null },
      wrapped: { double: null, bool: true },
    });
    expect(codes.toSorted(([left = ""], [right = ""]) => left.localeCompare(right))).toEqual([
      ["echo.known.at", "INVALID_VALUE"],
      ["echo.known.times.0", "INVALID_VALUE"],
      ["echo.known.took", "INVALID_VALUE"],
      ["echo.wrapped.double", "INVALID_VALUE"],
    ]);
  });

  test("has an Any that no loaded proto defines as its bytes, and costs itself where its bytes are wrong", async () => {
    const unknown = box({ known: { detail: { type_url: "x.example/a.B", value: Buffer.from([1, 2]) } } });
    expect(await ask("known { detail }", unknown)).toEqual({
      echo: { known: { detail: { "@type": "x.example/a.B", value: "AQI=" } } },
      codes: [],
    });
    // An Any of trip.v1.Node whose only byte begins a field and ends there.
    const url = Buffer.from("t/trip.v1.Node");
    const any = Buffer.concat([Buffer.from([0x0a, url.length]), url, Buffer.from([0x12, 0x01, 0x0a])]);
    const known = Buffer.concat([Buffer.from([0x1a, any.length + 2, 0x3a, any.length]), any]);
    expect(await ask("known { detail mask }", known)).toEqual({
      echo: { known: { detail: null, mask: null } },
      codes: [["echo.known.detail", "INVALID_VALUE"]],
    });
  });

  test("reads well-known types as objects, and messages and entries of maps as JSON, where the schema says so", async () => {
    const bytes = box({
      known: {
        at: { seconds: "-1", nanos: 5 },
        took: { nanos: -5 },
        meta: { fields: { color: { stringValue: "red" } } },
      },
      maps: { counts: { red: "7" } },
      empty: {},
    });
    const fields = "known { moment { seconds nanos } span { seconds nanos } } maps { red } empty whole";
    expect((await ask(fields, bytes)).echo).toMatchObject({
      known: { moment: { seconds: "-1", nanos: 5 }, span: { seconds: "0", nanos: -5 } },
      maps: { red: "7" },
      empty: {},
      whole: { at: "1969-12-31T23:59:59.000000005Z", took: "-0.000000005s", times: [], values: [] },
    });
  });

  test("takes packed numbers one by one, and others in a block; a message in parts is their sum", async () => {
    const lists = Buffer.from([0x4a, 0x0a, 0x08, 0x01, 0x08, 0x02, 0x12, 0x02, 0x03, 0x04, 0x10, 0x05]);
    expect((await ask("lists { packed unpacked }", lists)).echo).toEqual({
      lists: { packed: [1, 2], unpacked: ["3", "4", "5"] },
    });
    // tree.left.name "a", then tree.left.kind BRANCH in a second tree.
    const parts = Buffer.from([0x42, 5, 0x12, 3, 0x0a, 1, 0x61, 0x42, 4, 0x12, 2, 0x28, 1]);
    expect((await ask("tree { left { name kind } }", parts)).echo).toEqual({
      tree: { left: { name: "a", kind: "BRANCH" } },
    });
  });

  test("has the last member of a oneof that was sent", async () => {
    // choice.note "x", choice.points 3, and choice.card empty before both.
    const choice = Buffer.from([0x2a, 7, 0x12, 0, 0x0a, 1, 0x78, 0x20, 3]);
    expect((await ask("choice { note points card { number } }", choice)).echo).toEqual({
      choice: { note: null, points: "3", card: null },
    });
  });

  test("may have fields that the proto does not, of every kind", async () => {
    const unknown = Buffer.from([
      0xf8, 0x3e, 1, 0xf9, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8, 0xfb, 0x3e, 0x08, 1, 0xfc, 0x3e,
    ]);
    expect(
      (await ask("scalars { int32 }", Buffer.concat([unknown, box({ scalars: { int32: 5 } })]))).echo,
    ).toEqual({
      scalars: { int32: 5 },
    });
  });

  test.each<[what: string, bytes: number[]]>([
    ["ends inside of a field", [0x0a, 0x05, 0x80]],
    ["has a wire type that there is none of", [0x0f]],
    ["ends a group that did not begin", [0x0c]],
    ["lacks a required field", [0x32, 0]],
    ["has a list whose block is longer than the message", [0x4a, 2, 0x0a, 9]],
    ["is nested deeper than 100 messages", deepTree()],
  ])("that %s is UPSTREAM_INVALID_RESPONSE", async (_what, bytes) => {
    expect(await ask("legacy { id }", Buffer.from(bytes))).toEqual({
      echo: null,
      codes: [["echo", "UPSTREAM_INVALID_RESPONSE"]],
    });
  });
});

describe("a request that would become something else is not sent", () => {
  test.each<[part: Part, value: object, code: string]>([
    ["choice", { note: "", points: "0" }, "BAD_USER_INPUT"],
    ["choice", { yes: true, no: true }, "BAD_USER_INPUT"],
    ["choice", { card: { pin: "1", cvv: 2 } }, "BAD_USER_INPUT"],
    ["scalars", { uint32: "-1" }, "INVALID_VALUE"],
    ["scalars", { int64: "9223372036854775808" }, "INVALID_VALUE"],
    ["scalars", { double: "1e999" }, "INVALID_VALUE"],
    ["scalars", { float: 1e39 }, "INVALID_VALUE"],
    ["scalars", { bytes: "ä" }, "INVALID_VALUE"],
    ["known", { at: "0000-12-31T23:59:59Z" }, "INVALID_VALUE"],
    ["known", { at: "0001-01-01T00:00:00+00:01" }, "INVALID_VALUE"],
    ["known", { at: "9999-12-31T23:59:59-00:01" }, "INVALID_VALUE"],
    ["known", { at: "2026-02-30T00:00:00Z" }, "INVALID_VALUE"],
    ["known", { at: "2026-01-31" }, "INVALID_VALUE"],
    ["known", { at: "2026-01-31T00:00:00.1234567890Z" }, "INVALID_VALUE"],
    ["known", { took: "315576000000.000000001s" }, "INVALID_VALUE"],
    ["known", { took: "1.5" }, "INVALID_VALUE"],
    ["known", { mask: "a..b" }, "INVALID_VALUE"],
    ["known", { meta: [] }, "INVALID_VALUE"],
    ["known", { list: {} }, "INVALID_VALUE"],
    ["known", { detail: { "@type": "x/no.Such", a: 1 } }, "INVALID_VALUE"],
    ["known", { detail: { "@type": "x/trip.v1.Node", nothing: 1 } }, "INVALID_VALUE"],
    ["maps", { byFlag: { yes: "RED" } }, "INVALID_VALUE"],
    ["maps", { blobs: { "-1": "" } }, "INVALID_VALUE"],
    ["maps", { byNumber: [{ key: "1" }, { key: "1" }] }, "INVALID_VALUE"],
    ["maps", { counts: [], byFlag: [1] }, "INVALID_VALUE"],
  ])("%s %j is %s", async (part, value, code) => {
    const { answer } = await send(part, value);
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(backend.received).toEqual([]);
  });

  test("and a client that sets two members of a oneof is told which", async () => {
    const { answer } = await send("choice", { note: "", points: "0" });
    expect(answer.errors[0]?.message).toBe("Expected one of note and points, found both.");
  });
});

/** 110 messages inside of each other, in field 8. */
function deepTree(): number[] {
  const lengths = [0];
  for (let depth = 0; depth < 110; depth++) {
    const [length = 0] = lengths;
    lengths.unshift(1 + varint(length).length + length);
  }
  return lengths.flatMap((length, depth) => [depth === 0 ? 0x42 : 0x12, ...varint(length)]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varint(Math.floor(value / 128))];
}
