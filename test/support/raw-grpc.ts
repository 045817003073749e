import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { type Environment, type Gateway, startGateway } from "overlock";
import { type GraphqlAnswer, type QueryOptions, sendQuery } from "./test-gateway.ts";

/** A gRPC server that decodes nothing: it keeps the bytes of each request, and answers bytes. */
export interface RawGrpc {
  readonly url: string;
  readonly received: Buffer[];
  readonly metadata: Metadata[];
  /** What it answers; absent: the request as it came. An error is answered as one. */
  answer: ((request: Buffer) => Buffer | Error) | null;
  stop(): Promise<void>;
}

/** `path` is `/package.Service/Method`. */
export async function startRawGrpc(methodPath: string): Promise<RawGrpc> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const received: Buffer[] = [];
  const metadata: Metadata[] = [];
  const state: { answer: RawGrpc["answer"] } = { answer: null };
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const handle = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    received.push(Buffer.from(call.request));
    metadata.push(call.metadata);
    const answer = state.answer?.(call.request) ?? call.request;
    if (answer instanceof Error) callback(answer);
    else callback(null, answer);
  };
  server.register(methodPath, handle, asItIs, asItIs, "unary");
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return Object.assign(state, {
    url: `grpc://127.0.0.1:${port}`,
    received,
    metadata,
    stop: async () => server.forceShutdown(),
  });
}

/** A project with one gRPC source and one BFF, `web`, in a folder of its own. */
export interface GrpcProject {
  readonly gateway: Gateway;
  readonly logLines: Record<string, unknown>[];
  /** Encodes and decodes by another library, to tell what was sent. */
  codecOf(message: string): Codec;
  query(query: string, options?: QueryOptions): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

export interface Codec {
  encode(value: object): Buffer;
  decode(bytes: Buffer): unknown;
}

export interface GrpcProjectFiles {
  /** By path below `protos/`. */
  readonly protos: Readonly<Record<string, string>>;
  readonly proto: string;
  readonly source: string;
  readonly client: string;
}

/** Where `google/api/annotations.proto` is. */
const libraryFolder = path.dirname(createRequire(import.meta.url).resolve("protobufjs/package.json"));

/** What is sent is as large as the wire lets it be. */
const limits = "{ maxListLength: 1_000_000, maxVariableDepth: 1000 }";

/** `environment` names the source's URL. */
export async function startGrpcProject(
  { protos, proto, source, client }: GrpcProjectFiles,
  environment: Environment,
): Promise<GrpcProject> {
  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  const files = {
    ...Object.fromEntries(Object.entries(protos).map(([name, text]) => [`protos/${name}`, text])),
    "schemas/source.graphql": source,
    "bff-web/schema.graphql": client,
    "bff-web/bff.config.ts": `export default { name: "web", anonymous: true, limits: ${limits} };\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const logLines: Record<string, unknown>[] = [];
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  try {
    const gateway = await startGateway({
      root,
      environment: { PORT: "0", ADMIN_PORT: "0", MAX_EVENT_LOOP_DELAY_MS: "0", ...environment },
      logDestination: { write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
    });
    const forms = { longs: String, enums: String, bytes: String, keepCase: true, json: true };
    const definitions = loadSync(proto, {
      includeDirs: [path.join(root, "protos"), libraryFolder],
      ...forms,
      oneofs: true,
    });
    return {
      gateway,
      logLines,
      codecOf(message) {
        const definition = definitions[message] as MessageTypeDefinition<object, object>;
        return { encode: (value) => definition.serialize(value), decode: definition.deserialize };
      },
      query: (query, options = {}) => sendQuery(gateway.url, query, options),
      async stop() {
        await gateway.close({ idleGraceMs: 0 });
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
