import { OverlockError } from "../core/errors.ts";
import { turnToBegin } from "../core/next-turn.ts";
import type { ResponseBody } from "../outbound/response-body.ts";
import { JsonDocumentError, parseExactJson, parseJsonDocument } from "./json-document.ts";
import { parseLongJsonDocument } from "./long-json-document.ts";

/** Longer documents are parsed in turns: in one, they take 20 ms and more. */
export const longJsonBytes = 3 * 1024 * 1024;
/** Longer ones, too, where they seem to have more values than {@link maxValuesAtOnce}: how long it takes is up to these. */
export const longDenseJsonBytes = 1024 * 1024;
/** As many empty lists, the worst of all, take some 25 ms. */
export const maxValuesAtOnce = 200_000;
/** With numbers that JavaScript can't hold, which take five times as long: as many bytes take 20 ms. */
export const longInexactJsonBytes = 256 * 1024;

/**
 * The JSON of a response's body, parsed by the first who asks for it. Whoever shares the response has the same values,
 * which nobody changes. Those of a long document are forgotten when all have read them who waited for it; decision 0107.
 */
export class ResponseJson {
  readonly #body: ResponseBody;
  #parsed: Parsed | null = null;
  #loading: Promise<void> | null = null;

  constructor(body: ResponseBody) {
    this.#body = body;
  }

  /**
   * Where it takes long, or other long work has this turn of the event loop: resolves when the body was parsed, in a later
   * turn or in several. Null: there is nothing to wait for.
   */
  load(): Promise<void> | null {
    if (this.#body.length <= longInexactJsonBytes || this.#parsed !== null) return null;
    if (this.#loading !== null) return this.#loading;
    const turn = turnToBegin();
    this.#loading = turn === null ? this.#parse() : turn.then(() => this.#parse() ?? undefined);
    return this.#loading;
  }

  /** Null: it is done. */
  #parse(): Promise<void> | null {
    if (this.#body.length <= longJsonBytes) {
      this.#parsed = this.#body.read((bytes) =>
        isParsedAtOnce(bytes) ? attempt(() => parseExactJson(bytes)) : null,
      );
      if (this.#parsed !== null) {
        this.#forgetAfterTurn();
        return null;
      }
    }
    return parseLongJsonDocument(this.#body.bytes).then(
      (value) => {
        this.#parsed = { value };
        this.#forgetAfterTurn();
      },
      (error: unknown) => {
        if (!(error instanceof JsonDocumentError)) throw error;
        this.#parsed = { failure: error };
      },
    );
  }

  /** Everybody who waits for it has read it by then. Whoever holds the response for longer need not hold all its values. */
  #forgetAfterTurn(): void {
    setImmediate(() => {
      this.#parsed = null;
      this.#loading = null;
    });
  }

  /** Raises UPSTREAM_INVALID_RESPONSE. */
  get value(): unknown {
    this.#parsed ??= this.#body.read((bytes) => attempt(() => ({ value: parseJsonDocument(bytes) })));
    if ("value" in this.#parsed) return this.#parsed.value;
    const { failure: cause } = this.#parsed;
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", cause.message, { cause });
  }
}

function isParsedAtOnce(body: Uint8Array): boolean {
  return body.length <= longDenseJsonBytes || hasFewValues(body);
}

/** Estimated by the commas and brackets, those in texts included, of every sixteenth piece: to count all takes some ms. */
function hasFewValues(body: Uint8Array): boolean {
  let values = 0;
  for (let start = 0; start < body.length; start += pieceBytes * pieceEvery) {
    const end = Math.min(start + pieceBytes, body.length);
    for (let at = start; at < end; at++) {
      const byte = body[at];
      if (byte === comma || byte === openList || byte === openObject) values++;
    }
  }
  return values * pieceEvery <= maxValuesAtOnce;
}

const pieceBytes = 256;
const pieceEvery = 16;
const [comma, openList, openObject] = [0x2c, 0x5b, 0x7b];

type Parsed = { readonly value: unknown } | { readonly failure: JsonDocumentError };

function attempt<Result>(parse: () => Result): Result | { readonly failure: JsonDocumentError } {
  try {
    return parse();
  } catch (error) {
    if (error instanceof JsonDocumentError) return { failure: error };
    throw error;
  }
}
