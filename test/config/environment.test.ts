import { describe, expect, test } from "vitest";
import {
  type Environment,
  environmentVariables,
  readEnvironment,
  sourceUrlVariable,
} from "../../gateway/config/environment.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { problemsOf } from "../support/marked-problem.ts";

describe("an empty environment", () => {
  const settings = readEnvironment({}, new Problems());

  test("means the defaults", () => {
    expect(settings).toEqual({
      workers: 1,
      clientCertificate: "none",
      trustedProxies: [],
      port: 4000,
      host: "127.0.0.1",
      adminPort: 4001,
      adminHost: "127.0.0.1",
      isDevelopment: false,
      logLevel: "info",
      maxBodyBytes: 1_048_576,
      maxClientConnections: 10_000,
      maxEventLoopDelayMs: 500,
      maxRequestsInFlight: 10_000,
      compressFromBytes: 1400,
      compileFromRequest: 2,
      hstsMaxAgeSeconds: 0,
      shutdownDelayMs: 0,
      shutdownTimeoutMs: 30_000,
      redis: null,
      redisLost: "local",
      jwt: null,
    });
  });

  test("cannot be changed afterwards", () => {
    expect(Object.isFrozen(settings)).toBe(true);
  });

  test("has the defaults that are told to people", () => {
    const told = Object.fromEntries(
      environmentVariables.map((variable) => [variable.name, variable.default]),
    );
    const stated = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
    expect(settings).toEqual(readEnvironment(stated as Environment, new Problems()));
    expect(Object.keys(told)).toHaveLength(26);
  });
});

describe("a number", () => {
  test.each<[name: string, key: string, min: number, max: number]>([
    ["PORT", "port", 0, 65_535],
    ["ADMIN_PORT", "adminPort", 0, 65_535],
    ["MAX_BODY_BYTES", "maxBodyBytes", 1, 104_857_600],
    ["MAX_CLIENT_CONNECTIONS", "maxClientConnections", 1, 1_000_000],
    ["MAX_EVENT_LOOP_DELAY_MS", "maxEventLoopDelayMs", 0, 60_000],
    ["MAX_REQUESTS_IN_FLIGHT", "maxRequestsInFlight", 0, 1_000_000],
    ["COMPRESS_FROM_BYTES", "compressFromBytes", 0, 104_857_600],
    ["COMPILE_FROM_REQUEST", "compileFromRequest", 1, 1_000_000],
    ["HSTS_MAX_AGE_SECONDS", "hstsMaxAgeSeconds", 0, 63_072_000],
    ["SHUTDOWN_DELAY_MS", "shutdownDelayMs", 0, 600_000],
    ["SHUTDOWN_TIMEOUT_MS", "shutdownTimeoutMs", 1, 600_000],
  ])("%s is a whole number within its range", (name, key, min, max) => {
    expect([read({ [name]: `${min}` })[key], read({ [name]: `${max}` })[key]]).toEqual([min, max]);
    const wrong = [`${min - 1}`, `${max + 1}`, "", " 1", "1.5", "1e3", "0x10", "ten", "9".repeat(300)];
    for (const text of wrong) {
      expect(problems({ [name]: text })).toMatchObject([
        { coordinate: name, expected: `a whole number from ${min} to ${max}` },
      ]);
      expect(read({ [name]: text })[key]).toEqual(read({})[key]);
    }
  });
});

describe("a host", () => {
  test.each(["HOST", "ADMIN_HOST"])("%s is a name or an address", (name) => {
    for (const text of ["0.0.0.0", "::1", "gateway.internal", "a".repeat(253)])
      expect(problems({ [name]: text })).toEqual([]);
    for (const text of ["", "http://x", "a b", "a/b", "a".repeat(254)])
      expect(problems({ [name]: text })).toMatchObject([
        { coordinate: name, expected: "a host name or address" },
      ]);
  });
});

test("WORKERS is a number of processes, or auto", () => {
  const legal = ["1", "2", "256", "auto"];
  expect(legal.map((text) => read({ WORKERS: text })["workers"])).toEqual([1, 2, 256, "auto"]);
  for (const text of ["", "0", "257", "-1", "1.5", "two", "AUTO", " 2", "max"])
    expect(problems({ WORKERS: text })).toMatchObject([
      { coordinate: "WORKERS", expected: "a whole number from 1 to 256, or auto" },
    ]);
});

test("LOG_LEVEL is one of pino's, or silent", () => {
  for (const level of ["fatal", "error", "warn", "info", "debug", "silent"])
    expect(read({ LOG_LEVEL: level })["logLevel"]).toBe(level);
  for (const level of ["", "INFO", "trace", "constructor"])
    expect(problems({ LOG_LEVEL: level })).toMatchObject([
      { coordinate: "LOG_LEVEL", expected: "one of fatal, error, warn, info, debug, silent" },
    ]);
});

describe("REDIS_URL", () => {
  const standard = { isTls: false, port: 6379, username: null, password: null, database: 0 };

  test.each<[url: string, settings: object]>([
    ["redis://cache", { ...standard, host: "cache" }],
    ["redis://cache:6380/", { ...standard, host: "cache", port: 6380 }],
    ["rediss://cache/15", { ...standard, host: "cache", isTls: true, database: 15 }],
    ["redis://[::1]:6379", { ...standard, host: "::1" }],
    ["redis://:hunter2@10.0.0.7", { ...standard, host: "10.0.0.7", password: "hunter2" }],
    [
      "redis://gate%40way:p%2Fa%3Ass@cache",
      { ...standard, host: "cache", username: "gate@way", password: "p/a:ss" },
    ],
  ])("%s is a server", (url, settings) => {
    expect(problems({ REDIS_URL: url })).toEqual([]);
    expect(read({ REDIS_URL: url })["redis"]).toEqual(settings);
  });

  test.each([
    "",
    "cache:6379",
    "http://cache",
    "REDIS://cache",
    "redis:hunter2@cache",
    "redis://",
    "redis:///0",
    "redis://cache/zero",
    "redis://cache/0/1",
    "redis://cache?db=1",
    "redis://cache#1",
    "redis://cache:70000",
    "redis://:hun/ter2@cache:x",
    "redis://:100%hunter2@cache",
  ])("%j is none, and is not shown: it may hold a password", (url) => {
    expect(problems({ REDIS_URL: url })).toMatchObject([
      {
        coordinate: "REDIS_URL",
        expected: "a URL such as redis://user:password@host:6379/0, or rediss:// for TLS, without query",
        found: `${url.length} characters that are none`,
      },
    ]);
    expect(read({ REDIS_URL: url })["redis"]).toBeNull();
  });
});

test("REDIS_LOST is local or refuse", () => {
  expect(["local", "refuse"].map((text) => read({ REDIS_LOST: text })["redisLost"])).toEqual([
    "local",
    "refuse",
  ]);
  for (const text of ["", "LOCAL", "fail"])
    expect(problems({ REDIS_LOST: text })).toMatchObject([
      { coordinate: "REDIS_LOST", expected: "one of local, refuse" },
    ]);
});

describe("the JWT_ variables", () => {
  const all = {
    JWT_ISSUER: "https://issuer.example",
    JWT_JWKS_URL: "https://issuer.example/jwks",
    JWT_AUDIENCE: "shop",
  };

  test("belong together", () => {
    expect(read(all)["jwt"]).toEqual({
      issuer: "https://issuer.example",
      jwksUrl: "https://issuer.example/jwks",
      audience: "shop",
    });
    for (const name of Object.keys(all)) {
      const two = Object.fromEntries(Object.entries(all).filter(([other]) => other !== name));
      expect(problems(two)).toMatchObject([
        {
          coordinate: name,
          expected: "a value: the three JWT_ variables belong together",
          found: "nothing, while another JWT_ variable is set",
        },
      ]);
      expect(read(two)["jwt"]).toBeNull();
    }
    expect(problems({ JWT_ISSUER: "x" }).map(({ coordinate }) => coordinate)).toEqual([
      "JWT_JWKS_URL",
      "JWT_AUDIENCE",
    ]);
  });

  test.each([
    ["http://keys.example/jwks", 1],
    ["http://10.0.0.7:8080/jwks", 1],
    ["http://localhost.example/jwks", 1],
    ["http://localhost:8080/jwks", 0],
    ["http://127.0.0.1/jwks", 0],
    ["http://[::1]:80/jwks", 0],
    ["https://keys.example/jwks", 0],
  ])("warn of %s that keys may be changed on their way: %i", (url, warnings) => {
    const found = new Problems();
    expect(readEnvironment({ ...all, JWT_JWKS_URL: url }, found).jwt?.jwksUrl).toBe(url);
    expect([found.errors, found.warnings.map(({ coordinate }) => coordinate)]).toEqual([
      [],
      Array.from({ length: warnings }, () => "JWT_JWKS_URL"),
    ]);
  });

  test.each([
    ["JWT_ISSUER", "", "the issuer's identifier"],
    ["JWT_AUDIENCE", "", "the audience's identifier"],
    ["JWT_JWKS_URL", "", "a URL that begins with http:// or https://"],
    ["JWT_JWKS_URL", "ftp://x", "a URL that begins with http:// or https://"],
    ["JWT_JWKS_URL", "https://", "a URL that begins with http:// or https://"],
  ])("%s with the value %j is one problem", (name, value, expected) => {
    expect(problems({ ...all, [name]: value })).toMatchObject([{ coordinate: name, expected }]);
    expect(read({ ...all, [name]: value })["jwt"]).toBeNull();
  });
});

describe("a problem of the environment", () => {
  test("says which variable, what was expected and what was found", () => {
    expect(problems({ PORT: "80a" })).toEqual([
      {
        place: { file: "environment", line: 0, column: 0 },
        coordinate: "PORT",
        expected: "a whole number from 0 to 65535",
        found: '"80a"',
        hint: null,
        severity: "error",
      },
    ]);
  });

  test("shows at most 100 characters, and no credentials", () => {
    expect(problems({ PORT: "x".repeat(101) })[0]?.found).toBe(`"${"x".repeat(99)}…"`);
    expect(problems({ PORT: "http://user:secret@x" })[0]?.found).toBe('"http://…@x"');
  });

  test("does not hide the others", () => {
    expect(problems({ PORT: "x", HOST: "", LOG_LEVEL: "x" }).map(({ coordinate }) => coordinate)).toEqual([
      "PORT",
      "HOST",
      "LOG_LEVEL",
    ]);
  });
});

describe("a misspelt name", () => {
  test.each([
    ["ADMIN_PROT", "ADMIN_PORT"],
    ["SHUTDOWN_DELAY", null],
    ["SHUTDOWN_DELAY_MSS", "SHUTDOWN_DELAY_MS"],
    ["SHUTDOWN_TIMEOUTMS", "SHUTDOWN_TIMEOUT_MS"],
    ["JWT_ISSUERS", "JWT_ISSUER"],
    ["JWT_JWK_URL", "JWT_JWKS_URL"],
    ["LOG_LEVELS", "LOG_LEVEL"],
    ["MAX_BODY_BYTE", "MAX_BODY_BYTES"],
    ["COMPRESS_FROM_BYTE", "COMPRESS_FROM_BYTES"],
    ["MAX_EVENT_LOOP_DELAY", null],
    ["MAX_EVENT_LOOP_DELAYMS", "MAX_EVENT_LOOP_DELAY_MS"],
    ["MAX_REQUEST_IN_FLIGHT", "MAX_REQUESTS_IN_FLIGHT"],
    ["TLS_KEYFILE", "TLS_KEY_FILE"],
    ["TLS_CLIENT_CERTIFICATES", "TLS_CLIENT_CERTIFICATE"],
  ])("%s is told with the right one: %s", (name, right) => {
    expect(problems({ [name]: "1" }).map(({ coordinate, hint }) => [coordinate, hint])).toEqual(
      right === null ? [] : [[name, `did you mean "${right}"?`]],
    );
  });

  test.each(["ADMIN_USER", "ADMIN_EMAIL", "JWT_SECRET", "POST", "HOSTS", "PATH", "__proto__", "toString"])(
    "%s may be another program's",
    (name) => {
      expect(problems(Object.fromEntries([[name, "x"]]))).toEqual([]);
    },
  );
});

test("a source's URL has a variable of its own", () => {
  expect([sourceUrlVariable("inventory"), sourceUrlVariable("order-lines-2")]).toEqual([
    "INVENTORY_URL",
    "ORDER_LINES_2_URL",
  ]);
});

function read(environment: Environment): Record<string, unknown> {
  return { ...readEnvironment(environment, new Problems()) };
}

function problems(environment: Environment) {
  return problemsOf((found) => readEnvironment(environment, found));
}
