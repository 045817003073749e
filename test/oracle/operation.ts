import { type DocumentNode, print } from "graphql";

/** A valid operation, with all that is needed to send it. */
export interface RandomOperation {
  /** The seed that makes it again. */
  readonly seed: number;
  readonly document: DocumentNode;
  /** As a client sends them; only variables that the operation declares. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Which of the document's operations; null where there is one only and it is not named by the request. */
  readonly operationName: string | null;
}

/** The operation in words, to be pasted into a test or an explorer. */
export function describeOperation({ seed, document, variables, operationName }: RandomOperation): string {
  const lines = [`seed       ${seed}`, print(document), `variables  ${JSON.stringify(variables)}`];
  if (operationName !== null) lines.push(`operation  ${operationName}`);
  return lines.join("\n");
}
