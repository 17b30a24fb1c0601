/** The packets before a session: encryption requests, cancel requests, protocol version and parameters. */
import { BodyReader } from './body-reader.ts';
import { ProtocolError } from './protocol-error.ts';

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

/** Minor versions of protocol 3 that are spoken: 3.2 has cancel keys of variable length. */
const MINORS = new Set([0, 2]);

export type StartupPacket =
  | { readonly kind: 'ssl' | 'gssenc' }
  | { readonly kind: 'cancel'; readonly process: number; readonly key: Buffer }
  | {
      readonly kind: 'startup';
      readonly minor: number;
      /** The version that we answer with; differs from the requested one when that is not spoken. */
      readonly negotiated: { readonly minor: number; readonly unknownOptions: readonly string[] } | null;
      readonly parameters: ReadonlyMap<string, string>;
    };

export function readStartup(body: Buffer): StartupPacket {
  const reader = new BodyReader(body);
  const code = reader.int32();
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
    reader.end();
    return { kind: code === SSL_REQUEST ? 'ssl' : 'gssenc' };
  }
  if (code === CANCEL_REQUEST) {
    const process = reader.int32();
    if (reader.remaining < 4 || reader.remaining > 256)
      throw new ProtocolError('invalid length of cancel request');
    return { kind: 'cancel', process, key: Buffer.from(reader.bytes(reader.remaining)) };
  }
  const major = code >>> 16;
  const minor = code & 0xffff;
  if (major !== 3) {
    throw new ProtocolError(
      `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.2`,
      '0A000',
    );
  }
  const parameters = new Map<string, string>();
  for (;;) {
    const name = reader.string();
    if (name === '') break;
    parameters.set(name, reader.string());
  }
  reader.end();
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  const spoken = MINORS.has(minor) ? minor : minor > 2 ? 2 : 0;
  const negotiated = spoken !== minor || unknownOptions.length > 0 ? { minor: spoken, unknownOptions } : null;
  return { kind: 'startup', minor: spoken, negotiated, parameters };
}

/**
 * Settings inside the `options` parameter: `-c name=value` and `--name=value`; a backslash keeps the character after
 * it. Null: something else stands there.
 */
export function readOptions(options: string): [string, string][] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let index = 0; index < options.length; index++) {
    const char = options[index]!;
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (char === '\\' && index + 1 < options.length) {
      word = (word ?? '') + options[++index]!;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== null) words.push(word);
  const settings: [string, string][] = [];
  for (let index = 0; index < words.length; index++) {
    const text = words[index]!;
    let setting: string;
    if (text === '-c') setting = words[++index] ?? '';
    else if (text.startsWith('-c')) setting = text.slice(2);
    else if (text.startsWith('--')) setting = text.slice(2);
    else return null;
    const equals = setting.indexOf('=');
    if (equals <= 0) return null;
    settings.push([setting.slice(0, equals).replaceAll('-', '_'), setting.slice(equals + 1)]);
  }
  return settings;
}
