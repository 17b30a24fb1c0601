/** Results compared without regard to order: the number of lines, and the sum of their hashes. */

export interface Answer {
  readonly rows: number;
  readonly digest: string;
}

/** Two sums of 32-bit hashes: FNV-1a with different beginnings. */
class Sum {
  private rows = 0;
  private low = 0;
  private high = 0;

  add(line: Buffer, end: number): void {
    let a = 0x811c9dc5;
    let b = 0x2f0b4c47;
    for (let i = 0; i < end; i++) {
      const byte = line[i]!;
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x01000193);
      b ^= b >>> 15;
    }
    this.rows++;
    this.low = (this.low + (a >>> 0)) % 0x1_0000_0000;
    this.high = (this.high + (b >>> 0)) % 0x1_0000_0000;
  }

  answer(): Answer {
    return { rows: this.rows, digest: `${this.high.toString(16)}-${this.low.toString(16)}` };
  }
}

/** Of lines of COPY's text format, which end with a newline. */
export function exactAnswer(lines: readonly Buffer[]): Answer {
  const sum = new Sum();
  for (const line of lines) sum.add(line, line.at(-1) === 0x0a ? line.length - 1 : line.length);
  return sum.answer();
}

/** With numbers to nine digits: for systems that compute with floating point what SQL computes with numeric. */
export function roundedAnswer(rows: Iterable<readonly string[]>): Answer {
  const sum = new Sum();
  for (const row of rows) {
    const line = Buffer.from(
      row
        .map((field) =>
          field !== '' && Number.isFinite(Number(field)) ? Number(field).toPrecision(9) : field,
        )
        .join('\t'),
    );
    sum.add(line, line.length);
  }
  return sum.answer();
}

/** Fields of lines of COPY's text format; the benchmarks' texts have no escapes. */
export function* fields(lines: readonly Buffer[]): Generator<readonly string[]> {
  for (const line of lines) yield line.toString('utf8').replace(/\n$/, '').split('\t');
}
