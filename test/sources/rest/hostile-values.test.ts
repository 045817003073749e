import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../../gateway/sources/source.ts";
import { callField, openSource } from "../../support/open-source.ts";
import { createScope } from "../../support/request-scope.ts";
import { type RecordedRequest, RequestRecorder } from "../../support/request-recorder.ts";

// What a client may try in an argument, at every place of a REST call that an argument reaches. A value stays where it
// belongs, in exactly one request; or there is no request, and null or a coded error.

const pieces = [
  // Segments and paths.
  ..."/ // /// . .. ... .... ./ ../ ../.. ../../ /.. /. a/.. a/../b ../a ..\\ \\ \\\\ \\..\\ a\\..\\b".split(
    " ",
  ),
  ..."%2e %2E%2e %2e%2e %252e%252e .%2e %2f %2F %252f %5c %255c ..%2f ..%5c..%5c %2e%2e%2f %c0%ae%c0%ae".split(
    " ",
  ),
  ..."; ;/../ ..;/ /;a=b .git /etc/passwd ~root // //evil.example //evil.example/a http://evil.example".split(
    " ",
  ),
  ..."https://user:pass@evil.example/ javascript:alert(1) file:///etc/passwd @evil.example :80 [::1]".split(
    " ",
  ),
  // Queries and fragments.
  ..."? & = # a=b &admin=1 ?admin=1 #admin a&b=c a&v=2 v=2 &v=2 ;v=2 a;b %26v=2 %3f %23 %3d + a+b %20 [] v[] v[0]".split(
    " ",
  ),
  ..."{ } {} {v} {?v*} {args.v} ${v} $args.v $claims.sub * , a,b %2c | a|b ^ ` < > <script> ' \" '' ' or 1=1--".split(
    " ",
  ),
  // Ends of lines and what C strings end at.
  ..."\r \n \r\n \r\n\r\n a\r\nb \0 a\0b %00 a%00 \u0001 \u001b \u007f \u0085 \u2028 \u2029 \v \f \t".split(
    " ",
  ),
  "\r\nx-evil: 1",
  "a\r\nhost: evil.example",
  "a\nx-evil: 1",
  "%0d%0ax-evil: 1",
  "a HTTP/1.1\r\nhost: evil.example\r\n\r\nGET /evil",
  " HTTP/1.1\r\n\r\nGET /evil HTTP/1.1\r\nhost: x\r\n\r\n",
  "0\r\n\r\nPOST /evil HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
  "a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "\u560d\u560ax-evil: 1",
  "\u010d\u010a",
  // Nothing, nearly nothing, far too much.
  "",
  " ",
  "  ",
  " a",
  "a ",
  "\u00a0",
  "\u200b",
  "\ufeff",
  "null",
  "undefined",
  "true",
  "NaN",
  "-0",
  "1e400",
  "0x10",
  "9007199254740993",
  "x".repeat(8192),
  "x".repeat(8193),
  "../".repeat(5000),
  "é".repeat(20_000),
  "%".repeat(10_000),
  // Characters beyond ASCII, and halves of them.
  "ü",
  "日本",
  "😀",
  "\ud83d",
  "\ude00",
  "a\ud800b",
  "\udc00\ud800",
  "\u202eevil",
  "e\u0301",
  "．．／",
  "／",
  "∕",
  "‥",
  "ﬀ",
  "\u{10ffff}",
  "\ufffe",
  // JSON, and names that objects have anyway.
  '"',
  '","admin":true,"x":"',
  '{"a":1}',
  "[1]",
  "\\u0022",
  "\\",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  // Encodings of encodings.
  "%",
  "%%",
  "%zz",
  "%u002e",
  "%25",
  "%2525",
  "&#47;",
  "&amp;",
  "=?utf-8?B?Li4=?=",
  "+ADw-",
];
const values: readonly (string | number | boolean)[] = [
  ...new Set<string | number | boolean>([
    ...pieces,
    0,
    -0,
    1.5,
    -1,
    1e21,
    1e-7,
    Number.MAX_SAFE_INTEGER,
    true,
    false,
  ]),
];

const schema = `extend schema @source(name: "own", url: "http://x", headers: [{ name: "x-user", value: "$claims.sub" }])
scalar Any
type Query {
  segment(v: Any): Any @rest(GET: "/p/{args.v}/end")
  pair(v: Any): Any @rest(GET: "/t?fixed=1{&args.v}")
  query(v: Any): Any @rest(GET: "/t?fixed=1", query: { v: "$args.v" })
  exploded(v: [Any]): Any @rest(GET: "/t?fixed=1{&args.v*}")
  header(v: Any): Any @rest(GET: "/t", headers: [{ name: "x-v", value: "$args.v" }])
  urlKeys(v: Any): Any @rest(GET: "/t?fixed=1{&v*}", batch: { of: "$args.v", as: "v", match: "id" })
  bodyKeys(v: Any): Any @rest(POST: "/t", safe: true, body: { fixed: "$claims.sub" },
    batch: { of: "$args.v", as: "deep.v", match: "id" })
  formKeys(v: Any): Any @rest(POST: "/t", safe: true, bodyType: FORM, batch: { of: "$args.v", as: "v", match: "id" })
}
type Mutation {
  json(v: Any): Any @rest(POST: "/t", body: { fixed: "$claims.sub", deep: { v: "$args.v" } })
  form(v: Any): Any @rest(PUT: "/t", bodyType: FORM, body: { fixed: "$claims.sub", v: "$args.v" })
}`;

/** What of a request has to be so, and what the value has become of all that is sent. */
interface Place {
  readonly coordinate: string;
  readonly method: string;
  /** What is sent of a value: all of it, or what is well-formed Unicode. */
  readonly sent: (value: string | number | boolean) => unknown;
  /** The value as this request carries it; throws where there is more or less than there should be. */
  readonly read: (request: RecordedRequest, path: string) => unknown;
  readonly args?: (value: unknown) => unknown;
  /** How many of the values make no call here. */
  readonly refusals: number;
  /** Header names besides those of every call. */
  readonly headers?: readonly string[];
}

const asText = (value: string | number | boolean): string => String(value).toWellFormed();
const asJson = (value: string | number | boolean): unknown => (Object.is(value, -0) ? 0 : value);

function pairsOf(text: string): [string, string][] {
  return text.split("&").map((pair) => {
    const [name = "", value = "", ...more] = pair.split("=");
    if (more.length > 0) throw new Error(`a bare = in ${pair}`);
    if (!/^[-\w.~%]*$/.test(value)) throw new Error(`bare characters in ${pair}`);
    return [decodeURIComponent(name), decodeURIComponent(value)];
  });
}

function onlyPair(text: string, before: readonly (readonly [string, string])[]): unknown {
  const pairs = pairsOf(text);
  const [last, ...more] = pairs.slice(before.length);
  expect(pairs.slice(0, before.length)).toEqual(before);
  expect([last?.[0], more]).toEqual(["v", []]);
  return last?.[1];
}

function queryOf(path: string): string {
  const [before, query = "", ...more] = path.split("?");
  expect([before, more]).toEqual(["/t", []]);
  return query;
}

const fixed = [["fixed", "1"]] as const;
const fixedUser = [["fixed", "u1"]] as const;
const places: readonly Place[] = [
  {
    coordinate: "Query.segment",
    refusals: 17,
    method: "GET",
    sent: asText,
    read(_request, path) {
      const [empty, p, segment = "", end, ...more] = path.split("/");
      expect([empty, p, end, more]).toEqual(["", "p", "end", []]);
      expect(segment).toMatch(/^[-\w.~%]+$/);
      return decodeURIComponent(segment);
    },
  },
  {
    coordinate: "Query.pair",
    refusals: 0,
    method: "GET",
    sent: asText,
    read: (_request, path) => onlyPair(queryOf(path), fixed),
  },
  {
    coordinate: "Query.query",
    refusals: 0,
    method: "GET",
    sent: asText,
    read: (_request, path) => onlyPair(queryOf(path), fixed),
  },
  {
    coordinate: "Query.exploded",
    refusals: 0,
    method: "GET",
    sent: asText,
    args: (value) => ["before", value, "after"],
    read(_request, path) {
      const pairs = pairsOf(queryOf(path));
      expect(pairs.map(([name]) => name)).toEqual(["fixed", "v", "v", "v"]);
      expect([pairs[1]?.[1], pairs[3]?.[1]]).toEqual(["before", "after"]);
      return pairs[2]?.[1];
    },
  },
  {
    coordinate: "Query.header",
    refusals: 53,
    method: "GET",
    sent: (value) => String(asJson(value)),
    headers: ["x-v"],
    read(request, path) {
      expect(path).toBe("/t");
      return request.headers.find(([name]) => name === "x-v")?.[1];
    },
  },
  {
    coordinate: "Query.urlKeys",
    refusals: 1,
    method: "GET",
    sent: asText,
    read: (_request, path) => onlyPair(queryOf(path), fixed),
  },
  {
    coordinate: "Query.bodyKeys",
    refusals: 1,
    method: "POST",
    sent: asJson,
    headers: ["content-type", "content-length"],
    read({ body }, path) {
      expect(path).toBe("/t");
      const { deep, ...rest } = JSON.parse(body) as { deep: { v: unknown[] } };
      expect([rest, Object.keys(deep), deep.v.length]).toEqual([{ fixed: "u1" }, ["v"], 1]);
      return deep.v[0];
    },
  },
  {
    coordinate: "Query.formKeys",
    refusals: 1,
    method: "POST",
    sent: asText,
    headers: ["content-type", "content-length"],
    read: ({ body }) => onlyPair(body, []),
  },
  {
    coordinate: "Mutation.json",
    refusals: 0,
    method: "POST",
    sent: asJson,
    headers: ["content-type", "content-length"],
    read({ body }, path) {
      expect(path).toBe("/t");
      const { deep, ...rest } = JSON.parse(body) as { deep: { v: unknown } };
      expect([rest, Object.keys(deep)]).toEqual([{ fixed: "u1" }, ["v"]]);
      return deep.v;
    },
  },
  {
    coordinate: "Mutation.form",
    refusals: 0,
    method: "PUT",
    sent: asText,
    headers: ["content-type", "content-length"],
    read: ({ body }) => onlyPair(body, fixedUser),
  },
];
const everyCallsHeaders = [
  "host",
  "connection",
  "x-request-id",
  "x-user",
  "accept",
  "accept-encoding",
  "x-request-timeout-ms",
];

describe("a hostile value", () => {
  const recorder = new RequestRecorder();
  let source: Source;
  beforeAll(async () => {
    await recorder.start();
    source = openSource(schema, `http://${recorder.host}`);
  });
  afterAll(async () => {
    await source.dispose();
    await recorder.stop();
  });

  test("is one of at least 130", () => {
    expect(values.length).toBeGreaterThanOrEqual(130);
  });

  test.each(places)("stays in its place: $coordinate", async (place) => {
    let calls = 0;
    let refusals = 0;
    const outcomes = new Set<unknown>();
    for (const value of values) {
      const label = JSON.stringify(value).slice(0, 60);
      recorder.requests.length = 0;
      const outcome = await send(source, place, value);
      const [request, ...more] = recorder.requests;
      expect([label, more]).toEqual([label, []]);
      if (request === undefined) {
        refusals += 1;
        outcomes.add(outcome);
        continue;
      }
      calls += 1;
      const [method, path = "", version, ...rest] = request.startLine.split(" ");
      expect([label, method, version, rest]).toEqual([label, place.method, "HTTP/1.1", []]);
      const names = request.headers.map(([name]) => name.toLowerCase());
      expect([label, names.toSorted()]).toEqual([
        label,
        [...everyCallsHeaders, ...(place.headers ?? [])].toSorted(),
      ]);
      expect(request.headers.find(([name]) => name === "host")?.[1]).toBe(recorder.host);
      expect(request.headers.find(([name]) => name === "x-user")?.[1]).toBe("u1");
      expect([label, place.read(request, path)]).toEqual([label, place.sent(value)]);
    }
    expect([...outcomes].filter((outcome) => outcome !== null && outcome !== "INVALID_VALUE")).toEqual([]);
    expect({ calls, refusals }).toEqual({ calls: values.length - place.refusals, refusals: place.refusals });
  });
});

/** The value of the field, or the code of its error. */
async function send(source: Source, place: Place, value: unknown): Promise<unknown> {
  const scope = createScope({ claims: { sub: "u1" } });
  const args = { v: place.args === undefined ? value : place.args(value) };
  try {
    return await callField(source, place.coordinate, scope, { args });
  } catch (error) {
    return (error as { code: unknown }).code;
  } finally {
    scope.deadline.dispose();
  }
}
