/** The messages that a client sends after startup. */
import type { ParameterValue } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { BodyReader } from './body-reader.ts';
import type { Frame } from './frames.ts';
import { ProtocolError } from './protocol-error.ts';

export type FrontendMessage =
  | { readonly kind: 'query'; readonly text: string }
  | {
      readonly kind: 'parse';
      readonly name: string;
      readonly text: string;
      readonly types: readonly number[];
    }
  | {
      readonly kind: 'bind';
      readonly portal: string;
      readonly statement: string;
      readonly parameters: readonly ParameterValue[];
      /** As sent: none, one for all, or one for each column. */
      readonly resultFormats: readonly number[];
    }
  | { readonly kind: 'describe' | 'close'; readonly target: 'statement' | 'portal'; readonly name: string }
  | { readonly kind: 'execute'; readonly portal: string; readonly maxRows: number }
  | { readonly kind: 'flush' | 'sync' | 'terminate' | 'copyDone' | 'password' | 'functionCall' }
  | { readonly kind: 'copyData'; readonly data: Buffer }
  | { readonly kind: 'copyFail'; readonly message: string };

/** Reads a message. ProtocolError: the connection must end. SqlError: the message is refused, the connection lives. */
export function readMessage(frame: Frame): FrontendMessage {
  const reader = new BodyReader(frame.body);
  const message = read(frame.type, reader);
  reader.end();
  return message;
}

function read(type: number, reader: BodyReader): FrontendMessage {
  switch (String.fromCharCode(type)) {
    case 'Q':
      return { kind: 'query', text: reader.string() };
    case 'P': {
      const name = reader.string();
      const text = reader.string();
      const types: number[] = [];
      for (let count = reader.uint16(); count > 0; count--) types.push(reader.uint32());
      return { kind: 'parse', name, text, types };
    }
    case 'B':
      return readBind(reader);
    case 'D':
      return { kind: 'describe', target: readTarget(reader), name: reader.string() };
    case 'C':
      return { kind: 'close', target: readTarget(reader), name: reader.string() };
    case 'E': {
      const portal = reader.string();
      return { kind: 'execute', portal, maxRows: Math.max(0, reader.int32()) };
    }
    case 'H':
      return { kind: 'flush' };
    case 'S':
      return { kind: 'sync' };
    case 'X':
      return { kind: 'terminate' };
    case 'd':
      return { kind: 'copyData', data: reader.bytes(reader.remaining) };
    case 'c':
      return { kind: 'copyDone' };
    case 'f':
      return { kind: 'copyFail', message: reader.string() };
    case 'F':
      reader.bytes(reader.remaining);
      return { kind: 'functionCall' };
    default:
      reader.bytes(reader.remaining);
      return { kind: 'password' };
  }
}

function readBind(reader: BodyReader): FrontendMessage {
  const portal = reader.string();
  const statement = reader.string();
  const formats = readFormats(reader);
  const count = reader.uint16();
  if (formats.length > 1 && formats.length !== count) {
    throw new SqlError({
      sqlstate: '08P01',
      message: `bind message has ${formats.length} parameter formats but ${count} parameters`,
    });
  }
  const parameters: ParameterValue[] = [];
  for (let index = 0; index < count; index++) {
    const length = reader.int32();
    if (length < -1) throw new ProtocolError('invalid length of a parameter value');
    const format = (formats.length === 1 ? formats[0] : formats[index]) === 1 ? 1 : 0;
    // Copied: the value outlives the message when the portal is run later.
    parameters.push({ format, value: length === -1 ? null : Buffer.from(reader.bytes(length)) });
  }
  return { kind: 'bind', portal, statement, parameters, resultFormats: readFormats(reader) };
}

function readFormats(reader: BodyReader): number[] {
  const formats: number[] = [];
  for (let count = reader.uint16(); count > 0; count--) {
    const format = reader.uint16();
    if (format > 1) throw new SqlError({ sqlstate: '22023', message: `unsupported format code: ${format}` });
    formats.push(format);
  }
  return formats;
}

function readTarget(reader: BodyReader): 'statement' | 'portal' {
  const target = String.fromCharCode(reader.byte());
  if (target === 'S') return 'statement';
  if (target === 'P') return 'portal';
  throw new ProtocolError(`invalid message subtype "${target}"`);
}
