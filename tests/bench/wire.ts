/**
 * A client of the protocol that costs little: what it sends is bytes made before, what it gets is handed on as it came.
 * Drivers would measure themselves.
 */
import { type Socket, connect } from 'node:net';

/** Where to connect to. */
export interface Address {
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** A message: its type, and its body between two positions of a buffer that is valid during the call only. */
export type OnMessage = (type: number, buffer: Buffer, start: number, end: number) => void;

export const READY = 0x5a; // Z
export const COPY_DATA = 0x64; // d
const ERROR = 0x45; // E
const READ_BYTES = 1 << 16;
const NOTHING: Buffer = Buffer.alloc(0);

export class WireClient {
  readonly socket: Socket;
  onMessage: OnMessage = () => {};
  /** Called with an error message of the server, or when the connection fails. */
  onError: (error: Error) => void = (error) => {
    throw error;
  };
  private rest: Buffer = NOTHING;
  /** What the server said of the last request. */
  private failure: Error | undefined;

  private constructor({ port }: Address) {
    // One buffer for all that comes: garbage of clients would be collected while a server is measured.
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const callback = (byteCount: number): boolean => {
      this.receive(buffer.subarray(0, byteCount));
      return true;
    };
    this.socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } });
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => this.onError(error));
    this.socket.on('close', () =>
      this.onError(this.failure ?? new Error('the server has closed the connection')),
    );
  }

  static async open(address: Address): Promise<WireClient> {
    const client = new WireClient(address);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve);
      client.onError = reject;
    });
    await client.request(startup(address));
    return client;
  }

  /** Sends, and waits for the server to be ready again. */
  request(bytes: Buffer, onMessage: OnMessage = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.failure = undefined;
      this.onError = reject;
      this.onMessage = (type, buffer, start, end) => {
        if (type === ERROR) this.failure = serverError(buffer, start, end);
        else if (type !== READY) onMessage(type, buffer, start, end);
        else if (this.failure === undefined) resolve();
        else reject(this.failure);
      };
      this.socket.write(bytes);
    });
  }

  /** Runs a statement whose rows nobody looks at. */
  run(sql: string): Promise<void> {
    return this.request(simpleQuery(sql));
  }

  /** The lines of a query's result in COPY's text format, undecoded. */
  async copyOut(query: string): Promise<Buffer[]> {
    const lines: Buffer[] = [];
    await this.request(simpleQuery(`COPY (${query}) TO STDOUT`), (type, buffer, start, end) => {
      if (type === COPY_DATA) lines.push(Buffer.from(buffer.subarray(start, end)));
    });
    return lines;
  }

  end(): void {
    this.onError = () => {};
    this.socket.end(message('X'));
    this.socket.destroySoon();
  }

  private receive(chunk: Buffer): void {
    const buffer = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (at + 5 <= buffer.length) {
      const end = at + 1 + buffer.readUInt32BE(at + 1);
      if (end > buffer.length) break;
      this.onMessage(buffer[at]!, buffer, at + 5, end);
      at = end;
    }
    // A copy: the bytes that were read are overwritten by the next.
    this.rest = at === buffer.length ? NOTHING : Buffer.from(buffer.subarray(at));
  }
}

function serverError(buffer: Buffer, start: number, end: number): Error {
  const fields = buffer.toString('utf8', start, end).split('\0');
  return new Error(
    fields
      .filter((field) => /^[CMDH]/.test(field))
      .map((field) => field.slice(1))
      .join(' '),
  );
}

/** A message of a type with body parts: strings are sent as they are, numbers as 16 bits. */
export function message(type: string, ...parts: readonly (string | number | Buffer)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(part);
      if (typeof part !== 'number') return part;
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(part);
      return bytes;
    }),
  );
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function startup({ user, database }: Address): Buffer {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8);
  head.writeInt32BE(196608, 4); // protocol 3.0
  return Buffer.concat([head, body]);
}

export const simpleQuery = (sql: string): Buffer => message('Q', `${sql}\0`);
export const parse = (name: string, sql: string): Buffer => message('P', `${name}\0${sql}\0`, 0);
export const sync: Buffer = message('S');

/** Bind, Describe and Execute of a statement with parameters in text format, as libpq sends them. */
export function bindExecute(name: string, parameters: readonly string[]): Buffer {
  const values = parameters.flatMap((value) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(Buffer.byteLength(value));
    return [length, value];
  });
  return Buffer.concat([
    message('B', `\0${name}\0`, 0, parameters.length, ...values, 0),
    message('D', 'P\0'),
    message('E', '\0', Buffer.alloc(4)),
  ]);
}
