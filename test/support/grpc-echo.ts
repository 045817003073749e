import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { GrpcBackend } from "../backends/grpc-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";

/** Every kind of field that a request can have; the answer is the request, or the rows that were set. */
const echoProto = `
syntax = "proto3";
package echo.v1;
import "echo/v1/row.proto";
service EchoService {
  rpc Echo(EchoRequest) returns (EchoRequest);
  rpc Safe(EchoRequest) returns (EchoRequest) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc BatchGetRows(BatchGetRowsRequest) returns (BatchGetRowsResponse);
  rpc WatchRows(BatchGetRowsRequest) returns (stream BatchGetRowsResponse);
}
enum Color { COLOR_UNSPECIFIED = 0; RED = 1; BLUE = 2; }
message EchoRequest {
  string text = 1;
  bool flag = 2;
  int32 small = 3;
  uint32 positive = 4;
  int64 big = 5;
  uint64 huge = 6;
  double ratio = 7;
  bytes raw = 8;
  Color color = 9;
  repeated string texts = 10;
  repeated Color colors = 11;
  Filter filter = 12;
  repeated Filter filters = 13;
  map<string, int64> counts = 14;
  string page_token = 15;
  optional string maybe = 16;
  fixed32 fixed = 17;
  sint64 zigzag = 18;
  float rough = 19;
}
message Filter {
  message Range { int32 min_value = 1; int32 max_value = 2; }
  enum Mode { ANY = 0; ALL = 1; }
  string category_id = 1;
  Mode mode = 2;
  Range price_range = 3;
  repeated Filter all_of = 4;
}
message BatchGetRowsRequest {
  repeated string ids = 1;
  repeated int64 numbers = 2;
  repeated RowKey keys = 3;
  string tenant = 4;
}
message RowKey { string tenant_id = 1; string sku = 2; }
message BatchGetRowsResponse { repeated Row rows = 1; map<string, Row> rows_by_id = 2; }
`;

const rowProto = `
syntax = "proto3";
package echo.v1;
message Row { string id = 1; int64 number = 2; string tenant_id = 3; string sku = 4; Detail detail = 5; }
message Detail { string display_name = 1; }
`;

export interface GrpcEcho {
  readonly backend: GrpcBackend;
  /** The folder that holds its proto, `echo/v1/echo.proto`. */
  readonly protos: string;
  /** What the batch method answers. */
  rows: object;
  /** The requests as they were sent: fields that were not are left out. */
  sent(): unknown[];
  stop(): Promise<void>;
}

export const echoSource =
  'extend schema @source(name: "echo", url: "grpc://x", proto: "echo/v1/echo.proto", service: "echo.v1.EchoService")';

/** Writes the service's protos to a folder that is the test's to remove. */
export function writeEchoProtos(): string {
  const protos = mkdtempSync(path.join(tmpdir(), "overlock-protos-"));
  mkdirSync(path.join(protos, "echo/v1"), { recursive: true });
  writeFileSync(path.join(protos, "echo/v1/echo.proto"), echoProto);
  writeFileSync(path.join(protos, "echo/v1/row.proto"), rowProto);
  return protos;
}

export async function startGrpcEcho(): Promise<GrpcEcho> {
  const protos = writeEchoProtos();
  const forms = { longs: String, enums: String, bytes: String, keepCase: true, json: true };
  const options = { includeDirs: [protos], ...forms };
  const service = loadSync("echo/v1/echo.proto", options)["echo.v1.EchoService"] as ServiceDefinition;
  const unary: ServiceDefinition = Object.fromEntries(
    Object.entries(service).filter(([, method]) => !method.responseStream),
  );
  const log = new RequestLog(countUp());
  const echo = (request: object): object => request;
  const found: { rows: object } = { rows: {} };
  const methods = { Echo: echo, Safe: echo, BatchGetRows: () => found.rows };
  const backend = new GrpcBackend(unary, methods, log);
  await backend.start();
  return Object.assign(found, {
    backend,
    protos,
    sent: () => log.entries.map((entry) => entry.message),
    async stop() {
      await backend.stop();
      rmSync(protos, { recursive: true });
    },
  });
}
