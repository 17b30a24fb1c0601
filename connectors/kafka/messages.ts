/** Messages as kafkajs has them, in the frames that the engine decodes (engine/crates/decode/src/messages.rs). */
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { MetadataItem } from '../contract.ts';

const HEADER = 32;
const TWO_32 = 2 ** 32;
const NO_HEADERS = Buffer.from('{}');
const NOTHING = Buffer.alloc(0);

/** What of a message is wanted besides its value and place. */
export interface Wanted {
  readonly key: boolean;
  readonly headers: boolean;
  /** Headers by name, each in a column of its own. */
  readonly header: readonly string[];
}

/** What the metadata columns of a source want. */
export function wantedOf(metadata: readonly MetadataItem[]): Wanted {
  return {
    key: metadata.includes('key'),
    headers: metadata.includes('headers'),
    header: metadata.flatMap((item) => (item.startsWith('header ') ? [item.slice('header '.length)] : [])),
  };
}

/** Bytes that a message takes in its buffer, but those of its headers' text. */
export function frameLength(message: KafkaMessage, wanted: Wanted): number {
  return HEADER + (message.value?.length ?? 0) + (wanted.key ? (message.key?.length ?? 0) : 0);
}

/** One buffer of messages. */
export function frames(messages: readonly KafkaMessage[], partition: number, wanted: Wanted): Buffer {
  const headers =
    wanted.headers || wanted.header.length > 0
      ? messages.map((message) => headersPart(message.headers, wanted))
      : null;
  let length = 0;
  for (const message of messages) length += frameLength(message, wanted);
  for (const text of headers ?? []) length += text.length;
  const buffer = Buffer.allocUnsafe(length);
  let at = 0;
  const part = (field: number, bytes: Buffer | null, to: number): number => {
    buffer.writeInt32LE(bytes === null ? -1 : bytes.length, field);
    if (bytes !== null) bytes.copy(buffer, to);
    return to + (bytes?.length ?? 0);
  };
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!;
    writeInt64(buffer, Number(message.offset), at);
    writeInt64(buffer, Number(message.timestamp), at + 8);
    buffer.writeInt32LE(partition, at + 16);
    let to = part(at + 20, wanted.key ? message.key : null, at + HEADER);
    to = part(at + 24, message.value, to);
    at = part(at + 28, headers?.[index] ?? null, to);
  }
  return buffer;
}

/** Offsets and milliseconds stay below 2^53, so that no BigInt has to be made for each. */
function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / TWO_32);
  buffer.writeUInt32LE(value - high * TWO_32, at);
  buffer.writeInt32LE(high, at + 4);
}

/** The headers asked for by name, each as its length and its bytes, and then those asked for as an object. */
function headersPart(headers: IHeaders | undefined, wanted: Wanted): Buffer {
  const object = wanted.headers ? headersText(headers) : NOTHING;
  if (wanted.header.length === 0) return object;
  const parts = wanted.header.flatMap((name) => {
    const bytes = lastOf(headers?.[name]);
    const length = Buffer.allocUnsafe(4);
    length.writeInt32LE(bytes === null ? -1 : bytes.length);
    return bytes === null ? [length] : [length, bytes];
  });
  return Buffer.concat([...parts, object]);
}

/** Of a header that comes several times the last counts. */
function lastOf(value: IHeaders[string]): Buffer | null {
  const last = Array.isArray(value) ? value.at(-1) : value;
  if (last === undefined || last === null) return null;
  return typeof last === 'string' ? Buffer.from(last) : last;
}

/** An object of texts; a header that comes several times has an array, one that is no text PostgreSQL's form of a bytea. */
function headersText(headers: IHeaders | undefined): Buffer {
  if (headers === undefined) return NO_HEADERS;
  const object = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(headerText) : headerText(value),
    ]),
  );
  return Buffer.from(JSON.stringify(object));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function headerText(value: Buffer | string | undefined): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  try {
    const text = utf8.decode(value);
    if (!text.includes('\0')) return text;
  } catch {
    // Not UTF-8: shown as bytes.
  }
  return `\\x${value.toString('hex')}`;
}
