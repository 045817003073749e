import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ErrorCode, errorCodes } from "../../gateway/core/error-codes.ts";
import {
  type AttackAnswer,
  type AttackedGateway,
  audience,
  type Bff,
  startAttackedGateway,
} from "./attacked-gateway.ts";
import {
  ecKey,
  type Part,
  publicJwk,
  rsaKey,
  sign,
  signatureOf,
  signWithSecret,
  unsigned,
} from "./token-maker.ts";

let test: AttackedGateway;

beforeAll(async () => {
  test = await startAttackedGateway();
});
afterAll(() => test.stop());
beforeEach(() => {
  test.backendRequests.length = 0;
});

/** The attacker's own. */
const foreignRsa = rsaKey("r1");
const foreignEc = ecKey("e1");

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const base64url = (text: string | Buffer): string => Buffer.from(text).toString("base64url");

const rs256 = { alg: "RS256", kid: "r1", typ: "JWT" };
const es256 = { alg: "ES256", kid: "e1" };

/** Claims that are good on every BFF, changed. */
function claims(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { issuer } = test;
  const [iat, exp] = [nowSeconds() - 10, nowSeconds() + 600];
  return { iss: issuer, aud: audience, sub: "u1", client_id: "app", iat, exp, ...changes };
}

/** JSON text of claims that are good, with one member written as it stands. */
function claimsWith(member: string, without = ""): string {
  const text = JSON.stringify(claims(without === "" ? {} : { [without]: undefined }));
  return `${text.slice(0, -1)},${member}}`;
}

/** Signed by the issuer's own RSA key. */
const good = (payload: Part = claims(), header: Part = rs256): string =>
  sign(header, payload, test.keys.rsa, "RS256");
const goodEc = (payload: Part = claims(), header: Part = es256): string =>
  sign(header, payload, test.keys.ec, "ES256");
/** Signed by the attacker. */
const forged = (header: object = {}, payload: Part = claims()): string =>
  sign({ ...rs256, ...header }, payload, foreignRsa, "RS256");

function challengeOf(code: ErrorCode): string {
  return code === "UNAUTHENTICATED"
    ? 'Bearer realm="graphql"'
    : `Bearer realm="graphql", error="invalid_token", error_description="${errorCodes[code].publicMessage}"`;
}

/** Nothing of why, of where, or of what was sent. */
const publicMessages = [
  "The token is not valid.",
  "The token has expired.",
  "The token is too long.",
  "The authorization header is not of the form: Bearer <token>.",
  "A token is accepted in a header only.",
  "A credential is required.",
];

function expectRefusal(answer: AttackAnswer, code: ErrorCode): void {
  const { errors } = JSON.parse(answer.body) as { errors: { message: string }[] };
  const [{ message } = { message: "" }] = errors;
  expect(publicMessages).toContain(message);
  expect(answer).toEqual({
    status: 401,
    challenge: challengeOf(code),
    body: JSON.stringify({ errors: [{ message, extensions: { code } }] }),
  });
  expect(test.backendRequests).toEqual([]);
  expect(test.foreignRequests).toEqual([]);
}

type TokenCase = readonly [what: string, make: () => string, code?: ErrorCode, bff?: Bff];

/** Each is sent to a BFF that wants a token, and to one that would answer a stranger. */
function refuses(cases: readonly TokenCase[]): void {
  it.for(cases)("%s", async ([, make, code = "CREDENTIAL_INVALID", bff = "web"]) => {
    const headers = ["authorization", `Bearer ${make()}`];
    expectRefusal(await test.send({ bff, headers }), code);
    if (bff === "web") expectRefusal(await test.send({ bff: "open", headers }), code);
  });
}

describe("a token that is as it should be is answered", () => {
  const header = { "x-other": { jku: 1 } };
  const cases: readonly (readonly [what: string, make: () => string, bff?: Bff])[] = [
    ["RS256", () => good()],
    ["RS512", () => sign({ ...rs256, alg: "RS512" }, claims(), test.keys.rsa, "RS512")],
    ["PS256", () => sign({ ...rs256, alg: "PS256" }, claims(), test.keys.rsa, "PS256")],
    ["ES256", () => goodEc()],
    ["EdDSA", () => sign({ alg: "EdDSA", kid: "d1" }, claims(), test.keys.ed, "EdDSA")],
    ["Ed25519", () => sign({ alg: "Ed25519", kid: "d1" }, claims(), test.keys.ed, "EdDSA")],
    ["without a kid, by the first of several keys that fit", () => good(claims(), { alg: "RS256" })],
    [
      "without a kid, by the last of several keys that fit",
      () => sign({ alg: "RS256" }, claims(), test.keys.rsaNext, "RS256"),
    ],
    ["without a kid, where one key only fits", () => goodEc(claims(), { alg: "ES256" })],
    ["with header parameters that nobody knows", () => good(claims(), { ...rs256, ...header })],
    [
      "with addresses of keys that are not looked at",
      () => good(claims(), { ...rs256, jku: `${test.foreign}/k`, x5u: test.foreign }),
    ],
    ["for several audiences", () => good(claims({ aud: ["other", audience] }))],
    ["that ended 3 seconds ago", () => good(claims({ exp: nowSeconds() - 3 }))],
    ["that begins in 3 seconds", () => good(claims({ nbf: nowSeconds() + 3 }))],
    ["without a subject", () => good(claims({ sub: undefined }))],
    ["with fractions of seconds", () => good(claims({ exp: nowSeconds() + 60.5, iat: nowSeconds() - 0.5 }))],
    ["with the type that is wanted", () => goodEc(claims(), { ...es256, typ: "at+jwt" }), "typed"],
    ["with that type in full", () => goodEc(claims(), { ...es256, typ: "application/at+jwt" }), "typed"],
  ];

  it.for(cases)("(%s)", async ([, make, bff = "web"]) => {
    const headers = ["authorization", `Bearer ${make()}`];
    const again = [await test.send({ bff, headers }), await test.send({ bff, headers })];
    expect(again.map(({ status, body }) => [status, body])).toEqual([
      [200, '{"data":{"secret":"told"}}'],
      [200, '{"data":{"secret":"told"}}'],
    ]);
    expect(test.backendRequests).toEqual(["/secret", "/secret"]);
    expect(test.foreignRequests).toEqual([]);
  });
});

describe("no signature at all", () => {
  const names: readonly unknown[] = [
    "none",
    "None",
    "NONE",
    "nOnE",
    " none",
    "none ",
    "none\0",
    "non\u00e9",
    "ｎｏｎｅ",
    "",
    "null",
    null,
    0,
    false,
    true,
    [],
    ["none"],
    ["RS256"],
    {},
    { alg: "RS256" },
  ];
  refuses(
    names.flatMap((alg): TokenCase[] => [
      [`alg ${JSON.stringify(alg)}, and nothing`, () => `${unsigned({ alg, kid: "r1" }, claims())}.`],
      [
        `alg ${JSON.stringify(alg)}, and the signature of another token`,
        () => `${unsigned({ alg, kid: "r1" }, claims())}.${good().split(".")[2] ?? ""}`,
      ],
    ]),
  );
  refuses([
    ["no alg", () => `${unsigned({ kid: "r1" }, claims())}.${good().split(".")[2] ?? ""}`],
    ["a good alg, and nothing", () => `${unsigned(rs256, claims())}.`],
    ["two parts only", () => unsigned(rs256, claims())],
  ]);
});

describe("a public key taken for a secret", () => {
  const publicTexts: readonly (readonly [what: string, secret: () => string | Buffer])[] = [
    ["as PEM", () => test.keys.rsa.publicKey.export({ type: "spki", format: "pem" })],
    [
      "as PEM without its last line break",
      () => String(test.keys.rsa.publicKey.export({ type: "spki", format: "pem" })).trim(),
    ],
    ["as PEM of PKCS 1", () => test.keys.rsa.publicKey.export({ type: "pkcs1", format: "pem" })],
    ["as DER", () => test.keys.rsa.publicKey.export({ type: "spki", format: "der" })],
    ["as JWK", () => JSON.stringify(publicJwk(test.keys.rsa))],
    ["as the whole set", () => test.keySet],
    ["as its modulus", () => Buffer.from(publicJwk(test.keys.rsa).n ?? "", "base64url")],
    ["as its kid", () => "r1"],
    ["as nothing", () => ""],
  ];
  refuses(
    publicTexts.flatMap(([what, secret]): TokenCase[] => [
      [`${what}, by HS256`, () => signWithSecret({ alg: "HS256", kid: "r1" }, claims(), secret(), "sha256")],
      [`${what}, by HS512`, () => signWithSecret({ alg: "HS512", kid: "r1" }, claims(), secret(), "sha512")],
      [`${what}, under the name of RS256`, () => signWithSecret(rs256, claims(), secret(), "sha256")],
    ]),
  );
  refuses([
    [
      "HS384",
      () => signWithSecret({ alg: "HS384", kid: "e1" }, claims(), publicTexts[0]?.[1]() ?? "", "sha384"),
    ],
    [
      "a secret that the set publishes",
      () => signWithSecret({ alg: "HS256", kid: "s1" }, claims(), "a secret that was published", "sha256"),
    ],
    [
      "the same without its kid",
      () => signWithSecret({ alg: "HS256" }, claims(), "a secret that was published", "sha256"),
    ],
  ]);
});

describe("an algorithm that is not the key's", () => {
  refuses(
    [
      "RS256 ",
      "rs256",
      "Rs256",
      "RSA",
      "RS1",
      "ES256K",
      "dir",
      "A128KW",
      "RSA-OAEP",
      "HS256,RS256",
      "RS256\0",
    ].map((alg): TokenCase => [`alg ${JSON.stringify(alg)}`, () => good(claims(), { ...rs256, alg })]),
  );
  refuses([
    ["RS256 without a kid, by nobody's key", () => forged({ kid: undefined })],
    [
      "RS256 without a kid, by a key that is not for signatures",
      () => sign({ alg: "RS256" }, claims(), test.keys.encryption, "RS256"),
    ],
    ["PS256 without a kid, that is RS256", () => good(claims(), { alg: "PS256" })],
    ["Ed25519 by the name of an EC key", () => goodEc(claims(), { alg: "Ed25519", kid: "e1" })],
    ["ES256 by the name of an RSA key", () => goodEc(claims(), { alg: "ES256", kid: "r1" })],
    ["RS256 by the name of an EC key", () => good(claims(), { alg: "RS256", kid: "e1" })],
    ["EdDSA by the name of an EC key", () => goodEc(claims(), { alg: "EdDSA", kid: "e1" })],
    ["ES384 by a key of ES256", () => goodEc(claims(), { alg: "ES384", kid: "e1" })],
    ["PS256 that is RS256", () => good(claims(), { ...rs256, alg: "PS256" })],
    ["RS256 that is PS256", () => sign(rs256, claims(), test.keys.rsa, "PS256")],
    ["RS512 that is RS256", () => good(claims(), { ...rs256, alg: "RS512" })],
    [
      "a key that is not for signatures",
      () => sign({ ...rs256, kid: "enc1" }, claims(), test.keys.encryption, "RS256"),
    ],
    ["a secret key's name", () => good(claims(), { ...rs256, kid: "s1" })],
    [
      "an algorithm that this BFF does not accept",
      () => good(claims(), { ...rs256, typ: "at+jwt" }),
      "CREDENTIAL_INVALID",
      "typed",
    ],
  ]);
});

describe("a key that the token brings along", () => {
  const foreignKey = publicJwk(foreignRsa);
  refuses([
    ["jwk", () => forged({ jwk: foreignKey })],
    ["jwk without a kid", () => forged({ jwk: foreignKey, kid: undefined })],
    ["jwk of a kid of its own", () => forged({ jwk: { ...foreignKey, kid: "mine" }, kid: "mine" })],
    ["jwk with the private key", () => forged({ jwk: foreignRsa.privateKey.export({ format: "jwk" }) })],
    [
      "jwk that is a secret",
      () => signWithSecret({ alg: "HS256", jwk: { kty: "oct", k: base64url("x") } }, claims(), "x", "sha256"),
    ],
    ["jwk, by EC", () => sign({ ...es256, jwk: publicJwk(foreignEc) }, claims(), foreignEc, "ES256")],
    ["jku", () => forged({ jku: `${test.foreign}/keys` })],
    ["jku with an unknown kid", () => forged({ jku: `${test.foreign}/keys`, kid: "mine" })],
    ["jku without a kid", () => forged({ jku: `${test.foreign}/keys`, kid: undefined })],
    ["jku in a list", () => forged({ jku: [`${test.foreign}/keys`] })],
    ["jku with the issuer for a name", () => forged({ jku: `${test.issuer}@${test.foreign.slice(7)}/keys` })],
    [
      "jku of the issuer's that leads elsewhere",
      () => forged({ jku: `${test.issuer}/redirect?to=${test.foreign}/keys` }),
    ],
    ["jku of a file", () => forged({ jku: "file:///etc/passwd" })],
    ["jku of data", () => forged({ jku: `data:application/json,${JSON.stringify({ keys: [foreignKey] })}` })],
    ["x5u", () => forged({ x5u: `${test.foreign}/certificate` })],
    ["x5u with an unknown kid", () => forged({ x5u: `${test.foreign}/certificate`, kid: "mine" })],
    [
      "x5c",
      () =>
        forged({ x5c: [foreignRsa.publicKey.export({ type: "spki", format: "der" }).toString("base64")] }),
    ],
    ["x5t", () => forged({ x5t: base64url("0123456789abcdefghij"), kid: undefined })],
    [
      "all of them",
      () => forged({ jwk: foreignKey, jku: `${test.foreign}/k`, x5u: `${test.foreign}/c`, x5c: ["AA"] }),
    ],
    ["an issuer of the attacker's", () => forged({}, claims({ iss: test.foreign }))],
    [
      "an issuer whose address begins like the right one",
      () => forged({}, claims({ iss: `${test.issuer}.evil.example` })),
    ],
  ]);
});

describe("a kid that is none", () => {
  const texts = [
    "../../../../../../dev/null",
    "/dev/null",
    "/etc/passwd",
    "..\\..\\windows\\win.ini",
    "' OR '1'='1",
    "r1' --",
    "r1;sleep 10",
    "$(curl evil.example)",
    "`id`",
    "r1\0",
    "r1\n",
    "R1",
    " r1",
    "r1 ",
    "",
    "*",
    "%00",
    "__proto__",
    "constructor",
    "toString",
    "http://evil.example/keys",
    "file:///dev/null",
    "k".repeat(512),
    "k".repeat(4000),
    "\u0000\u0001",
    "💥",
  ];
  refuses(
    texts.map(
      (kid): TokenCase => [
        `${JSON.stringify(kid.slice(0, 40))} (${kid.length})`,
        () => good(claims(), { ...rs256, kid }),
      ],
    ),
  );
  refuses([
    [
      "/dev/null, signed with nothing",
      () => signWithSecret({ alg: "HS256", kid: "/dev/null" }, claims(), "", "sha256"),
    ],
    ["the name of the attacker's server", () => forged({ kid: `${test.foreign}/keys` })],
  ]);
  refuses(
    [1, 0, null, true, ["r1"], [], { kid: "r1" }, { toString: "r1" }].map(
      (kid): TokenCase => [
        `${JSON.stringify(kid)}, signed by the issuer`,
        () => good(claims(), { ...rs256, kid }),
      ],
    ),
  );
});

describe("something that has to be understood", () => {
  refuses([
    ["crit of exp", () => good(claims(), { ...rs256, crit: ["exp"], exp: 1 })],
    ["crit of what is unknown", () => good(claims(), { ...rs256, crit: ["x"], x: 1 })],
    ["crit of what is not there", () => good(claims(), { ...rs256, crit: ["x"] })],
    ["crit of nothing", () => good(claims(), { ...rs256, crit: [] })],
    ["crit that is a text", () => good(claims(), { ...rs256, crit: "exp" })],
    ["crit that is null", () => good(claims(), { ...rs256, crit: null })],
    ["crit of numbers", () => good(claims(), { ...rs256, crit: [1] })],
    ["crit of alg", () => good(claims(), { ...rs256, crit: ["alg"] })],
    ["b64 false", () => good(claims(), { ...rs256, b64: false })],
    ["b64 false that has to be understood", () => good(claims(), { ...rs256, b64: false, crit: ["b64"] })],
    ["b64 false as a text", () => good(claims(), { ...rs256, b64: "false", crit: ["b64"] })],
    ["b64 true that has to be understood", () => good(claims(), { ...rs256, b64: true, crit: ["b64"] })],
    [
      "b64 false, and claims as they are",
      () => {
        const [header = ""] = unsigned({ ...rs256, b64: false, crit: ["b64"] }, "").split(".");
        const text = `${header}.plain`;
        return `${text}.${base64url(signatureOf(text, test.keys.rsa, "RS256"))}`;
      },
    ],
    [
      "claims that are compressed",
      () => {
        const header = base64url(JSON.stringify({ ...rs256, zip: "DEF" }));
        const text = `${header}.${base64url(deflateRawSync(JSON.stringify(claims())))}`;
        return `${text}.${base64url(signatureOf(text, test.keys.rsa, "RS256"))}`;
      },
    ],
    ["a token inside the token", () => good(`"${good()}"`, { ...rs256, cty: "JWT" })],
    [
      "a token that is encrypted",
      () => `${base64url('{"alg":"RSA-OAEP","enc":"A256GCM","kid":"r1"}')}.AA.AA.AA.AA`,
    ],
  ]);
});

describe("members that are there twice, signed by the issuer", () => {
  const header = (member: string): string => `{${member},"alg":"RS256","kid":"r1"}`;
  refuses([
    ["alg", () => good(claims(), '{"alg":"none","alg":"RS256","kid":"r1"}')],
    ["alg, the other way round", () => good(claims(), '{"alg":"RS256","kid":"r1","alg":"none"}')],
    ["kid", () => good(claims(), header('"kid":"/dev/null"'))],
    ["alg in other letters", () => good(claims(), header('"\\u0061lg":"none"'))],
    ["something unknown", () => good(claims(), header('"x":1,"x":1'))],
    ["sub", () => good(claimsWith('"sub":"admin"'))],
    ["sub in other letters", () => good(claimsWith('"s\\u0075b":"admin"'))],
    ["exp", () => good(claimsWith('"exp":99999999999'))],
    ["iss", () => good(claimsWith('"iss":"https://evil.example"'))],
    ["aud", () => good(claimsWith('"aud":"other"'))],
    ["scope", () => good(claimsWith('"scope":"a","scope":"admin"'))],
    ["something inside", () => good(claimsWith('"realm":{"roles":["a"],"roles":["admin"]}'))],
    ["something inside a list", () => good(claimsWith('"list":[{"a":1},{"b":{"c":1,"c":2}}]'))],
    ["with colons and braces in texts between", () => good(claimsWith('"x":"}:{\\"y\\":","x":1'))],
  ]);
});

describe("claims of a wrong type, or that are not there, signed by the issuer", () => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    exp: ["99999999999", "never", null, true, [99_999_999_999], {}],
    nbf: ["0", null, true, [0], {}],
    iat: ["0", null, false, [0], {}],
    aud: [
      null,
      5,
      {},
      [],
      [5],
      [audience, 5],
      [null],
      [[audience]],
      "",
      `${audience}2`,
      "Shop-API",
      `${audience} other`,
    ],
    iss: [null, 5, {}, "", "https://evil.example"],
    sub: [null, 5, true, ["u1"], {}],
  };
  refuses(
    Object.entries(wrong).flatMap(([name, values]) =>
      values.map(
        (value): TokenCase => [`${name}: ${JSON.stringify(value)}`, () => good(claims({ [name]: value }))],
      ),
    ),
  );
  refuses(
    ["exp", "aud", "iss"].map((name): TokenCase => [`no ${name}`, () => good(claims({ [name]: undefined }))]),
  );
  refuses([
    ["exp beyond all numbers", () => good(claimsWith('"exp":1e999', "exp"))],
    ["exp below all numbers", () => good(claimsWith('"exp":-1e999', "exp"))],
    ["nbf below all numbers", () => good(claimsWith('"nbf":-1e999'))],
    ["nbf in the future", () => good(claims({ nbf: nowSeconds() + 60 }))],
    ["nbf in milliseconds", () => good(claims({ nbf: Date.now() }))],
    ["iat in an hour", () => good(claims({ iat: nowSeconds() + 3600 }))],
    ["iat in a far future", () => good(claims({ iat: 99_999_999_999 }))],
    ["iss with a slash more", () => good(claims({ iss: `${test.issuer}/` }))],
    ["iss in a list", () => good(claims({ iss: [test.issuer] }))],
    ["iss in capitals", () => good(claims({ iss: test.issuer.toUpperCase() }))],
    ["iss with spaces around", () => good(claims({ iss: ` ${test.issuer} ` }))],
  ]);
  refuses([
    ["exp a minute ago", () => good(claims({ exp: nowSeconds() - 60 })), "CREDENTIAL_EXPIRED"],
    ["exp just out of tolerance", () => good(claims({ exp: nowSeconds() - 6 })), "CREDENTIAL_EXPIRED"],
    ["exp in 1970", () => good(claims({ exp: 0 })), "CREDENTIAL_EXPIRED"],
    ["exp before 1970", () => good(claims({ exp: -1 })), "CREDENTIAL_EXPIRED"],
    ["exp a minute ago, but forged", () => forged({}, claims({ exp: nowSeconds() - 60 }))],
    ["exp a minute ago, and for others", () => good(claims({ exp: nowSeconds() - 60, aud: "other" }))],
  ]);
});

describe("a token that is bound to what its sender has not shown", () => {
  const thumbprint = base64url(Buffer.alloc(32, 7));
  const confirmations: readonly unknown[] = [
    { "x5t#S256": thumbprint },
    { "x5t#S256": "" },
    { "x5t#S256": null },
    { jkt: thumbprint },
    { kid: "r1" },
    { jwk: {} },
    { "x5t#S256": thumbprint, jkt: thumbprint },
    {},
    [],
    thumbprint,
    null,
  ];
  refuses(
    confirmations.map((cnf): TokenCase => [`cnf: ${JSON.stringify(cnf)}`, () => good(claims({ cnf }))]),
  );
});

describe("what one BFF wants of tokens", () => {
  const typed = (what: string, make: () => string): TokenCase => [what, make, "CREDENTIAL_INVALID", "typed"];
  const withType = (typ: unknown) => (): string => goodEc(claims(), { ...es256, typ });
  refuses([
    typed("another type", withType("JWT")),
    typed("no type", () => goodEc()),
    typed("the type of an ID token", withType("id+jwt")),
    typed("a type that is a list", withType(["at+jwt"])),
    typed("a type that is a number", withType(5)),
    typed("a type that is null", withType(null)),
    typed("a type with more behind", withType("at+jwt; x")),
    typed("a claim that is missing", () =>
      goodEc(claims({ client_id: undefined }), { ...es256, typ: "at+jwt" }),
    ),
    typed("a claim that is null", () => goodEc(claims({ client_id: null }), { ...es256, typ: "at+jwt" })),
    ["a type that is a number, where any is good", () => good(claims(), { ...rs256, typ: 5 })],
  ]);
});

describe("a token that is broken", () => {
  const object = base64url("{}");
  const raw = (header: string | Buffer, payload: string | Buffer): string => {
    const text = `${base64url(header)}.${base64url(payload)}`;
    return `${text}.${base64url(signatureOf(text, test.keys.rsa, "RS256"))}`;
  };
  const withSignature = (change: (signature: Buffer) => Buffer) => (): string => {
    const [header = "", payload = "", signature = ""] = good().split(".");
    return `${header}.${payload}.${base64url(change(Buffer.from(signature, "base64url")))}`;
  };
  refuses([
    ["one letter", () => "a"],
    ["two parts", () => "a.b"],
    ["three letters", () => "a.b.c"],
    ["points only", () => ".."],
    ["no header", () => `.${good().split(".").slice(1).join(".")}`],
    ["no claims", () => `${good().split(".")[0] ?? ""}..${good().split(".")[2] ?? ""}`],
    ["four parts", () => `${good()}.AAAA`],
    ["a point at its end", () => `${good()}.`],
    ["objects without anything", () => `${object}.${object}.${object}`],
    ["padding", () => `${good()}==`],
    ["padding inside", () => good().replace(".", "=.")],
    ["letters of the other base64", () => good().replace(/.$/, "+")],
    ["bits beyond its end", () => `${good().slice(0, -1)}${good().endsWith("B") ? "C" : "B"}`],
    ["a header that is a list", () => raw('["RS256"]', JSON.stringify(claims()))],
    ["a header that is a text", () => raw('"RS256"', JSON.stringify(claims()))],
    ["a header that is null", () => raw("null", JSON.stringify(claims()))],
    ["a header that is no JSON", () => raw("alg=RS256", JSON.stringify(claims()))],
    [
      "a header with a byte order mark",
      () => raw(`\ufeff${JSON.stringify(rs256)}`, JSON.stringify(claims())),
    ],
    ["a header that is no UTF-8", () => raw(Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), JSON.stringify(claims()))],
    ["claims that are a list", () => raw(JSON.stringify(rs256), JSON.stringify([claims()]))],
    ["claims that are a number", () => raw(JSON.stringify(rs256), "5")],
    ["claims that are null", () => raw(JSON.stringify(rs256), "null")],
    ["claims that are empty", () => raw(JSON.stringify(rs256), " ")],
    ["claims with something behind", () => raw(JSON.stringify(rs256), `${JSON.stringify(claims())}{}`)],
    ["claims with a comment", () => raw(JSON.stringify(rs256), `${JSON.stringify(claims())}//`)],
    [
      "claims that are no UTF-8",
      () =>
        raw(
          JSON.stringify(rs256),
          Buffer.concat([
            Buffer.from(JSON.stringify(claims({ x: "" })).replace('"x":""', '"x":"')),
            Buffer.from([0xc3, 0x28]),
            Buffer.from('"}'),
          ]),
        ),
    ],
    ["objects nested without end", () => raw(JSON.stringify(rs256), `${'{"a":'.repeat(900)}1`)],
    ["a signature that is cut", withSignature((bytes) => bytes.subarray(0, -1))],
    ["a signature with more behind", withSignature((bytes) => Buffer.concat([bytes, Buffer.from([0])]))],
    [
      "a signature with a bit turned",
      withSignature((bytes) => Buffer.from(bytes.map((byte, index) => (index === 9 ? byte ^ 1 : byte)))),
    ],
    ["a signature of zeros", withSignature((bytes) => Buffer.alloc(bytes.length))],
    ["an EC signature of zeros", () => `${unsigned(es256, claims())}.${base64url(Buffer.alloc(64))}`],
    [
      "an EC signature of the curve's order",
      () =>
        `${unsigned(es256, claims())}.${base64url(Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".repeat(2), "hex"))}`,
    ],
    [
      "an EC signature in DER",
      () => {
        const [header = "", payload = "", signature = ""] = goodEc().split(".");
        const bytes = Buffer.from(signature, "base64url");
        const integers = [bytes.subarray(0, 32), bytes.subarray(32)].map((integer) =>
          Buffer.concat([Buffer.from([2, 33, 0]), integer]),
        );
        return `${header}.${payload}.${base64url(Buffer.concat([Buffer.from([48, 70]), ...integers]))}`;
      },
    ],
    [
      "claims of another token",
      () => {
        const [header = "", , signature = ""] = good().split(".");
        return `${header}.${base64url(JSON.stringify(claims({ sub: "admin" })))}.${signature}`;
      },
    ],
    [
      "the header of another token",
      () => {
        const [, payload = "", signature = ""] = good().split(".");
        return `${base64url(JSON.stringify({ ...rs256, x: 1 }))}.${payload}.${signature}`;
      },
    ],
    ["more letters than a token has", () => "x".repeat(8193)],
    ["a good one that is too long", () => good(claims({ padding: "x".repeat(6500) }))],
    ["twelve thousand letters", () => good(claims({ padding: "x".repeat(8500) }))],
  ]);
});

describe("headers and addresses", () => {
  type HeaderCase = readonly [
    what: string,
    headers: () => readonly string[],
    more?: { readonly search?: () => string; readonly method?: "GET" | "POST" },
  ];
  const bearer = (token: string): readonly string[] => ["authorization", `Bearer ${token}`];
  const cases: readonly HeaderCase[] = [
    ["two good tokens", () => [...bearer(good()), ...bearer(good())]],
    ["a good one, and garbage", () => [...bearer(good()), ...bearer("garbage")]],
    ["garbage, and a good one", () => [...bearer("garbage"), ...bearer(good())]],
    ["a good one twice, in other letters", () => [...bearer(good()), "AUTHORIZATION", `Bearer ${good()}`]],
    ["a good one, and Basic", () => [...bearer(good()), "authorization", "Basic dTpw"]],
    ["a good one, and nothing", () => [...bearer(good()), "authorization", ""]],
    ["two in one header", () => ["authorization", `Bearer ${good()}, Bearer ${good()}`]],
    ["two behind one word", () => ["authorization", `Bearer ${good()} ${good()}`]],
    ["the word twice", () => ["authorization", `Bearer Bearer ${good()}`]],
    ["no word", () => ["authorization", good()]],
    ["another word", () => ["authorization", `DPoP ${good()}`]],
    ["Basic", () => ["authorization", "Basic dTpw"]],
    ["the word only", () => ["authorization", "Bearer"]],
    ["the word and a space", () => ["authorization", "Bearer "]],
    ["a token in quotes", () => ["authorization", `Bearer "${good()}"`]],
    ["a tab in place of the space", () => ["authorization", `Bearer\t${good()}`]],
    ["a parameter", () => ["authorization", `Bearer token=${good()}`]],
    ["JSON", () => ["authorization", `Bearer {"token":"${good()}"}`]],
    ["a header, and the URL", () => bearer(good()), { search: () => `?access_token=${good()}` }],
    ["a header, and garbage in the URL", () => bearer(good()), { search: () => "?access_token=x" }],
    ["the URL", () => [], { search: () => `?access_token=${good()}` }],
    ["the URL of a GET", () => [], { search: () => `?access_token=${good()}`, method: "GET" }],
    ["the URL, in capitals", () => [], { search: () => `?a=1&ACCESS_TOKEN=${good()}` }],
    ["the URL, twice", () => [], { search: () => `?access_token=${good()}&access_token=${good()}` }],
    ["the URL, and nothing", () => [], { search: () => "?access_token" }],
  ];
  it.for(cases)("%s", async ([, headers, more]) => {
    const { search = () => "", method = "POST" } = more ?? {};
    for (const bff of ["web", "open"] as const)
      expectRefusal(
        await test.send({ bff, headers: headers(), search: search(), method }),
        "CREDENTIAL_INVALID",
      );
  });

  const elsewhere: readonly (readonly [
    what: string,
    headers: () => readonly string[],
    body?: () => object,
  ])[] = [
    ["nowhere", () => []],
    ["a cookie", () => ["cookie", `access_token=${good()}; token=${good()}`]],
    ["a header for proxies", () => ["proxy-authorization", `Bearer ${good()}`]],
    ["a header of another name", () => ["x-access-token", good(), "x-authorization", `Bearer ${good()}`]],
    ["headers that claim to know", () => ["x-user-id", "admin", "x-forwarded-user", "admin"]],
    ["the body", () => [], () => ({ query: "{ secret }", access_token: good() })],
    [
      "the operation's extensions",
      () => [],
      () => ({ query: "{ secret }", extensions: { authorization: good() } }),
    ],
  ];
  it.for(elsewhere)("a token in %s is none", async ([, headers, body]) => {
    const parts = { bff: "web", headers: headers(), ...(body !== undefined && { body: body() }) } as const;
    expectRefusal(await test.send(parts), "UNAUTHENTICATED");
  });
});

describe("after all of that", () => {
  it("the issuer was asked a few times, for its keys and nothing else", () => {
    expect(new Set(test.keyRequests)).toEqual(new Set(["/keys"]));
    // One BFF's store is that of all. Every 30 seconds adds one, and unknown keys as many.
    const sinceStart = Math.ceil(performance.now() / 30_000);
    expect(test.keyRequests.length).toBeLessThanOrEqual(1 + 2 * sinceStart);
  });

  it("the log has a reason for each refusal, and no part of a token", async () => {
    const token = good(claims({ secret: "pin" }), { ...rs256, kid: "unknown-kid" });
    await test.send({ bff: "web", headers: ["authorization", `Bearer ${token}`] });
    const log = test.logLines.join("");
    expect(log).toContain("ERR_JWKS_NO_MATCHING_KEY");
    for (const part of [...token.split("."), "pin", "unknown-kid"]) expect(log).not.toContain(part);
  });
});
