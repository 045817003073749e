import { OverlockError } from "../../core/errors.ts";

/** An error that a GraphQL backend put into its answer. */
export class BackendError extends OverlockError {
  /** Where it happened, below the root field: the response keys, without the indices of lists. */
  readonly fieldPath: readonly string[];

  constructor(code: OverlockError["code"], message: string, path: readonly (string | number)[]) {
    super(code, message);
    this.fieldPath = path.slice(1).filter((key) => typeof key === "string");
  }
}
