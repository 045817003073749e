import { fileURLToPath } from "node:url";
import type { status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** One detail of a failed gRPC call. https://google.aip.dev/193 */
export type ErrorDetail =
  | {
      readonly kind: "ErrorInfo";
      readonly reason: string;
      readonly domain: string;
      readonly metadata?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "BadRequest";
      readonly fieldViolations: readonly { readonly field: string; readonly description: string }[];
    };

/** The bytes of a `google.rpc.Status`: what a server puts into the trailer `grpc-status-details-bin`. */
export function packRichStatus(failure: {
  readonly code: status;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}): Buffer {
  const details = failure.details.map(({ kind, ...detail }) => ({
    typeUrl: `type.googleapis.com/google.rpc.${kind}`,
    value: pack(kind, detail),
  }));
  return pack("Status", { code: failure.code, message: failure.message, details });
}

const definitions = loadSync(fileURLToPath(new URL("rich-status.proto", import.meta.url)));

function pack(message: string, value: object): Buffer {
  const definition = definitions[`google.rpc.${message}`];
  if (definition === undefined || !("serialize" in definition) || typeof definition.serialize !== "function")
    throw new Error(`Expected a message google.rpc.${message}.`);
  return definition.serialize(value);
}
