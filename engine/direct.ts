/** Small statements that are run in one call, from the message that asks for them to the messages that answer it. */

import type { Timestamp, Transaction } from './index.ts';

/** The messages that ask for a read: Bind and Execute, the same with a Describe of the portal, or a Query. */
export const framings = { bound: 0, described: 1, simple: 2 } as const;
export type Framing = (typeof framings)[keyof typeof framings];

/** A column of a read as RowDescription tells it. */
export interface ReadColumn {
  readonly name: string;
  /** The relation and the number of the column that it shows; 0: it is none. */
  readonly relationOid: number;
  readonly columnNumber: number;
  readonly typeOid: number;
  readonly typeLength: number;
  readonly typmod: number;
}

/** A prepared read that is answered in one call, on the caller's thread. */
export interface DirectRead {
  /**
   * Answers a Bind message, whose body is `messages[from..to]`, with all messages up to ReadyForQuery, written to
   * `out[at..]`. Gives where they end; or else nothing was written, and `execute` has to do it: -1 where the time is not
   * computed yet, -2 where it fails, is large or has no room.
   */
  answer(
    timestamp: Timestamp,
    messages: Buffer,
    from: number,
    to: number,
    framing: Framing,
    out: Buffer,
    at: number,
  ): number;
}

/** A prepared write that is run in one call, on the caller's thread. */
export interface DirectWrite {
  /**
   * Whether it reads nothing but what is written to: then it may run at the last timestamp of a commit before that is
   * computed.
   */
  readonly readsAhead: boolean;
  /**
   * Runs with the values of a Bind message, whose body is `messages[from..to]`, and behind them the session's, as texts.
   * What it writes is all that the transaction has written then. Gives how many rows it affected; or else nothing was
   * written, and `write` has to do it: -1 where the time is not computed yet, -2 where it fails or is large.
   */
  run(
    timestamp: Timestamp,
    messages: Buffer,
    from: number,
    to: number,
    session: readonly (Buffer | null)[],
    transaction: Transaction,
  ): number;
}
