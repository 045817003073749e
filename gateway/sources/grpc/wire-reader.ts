/** Longer texts are decoded by themselves: from there on that costs less than looking at each byte. */
const maxSliceBytes = 64;
const maxGroups = 100;

/**
 * Reads the [wire format](https://protobuf.dev/programming-guides/encoding/) from `pos` to `end`, which is the end of
 * the message or block at hand. Whatever reaches beyond it, and what is none of the format, throws.
 */
export class WireReader {
  readonly #buffer: Buffer;
  pos: number;
  end: number;
  /** The lower and the upper 32 bits of the integer that was read last, unsigned. */
  #low = 0;
  #high = 0;
  /** All bytes as one text, of which texts in ASCII are slices: it lives as long as any of them. */
  #text: string | null = null;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.pos = 0;
    this.end = buffer.length;
  }

  /** A varint's lower 32 bits. */
  uint32(): number {
    const buffer = this.#buffer;
    const { end } = this;
    let { pos } = this;
    if (pos >= end) throw endReached();
    let byte = buffer[pos++] as number;
    if (byte < 128) {
      this.pos = pos;
      return byte;
    }
    let value = byte & 127;
    for (let shift = 7; shift < 70; shift += 7) {
      if (pos >= end) throw endReached();
      byte = buffer[pos++] as number;
      if (shift < 35) value |= (byte & 127) << shift;
      if (byte < 128) {
        this.pos = pos;
        return value >>> 0;
      }
    }
    throw new RangeError("a varint of more than ten bytes");
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  fixed32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  sfixed32(): number {
    return this.#buffer.readInt32LE(this.#take(4));
  }

  float(): number {
    return this.#buffer.readFloatLE(this.#take(4));
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  bool(): boolean {
    this.#varint64();
    return this.#low !== 0 || this.#high !== 0;
  }

  /** 64-bit integers are text, as in protobuf JSON. */
  int64(): string {
    this.#varint64();
    return signedText(this.#low, this.#high);
  }

  uint64(): string {
    this.#varint64();
    return unsignedText(this.#low, this.#high);
  }

  sint64(): string {
    this.#varint64();
    const sign = -(this.#low & 1);
    return signedText(((this.#low >>> 1) | (this.#high << 31)) ^ sign, (this.#high >>> 1) ^ sign);
  }

  fixed64(): string {
    this.#fixed64();
    return unsignedText(this.#low, this.#high);
  }

  sfixed64(): string {
    this.#fixed64();
    return signedText(this.#low, this.#high);
  }

  string(): string {
    const length = this.uint32();
    const start = this.#take(length);
    const end = start + length;
    const buffer = this.#buffer;
    if (length > maxSliceBytes) return buffer.toString("utf8", start, end);
    let bits = 0;
    for (let at = start; at < end; at++) bits |= buffer[at] as number;
    if (bits > 127) return buffer.toString("utf8", start, end);
    this.#text ??= buffer.toString("latin1");
    return this.#text.slice(start, end);
  }

  /** In base64. */
  bytes(): string {
    const length = this.uint32();
    const start = this.#take(length);
    return this.#buffer.toString("base64", start, start + length);
  }

  /** Goes into the block that begins with its length; returns what {@link leave} needs to go back. */
  enter(): number {
    const { end } = this;
    const length = this.uint32();
    if (length > end - this.pos) throw endReached();
    this.end = this.pos + length;
    return end;
  }

  /** Goes on after the block. */
  leave(end: number): void {
    this.pos = this.end;
    this.end = end;
  }

  /** Goes past the block that begins with its length; returns where its content begins. */
  passBlock(): number {
    return this.#take(this.uint32());
  }

  /** Goes past the group whose first tag was read; returns where its last tag begins. */
  passGroup(number: number): number {
    return this.#passGroup(number, 0);
  }

  /** Goes past a field whose tag was read. */
  pass(tag: number): void {
    this.#pass(tag, 0);
  }

  /** Its bytes, not copied. */
  slice(start: number, end: number): Buffer {
    return this.#buffer.subarray(start, end);
  }

  #pass(tag: number, depth: number): void {
    if (tag >>> 3 === 0) throw new RangeError("a field has the number 0");
    switch (tag & 7) {
      case 0:
        this.#varint64();
        return;
      case 1:
        this.#take(8);
        return;
      case 2:
        this.passBlock();
        return;
      case 3:
        this.#passGroup(tag >>> 3, depth);
        return;
      case 5:
        this.#take(4);
        return;
      default:
        throw new RangeError(
          "a field has a wire type that there is none of, or a group ends that did not begin",
        );
    }
  }

  #passGroup(number: number, depth: number): number {
    if (depth > maxGroups) throw new RangeError(`groups are nested deeper than ${maxGroups}`);
    for (;;) {
      const { pos } = this;
      const tag = this.uint32();
      if ((tag & 7) !== 4) this.#pass(tag, depth + 1);
      else if (tag >>> 3 === number) return pos;
      else throw new RangeError("a group ends that did not begin");
    }
  }

  #take(length: number): number {
    const { pos } = this;
    if (length > this.end - pos) throw endReached();
    this.pos = pos + length;
    return pos;
  }

  #varint64(): void {
    const buffer = this.#buffer;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= this.end) throw endReached();
      const byte = buffer[this.pos++] as number;
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte >= 128) continue;
      this.#low = low >>> 0;
      this.#high = high >>> 0;
      return;
    }
    throw new RangeError("a varint of more than ten bytes");
  }

  #fixed64(): void {
    const start = this.#take(8);
    this.#low = this.#buffer.readUInt32LE(start);
    this.#high = this.#buffer.readUInt32LE(start + 4);
  }
}

/** Numbers hold integers of 53 bits exactly. */
const maxExactHigh = 2 ** 21;

function unsignedText(low: number, high: number): string {
  if (high < maxExactHigh) return String(high * 2 ** 32 + low);
  return String((BigInt(high) << 32n) | BigInt(low));
}

function signedText(low: number, high: number): string {
  const signedHigh = high | 0;
  if (signedHigh >= -maxExactHigh && signedHigh < maxExactHigh)
    return String(signedHigh * 2 ** 32 + (low >>> 0));
  return String((BigInt(signedHigh) << 32n) | BigInt(low >>> 0));
}

function endReached(): RangeError {
  return new RangeError("a field is longer than its message");
}
