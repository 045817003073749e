import {
  type CallContext,
  type CallDeclarationBase,
  type NamedSelection,
  readBatch,
  readRawSelection,
  readSelectionObject,
  readSharesInFlight,
  selectionsOf,
  unusedInputs,
} from "./call-declaration.ts";
import type { DirectiveUse } from "./directive-reader.ts";
import { type ErrorRule, readErrorRules, type StatusNames } from "./error-rules.ts";
import { readTrim, type TrimDeclaration } from "./trim-declaration.ts";

/** A field that `@grpc` fetches. */
export interface GrpcDeclaration extends CallDeclarationBase {
  readonly kind: "grpc";
  readonly method: string;
  readonly request: readonly NamedSelection[];
  /** Arguments that nothing names: they fill request fields of their own name. */
  readonly defaultArguments: readonly string[];
  readonly isDeclaredSafe: boolean;
  readonly errors: readonly ErrorRule[];
  /** `as` is a path to a FieldMask in the request. */
  readonly trim: TrimDeclaration | null;
}

/** By number, https://grpc.io/docs/guides/status-codes/. */
export const grpcStatusNames: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** Reads a checked use of `@grpc`. Its names are checked against the proto when the source is opened. */
export function readGrpc(use: DirectiveUse, context: CallContext): GrpcDeclaration {
  const select = readRawSelection(use, ["select"]);
  const batch = readBatch(use, context);
  const request = readSelectionObject(use, ["request"], context);
  const selections = [...selectionsOf(request), ...(batch === null ? [] : [batch.of])];
  const unused = use.isSound ? unusedInputs(selections, context) : [];
  for (const name of unused) {
    if (!name.includes(".")) continue;
    use.refuse([], "every field of an argument used, or the argument whole", `${name} unused`);
  }
  return {
    kind: "grpc",
    use,
    method: use.text("method") ?? "",
    select,
    batch,
    request,
    defaultArguments: unused.filter((name) => !name.includes(".")),
    isDeclaredSafe: use.flag("safe"),
    sharesInFlight: readSharesInFlight(use),
    errors: readErrorRules(use, grpcStatuses),
    trim: readTrim(use, batch, context),
  };
}

const failureNames = grpcStatusNames.filter((name) => name !== "OK");

const grpcStatuses: StatusNames = {
  expected: `a gRPC status other than OK (${failureNames.join(", ")})`,
  names: failureNames,
  isStatus: (text) => failureNames.includes(text),
  needsWhen: () => false,
};
