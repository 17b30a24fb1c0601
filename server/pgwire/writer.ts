/**
 * Builds backend messages in one scratch buffer and hands them to the socket in one write. Large chunks of ready rows
 * pass by without a copy.
 */
import { type ErrorSubject, idleDescriptor, sendAtOnce } from '../../engine/index.ts';
import type { Socket } from 'node:net';
import type { SocketBorrower } from '../session/statement.ts';

/** Ready chunks from this size on are written as they are. */
const PASS_BYTES = 16 << 10;
/** What may wait in the scratch buffer before it is written without being asked. */
const FLUSH_BYTES = 64 << 10;
/** What may wait in the socket before the producer has to wait. */
const SOCKET_BYTES = 1 << 20;
const INITIAL_BYTES = 4 << 10;
/** The room that messages find which are written by others. */
const APPENDED_BYTES = 16 << 10;

export type TransactionStatus = 'I' | 'T' | 'E';

/** The fields of ErrorResponse and NoticeResponse. */
export interface ReportFields {
  readonly severity: 'ERROR' | 'FATAL' | 'PANIC' | 'NOTICE' | 'WARNING' | 'INFO' | 'DEBUG' | 'LOG';
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: number | undefined;
  readonly about?: ErrorSubject | undefined;
}

/** A column as RowDescription tells it. */
export interface RowField {
  readonly name: string;
  /** The relation and the number of the column that it shows; 0: it is none. */
  readonly relationOid: number;
  readonly columnNumber: number;
  readonly typeOid: number;
  readonly typeLength: number;
  readonly typmod: number;
  readonly format: number;
}

export class BackendWriter {
  readonly #socket: Socket;
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #at = 0;
  /** Where the length of the open message stands. */
  #lengthAt = 0;
  /** Who sends to the socket meanwhile. */
  #borrower: SocketBorrower | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  authenticationOk(): void {
    this.#begin('R');
    this.#int32(0);
    this.#end();
  }

  parameterStatus(name: string, value: string): void {
    this.#begin('S');
    this.#string(name);
    this.#string(value);
    this.#end();
  }

  backendKeyData(process: number, key: Buffer): void {
    this.#begin('K');
    this.#int32(process);
    this.#bytes(key);
    this.#end();
  }

  negotiateProtocolVersion(version: number, unknownOptions: readonly string[]): void {
    this.#begin('v');
    this.#int32(version);
    this.#int32(unknownOptions.length);
    for (const option of unknownOptions) this.#string(option);
    this.#end();
  }

  readyForQuery(status: TransactionStatus): void {
    this.#begin('Z');
    this.#byte(status.charCodeAt(0));
    this.#end();
  }

  parseComplete(): void {
    this.#empty('1');
  }

  bindComplete(): void {
    this.#empty('2');
  }

  closeComplete(): void {
    this.#empty('3');
  }

  noData(): void {
    this.#empty('n');
  }

  portalSuspended(): void {
    this.#empty('s');
  }

  emptyQueryResponse(): void {
    this.#empty('I');
  }

  copyDone(): void {
    this.#empty('c');
  }

  commandComplete(tag: string): void {
    this.#begin('C');
    this.#string(tag);
    this.#end();
  }

  parameterDescription(types: readonly number[]): void {
    this.#begin('t');
    this.#int16(types.length);
    for (const oid of types) this.#int32(oid);
    this.#end();
  }

  rowDescription(fields: readonly RowField[]): void {
    this.#begin('T');
    this.#int16(fields.length);
    for (const field of fields) {
      this.#string(field.name);
      this.#int32(field.relationOid);
      this.#int16(field.columnNumber);
      this.#int32(field.typeOid);
      this.#int16(field.typeLength);
      this.#int32(field.typmod);
      this.#int16(field.format);
    }
    this.#end();
  }

  /** CopyInResponse (`G`) or CopyOutResponse (`H`), text format for every column. */
  copyResponse(direction: 'in' | 'out', columnCount: number): void {
    this.#begin(direction === 'in' ? 'G' : 'H');
    this.#byte(0);
    this.#int16(columnCount);
    for (let column = 0; column < columnCount; column++) this.#int16(0);
    this.#end();
  }

  copyData(data: Buffer): void {
    this.#begin('d');
    this.#bytes(data);
    this.#end();
  }

  error(fields: ReportFields): void {
    this.#report('E', fields);
  }

  notice(fields: ReportFields): void {
    this.#report('N', fields);
  }

  /** Ready messages: DataRow or CopyData. False: the chunk belongs to the writer from here on. */
  messages(chunk: Buffer): boolean {
    if (chunk.length < PASS_BYTES) {
      this.#bytes(chunk);
      return true;
    }
    this.flush();
    this.takeBack();
    if (!this.#socket.destroyed) this.#socket.write(chunk);
    // As in `flush`: else the socket still reads from it.
    return this.#socket.writableLength === 0;
  }

  /**
   * Has ready messages written behind those that wait. `write` gets the buffer and where they begin, and gives where they
   * end, or nothing above 0 where it wrote none: false then, as when the client has enough to read for now.
   */
  append(write: (buffer: Buffer, at: number) => number): boolean {
    if (this.congested) return false;
    this.#reserve(APPENDED_BYTES);
    const end = write(this.#buffer, this.#at);
    if (end <= 0) return false;
    this.#at = end;
    return true;
  }

  /** True: what was written so far is enough for the socket; wait for `drained`. */
  get congested(): boolean {
    if (this.#at >= FLUSH_BYTES) this.flush();
    return this.#socket.writableLength > SOCKET_BYTES;
  }

  /** Resolves when the socket has taken what was written, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      if (this.#socket.destroyed || this.#socket.writableLength === 0) {
        resolve();
        return;
      }
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** Gives the socket everything built so far, in one write. */
  flush(): void {
    if (this.#at === 0) return;
    const length = this.#at;
    this.#at = 0;
    this.takeBack();
    if (this.#socket.destroyed) return;
    const sent = sendAtOnce(this.#socket, this.#buffer, length);
    if (sent < length) this.#socket.write(this.#buffer.subarray(sent, length));
    // The kernel took everything at once in nearly all cases; otherwise the socket still reads from this buffer.
    if (this.#socket.writableLength > 0 || this.#buffer.length > FLUSH_BYTES * 4) {
      this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    }
  }

  /** Lends the socket, if everything was sent, until anything else is or it is taken back. */
  lend(borrower: SocketBorrower): void {
    if (this.#borrower !== null || this.#at > 0) return;
    const descriptor = idleDescriptor(this.#socket);
    if (descriptor >= 0 && borrower.borrow(descriptor)) this.#borrower = borrower;
  }

  takeBack(): void {
    this.#borrower?.giveBack();
    this.#borrower = null;
  }

  #report(type: 'E' | 'N', fields: ReportFields): void {
    this.#begin(type);
    this.#field('S', fields.severity);
    this.#field('V', fields.severity);
    this.#field('C', fields.sqlstate);
    this.#field('M', fields.message);
    if (fields.detail !== undefined) this.#field('D', fields.detail);
    if (fields.hint !== undefined) this.#field('H', fields.hint);
    if (fields.where !== undefined) this.#field('W', fields.where);
    if (fields.position !== undefined) this.#field('P', String(fields.position));
    if (fields.about !== undefined) this.#about(fields.about);
    this.#byte(0);
    this.#end();
  }

  #about({ schema, table, column, datatype, constraint }: ErrorSubject): void {
    this.#field('s', schema);
    if (table) this.#field('t', table);
    if (datatype) this.#field('d', datatype);
    if (column) this.#field('c', column);
    if (constraint) this.#field('n', constraint);
  }

  #field(code: string, value: string): void {
    this.#byte(code.charCodeAt(0));
    this.#string(value);
  }

  #empty(type: string): void {
    this.#begin(type);
    this.#end();
  }

  #begin(type: string): void {
    this.#byte(type.charCodeAt(0));
    this.#lengthAt = this.#at;
    this.#int32(0);
  }

  #end(): void {
    this.#buffer.writeInt32BE(this.#at - this.#lengthAt, this.#lengthAt);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = value;
  }

  /** Also takes unsigned values up to 65,535. */
  #int16(value: number): void {
    this.#reserve(2);
    this.#buffer.writeUInt16BE(value & 0xffff, this.#at);
    this.#at += 2;
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#buffer.writeInt32BE(value | 0, this.#at);
    this.#at += 4;
  }

  /** A NUL inside would end the string early and shift every field after it. */
  #string(value: string): void {
    const clean = value.includes('\0') ? value.replaceAll('\0', '') : value;
    this.#reserve(clean.length * 3 + 1);
    this.#at += this.#buffer.write(clean, this.#at, 'utf8');
    this.#buffer[this.#at++] = 0;
  }

  #bytes(value: Buffer): void {
    this.#reserve(value.length);
    value.copy(this.#buffer, this.#at);
    this.#at += value.length;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
