const firstBytes = 256;
/** Longer texts are written by Node: from there on that costs less than looking at each character. */
const maxShortText = 64;

/**
 * Writes the [wire format](https://protobuf.dev/programming-guides/encoding/). Values have to be those of their types:
 * nothing is checked any more.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(firstBytes);
  #pos = 0;

  /** What was written. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#pos);
  }

  uint32(value: number): void {
    this.#reserve(5);
    this.#varint32(value >>> 0);
  }

  /** A negative number takes ten bytes, like one of 64 bits. */
  int32(value: number): void {
    if (value < 0) this.int64(BigInt(value));
    else this.uint32(value);
  }

  sint32(value: number): void {
    this.uint32((value << 1) ^ (value >> 31));
  }

  fixed32(value: number): void {
    const start = this.#reserve(4);
    this.#pos = this.#buffer.writeUInt32LE(value, start);
  }

  sfixed32(value: number): void {
    const start = this.#reserve(4);
    this.#pos = this.#buffer.writeInt32LE(value, start);
  }

  float(value: number): void {
    const start = this.#reserve(4);
    this.#pos = this.#buffer.writeFloatLE(value, start);
  }

  double(value: number): void {
    const start = this.#reserve(8);
    this.#pos = this.#buffer.writeDoubleLE(value, start);
  }

  bool(value: boolean): void {
    this.uint32(value ? 1 : 0);
  }

  int64(value: bigint): void {
    this.uint64(BigInt.asUintN(64, value));
  }

  uint64(value: bigint): void {
    this.#reserve(10);
    let low = Number(value & 0xffff_ffffn);
    let high = Number(value >> 32n);
    while (high > 0) {
      this.#buffer[this.#pos++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#varint32(low);
  }

  sint64(value: bigint): void {
    this.int64((value << 1n) ^ (value >> 63n));
  }

  fixed64(value: bigint): void {
    const start = this.#reserve(8);
    this.#pos = this.#buffer.writeBigUInt64LE(value, start);
  }

  sfixed64(value: bigint): void {
    const start = this.#reserve(8);
    this.#pos = this.#buffer.writeBigInt64LE(value, start);
  }

  string(text: string): void {
    if (text.length > maxShortText || !this.#shortText(text)) this.#longText(text);
  }

  bytes(bytes: Uint8Array): void {
    this.uint32(bytes.length);
    const start = this.#reserve(bytes.length);
    this.#buffer.set(bytes, start);
    this.#pos = start + bytes.length;
  }

  /** Begins a block whose length stands before it; returns what {@link leave} needs to end it. */
  enter(): number {
    this.#reserve(1);
    this.#pos += 1;
    return this.#pos;
  }

  /** Ends the block: its length is known now, and may need more room than the one byte that was left for it. */
  leave(start: number): void {
    const length = this.#pos - start;
    let lengthBytes = 1;
    while (length >= 2 ** (7 * lengthBytes)) lengthBytes++;
    if (lengthBytes > 1) {
      this.#reserve(lengthBytes);
      this.#buffer.copyWithin(start + lengthBytes - 1, start, this.#pos);
    }
    this.#pos = start - 1;
    this.#varint32(length);
    this.#pos += length;
  }

  /** False, with nothing written, where a character is not of ASCII. */
  #shortText(text: string): boolean {
    const { length } = text;
    const start = this.#reserve(length + 1);
    const buffer = this.#buffer;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) return false;
      buffer[start + 1 + index] = code;
    }
    buffer[start] = length;
    this.#pos = start + 1 + length;
    return true;
  }

  #longText(text: string): void {
    const length = Buffer.byteLength(text);
    this.uint32(length);
    const start = this.#reserve(length);
    this.#pos = start + this.#buffer.write(text, start);
  }

  #varint32(value: number): void {
    const buffer = this.#buffer;
    let rest = value;
    while (rest > 127) {
      buffer[this.#pos++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[this.#pos++] = rest;
  }

  /** Makes room; returns where it begins. */
  #reserve(bytes: number): number {
    const needed = this.#pos + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#pos);
      this.#buffer = larger;
    }
    return this.#pos;
  }
}
