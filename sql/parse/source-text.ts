/** Code units between two remembered places; a look-up scans at most this far. */
const STRIDE = 1024;

/**
 * A statement text whose places are counted in three ways: JavaScript slices by UTF-16 code units, trees of
 * PostgreSQL's parser by UTF-8 bytes, and clients (field P of an error) by code points. In plain ASCII, the
 * usual case, all three are the same number.
 */
export class SourceText {
  readonly text: string;
  readonly isAscii: boolean;
  /** Bytes before the code unit `i * STRIDE`. */
  #bytes: number[] | undefined;
  /** Code points before the code unit `i * STRIDE`. */
  #codePoints: number[] | undefined;

  constructor(text: string) {
    this.text = text;
    // eslint-disable-next-line no-control-regex
    this.isAscii = /^[\x00-\x7f]*$/.test(text);
  }

  /** The UTF-8 byte offset of a UTF-16 offset. */
  byteOfUtf16(offset: number): number {
    if (this.isAscii) return offset;
    const { bytes } = this.#index();
    const checkpoint = Math.floor(offset / STRIDE);
    let count = bytes[checkpoint]!;
    for (let i = checkpoint * STRIDE; i < offset; i++) count += unitBytes(this.text, i);
    return count;
  }

  /** The UTF-16 offset of a UTF-8 byte offset. */
  utf16OfByte(byte: number): number {
    if (this.isAscii) return byte;
    const { bytes } = this.#index();
    const checkpoint = lastNotAbove(bytes, byte);
    let count = bytes[checkpoint]!;
    let i = checkpoint * STRIDE;
    while (count < byte && i < this.text.length) count += unitBytes(this.text, i++);
    return isLowSurrogate(this.text, i) ? i + 1 : i;
  }

  /** Code points before a UTF-16 offset. */
  codePointOfUtf16(offset: number): number {
    if (this.isAscii) return offset;
    const { codePoints } = this.#index();
    const checkpoint = Math.floor(offset / STRIDE);
    let count = codePoints[checkpoint]!;
    for (let i = checkpoint * STRIDE; i < offset; i++) count += isLowSurrogate(this.text, i) ? 0 : 1;
    return count;
  }

  /** The UTF-16 offset that has this many code points before it. */
  utf16OfCodePoint(codePoint: number): number {
    if (this.isAscii) return codePoint;
    const { codePoints } = this.#index();
    const checkpoint = lastNotAbove(codePoints, codePoint);
    let count = codePoints[checkpoint]!;
    let i = checkpoint * STRIDE;
    while (i < this.text.length && (count < codePoint || isLowSurrogate(this.text, i))) {
      if (!isLowSurrogate(this.text, i)) count++;
      i++;
    }
    return i;
  }

  /** The position that a client is told (1-based, code points) for a location in the tree (UTF-8 bytes). */
  positionOfByte(byte: number | undefined): number | undefined {
    if (byte === undefined || byte < 0) return undefined;
    return this.codePointOfUtf16(this.utf16OfByte(byte)) + 1;
  }

  /** The position that a client is told for a UTF-16 offset. */
  positionOfUtf16(offset: number): number {
    return this.codePointOfUtf16(offset) + 1;
  }

  #index(): { bytes: number[]; codePoints: number[] } {
    if (this.#bytes === undefined || this.#codePoints === undefined) {
      const bytes = [];
      const codePoints = [];
      let byteCount = 0;
      let codePointCount = 0;
      for (let i = 0; i <= this.text.length; i++) {
        if (i % STRIDE === 0) {
          bytes.push(byteCount);
          codePoints.push(codePointCount);
        }
        if (i === this.text.length) break;
        byteCount += unitBytes(this.text, i);
        if (!isLowSurrogate(this.text, i)) codePointCount++;
      }
      this.#bytes = bytes;
      this.#codePoints = codePoints;
    }
    return { bytes: this.#bytes, codePoints: this.#codePoints };
  }
}

/** Bytes that a code unit adds in UTF-8; all four of a surrogate pair are counted at its first half. */
function unitBytes(text: string, offset: number): number {
  const unit = text.charCodeAt(offset);
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  if (unit >= 0xd800 && unit < 0xdc00) return 4;
  if (unit >= 0xdc00 && unit < 0xe000) return 0;
  return 3;
}

function isLowSurrogate(text: string, offset: number): boolean {
  const unit = text.charCodeAt(offset);
  return unit >= 0xdc00 && unit < 0xe000;
}

function lastNotAbove(sorted: number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
