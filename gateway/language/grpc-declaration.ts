import {
  type CallContext,
  type CallDeclarationBase,
  type NamedSelection,
  readBatch,
  readRawSelection,
  readSelectionObject,
  selectionsOf,
  unusedInputs,
} from "./call-declaration.ts";
import type { DirectiveUse } from "./directive-reader.ts";

/** A field that `@grpc` fetches. */
export interface GrpcDeclaration extends CallDeclarationBase {
  readonly kind: "grpc";
  readonly method: string;
  readonly request: readonly NamedSelection[];
  /** Arguments that nothing names: they fill request fields of their own name. */
  readonly defaultArguments: readonly string[];
  readonly isDeclaredSafe: boolean;
}

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
  };
}
