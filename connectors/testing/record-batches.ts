/** Records of Kafka's batches, for tests: those that are not compressed (https://kafka.apache.org/documentation/#recordbatch). */

const HEADER = 61;

/** Offset and value of each. */
export function* recordsOf(batches: Buffer): Generator<{ readonly offset: number; readonly value: Buffer }> {
  for (let begin = 0; begin < batches.length;) {
    const first = Number(batches.readBigInt64BE(begin));
    const count = batches.readInt32BE(begin + HEADER - 4);
    let at = begin + HEADER;
    // Zigzag; numbers in tests are small.
    const varint = (): number => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = batches[at++]!;
        value += (byte & 127) * factor;
        if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
    };
    for (let record = 0; record < count; record++) {
      const length = varint();
      const end = at + length;
      at++;
      varint();
      const offset = first + varint();
      const key = Math.max(0, varint());
      at += key;
      const size = Math.max(0, varint());
      yield { offset, value: batches.subarray(at, at + size) };
      at = end;
    }
    begin += 12 + batches.readInt32BE(begin + 8);
  }
}
