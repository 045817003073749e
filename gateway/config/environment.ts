import { z } from "zod";
import { isAddressRange } from "./address-ranges.ts";
import { isReadableOnItsWay, plainTextWarning } from "./plain-text.ts";
import { quoted } from "../core/errors.ts";
import { redisUrl, type RedisSettings } from "./redis-url.ts";
import { nearestNameHint, type ProblemFacts, type Problems } from "../core/problems.ts";

/** One environment variable that the gateway reads. `docs/configuration.md` lists the same. */
export interface EnvironmentVariable {
  readonly name: string;
  /** As text, as it would stand in the environment; null: the feature is off without it. */
  readonly default: string | null;
  readonly description: string;
}

function integer(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[0-9]{1,12}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

const httpUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\//.test(text) && URL.canParse(text),
    "a URL that begins with http:// or https://",
  );
const hostName = z.string().regex(/^[-A-Za-z0-9.:_]{1,253}$/, "a host name or address");
/** Whether clients are asked for a certificate, and whether they have to have one. */
export type ClientCertificateMode = "none" | "optional" | "required";

export const clientCertificateModes = ["none", "optional", "required"] as const;

/** The variables that name the files, for who looks whether these have changed. */
export const listenerTlsFiles = ["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CLIENT_CA_FILE"] as const;

const fileName = z.string().min(1, "the name of a file in PEM");
const logLevels = ["fatal", "error", "warn", "info", "debug", "silent"] as const;

/** What happens while a store that several instances share is away. */
export type LostMode = "local" | "refuse";

const lostModes = ["local", "refuse"] as const;

const expectedProxies = "addresses and ranges such as 10.0.0.0/8, with commas between them";
const maxWorkers = 256;
const expectedWorkers = `a whole number from 1 to ${maxWorkers}, or auto`;

const variables = {
  PORT: {
    parse: integer(0, 65_535),
    default: "4000",
    description: "Where the BFFs listen; 0 takes a free port.",
  },
  HOST: {
    parse: hostName,
    default: "127.0.0.1",
    description: "The address the BFFs listen on; `0.0.0.0` accepts calls from other machines.",
  },
  ADMIN_PORT: {
    parse: integer(0, 65_535),
    default: "4001",
    description: "Where metrics and the supergraph's explorer listen; 0 takes a free port.",
  },
  ADMIN_HOST: { parse: hostName, default: "127.0.0.1", description: "The address of the admin port." },
  TLS_CERT_FILE: {
    parse: fileName,
    default: null,
    description:
      "The certificate of the BFFs' port, with its intermediates. Without it the port is without TLS.",
  },
  TLS_KEY_FILE: { parse: fileName, default: null, description: "Its private key." },
  TLS_CLIENT_CA_FILE: {
    parse: fileName,
    default: null,
    description: "Certificates: who may have signed those of clients.",
  },
  TLS_CLIENT_CERTIFICATE: {
    parse: z.enum(clientCertificateModes, `one of ${clientCertificateModes.join(", ")}`),
    default: "none",
    description: "Whether clients are asked for a certificate, and whether they have to have one.",
  },
  TRUSTED_PROXIES: {
    parse: z
      .string()
      .transform((text) => text.split(",").map((range) => range.trim()))
      .refine((ranges) => ranges.every(isAddressRange), expectedProxies),
    default: null,
    description:
      "The proxies in front whose `x-forwarded-for` says where a client calls from. Nobody else's does.",
  },
  WORKERS: {
    parse: z
      .string()
      .regex(/^(?:auto|[0-9]{1,3})$/, expectedWorkers)
      .transform((text) => (text === "auto" ? text : Number(text)))
      .refine((value) => value === "auto" || (value >= 1 && value <= maxWorkers), expectedWorkers),
    default: "1",
    description:
      "How many processes `overlock start` serves with; `auto`: one for each CPU. `--workers` says the same.",
  },
  NODE_ENV: {
    parse: z.string().min(1, "a word such as production or development"),
    default: "production",
    description:
      "In `development` BFFs have explorers and introspection, requests may ask for their plans and costs, and messages suggest names.",
  },
  LOG_LEVEL: {
    parse: z.enum(logLevels, `one of ${logLevels.join(", ")}`),
    default: "info",
    description: "`fatal`, `error`, `warn`, `info`, `debug` or `silent`.",
  },
  MAX_BODY_BYTES: {
    parse: integer(1, 104_857_600),
    default: "1048576",
    description: "The largest request body; a larger one is refused with 413 while it arrives.",
  },
  MAX_CLIENT_CONNECTIONS: {
    parse: integer(1, 1_000_000),
    default: "10000",
    description: "How many connections clients may have open to one process; those beyond are closed.",
  },
  MAX_EVENT_LOOP_DELAY_MS: {
    parse: integer(0, 60_000),
    default: "500",
    description:
      "How late one process's event loop may be before everybody is refused with 503; the first are at half of it. 0: nobody is.",
  },
  MAX_REQUESTS_IN_FLIGHT: {
    parse: integer(0, 1_000_000),
    default: "10000",
    description:
      "How many requests one process works on at a time before everybody is refused with 503; the first are at half of it. 0: nobody is.",
  },
  COMPRESS_FROM_BYTES: {
    parse: integer(0, 104_857_600),
    default: "1400",
    description:
      "Answers of at least so many bytes are compressed for clients that accept it; 0 compresses none.",
  },
  COMPILE_FROM_REQUEST: {
    parse: integer(1, 1_000_000),
    default: "2",
    description:
      "An operation's how-manieth request makes the gateway compile it; until then it is interpreted. 1: none is.",
  },
  HSTS_MAX_AGE_SECONDS: {
    parse: integer(0, 63_072_000),
    default: "0",
    description:
      "For how long browsers that came by TLS call this host in no other way; 0 says nothing. Not sent without TLS.",
  },
  SHUTDOWN_DELAY_MS: {
    parse: integer(0, 600_000),
    default: "0",
    description: "How long SIGTERM waits, not ready but answering, before the port is closed.",
  },
  SHUTDOWN_TIMEOUT_MS: {
    parse: integer(1, 600_000),
    default: "30000",
    description: "How long requests under way may take after that.",
  },
  REDIS_URL: {
    parse: redisUrl,
    default: null,
    description:
      "Where [budgets](demand-control.md#budgets) are kept for all instances that name the same. Without it each instance has its own.",
  },
  REDIS_LOST: {
    parse: z.enum(lostModes, `one of ${lostModes.join(", ")}`),
    default: "local",
    description:
      "What happens while Redis is away: each process grants [a share of its own](demand-control.md#budgets), or requests that have a budget are refused.",
  },
  JWT_ISSUER: {
    parse: z.string().min(1, "the issuer's identifier"),
    default: null,
    description: "The `iss` of accepted tokens. Without it every token is refused.",
  },
  JWT_JWKS_URL: { parse: httpUrl, default: null, description: "Where the issuer's keys are." },
  JWT_AUDIENCE: {
    parse: z.string().min(1, "the audience's identifier"),
    default: null,
    description: "The `aud` that accepted tokens name.",
  },
} as const satisfies Record<string, { parse: z.ZodType; default: string | null; description: string }>;

export const environmentVariables: readonly EnvironmentVariable[] = Object.entries(variables).map(
  ([name, { default: standard, description }]) => ({ name, default: standard, description }),
);

/** One issuer of JSON Web Tokens. */
export interface JwtSettings {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
}

/** The process's settings, validated; times in milliseconds, sizes in bytes. */
export interface EnvironmentSettings {
  readonly port: number;
  readonly host: string;
  readonly adminPort: number;
  readonly adminHost: string;
  /** What TLS on the BFFs' port wants of clients. */
  readonly clientCertificate: ClientCertificateMode;
  /** Addresses and ranges. */
  readonly trustedProxies: readonly string[];
  readonly workers: number | "auto";
  /** `NODE_ENV` is `development`. */
  readonly isDevelopment: boolean;
  readonly logLevel: (typeof logLevels)[number];
  readonly maxBodyBytes: number;
  /** To the BFFs' port of one process. */
  readonly maxClientConnections: number;
  /** Of one process, in milliseconds; 0: as late as it gets. */
  readonly maxEventLoopDelayMs: number;
  /** By one process; 0: as many as come. */
  readonly maxRequestsInFlight: number;
  /** 0: nothing is compressed. */
  readonly compressFromBytes: number;
  /** The request for an operation from which on it is compiled; 1: from its first. */
  readonly compileFromRequest: number;
  /** 0: not told. */
  readonly hstsMaxAgeSeconds: number;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  /** Null: what several instances would have to agree on is each one's own. */
  readonly redis: RedisSettings | null;
  readonly redisLost: LostMode;
  readonly jwt: JwtSettings | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment; everything wrong is reported, and the result then holds defaults. */
export function readEnvironment(environment: Environment, problems: Problems): EnvironmentSettings {
  const read = <Name extends keyof typeof variables>(name: Name) => readVariable(name, environment, problems);
  // The files themselves are read where the port is opened.
  for (const name of listenerTlsFiles) read(name);
  const settings: EnvironmentSettings = {
    port: read("PORT") ?? 4000,
    host: read("HOST") ?? "127.0.0.1",
    adminPort: read("ADMIN_PORT") ?? 4001,
    adminHost: read("ADMIN_HOST") ?? "127.0.0.1",
    clientCertificate: read("TLS_CLIENT_CERTIFICATE") ?? "none",
    trustedProxies: read("TRUSTED_PROXIES") ?? [],
    workers: read("WORKERS") ?? 1,
    isDevelopment: read("NODE_ENV") === "development",
    logLevel: read("LOG_LEVEL") ?? "info",
    maxBodyBytes: read("MAX_BODY_BYTES") ?? 1_048_576,
    maxClientConnections: read("MAX_CLIENT_CONNECTIONS") ?? 10_000,
    maxEventLoopDelayMs: read("MAX_EVENT_LOOP_DELAY_MS") ?? 500,
    maxRequestsInFlight: read("MAX_REQUESTS_IN_FLIGHT") ?? 10_000,
    compressFromBytes: read("COMPRESS_FROM_BYTES") ?? 1400,
    compileFromRequest: read("COMPILE_FROM_REQUEST") ?? 2,
    hstsMaxAgeSeconds: read("HSTS_MAX_AGE_SECONDS") ?? 0,
    shutdownDelayMs: read("SHUTDOWN_DELAY_MS") ?? 0,
    shutdownTimeoutMs: read("SHUTDOWN_TIMEOUT_MS") ?? 30_000,
    redis: read("REDIS_URL"),
    redisLost: read("REDIS_LOST") ?? "local",
    jwt: readJwt(environment, problems),
  };
  reportMisspelt(environment, problems);
  return Object.freeze(settings);
}

/** `inventory` → `INVENTORY_URL`: the variable that overrides a source's url. */
export function sourceUrlVariable(sourceName: string): string {
  return `${sourceName.toUpperCase().replaceAll("-", "_")}_URL`;
}

function readVariable<Name extends keyof typeof variables>(
  name: Name,
  environment: Environment,
  problems: Problems,
): z.output<(typeof variables)[Name]["parse"]> | null {
  const text = environment[name] ?? variables[name].default;
  if (text === null) return null;
  const result = variables[name].parse.safeParse(text);
  if (result.success) return result.data as z.output<(typeof variables)[Name]["parse"]>;
  const expected = result.error.issues[0]?.message ?? "another value";
  report(problems, { coordinate: name, expected, found: foundText(name, text) });
  return null;
}

function readJwt(environment: Environment, problems: Problems): JwtSettings | null {
  const issuer = readVariable("JWT_ISSUER", environment, problems);
  const jwksUrl = readVariable("JWT_JWKS_URL", environment, problems);
  const audience = readVariable("JWT_AUDIENCE", environment, problems);
  const names = ["JWT_ISSUER", "JWT_JWKS_URL", "JWT_AUDIENCE"] as const;
  const missing = names.filter((name) => environment[name] === undefined);
  for (const name of missing.length === names.length ? [] : missing) {
    const expected = "a value: the three JWT_ variables belong together";
    report(problems, { coordinate: name, expected, found: "nothing, while another JWT_ variable is set" });
  }
  if (issuer === null || jwksUrl === null || audience === null) return null;
  if (isReadableOnItsWay(jwksUrl)) {
    const place = { file: "environment", line: 0, column: 0 };
    problems.warn({ place, coordinate: "JWT_JWKS_URL", ...plainTextWarning });
  }
  return Object.freeze({ issuer, jwksUrl, audience });
}

/** A misspelt name would otherwise be a setting that silently does nothing. */
function reportMisspelt(environment: Environment, problems: Problems): void {
  const known = Object.keys(variables);
  for (const name of Object.keys(environment)) {
    if (known.includes(name) || !ownPrefixes.some((prefix) => name.startsWith(prefix))) continue;
    const hint = nearestNameHint(name, known, maxMisspeltLetters);
    if (hint !== null)
      report(problems, {
        coordinate: name,
        expected: "a variable that the gateway reads",
        found: name,
        hint,
      });
  }
}

/** An environment holds other programs' variables too: only names that could hardly be theirs are looked at. */
const ownPrefixes = [
  "JWT_",
  "SHUTDOWN_",
  "ADMIN_",
  "LOG_LEV",
  "MAX_BODY",
  "MAX_CLIENT",
  "MAX_EVENT",
  "MAX_REQUEST",
  "COMPRESS_",
  "TLS_",
  "TRUSTED_",
];
const maxMisspeltLetters = 2;

/** A text that was meant to have a password may have it anywhere. */
function foundText(name: keyof typeof variables, text: string): string {
  return name === "REDIS_URL" ? `${text.length} characters that are none` : quoted(withoutCredentials(text));
}

/** `https://user:password@host` without what is between `//` and `@`. */
function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/]*@/, "//…@");
}

function report(problems: Problems, facts: Omit<ProblemFacts, "place">): void {
  problems.error({ ...facts, place: { file: "environment", line: 0, column: 0 } });
}
