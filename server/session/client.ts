/** What a session needs of its client, without messages: the connection implements it. */
import type { Framing } from '../../engine/index.ts';
import type { DirectAnswer, Notice, ResultColumn, SocketBorrower } from './statement.ts';

export interface Client {
  /** Has a Bind message answered at once; false: nothing was sent. */
  answer(direct: DirectAnswer, messages: Buffer, from: number, to: number, framing: Framing): boolean;
  /** Announces columns; `formats` one for each. */
  describeRows(columns: readonly ResultColumn[], formats: readonly number[]): void;
  /** Passes ready row or COPY messages on. False: the chunk's bytes are still needed afterwards. */
  messages(chunk: Buffer): boolean;
  /** True: the client reads slowly; `drained` must be awaited before more is sent. */
  readonly congested: boolean;
  drained(): Promise<void>;
  /** What was sent so far leaves now. */
  flush(): void;
  /** Lends the socket, if everything was sent, until anything else is or it is taken back. */
  lend(borrower: SocketBorrower): void;
  takeBack(): void;
  /** The statement is done. */
  complete(tag: string): void;
  /** The row limit was reached; the portal can go on. */
  suspended(): void;
  emptyQuery(): void;
  notice(notice: Notice): void;
  /** A setting that clients follow has changed. */
  parameter(name: string, value: string): void;
  startCopyOut(columnCount: number): void;
  /** One line of COPY data that is not a message yet. */
  copyLine(line: Buffer): void;
  endCopyOut(): void;
  /**
   * Asks for COPY data and gives each piece to `push`. Resolves at the client's CopyDone; rejects with 57014 at
   * CopyFail, with the error of `push`, or when `abort` is called.
   */
  receiveCopy(
    columnCount: number,
    push: (chunk: Buffer) => void,
  ): { done: Promise<void>; abort(error: Error): void };
}
