import { existsSync } from "node:fs";
import path from "node:path";
import type { JSONWebKeySet } from "jose";
import {
  type ContenderFiles,
  copyProject,
  copyProjectWithBudgets,
  copyProjectWithCallers,
  fillInTemplate,
} from "./contender-files.ts";

/** How one contender is started, and what it can't do. */
export interface Contender {
  readonly name: string;
  /** For tables. */
  readonly title: string;
  /** One sentence for readers of the results. */
  readonly description: string;
  /** Path of the GraphQL endpoint. */
  readonly endpoint: string;
  /** A package of bench/package.json that it needs, or null: it runs on what the gateway has installed. */
  readonly needs: string | null;
  /** Workloads that it can't answer, each with the reason. */
  readonly unable: Readonly<Record<string, string>>;
  /** Whether it shows protobuf's values as they are: 64-bit integers as numbers, and null for what is zero or false. */
  readonly showsRawProtobuf: boolean;
  readonly command: ContenderCommand;
}

export interface ContenderCommand {
  /** The program; null: the Node that runs the benchmark, with `instrument.ts`. */
  readonly program: string | null;
  readonly args: readonly string[];
  /** Files made for it; their path is the last argument. */
  readonly files: ContenderFiles | null;
  readonly environment: Readonly<Record<string, string>>;
}

const folder = import.meta.dirname;
const tailcall = "@tailcallhq/core-linux-x64-gnu";
const noGrpc = "its gRPC fields must have the types of the message, where a 64-bit integer is no text";
const tailcallUnable = { "grpc-list": noGrpc, mixed: noGrpc, "mobile-home": noGrpc };

export const contenders: readonly Contender[] = [
  {
    name: "limit",
    title: "the limit: hand-written",
    description: "node:http, undici Pool, grpc-js; one function per operation; no validation, no logs",
    endpoint: "/graphql",
    needs: null,
    unable: {},
    showsRawProtobuf: false,
    command: runFile("contenders/limit.ts"),
  },
  {
    name: "overlock",
    title: "Overlock, sharing off",
    description: "`overlock start` in production mode: logs to a file, metrics, limits",
    endpoint: "/bench/graphql",
    needs: null,
    unable: {},
    showsRawProtobuf: false,
    command: runOverlock(false),
  },
  {
    name: "overlock-sharing",
    title: "Overlock",
    description: "the same with in-flight sharing, as it is by default",
    endpoint: "/bench/graphql",
    needs: null,
    unable: {},
    showsRawProtobuf: false,
    command: runOverlock(true),
  },
  {
    name: "yoga-dataloader",
    title: "Yoga + DataLoader",
    description: "GraphQL Yoga, hand-written resolvers, DataLoader, the same clients as the limit",
    endpoint: "/graphql",
    needs: "graphql-yoga",
    unable: {},
    showsRawProtobuf: false,
    command: runFile("peers/yoga-dataloader.ts"),
  },
  {
    name: "yoga-jit",
    title: "Yoga + JIT",
    description: "the same, its operations compiled by graphql-jit",
    endpoint: "/graphql",
    needs: "@envelop/graphql-jit",
    unable: {},
    showsRawProtobuf: false,
    command: runFile("peers/yoga-jit.ts"),
  },
  {
    name: "mercurius",
    title: "Mercurius + JIT",
    description: "Fastify and Mercurius with its loaders and its compiler",
    endpoint: "/graphql",
    needs: "mercurius",
    unable: {},
    showsRawProtobuf: false,
    command: runFile("peers/mercurius.ts"),
  },
  {
    name: "stitching",
    title: "naive stitching",
    description: "`stitchSchemas` over five executable subschemas with merged types, Yoga in front",
    endpoint: "/graphql",
    needs: "@graphql-tools/stitch",
    unable: {},
    showsRawProtobuf: false,
    command: runFile("peers/stitching.ts"),
  },
  {
    name: "hive",
    title: "Hive Gateway",
    description:
      "Hive Gateway over a supergraph that Mesh composed of OpenAPI and protos, fields joined by `@resolveTo`",
    endpoint: "/graphql",
    needs: "@graphql-hive/gateway",
    unable: {
      mixed: "a computed field does not get the fields that it needs below a field that `@resolveTo` fetches",
    },
    showsRawProtobuf: true,
    command: {
      program: null,
      args: [
        path.join(folder, "node_modules/@graphql-hive/gateway/dist/bin.js"),
        "supergraph",
        "--config-path",
        path.join(folder, "peers/hive/gateway.config.ts"),
      ],
      files: fillInTemplate(path.join(folder, "peers/hive/supergraph.graphql")),
      environment: { HOST: "127.0.0.1", LOG_LEVEL: "error" },
    },
  },
  {
    name: "tailcall",
    title: "Tailcall",
    description: "Tailcall (Rust), one worker, as it is by default",
    endpoint: "/graphql",
    needs: tailcall,
    unable: tailcallUnable,
    showsRawProtobuf: false,
    command: runTailcall(false),
  },
  {
    name: "tailcall-dedupe",
    title: "Tailcall, `dedupe: true`",
    description: "the same with equal calls under way at the same time shared",
    endpoint: "/graphql",
    needs: tailcall,
    unable: tailcallUnable,
    showsRawProtobuf: false,
    command: runTailcall(true),
  },
];

/** The contender of that name. Raises an error that lists the names there are. */
export function findContender(name: string): Contender {
  const contender = contenders.find((candidate) => candidate.name === name);
  if (contender !== undefined) return contender;
  const names = contenders.map((candidate) => candidate.name).join(", ");
  throw new Error(`Expected a contender (${names}), got ${name}.`);
}

/** Overlock as several processes behind one port. */
export function overlockWithWorkers(count: number): Contender {
  const contender = findContender("overlock");
  const [cli = "", start = "", ...rest] = contender.command.args;
  const args = [cli, start, "--workers", String(count), ...rest];
  return { ...contender, name: `overlock-${count}`, command: { ...contender.command, args } };
}

/** Overlock with a BFF that tells callers by tokens, signed by one of these keys. */
export function overlockWithCallers(keys: JSONWebKeySet): Contender {
  const contender = findContender("overlock-sharing");
  const command = { ...contender.command, files: copyProjectWithCallers(keys) };
  return { ...contender, name: "overlock-callers", endpoint: "/callers/graphql", command };
}

/** Overlock with a BFF whose callers pay. */
export function overlockWithBudgets(): Contender {
  const contender = findContender("overlock-sharing");
  const command = { ...contender.command, files: copyProjectWithBudgets() };
  return { ...contender, name: "overlock-budgets", command };
}

/** Overlock as it is in another checkout, with sharing off, to see what a change has brought. */
export function overlockElsewhere(checkout: string): Contender {
  const contender = findContender("overlock");
  const args = [path.resolve(checkout, "gateway/cli/overlock.js"), ...contender.command.args.slice(1)];
  return {
    ...contender,
    name: "other",
    title: `Overlock in ${checkout}`,
    command: { ...contender.command, args },
  };
}

/** Whether what the contender needs is installed in bench/. */
export function isInstalled({ needs }: Contender): boolean {
  return needs === null || existsSync(path.join(folder, "node_modules", needs));
}

function runFile(file: string): ContenderCommand {
  return { program: null, args: [path.join(folder, file)], files: null, environment: {} };
}

function runOverlock(shareInFlight: boolean): ContenderCommand {
  return {
    program: null,
    args: [path.join(folder, "../gateway/cli/overlock.js"), "start", "--root"],
    files: copyProject(shareInFlight),
    environment: { ADMIN_PORT: "0" },
  };
}

function runTailcall(dedupe: boolean): ContenderCommand {
  return {
    program: path.join(folder, "node_modules", tailcall, "bin/tailcall"),
    args: ["start"],
    files: fillInTemplate(path.join(folder, "peers/tailcall.graphql")),
    environment: { DEDUPE: String(dedupe), TAILCALL_LOG_LEVEL: "error", TAILCALL_TRACKER: "false" },
  };
}
