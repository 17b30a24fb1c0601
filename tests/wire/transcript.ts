/**
 * A client that shows every message as a line of text. pg-protocol's parser reads along as a second opinion, and every
 * message must be consumed to its exact length.
 */
import { type Socket, connect } from 'node:net';
import { parse as referenceParse } from 'pg-protocol';
import { PassThrough } from 'node:stream';

export interface Received {
  readonly type: string;
  readonly body: Buffer;
}

export class TranscriptClient {
  readonly socket: Socket;
  #buffer = Buffer.alloc(0);
  #messages: Received[] = [];
  #wake: (() => void) | null = null;
  readonly #reference = new PassThrough();
  readonly referenceMessages: string[] = [];
  closed = false;
  key: { process: number; secret: Buffer } | null = null;
  readonly parameters = new Map<string, string>();

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
    this.socket.on('error', () => {});
    void referenceParse(this.#reference, (message) => this.referenceMessages.push(message.name));
  }

  static async open(port: number, parameters: Record<string, string> = {}): Promise<TranscriptClient> {
    const client = new TranscriptClient(port);
    client.send(startup({ user: 'tidewire', database: 'tidewire', ...parameters }));
    await client.until('Z');
    return client;
  }

  send(...messages: Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** Messages up to the first of this type, as lines. Fails when the connection ends before. */
  async until(type: string): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const message = this.#messages.shift();
      if (message) {
        lines.push(this.#show(message));
        if (message.type === type) return lines;
        continue;
      }
      if (this.closed) throw new Error(`connection closed before ${type}; received:\n${lines.join('\n')}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Everything up to the end of the connection. */
  async rest(): Promise<string[]> {
    while (!this.closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#messages.splice(0).map((message) => this.#show(message));
  }

  query(text: string): Promise<string[]> {
    this.send(query(text));
    return this.until('Z');
  }

  close(): void {
    this.socket.destroy();
  }

  #received(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    this.#reference.write(chunk);
    while (this.#buffer.length >= 5) {
      const total = 1 + this.#buffer.readUInt32BE(1);
      if (this.#buffer.length < total) break;
      this.#messages.push({
        type: String.fromCharCode(this.#buffer[0]!),
        body: this.#buffer.subarray(5, total),
      });
      this.#buffer = this.#buffer.subarray(total);
    }
    this.#wake?.();
  }

  #show({ type, body }: Received): string {
    const reader = new Fields(body);
    const line = this.#line(type, reader);
    if (reader.left > 0) throw new Error(`${reader.left} bytes left over in message ${type}`);
    return line;
  }

  #line(type: string, body: Fields): string {
    switch (type) {
      case 'R':
        return `Authentication ${body.int32()}`;
      case 'S': {
        const name = body.string();
        const value = body.string();
        this.parameters.set(name, value);
        return `ParameterStatus ${name}=${value}`;
      }
      case 'K':
        this.key = { process: body.int32(), secret: body.bytes(body.left) };
        return 'BackendKeyData';
      case 'Z':
        return `ReadyForQuery ${body.char()}`;
      case 'C':
        return `CommandComplete ${body.string()}`;
      case 'T': {
        const fields = Array.from({ length: body.int16() }, () => {
          const name = body.string();
          body.bytes(6);
          const oid = body.int32();
          const length = body.int16();
          const typmod = body.int32();
          return `${name}:${oid}/${length}/${typmod}/${body.int16() === 1 ? 'binary' : 'text'}`;
        });
        return `RowDescription ${fields.join(' ')}`;
      }
      case 'D': {
        const fields = Array.from({ length: body.int16() }, () => {
          const length = body.int32();
          return length < 0 ? 'NULL' : printable(body.bytes(length));
        });
        return `DataRow ${fields.join(' ')}`;
      }
      case 't':
        return `ParameterDescription ${Array.from({ length: body.int16() }, () => body.int32()).join(' ')}`;
      case 'E':
      case 'N': {
        const fields: Record<string, string> = {};
        for (let code = body.char(); code !== '\0'; code = body.char()) fields[code] = body.string();
        const name = type === 'E' ? 'ErrorResponse' : 'NoticeResponse';
        if (fields['S'] !== fields['V']) throw new Error('fields S and V differ');
        const rest = ['D', 'H', 'P']
          .filter((code) => code in fields)
          .map((code) => ` ${code}=${fields[code]}`);
        return `${name} ${fields['S']} ${fields['C']} ${fields['M']}${rest.join('')}`;
      }
      case 'G':
      case 'H': {
        body.char();
        const columns = Array.from({ length: body.int16() }, () => body.int16());
        return `${type === 'G' ? 'CopyInResponse' : 'CopyOutResponse'} ${columns.length}`;
      }
      case 'd':
        return `CopyData ${printable(body.bytes(body.left))}`;
      case 'v':
        return `NegotiateProtocolVersion ${body.int32() & 0xffff} ${Array.from({ length: body.int32() }, () => body.string()).join(' ')}`;
      default: {
        const names: Record<string, string> = {
          '1': 'ParseComplete',
          '2': 'BindComplete',
          '3': 'CloseComplete',
          n: 'NoData',
          s: 'PortalSuspended',
          I: 'EmptyQueryResponse',
          c: 'CopyDone',
        };
        const name = names[type];
        if (name === undefined) throw new Error(`unknown message ${type}`);
        return name;
      }
    }
  }
}

function printable(bytes: Buffer): string {
  return [...bytes].every((byte) => byte >= 32 || byte === 10 || byte === 9)
    ? bytes.toString('utf8').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
    : `x${bytes.toString('hex')}`;
}

class Fields {
  #at = 0;
  readonly #body: Buffer;
  constructor(body: Buffer) {
    this.#body = body;
  }
  get left(): number {
    return this.#body.length - this.#at;
  }
  char(): string {
    return String.fromCharCode(this.bytes(1)[0]!);
  }
  int16(): number {
    return this.bytes(2).readInt16BE();
  }
  int32(): number {
    return this.bytes(4).readInt32BE();
  }
  bytes(length: number): Buffer {
    if (length > this.left) throw new Error('message is shorter than its fields');
    this.#at += length;
    return this.#body.subarray(this.#at - length, this.#at);
  }
  string(): string {
    const end = this.#body.indexOf(0, this.#at);
    if (end < 0) throw new Error('string without end');
    const text = this.#body.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }
}

// Frontend messages, also malformed ones, which pg-protocol's serializer cannot make.

export function message(type: string, ...parts: (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(`${part}\0`);
      if (typeof part !== 'number') return part;
      const number = Buffer.alloc(2);
      number.writeUInt16BE(part);
      return number;
    }),
  );
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function startup(parameters: Record<string, string>, minor = 0): Buffer {
  const body = Buffer.concat([
    int32((3 << 16) | minor),
    Buffer.from(
      Object.entries(parameters)
        .map(([name, value]) => `${name}\0${value}\0`)
        .join('') + '\0',
    ),
  ]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const query = (text: string): Buffer => message('Q', text);
export const sync = message('S');
export const flush = message('H');
export const parse = (text: string, name = '', types: number[] = []): Buffer =>
  message('P', name, text, types.length, ...types.map(int32));
export const describe = (target: 'S' | 'P', name = ''): Buffer => message('D', Buffer.from(target), name);
export const close = (target: 'S' | 'P', name = ''): Buffer => message('C', Buffer.from(target), name);
export const execute = (portal = '', maxRows = 0): Buffer => message('E', portal, int32(maxRows));
export const copyData = (text: string): Buffer => message('d', Buffer.from(text));

export function bind(
  options: {
    portal?: string;
    statement?: string;
    values?: (Buffer | string | null)[];
    formats?: number[];
    resultFormats?: number[];
  } = {},
): Buffer {
  const { portal = '', statement = '', values = [], formats = [], resultFormats = [] } = options;
  return message(
    'B',
    portal,
    statement,
    formats.length,
    ...formats,
    values.length,
    ...values.flatMap((value) => {
      if (value === null) return [int32(-1)];
      const bytes = Buffer.from(value);
      return [int32(bytes.length), bytes];
    }),
    resultFormats.length,
    ...resultFormats,
  );
}
