import protobuf from "protobufjs";
import { readOwn } from "../../language/evaluate-selection.ts";
import { grpcStatusNames } from "../../language/grpc-declaration.ts";
import type { GrpcStatusError } from "../../outbound/grpc-failure.ts";
import { decodeMessage } from "./decode-message.ts";
import { ProtoCatalog } from "./proto-catalog.ts";
import type { ProtoMessage } from "./proto-model.ts";
import { parseDuration } from "./well-known-types.ts";

/**
 * google.rpc.Status and [the standard details](https://google.aip.dev/193), as far as their fields go, and the body in
 * which rules find them: each kind of detail under its own name.
 */
const proto = `
syntax = "proto3";
package google.rpc;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
message Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message RetryInfo { google.protobuf.Duration retry_delay = 1; }
message DebugInfo { repeated string stack_entries = 1; string detail = 2; }
message QuotaFailure {
  message Violation { string subject = 1; string description = 2; string api_service = 3; string quota_metric = 4; string quota_id = 5; }
  repeated Violation violations = 1;
}
message PreconditionFailure {
  message Violation { string type = 1; string subject = 2; string description = 3; }
  repeated Violation violations = 1;
}
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; string reason = 3; LocalizedMessage localized_message = 4; }
  repeated FieldViolation field_violations = 1;
}
message RequestInfo { string request_id = 1; string serving_data = 2; }
message ResourceInfo { string resource_type = 1; string resource_name = 2; string owner = 3; string description = 4; }
message Help { message Link { string description = 1; string url = 2; } repeated Link links = 1; }
message LocalizedMessage { string locale = 1; string message = 2; }
message ErrorBody {
  string status = 1;
  string message = 2;
  ErrorInfo error_info = 3;
  RetryInfo retry_info = 4;
  QuotaFailure quota_failure = 5;
  PreconditionFailure precondition_failure = 6;
  BadRequest bad_request = 7;
  RequestInfo request_info = 8;
  ResourceInfo resource_info = 9;
  Help help = 10;
  LocalizedMessage localized_message = 11;
}
`;

/** What HTTP/2 servers may send in headers as a rule is less. */
const maxDetailsBytes = 64 * 1024;
const maxDetails = 32;

/** Reads the rich details of a failed call. */
export class ErrorDetails {
  /** What the maps of `errors` read. */
  readonly body: ProtoMessage;
  readonly #status: ProtoMessage;

  constructor() {
    const { root } = protobuf.parse(proto, { keepCase: true });
    for (const file of ["any", "duration"])
      root.addJSON(protobuf.common.get(`google/protobuf/${file}.proto`)?.nested ?? {});
    root.resolveAll();
    const catalog = new ProtoCatalog(root);
    this.body = catalog.message("google.rpc.ErrorBody", "");
    this.#status = catalog.message("google.rpc.Status", "");
  }

  /**
   * The raw value of {@link ErrorDetails.body}. Of several details of one kind it has the first. Details that are larger
   * than 64 KiB, and those that can't be read, are left out: the status says enough.
   */
  read({ status, message, statusDetails }: GrpcStatusError): Record<string, unknown> {
    const result: Record<string, unknown> = { status: grpcStatusNames[status] ?? "UNKNOWN", message };
    for (const detail of this.#detailsOf(statusDetails)) {
      const url = readOwn(detail, "type_url");
      const value = readOwn(detail, "value");
      if (typeof url !== "string" || typeof value !== "string") continue;
      const name = url.slice(url.lastIndexOf("/") + 1);
      const field = [...this.body.fields.values()].find(
        ({ type }) => type.kind === "message" && type.message.name === name,
      );
      if (field?.type.kind !== "message" || Object.hasOwn(result, field.name)) continue;
      const decoded = tryDecode(field.type.message, Buffer.from(value, "base64"));
      if (decoded !== null) result[field.name] = decoded;
    }
    return result;
  }

  #detailsOf(bytes: Buffer | null): readonly unknown[] {
    if (bytes === null || bytes.length > maxDetailsBytes) return [];
    const details = readOwn(tryDecode(this.#status, bytes), "details");
    return Array.isArray(details) ? details.slice(0, maxDetails) : [];
  }
}

/** How long a backend asks to wait before the next attempt; null where it does not say. */
export function retryDelayMsOf(body: Readonly<Record<string, unknown>>): number | null {
  const text = readOwn(body["retry_info"], "retry_delay");
  const delay = typeof text === "string" ? parseDuration(text) : null;
  return delay === null ? null : Math.max(0, Number(delay.seconds) * 1000 + Math.ceil(delay.nanos / 1e6));
}

function tryDecode(message: ProtoMessage, bytes: Buffer): Record<string, unknown> | null {
  try {
    return decodeMessage(message, bytes);
  } catch {
    // Whatever a backend writes there, it is the call that failed.
    return null;
  }
}
