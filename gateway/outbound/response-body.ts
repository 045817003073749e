/** The bytes of a response, in the pieces in which they came. */
export class ResponseBody {
  /** In bytes. */
  readonly length: number;
  readonly #pieces: readonly Uint8Array[];
  readonly #memory: BodyMemory | null;

  /** `memory`: null where there is one piece at most. */
  constructor(pieces: readonly Uint8Array[], length: number, memory: BodyMemory | null) {
    this.#pieces = pieces;
    this.length = length;
    this.#memory = memory;
  }

  static of(bytes: Uint8Array): ResponseBody {
    return new ResponseBody([bytes], bytes.length, null);
  }

  /** All of them in one. */
  get bytes(): Uint8Array {
    const [first = noBytes] = this.#pieces;
    return this.#pieces.length <= 1 ? first : Buffer.concat(this.#pieces, this.length);
  }

  /**
   * The same for who reads them at once and keeps nothing of them: `read` gets them in memory that the next body is put into.
   * New memory for each long body would be garbage right away, and so much of it that garbage is collected more often.
   */
  read<Value>(read: (bytes: Uint8Array) => Value): Value {
    const memory = this.#pieces.length <= 1 ? null : this.#memory;
    return read(memory?.join(this.#pieces, this.length) ?? this.bytes);
  }
}

const noBytes = new Uint8Array();

/** Memory in which the bodies of one backend are put together, one after the other. */
export class BodyMemory {
  #bytes = noBytes;

  /** Null for more than is kept. */
  join(pieces: readonly Uint8Array[], length: number): Uint8Array | null {
    if (length > maxKeptBytes) return null;
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(Math.min(2 * length, maxKeptBytes));
    let end = 0;
    for (const piece of pieces) {
      this.#bytes.set(piece, end);
      end += piece.length;
    }
    return this.#bytes.subarray(0, length);
  }
}

/** Few bodies are longer. */
const maxKeptBytes = 4 * 1024 * 1024;
