import { OverlockError } from "../core/errors.ts";
import { JsonDocumentError, parseJsonDocument } from "./json-document.ts";
import { longJsonBytes, parseLongJsonDocument } from "./long-json-document.ts";

/**
 * The JSON of a response's body, parsed by the first who asks for it. Whoever shares the response has the same values,
 * which nobody changes.
 */
export class ResponseJson {
  readonly #body: Uint8Array;
  #parsed: { readonly value: unknown } | { readonly failure: JsonDocumentError } | null = null;
  #loading: Promise<void> | null = null;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** Where the body is long: resolves when it was parsed, in several turns of the event loop. Null: it is not long. */
  load(): Promise<void> | null {
    if (this.#body.length <= longJsonBytes || this.#parsed !== null) return null;
    this.#loading ??= parseLongJsonDocument(this.#body).then(
      (value) => void (this.#parsed = { value }),
      (error: unknown) => {
        if (!(error instanceof JsonDocumentError)) throw error;
        this.#parsed = { failure: error };
      },
    );
    return this.#loading;
  }

  /** Raises UPSTREAM_INVALID_RESPONSE. */
  get value(): unknown {
    this.#parsed ??= tryParse(this.#body);
    if ("value" in this.#parsed) return this.#parsed.value;
    const { failure: cause } = this.#parsed;
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", cause.message, { cause });
  }
}

function tryParse(body: Uint8Array): { readonly value: unknown } | { readonly failure: JsonDocumentError } {
  try {
    return { value: parseJsonDocument(body) };
  } catch (error) {
    if (error instanceof JsonDocumentError) return { failure: error };
    throw error;
  }
}
