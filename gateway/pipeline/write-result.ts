import { eachInTurns, maxAtOnce } from "../core/each-in-turns.ts";
import { nextTurn } from "../core/next-turn.ts";
import type { AbsorbedError } from "../core/request-scope.ts";
import type { ExecutedOperation, FieldError } from "../execute/executed-operation.ts";

/** What an operation came to, and the text that says so to clients. */
export class WrittenResult {
  readonly outcome: "ok" | "partial" | "error";
  readonly errors: ExecutedOperation["errors"];
  readonly absorbed: readonly AbsorbedError[];
  /** What the run has received and called; null where nobody counted. */
  readonly actual: ExecutedOperation["actual"];
  readonly text: string;
  readonly #hasExtensions: boolean;
  #bytes: Uint8Array | null = null;

  /** `text` ends with the member `extensions` where anything was absorbed, and where it has a plan. */
  constructor(
    { data, errors, actual }: ExecutedOperation,
    absorbed: readonly AbsorbedError[],
    { text, plan }: { readonly text: string; readonly plan: object | null },
  ) {
    this.outcome = errors.length === 0 ? "ok" : data === null ? "error" : "partial";
    this.errors = errors;
    this.absorbed = absorbed;
    this.actual = actual;
    this.text = text;
    this.#hasExtensions = absorbed.length > 0 || plan !== null;
  }

  /** It has neither an error nor one that a default stands in for. */
  get isWhole(): boolean {
    return this.errors.length === 0 && this.absorbed.length === 0;
  }

  /** The text in UTF-8, encoded once for all whom it is sent to. */
  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }

  /** The text with one more extension, for one of those whom it is sent to. */
  textWith(name: string, extension: object): string {
    const member = `${JSON.stringify(name)}:${JSON.stringify(extension)}`;
    return this.#hasExtensions
      ? `${this.text.slice(0, -2)},${member}}}`
      : `${this.text.slice(0, -1)},"extensions":{${member}}}`;
  }
}

/**
 * Writes the result of an operation, with its plan where that was asked for: https://spec.graphql.org/draft/#sec-Response.
 * Takes the data out of what was executed. A promise where so much went wrong that it takes several turns of the event loop.
 */
export function writeResult(
  executed: ExecutedOperation,
  absorbed: readonly AbsorbedError[],
  plan: object | null,
): WrittenResult | Promise<WrittenResult> {
  const { data, errors, actual } = executed;
  // The run's promise may be kept for longer, and long data with it; decision 0107.
  executed.data = null;
  return write({ data, errors, actual }, absorbed, plan);
}

function write(
  executed: ExecutedOperation,
  absorbed: readonly AbsorbedError[],
  plan: object | null,
): WrittenResult | Promise<WrittenResult> {
  const { data, errors } = executed;
  if (errors.length === 0 && absorbed.length === 0 && plan === null)
    return new WrittenResult(executed, absorbed, { text: JSON.stringify({ data }), plan });
  if (errors.length > maxAtOnce || absorbed.length > maxAtOnce)
    return writeInTurns(executed, absorbed, plan).then(
      (text) => new WrittenResult(executed, absorbed, { text, plan }),
    );
  const body = {
    ...(errors.length > 0 && { errors: errors.map(shownError) }),
    data,
    ...((absorbed.length > 0 || plan !== null) && {
      extensions: { ...(absorbed.length > 0 && { completeness: absorbed }), ...(plan !== null && { plan }) },
    }),
  };
  return new WrittenResult(executed, absorbed, { text: JSON.stringify(body), plan });
}

function shownError({ message, locations, path, code, upstreamCode }: FieldError): object {
  return {
    message,
    locations,
    path,
    extensions: { code, ...(upstreamCode !== null && { upstreamCode }) },
  };
}

/** The same text, error by error. */
async function writeInTurns(
  { data, errors }: ExecutedOperation,
  absorbed: readonly AbsorbedError[],
  plan: object | null,
): Promise<string> {
  const errorTexts: string[] = [];
  await eachInTurns(errors, (error) => errorTexts.push(JSON.stringify(shownError(error))));
  const absorbedTexts: string[] = [];
  await eachInTurns(absorbed, (one) => absorbedTexts.push(JSON.stringify(one)));
  await nextTurn();
  const members: string[] = [];
  if (errors.length > 0) members.push(`"errors":[${errorTexts.join(",")}]`);
  members.push(`"data":${JSON.stringify(data)}`);
  const extensions: string[] = [];
  if (absorbed.length > 0) extensions.push(`"completeness":[${absorbedTexts.join(",")}]`);
  if (plan !== null) extensions.push(`"plan":${JSON.stringify(plan)}`);
  if (extensions.length > 0) members.push(`"extensions":{${extensions.join(",")}}`);
  return `{${members.join(",")}}`;
}
