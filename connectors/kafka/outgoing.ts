/**
 * Messages on their way out: from the frames that the engine encodes (engine/crates/decode/src/encode/messages.rs) straight to
 * the records of a batch, without an object for each.
 *
 * kafkajs takes an array of messages, makes several objects of each, and needs time in the square of their number to group
 * them by partition: about 12 µs of CPU for a message of 100 bytes, ten times what all else costs. What it does with the
 * array are a few calls, which `OutgoingMessages` and `PartitionRecords` answer themselves; the producer, its transactions,
 * retries and the request around the records stay kafkajs's. The calls are those of kafkajs 2.2.4, which package.json
 * pins: `find` of producer/messageProducer.js, `reduce` of producer/groupMessagesPerPartition.js, `length` of
 * producer/sendMessages.js and `map` of protocol/requests/produce/v3/request.js. Tests read back what was written.
 */
import type { ICustomPartitioner, IHeaders, Message } from 'kafkajs';

const HEADER = 28;
const TWO_32 = 2 ** 32;
/** What a message costs in a batch besides key, value and headers, at most. */
const OVERHEAD = 40;
/** Headers are JSON in the frame, and hardly longer in the record. */
const NONE = -1;

/** Frames from one place to another, to be sent as one request. */
interface Portion {
  readonly frames: Buffer;
  readonly count: number;
}

/** Portions of frames, each of at most so many bytes in a batch, or of one message. */
export function* portions(frames: Buffer, most: number): Generator<Portion> {
  let from = 0;
  let count = 0;
  let bytes = 0;
  for (let at = 0; at < frames.length;) {
    const length = frameLength(frames, at);
    const cost = length - HEADER + OVERHEAD;
    if (count > 0 && bytes + cost > most) {
      yield { frames: frames.subarray(from, at), count };
      from = at;
      count = 0;
      bytes = 0;
    }
    count++;
    bytes += cost;
    at += length;
  }
  if (count > 0) yield { frames: frames.subarray(from), count };
}

function frameLength(frames: Buffer, at: number): number {
  const key = frames.readInt32LE(at + 16);
  const value = frames.readInt32LE(at + 20);
  const headers = frames.readInt32LE(at + 24);
  return HEADER + Math.max(0, key) + Math.max(0, value) + Math.max(0, headers);
}

/** A message for partition 0, as the engine would frame it. */
export function messageFrame(key: string, value: string, micros: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeBigInt64LE(BigInt(micros), 0);
  header.writeInt32LE(Buffer.byteLength(key), 16);
  header.writeInt32LE(Buffer.byteLength(value), 20);
  header.writeInt32LE(NONE, 24);
  return Buffer.concat([header, Buffer.from(key), Buffer.from(value)]);
}

/** A portion as kafkajs's `send` takes it. */
export function outgoingMessages(portion: Portion): Message[] {
  return new OutgoingMessages(portion) as unknown as Message[];
}

/** Tells the messages how many partitions there are, when they are grouped. */
export const outgoingPartitioner: ICustomPartitioner = () => {
  let round = 0;
  return ({ partitionMetadata, message }) => {
    (message as unknown as OutgoingMessages).group(partitionMetadata.length, round++);
    return 0;
  };
};

class OutgoingMessages {
  readonly #portion: Portion;
  #groups: Record<number, PartitionRecords> | null = null;

  constructor(portion: Portion) {
    this.#portion = portion;
  }

  /** kafkajs looks for a message without a value: a tombstone's is null. */
  find(): undefined {
    return undefined;
  }

  /** kafkajs groups by partition: the partitioner is called once, with all. */
  reduce(
    step: (groups: object, messages: OutgoingMessages) => object,
    groups: object,
  ): Record<number, PartitionRecords> {
    step(groups, this);
    return this.#groups!;
  }

  /** By place; what has none goes to one partition, another for each portion. Sent again, they stay where they were. */
  group(partitions: number, round: number): void {
    if (this.#groups !== null) return;
    const { frames, count } = this.#portion;
    const groups: Record<number, PartitionRecords> = {};
    const expected = Math.ceil((frames.length + count * OVERHEAD) / partitions);
    for (let at = 0; at < frames.length; at += frameLength(frames, at)) {
      const high = frames.readInt32LE(at + 12);
      const partition =
        high < 0
          ? round % partitions
          : // Both products stay below 2^53.
            ((high % partitions) * (TWO_32 % partitions) + frames.readUInt32LE(at + 8)) % partitions;
      (groups[partition] ??= new PartitionRecords(expected)).add(frames, at);
    }
    this.#groups = groups;
  }
}

/** The records of one partition's batch, encoded one behind the other. */
class PartitionRecords {
  length = 0;
  #bytes: Buffer;
  #end = 0;
  #first = 0;
  #last = 0;

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected + 1024);
  }

  /** kafkajs asks for the timestamps, and then for encoded records: `each` tells which by what it gives. */
  map(each: (message: { timestamp: number; value: null }, index: number) => unknown): unknown[] {
    const probe = each({ timestamp: this.#first, value: null }, 0);
    if (typeof probe === 'number') return [this.#first, this.#last];
    const buffer = this.#bytes.subarray(0, this.#end);
    // The first element has the bytes of all. The holes behind it count, and nothing is asked of them.
    const records: unknown[] = [{ buf: buffer, buffer }];
    records.length = this.length;
    return records;
  }

  /**
   * Appends a record: length, attributes, deltas of time and offset, key, value and headers, numbers as zigzag varints
   * (https://kafka.apache.org/documentation/#record).
   */
  add(frames: Buffer, at: number): void {
    const micros = frames.readInt32LE(at + 4) * TWO_32 + frames.readUInt32LE(at);
    const millis = Math.floor(micros / 1000);
    if (this.length === 0) this.#first = millis;
    this.#last = Math.max(this.#last, millis);
    const key = frames.readInt32LE(at + 16);
    const value = frames.readInt32LE(at + 20);
    const headers = frames.readInt32LE(at + 24);
    const keyAt = at + HEADER;
    const valueAt = keyAt + Math.max(0, key);
    const headersAt = valueAt + Math.max(0, value);
    const encoded =
      headers === NONE ? null : headerList(frames.toString('utf8', headersAt, headersAt + headers));
    const time = millis - this.#first;
    const offset = this.length++;
    const length =
      1 +
      varintLength(time) +
      varintLength(offset) +
      varintLength(key) +
      (valueAt - keyAt) +
      varintLength(value) +
      (headersAt - valueAt) +
      (encoded?.length ?? 1);
    this.#reserve(length + 5);
    this.#varint(length);
    this.#bytes[this.#end++] = 0;
    this.#varint(time);
    this.#varint(offset);
    this.#varint(key);
    this.#end += frames.copy(this.#bytes, this.#end, keyAt, valueAt);
    this.#varint(value);
    this.#end += frames.copy(this.#bytes, this.#end, valueAt, headersAt);
    if (encoded === null) this.#bytes[this.#end++] = 0;
    else this.#end += encoded.copy(this.#bytes, this.#end);
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + length));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }

  #varint(value: number): void {
    this.#end = writeVarint(this.#bytes, this.#end, value);
  }
}

/** Zigzag: 0, -1, 1, -2… become 0, 1, 2, 3…. All numbers here are far below 2^31. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);

function varintLength(value: number): number {
  let length = 1;
  for (let rest = zigzag(value); rest > 127; rest = Math.floor(rest / 128)) length++;
  return length;
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = zigzag(value);
  while (rest > 127) {
    bytes[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}

/** The number of headers, and each with its name and value. */
function headerList(json: string): Buffer {
  const headers = Object.entries(JSON.parse(json) as IHeaders).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [Buffer, Buffer] => [
      Buffer.from(name),
      Buffer.from(one ?? ''),
    ]),
  );
  const parts: Buffer[] = [];
  const number = (value: number): void => {
    const bytes = Buffer.allocUnsafe(varintLength(value));
    writeVarint(bytes, 0, value);
    parts.push(bytes);
  };
  number(headers.length);
  for (const [name, value] of headers) {
    number(name.length);
    parts.push(name);
    number(value.length);
    parts.push(value);
  }
  return Buffer.concat(parts);
}
