/**
 * The boundary between the protocol (server/pgwire, server/session) and what statements do (server/statements).
 * The protocol knows no SQL; the executor knows no messages.
 */
import type { Node, TypeName } from '@pgsql/types';
import type {
  Cancellation,
  Framing,
  ParameterValue,
  ResultCursor,
  Timestamp,
  Transaction,
} from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { StagedDdl } from '../catalog/staged-ddl.ts';
import type { ColumnOrigin } from '../../sql/hir.ts';
import type { SqlType } from '../../sql/types/type.ts';
import type { ReadSet } from '../timeline/read-sets.ts';

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
  /** The column of a relation that it shows. */
  readonly origin?: ColumnOrigin | undefined;
}

export interface Notice {
  readonly severity: 'NOTICE' | 'WARNING' | 'INFO';
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** What Parse makes: everything that does not depend on parameter values. */
export interface PreparedStatement {
  readonly parsed: ParsedStatement;
  readonly parameterTypes: readonly SqlType[];
  /** Null: the statement returns no rows. */
  readonly columns: readonly ResultColumn[] | null;
  /** May it run in a failed transaction (COMMIT, ROLLBACK). */
  readonly endsTransaction: boolean;
  /** The executor's own; opaque to the protocol. */
  readonly plan: unknown;
}

/** Answers a Bind message at once, as `DirectRead.answer` does. Not above 0: nothing was written. */
export type DirectAnswer = (
  messages: Buffer,
  from: number,
  to: number,
  framing: Framing,
  out: Buffer,
  at: number,
) => number;

/** Runs a Bind message's statement, and commits what it writes. */
export interface DirectWrite {
  /** It can run now; else it waits for its turn. */
  readonly hasTurn: boolean;
  /** Calls `turn` when it is time to look again. Gives what withdraws it. */
  awaitTurn(turn: () => void): () => void;
  /**
   * Runs with the body of Bind, `messages[from..to]`, which is not looked at any more when this comes back. `done` is called
   * once, perhaps before: with the command's tag, or null where nothing was done and the statement is to be run in the
   * ordinary way.
   */
  run(messages: Buffer, from: number, to: number, done: (tag: string | null) => void): void;
}

/** How a statement of a session that is in no transaction does without portal and promises. */
export type Direct =
  | { readonly kind: 'read'; readonly answer: DirectAnswer }
  | { readonly kind: 'write'; readonly write: DirectWrite };

/** An encoded stream without end: a subscription. */
export interface RowStream {
  readonly columns: readonly ResultColumn[];
  /** The next encoded rows; null when the stream ended. Rejects with the error that ended it. */
  next(): Promise<{ readonly chunk: Buffer; readonly rows: number } | null>;
  /** Who can have rows go past `next`. */
  readonly borrower?: SocketBorrower;
  close(): void;
}

/** What can send to a client's socket by itself, while nobody else does. */
export interface SocketBorrower {
  /** Rows that it has sent; those of the present loan count when that ends. */
  readonly rows: number;
  /** Whether it does from now on. */
  borrow(descriptor: number): boolean;
  giveBack(): void;
}

/** What execution gives. */
export type StatementResult =
  /** Done; `tag` is the command tag. */
  | { readonly kind: 'command'; readonly tag: string }
  /** Rows, encoded as asked. The tag is `tag` followed by the row count (`SELECT 3`, `INSERT 0 3`). */
  | {
      readonly kind: 'rows';
      readonly columns: readonly ResultColumn[];
      readonly cursor: ResultCursor;
      readonly tag: string;
    }
  | { readonly kind: 'stream'; readonly stream: RowStream; readonly tag: string }
  /** COPY … FROM STDIN: the protocol pushes raw data. `end` resolves with the command tag. */
  | {
      readonly kind: 'copyIn';
      readonly columnCount: number;
      push(chunk: Buffer): void;
      end(): Promise<string>;
      fail(message: string): void;
    }
  /** COPY … TO STDOUT: ready CopyData messages, one a row. `header` is a bare line, which the protocol wraps. */
  | {
      readonly kind: 'copyOut';
      readonly columnCount: number;
      readonly cursor: ResultCursor;
      readonly header: Buffer | null;
    }
  | {
      readonly kind: 'copyStream';
      readonly columnCount: number;
      readonly stream: RowStream;
      readonly header: Buffer | null;
    };

/** An open transaction: one snapshot, and its own writes on top. */
export interface OpenTransaction {
  /** Greater than those of transactions before. */
  readonly number: number;
  /** The snapshot; fixed by the first statement that reads or writes. Null before it. */
  timestamp: Timestamp | null;
  /** Keeps the snapshot readable. */
  hold: { release(): void } | null;
  /** What it has read, where it is SERIALIZABLE and may write; null else, and before its snapshot. */
  reads: ReadSet | null;
  readonly writes: Transaction;
  /** Its changes of the catalog, which wait for its commit; null before the first. */
  ddl: StagedDdl | null;
  /** What its end takes back where it is not committed, and no write of its. */
  readonly undo: (() => void)[];
  /** Tables that it has created, or emptied by TRUNCATE, since its last savepoint. */
  readonly fresh: Set<number>;
  constraintModes: ConstraintModes;
  readOnly: boolean;
  /** Made by BEGIN, not by a single statement. */
  readonly explicit: boolean;
}

/** SET CONSTRAINTS: whether constraints that can be deferred are; all of them (null: as declared), and each by its id. */
export interface ConstraintModes {
  readonly all: boolean | null;
  readonly each: ReadonlyMap<number, boolean>;
}

export const asDeclared: ConstraintModes = { all: null, each: new Map() };

/** Whether a transaction has writes of its own, which its statements must see and its commit must carry. */
export function hasWritten(transaction: Pick<OpenTransaction, 'writes'>): boolean {
  return transaction.writes.arrangements().length > 0;
}

/** What a statement may know and change of its session. */
export interface SessionContext {
  /** Unique in the process: what sequences know the session by. */
  readonly number: number;
  /** What clients know its connection by. */
  readonly process: number;
  readonly user: string;
  readonly database: string;
  /** Session settings by lower-case name (`search_path`, `timezone`, …), as SHOW prints them. */
  setting(name: string): string;
  /** All of them, by lower-case name. */
  allSettings(): Readonly<Record<string, string>>;
  readonly searchPath: readonly string[];
  /** The text that the client sent. */
  readonly currentQuery: string;
  /** What all sessions do, as a json text. */
  sessionActivity(): string;
  /** Its cursors and prepared statements, as a json text. */
  objects(): string;
  /** Where its temporary objects are, whether there are any or not. */
  readonly temporarySchema: string;
  /** It has made a temporary table that a commit does something to. */
  hasOnCommit: boolean;
  /** How the engine reads and shows values: the TimeZone, and behind it what else is not as it is by default (`formatSettings`). */
  readonly timeZone: string;
  /** Another one after each change of a setting. */
  readonly settingsVersion: number;
  notice(notice: Notice): void;
  /** The transaction that the current statement runs in; the session makes it, commits it and ends it. */
  readonly transaction: OpenTransaction;
  /** Ends the running statement when the client asks or time is up. */
  readonly cancel: Cancellation;
  /** Rejects with 57014 when the statement was cancelled: for waits outside the engine. */
  readonly cancelled: Promise<never>;
}

/** A type as a statement names it. */
export interface DeclaredType {
  readonly type: SqlType;
  readonly isDomain: boolean;
}

export interface StatementExecutor {
  /** Compiles. Throws SqlError. `parameterTypes` are those that the client declared (null: to be inferred). */
  prepare(
    session: SessionContext,
    parsed: ParsedStatement,
    parameterTypes: readonly (SqlType | null)[],
  ): PreparedStatement;
  /** The type that a name in a statement means; of a domain that which it is over. */
  declaredType(session: SessionContext, parsed: ParsedStatement, node: TypeName): DeclaredType;
  /** Refuses arguments that cannot be assigned to parameters of these types. */
  checkArguments(
    session: SessionContext,
    parsed: ParsedStatement,
    given: readonly Node[],
    types: readonly SqlType[],
  ): void;
  /** Parameter values as a Bind message has them, with what reg* types' texts name looked up. */
  readNames(
    session: SessionContext,
    parsed: ParsedStatement,
    types: readonly SqlType[],
    parameters: readonly ParameterValue[],
    portal: string,
  ): readonly ParameterValue[];
  /** How a statement names a type. */
  nameOfType(type: SqlType): TypeName;
  /** Runs. `resultFormats`: one for each column, 0 text, 1 binary. Rejects with SqlError or EngineError. */
  execute(
    session: SessionContext,
    prepared: PreparedStatement,
    parameters: readonly ParameterValue[],
    resultFormats: readonly number[],
  ): Promise<StatementResult>;
  /**
   * What answers a small read in one call, at the latest time, or runs a small write: for a session that is in no
   * transaction. Null where the statement is neither, or is to be compiled again before it runs.
   */
  direct(session: SessionContext, prepared: PreparedStatement): Direct | null;
  /** The statement that follows changes the catalog, as a part of the session's explicit transaction. */
  beginDdl(session: SessionContext, prepared: PreparedStatement): Promise<void>;
  /** A new transaction, which has read nothing yet. */
  begin(options: { readonly readOnly: boolean; readonly explicit: boolean }): OpenTransaction;
  /** Commits its writes; resolves when they are acknowledged. Rejects with 40001, 23505. Always closes it. */
  commit(transaction: OpenTransaction): Promise<void>;
  rollback(transaction: OpenTransaction): void;
  /** An error with where in the data it was raised, if it says so. */
  locate(error: unknown): unknown;
  /** A transaction of the session was committed: what ON COMMIT says of its temporary tables. Null: nothing. */
  afterCommit(session: SessionContext): Promise<void> | null;
  /** Its temporary objects go: at once (DISCARD), or because it ends. */
  dropTemporary(session: SessionContext, ends: boolean): Promise<void>;
}
