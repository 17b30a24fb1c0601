/** What the native addon offers: its classes as JavaScript sees them. */
import { engineError } from './error.ts';
import type {
  DecodeOutcome,
  DirectRead,
  MessagesPlace,
  MovingHold,
  ReadColumn,
  EnumLabelDefinition,
  SequenceDefinition,
} from './index.ts';

export interface NativeCursor {
  /** The chunk's bytes are in `room` if it has none. */
  next(
    maxRows: number,
    room: Buffer | null,
  ): { chunk?: Buffer | null; length: number; rows: number; done: boolean; waiting: boolean };
  close(): void;
}

export interface NativeTransaction {
  arrangements(): number[];
  byteLength(): number;
  mark(): number[];
  rollbackTo(mark: readonly number[]): void;
  clear(): void;
}

export interface NativePlan {
  immediate(): boolean;
}

export interface NativeCancellation {
  cancel(): void;
}

export interface NativeDecoder {
  decode(
    chunk: Buffer,
    end: boolean,
    diff: number,
    transaction: NativeTransaction,
    metadata: readonly (string | null)[],
    details: number,
    rejects: number | null,
    log: NativeErrorLog | null,
    path: string | null,
  ): DecodeOutcome;
  stage(
    chunk: Buffer,
    place: MessagesPlace,
    positioned: boolean,
    position: string | null,
  ): Promise<NativeStaged>;
  learnSchema(id: number, schema: string | null, refusal: string | null): void;
}

export interface NativeStaged {
  readonly unknownSchemas: number[];
  readonly position: string | null;
  write(
    transaction: NativeTransaction,
    details: number,
    rejects: number | null,
    log: NativeErrorLog | null,
    path: string | null,
  ): DecodeOutcome;
}

export interface NativeErrorLog {
  begin(): void;
  committed(): void;
  rollback(): void;
  clear(transaction: NativeTransaction): void;
}

export type PlanArguments<T> = [
  plan: NativePlan,
  timestamp: number,
  formats: number[],
  values: (Buffer | null)[],
  timeZone: string,
  transaction: T,
];

/** What a write does about foreign keys: `checks` of engine.rs. */
export type ReferenceArguments = [references: number, deferred: readonly number[] | null];

/** The rows of a small execution: all of them as ready messages, or in a cursor. */
export interface ReadyRows {
  rows: number;
  chunk?: Buffer | null;
  cursor?: NativeCursor | null;
}

/** Changes of a subscription; without them it has ended. */
export interface Delivered {
  readonly subscription: number;
  readonly upTo: number;
  readonly rows: number;
  readonly chunk?: Buffer;
  readonly whole: boolean;
  readonly error?: string;
}

export interface NativeWrite {
  readsAhead(): boolean;
  run(
    timestamp: number,
    messages: Buffer,
    from: number,
    to: number,
    session: readonly (Buffer | null)[],
    transaction: NativeTransaction,
  ): number;
}

export interface NativeEngine {
  evaluate(expression: string, timeZone: string): string | null;
  fold(expression: string, timeZone: string): string | null;
  opcodes(): string[];
  createCollection(
    id: number,
    name: string,
    columns: string,
    layout: string,
    unique: boolean,
    constraint: string | null,
    columnNames: readonly string[],
  ): void;
  renameCollection(id: number, name: string, constraint: string | null, columnNames: readonly string[]): void;
  constrain(id: number, constraints: string, timeZone: string): void;
  defineEnum(oid: number, name: string, labels: readonly EnumLabelDefinition[]): void;
  checkReferences(transaction: NativeTransaction, deferred: readonly number[] | null): void;
  defineSequence(oid: number, options: SequenceDefinition): void;
  dropSequence(oid: number): void;
  sequenceState(oid: number): { last: string; called: boolean } | null;
  noteTaken(session: number, notes: boolean): void;
  takeAgain(session: number): void;
  forgetSequences(session: number): void;
  forgetSession(session: number): void;
  seedSession(session: number, seed: number): void;
  install(request: number, plan: string, asOf: number): void;
  drop(id: number): void;
  subscribe(id: number, plan: string, options: string): void;
  takeDeliveries(): Delivered[];
  pauseSubscription(id: number, paused: boolean): void;
  subscriptionTaken(id: number, bytes: number): void;
  lendSocket(id: number, descriptor: number): boolean;
  takeSocketBack(id: number): number;
  prepare(plan: string): NativePlan;
  directRead(plan: NativePlan, timeZone: string, columns: readonly ReadColumn[]): DirectRead | null;
  directWrite(plan: NativePlan, timeZone: string): NativeWrite | null;
  executeNow(
    ...options: [...PlanArguments<NativeTransaction | null>, columns: readonly number[]]
  ): ReadyRows | null;
  fill(request: number, cursor: NativeCursor): void;
  execute(
    request: number,
    ...options: [
      ...PlanArguments<NativeTransaction | null>,
      encoding: string,
      cancellation: NativeCancellation | null,
    ]
  ): void;
  writeNow(...options: [...PlanArguments<NativeTransaction>, ...ReferenceArguments]): number | null;
  write(
    request: number,
    ...options: [
      ...PlanArguments<NativeTransaction>,
      ...ReferenceArguments,
      encoding: string,
      cancellation: NativeCancellation | null,
    ]
  ): void;
  beginTransaction(): NativeTransaction;
  commit(request: number, timestamp: number, transactions: readonly NativeTransaction[]): string | null;
  advance(timestamp: number): void;
  awaitComputed(timestamp: number): boolean;
  tellLate(): boolean;
  computed(): number;
  since(ids: readonly number[]): number;
  hold(timestamp: number, atLeast: boolean): { timestamp(): number; release(): void };
  holdApart(ids: readonly number[], timestamp: number): MovingHold;
  skipErrors(id: number, skip: boolean): void;
  errorCount(id: number): number;
  hydration(id: number): { done: number; expected: number } | null;
  setRetention(microseconds: number): void;
  cancellation(): NativeCancellation;
  decoder(options: string): NativeDecoder;
  schemaColumns(format: string): string;
  sinkSchema(options: string): string;
  checkColumns(format: string, columns: string): void;
  generate(
    kind: string,
    seed: number,
    from: number,
    count: number,
    arrangements: readonly (number | null)[],
    transaction: NativeTransaction,
  ): number;
  size(id: number): { rows: number; bytes: number; state: number };
  stop(request: number): void;
}

/** What the callback is told; the native side's `dispatch.rs` says the same. */
export type Callback = (
  kind: number,
  id: number,
  a: number,
  b: number,
  bytes: Buffer | null | undefined,
  text: string | null | undefined,
  cursor: NativeCursor | null | undefined,
) => void;

export interface NativeAddon {
  NativeErrorLog: new (arrangement: number, owner: number, capacity: number) => NativeErrorLog;
  NativeEngine: new (workers: number, callback: Callback) => NativeEngine;
  send(socket: number, bytes: Buffer, length: number): number;
  kafkaCompress(compression: string, content: Buffer): Buffer;
  kafkaDecompress(compression: string, bytes: Buffer): Buffer;
  kafkaPortions(chunk: Buffer, from: number, aborted: readonly number[], most: number): number[];
}

/** Runs a native call; its error becomes an EngineError. */
export function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw engineError(error instanceof Error ? error.message : String(error));
  }
}
