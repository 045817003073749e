/** What a call reads of whoever asks: what it may differ by between callers who ask for the same. */
export interface CallerReads {
  /** Names of claims, of a nested one the outermost; an empty name stands for all of them. */
  readonly claims: readonly string[];
  /** Names of headers in lower case, those that are forwarded among them. */
  readonly headers: readonly string[];
}

/** Which epoch the reads of a source are in. */
export interface ReadEpoch {
  /** Only ever grows. */
  readonly epoch: number;
}
