/** Messages as kafkajs sends them, of the frames that the engine encodes (engine/crates/decode/src/encode/messages.rs). */
import type { ICustomPartitioner, IHeaders, Message } from 'kafkajs';

const HEADER = 28;
const TWO_32 = 2 ** 32;
/** What a message costs in a batch besides key, value and headers, at most. */
const OVERHEAD = 30;

/** A message that knows its place; its partition is chosen when it is sent. */
interface PlacedMessage extends Message {
  readonly high: number;
  readonly low: number;
}

/** Portions of messages, each of at most so many bytes and messages, or of one message. */
export function* outgoing(
  buffer: Buffer,
  most: { readonly bytes: number; readonly messages: number },
): Generator<Message[]> {
  let portion: PlacedMessage[] = [];
  let bytes = 0;
  for (let at = 0; at < buffer.length;) {
    const [key, value, headers] = [16, 20, 24].map((field) => buffer.readInt32LE(at + field));
    const keyEnd = at + HEADER + Math.max(0, key!);
    const valueEnd = keyEnd + Math.max(0, value!);
    const end = valueEnd + Math.max(0, headers!);
    const cost = end - at - HEADER + OVERHEAD;
    if (portion.length === most.messages || (portion.length > 0 && bytes + cost > most.bytes)) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    bytes += cost;
    const micros = buffer.readInt32LE(at + 4) * TWO_32 + buffer.readUInt32LE(at);
    portion.push({
      key: key! < 0 ? null : buffer.subarray(at + HEADER, keyEnd),
      value: value! < 0 ? null : buffer.subarray(keyEnd, valueEnd),
      timestamp: String(Math.floor(micros / 1000)),
      high: buffer.readInt32LE(at + 12),
      low: buffer.readUInt32LE(at + 8),
      ...(headers! < 0 ? {} : { headers: JSON.parse(buffer.toString('utf8', valueEnd, end)) as IHeaders }),
    });
    at = end;
  }
  if (portion.length > 0) yield portion;
}

/** A message's place modulo the partitions; those without a place go round. */
export const placePartitioner: ICustomPartitioner = () => {
  let round = 0;
  return ({ partitionMetadata, message }) => {
    const { length } = partitionMetadata;
    const { high, low } = message as PlacedMessage;
    if (high < 0) return round++ % length;
    // Both products stay below 2^53.
    return ((high % length) * (TWO_32 % length) + low) % length;
  };
};
