/**
 * One connection: messages in, messages out. It knows the order of messages and nothing of SQL.
 *
 *   startup ──▶ ready ──▶ running ──▶ ready …          one message at a time; what arrives meanwhile waits
 *                 │          │ error in the extended protocol
 *                 │          ▼
 *                 │       skipping: everything up to Sync is dropped
 *                 └──▶ copying: CopyData goes to the statement that waits for it
 *
 * Messages are handled synchronously, in the event that brought them; only statements that take time make the rest
 * wait. What they answered leaves in one write.
 */
import type { Socket } from 'node:net';
import { type Framing, framings } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { findTypeByOid, plain, typeOid } from '../../sql/types/table.ts';
import type { SqlType } from '../../sql/types/type.ts';
import type { Log } from '../log.ts';
import { rowFieldsOf } from '../results/columns.ts';
import type { Client } from '../session/client.ts';
import { Session, type SessionHost } from '../session/session.ts';
import { durationMilliseconds } from '../session/settings/duration.ts';
import type {
  DirectAnswer,
  DirectWrite,
  Notice,
  ResultColumn,
  SocketBorrower,
} from '../session/statement.ts';
import { type Bound, BoundReader } from './bound.ts';
import type { CancelKeys } from './cancel-keys.ts';
import { CopyReceiver } from './copy-receiver.ts';
import { SHUTDOWN } from './endings.ts';
import { type Frame, FrameReader } from './frames.ts';
import { type FrontendMessage, readMessage } from './frontend.ts';
import { ProtocolError } from './protocol-error.ts';
import { reportOf } from './report.ts';
import { readShared } from './shared-reads.ts';
import { type StartupPacket, readOptions, readStartup } from './startup.ts';
import { BackendWriter, type ReportFields } from './writer.ts';

export interface ConnectionHost extends SessionHost {
  readonly log: Log;
  readonly cancelKeys: CancelKeys;
  readonly user: string;
  readonly database: string;
  /** New sessions are refused with this error, or null. */
  refusal(): { readonly sqlstate: string; readonly message: string } | null;
}

/** What may wait unread while a statement runs; beyond it the socket is not read. */
const PENDING_BYTES = 1 << 20;
/** How long a client may take to say who it is. */
const STARTUP_MILLISECONDS = 60_000;
const BIND = 'B'.charCodeAt(0);
const EXECUTE = 'E'.charCodeAt(0);
const SYNC = 'S'.charCodeAt(0);
const TERMINATE = 'X'.charCodeAt(0);

export class Connection implements Client {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #frames = new FrameReader();
  readonly #bound = new BoundReader();
  readonly #writer: BackendWriter;
  #session: Session | null = null;
  #process = 0;
  /** A message is being handled and has not come back yet. */
  #running = false;
  #skipping = false;
  /** What lies at hand is waiting for its turn: what withdraws it. */
  #withdraw: (() => void) | null = null;
  /** What lies at hand is run message by message. */
  #oneByOne = false;
  #copy: CopyReceiver | null = null;
  /** An Execute that waits for the message after it. */
  #held: Frame | null = null;
  #ended = false;
  #idleTimer: NodeJS.Timeout | null;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#writer = new BackendWriter(socket);
    socket.setNoDelay(true);
    readShared(socket, (chunk, isShared) => this.#received(chunk, isShared));
    socket.on('error', (error) => host.log.debug('connection error', { error: error.message }));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    this.#idleTimer = setTimeout(() => this.#end(), STARTUP_MILLISECONDS);
  }

  /** Ends the connection with an error that the client sees if it still reads. */
  terminate(error: { readonly sqlstate: string; readonly message: string; readonly hint?: string }): void {
    if (this.#ended) return;
    this.#writer.error({ severity: 'FATAL', ...error });
    this.#end();
  }

  // Receiving.

  #received(chunk: Buffer, isShared: boolean): void {
    if (this.#ended) return;
    this.#frames.push(chunk, isShared);
    this.#pump();
    this.#frames.own();
    if (!this.#running || this.#ended) return;
    if (this.#copy) return;
    if (this.#frames.buffered > PENDING_BYTES) this.#socket.pause();
    // A client that leaves during a long statement, a subscription say, does not wait for its end.
    if (this.#frames.peekType() === TERMINATE) this.#end();
  }

  /** Handles messages until none is complete or one takes time. */
  #pump(): void {
    try {
      while (!this.#ended && (!this.#running || this.#copy)) {
        if (this.#copy ? !this.#pumpCopy(this.#copy) : !this.#pumpOne()) break;
      }
    } catch (error) {
      this.#fatal(error);
      return;
    }
    if (!this.#running) {
      this.#writer.flush();
      if (this.#socket.isPaused()) this.#socket.resume();
    }
  }

  #pumpCopy(copy: CopyReceiver): boolean {
    const frame = this.#frames.next();
    if (!frame) {
      if (this.#socket.isPaused()) this.#socket.resume();
      return false;
    }
    if (frame.type === TERMINATE) {
      this.#end();
      return false;
    }
    copy.take(readMessage(frame));
    if (copy.settled) this.#copy = null;
    return true;
  }

  /** Handles one message; false when none is there. */
  #pumpOne(): boolean {
    const awaited = this.#session && !this.#skipping ? this.#frames.peekType() : null;
    if (this.#held || awaited === EXECUTE) return this.#pumpExecute();
    if (awaited === BIND && this.#runBound(this.#session!)) return true;
    const frame = this.#frames.next();
    if (!frame) return false;
    if (!this.#session) {
      this.#startup(readStartup(frame.body));
      return true;
    }
    if (this.#skipping && frame.type !== SYNC && frame.type !== TERMINATE) return true;
    let message: FrontendMessage;
    try {
      message = readMessage(frame);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.#failed(error, frame.type === 'Q'.charCodeAt(0));
      return true;
    }
    this.#dispatch(message, false);
    return true;
  }

  /** Bind to Sync at once, where they are a small read or write; false: they are handled one by one. */
  #runBound(session: Session): boolean {
    if (this.#oneByOne) {
      this.#oneByOne = false;
      return false;
    }
    const together = this.#frames.together;
    // An idle client whose time runs is rare; its timer is the ordinary way's.
    if (!together || this.#idleTimer) return false;
    const { bytes, at } = together;
    const bound = this.#bound.read(bytes, at);
    const direct = bound && session.direct(bound.statement);
    if (!direct) return false;
    if (direct.kind === 'write') {
      this.#writeBound(direct.write, bound, bytes, at);
      return true;
    }
    if (!this.answer(direct.answer, bytes, bound.from, bound.to, bound.framing)) return false;
    this.#frames.skip(bound.end - at);
    return true;
  }

  /** Runs a write now, or has it looked at again when it is its turn; its messages stay where they are until it is done. */
  #writeBound(write: DirectWrite, bound: Bound, bytes: Buffer, at: number): void {
    this.#running = true;
    if (!write.hasTurn) {
      this.#withdraw = write.awaitTurn(() => {
        this.#withdraw = null;
        this.#running = false;
        this.#pump();
      });
      this.#writer.flush();
      return;
    }
    let back = false;
    write.run(bytes, bound.from, bound.to, (tag) => {
      this.#running = false;
      if (tag === null) {
        this.#oneByOne = true;
      } else {
        const writer = this.#writer;
        this.#frames.skip(bound.end - at);
        writer.bindComplete();
        if (bound.framing === framings.described) writer.noData();
        writer.commandComplete(tag);
        writer.readyForQuery('I');
      }
      if (back) this.#pump();
    });
    back = true;
  }

  /** The client wants the statement that runs to end. */
  #cancel(session: Session): void {
    if (!this.#withdraw) {
      session.cancelStatement();
      return;
    }
    this.#withdraw();
    this.#withdraw = null;
    this.#running = false;
    this.#failed(
      new SqlError({ sqlstate: '57014', message: 'canceling statement due to user request' }),
      false,
    );
    this.#pump();
  }

  /**
   * An Execute that a Sync follows is a transaction of its own. A client that wants an answer must send Sync or Flush
   * after it, so waiting for the next message costs nothing.
   */
  #pumpExecute(): boolean {
    const frame = this.#held ?? this.#frames.next();
    if (!frame) return false;
    const following = this.#frames.peekType();
    if (following === null) {
      this.#held = { type: frame.type, body: Buffer.from(frame.body) };
      return false;
    }
    this.#held = null;
    this.#dispatch(readMessage(frame), following === SYNC);
    return true;
  }

  #dispatch(message: FrontendMessage, alone: boolean): void {
    const simple = message.kind === 'query';
    let pending: Promise<void> | null;
    try {
      this.#stopIdleTimer();
      pending = this.#handle(this.#session!, message, alone);
    } catch (error) {
      this.#failed(error, simple);
      return;
    }
    if (!pending) return;
    this.#running = true;
    pending
      .catch((error: unknown) => this.#failed(error, simple))
      .then(() => {
        this.#running = false;
        this.#pump();
      })
      .catch((error: unknown) => this.#fatal(error));
  }

  /** Null: done already. */
  #handle(session: Session, message: FrontendMessage, alone: boolean): Promise<void> | null {
    const writer = this.#writer;
    switch (message.kind) {
      case 'query':
        return session.query(message.text)?.then(() => this.#ready()) ?? this.#startIdleTimer(session);
      case 'parse':
        session.parse(message.name, message.text, message.types.map(parameterType));
        writer.parseComplete();
        return null;
      case 'bind':
        session.bind(message.portal, message.statement, message.parameters, message.resultFormats);
        writer.bindComplete();
        return null;
      case 'describe':
        if (message.target === 'statement') this.#describeStatement(session, message.name);
        else this.#describePortal(session, message.name);
        return null;
      case 'execute':
        return session.execute(message.portal, message.maxRows, alone);
      case 'close':
        if (message.target === 'statement') session.closeStatement(message.name);
        else session.closePortal(message.name);
        writer.closeComplete();
        return null;
      case 'flush':
        writer.flush();
        return null;
      case 'sync': {
        this.#skipping = false;
        const ending = session.endImplicit();
        if (ending) {
          return ending.then(
            () => this.#ready(),
            (error: unknown) => this.#failed(error, true),
          );
        }
        this.#ready();
        return null;
      }
      case 'terminate':
        this.#end();
        return null;
      // A client still sends these when its COPY has failed already.
      case 'copyData':
      case 'copyDone':
      case 'copyFail':
        return null;
      case 'functionCall':
        this.#failed(
          new SqlError({ sqlstate: '0A000', message: 'the function call protocol is not supported' }),
          true,
        );
        return null;
      case 'password':
        throw new ProtocolError('unexpected password message');
    }
  }

  #describeStatement(session: Session, name: string): void {
    const prepared = session.statement(name);
    session.checkNotFailed(prepared.endsTransaction || prepared.columns === null);
    this.#writer.parameterDescription(prepared.parameterTypes.map((type) => typeOid(type.name)));
    if (prepared.columns) this.#writer.rowDescription(rowFieldsOf(prepared.columns, []));
    else this.#writer.noData();
  }

  #describePortal(session: Session, name: string): void {
    const { columns, formats } = session.described(name);
    if (columns) this.#writer.rowDescription(rowFieldsOf(columns, formats));
    else this.#writer.noData();
  }

  #ready(): void {
    const session = this.#session!;
    this.#writer.readyForQuery(session.status);
    this.#startIdleTimer(session);
  }

  /** A statement failed: the client is told. After a simple query or Sync it is ready again, else it skips to Sync. */
  #failed(error: unknown, thenReady: boolean): void {
    if (error instanceof ProtocolError) {
      this.#fatal(error);
      return;
    }
    if (this.#copy) this.#copy = null;
    const session = this.#session!;
    const explained = session.fail(error);
    const { fields, internal } = reportOf(explained);
    if (internal) this.#host.log.error('internal error', { error: explained });
    this.#writer.error(fields);
    if (thenReady) this.#ready();
    else this.#skipping = true;
  }

  /** The connection cannot go on. */
  #fatal(error: unknown): void {
    if (this.#ended) return;
    const { fields, internal } = reportOf(error, 'FATAL');
    if (internal) this.#host.log.error('internal error', { error });
    this.#writer.error(fields);
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#withdraw?.();
    this.#stopIdleTimer();
    this.#writer.flush();
    this.#writer.takeBack();
    // Half-closed: what was written still arrives. A client that does not read it is cut off.
    this.#socket.end();
    if (!this.#socket.destroyed) setTimeout(() => this.#socket.destroy(), 1000).unref();
    if (this.#copy) this.#copy.abort(new SqlError({ sqlstate: '08006', message: 'client disconnected' }));
    this.#copy = null;
    if (this.#process > 0) {
      this.#host.cancelKeys.release(this.#process);
      this.#host.sessions.remove(this.#process);
    }
    try {
      this.#session?.close();
    } catch (error) {
      this.#host.log.error('closing a session failed', { error });
    }
  }

  // Startup.

  #startup(packet: StartupPacket): void {
    switch (packet.kind) {
      case 'ssl':
      case 'gssenc':
        // CVE-2021-23214: nothing may already wait behind the request.
        if (this.#frames.buffered > 0) {
          throw new ProtocolError('received unencrypted data after encryption request');
        }
        this.#socket.write('N');
        return;
      case 'cancel':
        this.#host.cancelKeys.cancel(packet.process, packet.key);
        this.#end();
        return;
      case 'startup':
        this.#open(packet);
    }
  }

  #open(packet: Extract<StartupPacket, { kind: 'startup' }>): void {
    const { parameters } = packet;
    const refusal = this.#host.refusal() ?? this.#authenticate(parameters);
    if (refusal) {
      this.terminate(refusal);
      return;
    }
    const { user, database } = this.#host;
    const session = new Session(this.#host, this, user, database);
    try {
      for (const [name, value] of startupSettings(parameters)) session.settings.setInitial(name, value);
    } catch (error) {
      this.#fatal(error);
      return;
    }
    this.#session = session;
    this.#frames.startupDone();
    const writer = this.#writer;
    const { negotiated } = packet;
    if (negotiated) writer.negotiateProtocolVersion((3 << 16) | negotiated.minor, negotiated.unknownOptions);
    writer.authenticationOk();
    for (const [name, value] of session.settings.reported()) writer.parameterStatus(name, value);
    const { process, key } = this.#host.cancelKeys.register(packet.minor >= 2 ? 32 : 4, () =>
      this.#cancel(session),
    );
    this.#process = process;
    session.process = process;
    const { remoteAddress: address = null, remotePort: port = null } = this.#socket;
    this.#host.sessions.add(process, {
      session,
      address: address?.replace(/^::ffff:/, '') ?? null,
      port,
      cancel: () => this.#cancel(session),
      terminate: () => this.terminate(SHUTDOWN),
    });
    writer.backendKeyData(process, key);
    this.#stopIdleTimer();
    this.#ready();
  }

  #authenticate(parameters: ReadonlyMap<string, string>): { sqlstate: string; message: string } | null {
    const user = parameters.get('user') ?? '';
    const address = this.#socket.remoteAddress ?? '';
    if (!isLoopback(address)) {
      const message = `connections from ${address} are not accepted: only loopback addresses are trusted`;
      return { sqlstate: '28000', message };
    }
    if (user === '') return { sqlstate: '28000', message: 'no user name specified in startup packet' };
    if (user !== this.#host.user) return { sqlstate: '28000', message: `role "${user}" does not exist` };
    const database = parameters.get('database') ?? user;
    if (database !== this.#host.database) {
      return { sqlstate: '3D000', message: `database "${database}" does not exist` };
    }
    const replication = parameters.get('replication') ?? 'false';
    if (!['false', 'off', 'no', '0'].includes(replication)) {
      return { sqlstate: '0A000', message: 'replication connections are not supported' };
    }
    return null;
  }

  // Idle timeouts.

  #startIdleTimer(session: Session): null {
    const idle = session.status === 'I';
    const name = idle ? 'idle_session_timeout' : 'idle_in_transaction_session_timeout';
    const limit = durationMilliseconds(session.settings.get(name));
    if (limit === 0) return null;
    this.#stopIdleTimer();
    this.#idleTimer = setTimeout(
      () =>
        this.terminate(
          idle
            ? { sqlstate: '57P05', message: 'terminating connection due to idle-session timeout' }
            : { sqlstate: '25P03', message: 'terminating connection due to idle-in-transaction timeout' },
        ),
      limit,
    );
    return null;
  }

  #stopIdleTimer(): void {
    if (!this.#idleTimer) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }

  // What a session sends.

  answer(direct: DirectAnswer, messages: Buffer, from: number, to: number, framing: Framing): boolean {
    return this.#writer.append((buffer, at) => direct(messages, from, to, framing, buffer, at));
  }

  describeRows(columns: readonly ResultColumn[], formats: readonly number[]): void {
    this.#writer.rowDescription(rowFieldsOf(columns, formats));
  }

  messages(chunk: Buffer): boolean {
    return this.#writer.messages(chunk);
  }

  get congested(): boolean {
    return this.#writer.congested;
  }

  drained(): Promise<void> {
    return this.#writer.drained();
  }

  flush(): void {
    this.#writer.flush();
  }

  lend(borrower: SocketBorrower): void {
    if (!this.#ended) this.#writer.lend(borrower);
  }

  takeBack(): void {
    this.#writer.takeBack();
  }

  complete(tag: string): void {
    this.#writer.commandComplete(tag);
  }

  suspended(): void {
    this.#writer.portalSuspended();
  }

  emptyQuery(): void {
    this.#writer.emptyQueryResponse();
  }

  notice(notice: Notice): void {
    const fields: ReportFields = notice;
    this.#writer.notice(fields);
    // Progress of a long statement is worth nothing when it comes with the statement's end.
    if (this.#running) this.#writer.flush();
  }

  parameter(name: string, value: string): void {
    if (this.#process > 0) this.#writer.parameterStatus(name, value);
  }

  startCopyOut(columnCount: number): void {
    this.#writer.copyResponse('out', columnCount);
  }

  copyLine(line: Buffer): void {
    this.#writer.copyData(line);
  }

  endCopyOut(): void {
    this.#writer.copyDone();
  }

  receiveCopy(columnCount: number, push: (chunk: Buffer) => void): CopyReceiver {
    const copy = new CopyReceiver(push);
    this.#writer.copyResponse('in', columnCount);
    this.#writer.flush();
    this.#copy = copy;
    // What came with the statement may already hold data.
    setImmediate(() => this.#pump());
    return copy;
  }
}

/** The declared type of a parameter: null where the client leaves it to us. */
function parameterType(oid: number): SqlType | null {
  if (oid === 0) return null;
  const name = findTypeByOid(oid);
  if (name === 'unknown') return null;
  if (name !== undefined) return plain(name);
  throw new SqlError({ sqlstate: '42704', message: `type with OID ${oid} does not exist` });
}

/** Settings of the startup packet, those of `options` first. */
function startupSettings(parameters: ReadonlyMap<string, string>): [string, string][] {
  const settings: [string, string][] = [];
  const options = parameters.get('options');
  if (options !== undefined) {
    const read = readOptions(options);
    if (!read) {
      throw new SqlError({
        sqlstate: '42601',
        message: `invalid command-line arguments for server process: ${options}`,
        hint: 'Use -c name=value.',
      });
    }
    settings.push(...read);
  }
  for (const [name, value] of parameters) {
    if (['user', 'database', 'options', 'replication'].includes(name) || name.startsWith('_pq_.')) continue;
    settings.push([name, value]);
  }
  return settings;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
