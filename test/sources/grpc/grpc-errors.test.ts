import { Metadata } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type GrpcProject, type RawGrpc, startGrpcProject, startRawGrpc } from "../../support/raw-grpc.ts";

const proto = `syntax = "proto3"; package desk.v1;
service Desk { rpc Ask(Question) returns (Question); }
message Question { string text = 1; }`;

const rules = `[
  { status: FAILED_PRECONDITION, when: "preconditionFailure.violations", code: "CLOSED", message: "The shop is closed." }
  { status: FAILED_PRECONDITION, code: "NOT_NOW" }
  { status: RESOURCE_EXHAUSTED, codeFrom: "errorInfo.reason", code: "BUSY", messageFrom: "localized_message.message" }
  { status: INVALID_ARGUMENT, when: "badRequest.fieldViolations", codeFrom: "error_info.metadata.kind", messageFrom: "message" }
  { status: UNAVAILABLE, codeFrom: "status" }
  { status: "NOT_FOUND", when: "resourceInfo.resourceName", code: "GONE" }
]`;

let backend: RawGrpc;
let project: GrpcProject;
beforeAll(async () => {
  backend = await startRawGrpc("/desk.v1.Desk/Ask");
  project = await startGrpcProject(
    {
      protos: { "desk.proto": proto },
      proto: "desk.proto",
      source: `extend schema @source(name: "desk", url: "grpc://x", proto: "desk.proto", service: "desk.v1.Desk")
        type Query { ask(text: String): Answer @grpc(method: "Ask", errors: ${rules}) plain(text: String): Answer @grpc(method: "Ask") }
        type Answer { text: String }`,
      client:
        "type Query { ask(text: String): Answer plain(text: String): Answer } type Answer { text: String }",
    },
    { DESK_URL: backend.url },
  );
});
afterAll(async () => {
  await project.stop();
  await backend.stop();
});
afterEach(() => {
  backend.answer = null;
  project.logLines.length = 0;
});

/** google.rpc as other servers write it. */
const { root } = protobuf.parse(
  `syntax = "proto3"; package google.rpc;
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message RetryInfo { Duration retry_delay = 1; } message Duration { int64 seconds = 1; int32 nanos = 2; }
  message PreconditionFailure { repeated Violation violations = 1; message Violation { string type = 1; } }
  message BadRequest { repeated Violation field_violations = 1; message Violation { string field = 1; } }
  message ResourceInfo { string resource_type = 1; string resource_name = 2; }
  message LocalizedMessage { string locale = 1; string message = 2; }`,
  { keepCase: true },
);

function encode(type: string, value: object): Uint8Array {
  const found = root.lookupType(`google.rpc.${type}`);
  return found.encode(found.fromObject(value)).finish();
}

function failure(
  code: number,
  details: readonly (readonly [type: string, value: object])[],
  message = "secret",
): Error {
  const packed = details.map(([type, value]) => ({
    type_url: `type.googleapis.com/google.rpc.${type}`,
    value: encode(type, value),
  }));
  return statusError(code, message, Buffer.from(encode("Status", { code, message, details: packed })));
}

function statusError(code: number, message: string, details: Buffer | null): Error {
  const metadata = new Metadata();
  if (details !== null) metadata.set("grpc-status-details-bin", details);
  return Object.assign(new Error(message), { code, details: message, metadata });
}

async function ask(error: Error, field = "ask") {
  backend.answer = () => error;
  const { data, errors } = await project.query(`{ ${field}(text: "x") { text } }`);
  return { data, errors: errors.map(({ message, extensions }) => ({ message, ...extensions })) };
}

describe("a failure is told as the source schema says", () => {
  test.each<[what: string, error: Error, told: object]>([
    [
      "by the first rule that holds",
      failure(9, [["PreconditionFailure", { violations: [{ type: "OPEN" }] }]]),
      { code: "UPSTREAM_REJECTED", upstreamCode: "CLOSED", message: "The shop is closed." },
    ],
    [
      "by a later one where the details are not there",
      failure(9, [["ErrorInfo", { reason: "X" }]]),
      { code: "UPSTREAM_REJECTED", upstreamCode: "NOT_NOW", message: "A backend refused the call." },
    ],
    [
      "with its reason and its localized message",
      failure(8, [
        ["RetryInfo", { retry_delay: { seconds: "1", nanos: 500_000_000 } }],
        ["ErrorInfo", { reason: "QUOTA", domain: "desk" }],
        ["LocalizedMessage", { locale: "de", message: "Bitte sp\u00e4ter." }],
      ]),
      { code: "UPSTREAM_ERROR", upstreamCode: "QUOTA", message: "Bitte sp\u00e4ter." },
    ],
    [
      "with what stands in for details that are not there",
      statusError(8, "secret", null),
      { code: "UPSTREAM_ERROR", upstreamCode: "BUSY", message: "A backend failed." },
    ],
    [
      "with its metadata and the status message",
      failure(
        3,
        [
          ["BadRequest", { field_violations: [{ field: "text" }] }],
          ["ErrorInfo", { metadata: { kind: "K1" } }],
        ],
        "too long",
      ),
      { code: "UPSTREAM_REJECTED", upstreamCode: "K1", message: "too long" },
    ],
    [
      "with the status itself",
      failure(14, []),
      {
        code: "UPSTREAM_UNREACHABLE",
        upstreamCode: "UNAVAILABLE",
        message: "A backend could not be reached.",
      },
    ],
    [
      "where it would be null without a rule",
      failure(5, [["ResourceInfo", { resource_name: "r1" }]]),
      { code: "UPSTREAM_REJECTED", upstreamCode: "GONE", message: "A backend refused the call." },
    ],
  ])("%s", async (_what, error, told) => {
    expect(await ask(error)).toEqual({ data: { ask: null }, errors: [told] });
  });

  test("and stays null where no rule holds for NOT_FOUND", async () => {
    expect(await ask(failure(5, []))).toEqual({ data: { ask: null }, errors: [] });
  });
});

test.each([
  [1, "CANCELLED", "UPSTREAM_ERROR"],
  [2, "UNKNOWN", "UPSTREAM_ERROR"],
  [3, "INVALID_ARGUMENT", "UPSTREAM_REJECTED"],
  [4, "DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT"],
  [6, "ALREADY_EXISTS", "UPSTREAM_REJECTED"],
  [7, "PERMISSION_DENIED", "UPSTREAM_DENIED"],
  [8, "RESOURCE_EXHAUSTED", "UPSTREAM_ERROR"],
  [9, "FAILED_PRECONDITION", "UPSTREAM_REJECTED"],
  [10, "ABORTED", "UPSTREAM_ERROR"],
  [11, "OUT_OF_RANGE", "UPSTREAM_REJECTED"],
  [12, "UNIMPLEMENTED", "UPSTREAM_REJECTED"],
  [13, "INTERNAL", "UPSTREAM_ERROR"],
  [14, "UNAVAILABLE", "UPSTREAM_UNREACHABLE"],
  [15, "DATA_LOSS", "UPSTREAM_ERROR"],
  [16, "UNAUTHENTICATED", "UPSTREAM_DENIED"],
])(
  "status %d, %s, with details is %s, and nothing of it is shown without a rule",
  async (status, _name, code) => {
    const answer = await ask(failure(status, [["ErrorInfo", { reason: "secret" }]]), "plain");
    expect(answer).toMatchObject({ data: { plain: null }, errors: [{ code }] });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(answer.errors[0]).not.toHaveProperty("upstreamCode");
  },
);

test.each<[what: string, details: Buffer]>([
  ["are no message", Buffer.from([0xff, 0xff, 0xff])],
  ["are empty", Buffer.alloc(0)],
  ["hold an Any that is none", Buffer.from([0x1a, 2, 0xff, 0xff])],
  [
    "hold a detail that is none",
    Buffer.from(
      encode("Status", { details: [{ type_url: "t/google.rpc.ErrorInfo", value: Buffer.from([0x0a, 9]) }] }),
    ),
  ],
  [
    "hold a detail that nobody knows",
    Buffer.from(encode("Status", { details: [{ type_url: "t/a.B", value: Buffer.from([1]) }] })),
  ],
  [
    "are very many",
    Buffer.from(encode("Status", { details: Array.from({ length: 500 }, () => ({ type_url: "t/a.B" })) })),
  ],
])("details that %s change nothing about the failure", async (_what, details) => {
  expect((await ask(statusError(8, "secret", details))).errors).toEqual([
    { code: "UPSTREAM_ERROR", upstreamCode: "BUSY", message: "A backend failed." },
  ]);
});
