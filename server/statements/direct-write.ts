/**
 * Small writes on their own, without portals and promises: one call to the engine makes the rows, in a turn that the
 * sequencer gives, and they are committed with those of the others that have a turn. It does nothing but succeed: what fails, is
 * large or meets another transaction is run again in the ordinary way.
 */
import type { DirectWrite as NativeWrite, PreparedPlan, Transaction } from '../../engine/index.ts';
import type { SessionValue } from '../../sql/hir.ts';
import type { Direct, DirectWrite, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { Sequencer } from '../timeline/sequencer.ts';
import { sessionParameters } from './snapshot.ts';
import { type TakenNumbers, takenNumbers } from './taken-numbers.ts';

/** A write that could not be run in one call is tried again only after so many more. */
const REFUSED_RUNS = 64;
/** Transactions that are kept for the next writes. */
const MOST_SPARE = 64;

/** The next run forgets what is in them. */
const spare: Transaction[] = [];

export class DirectWrites {
  readonly #system: System;
  readonly #plan: PreparedPlan;
  readonly #sessionValues: readonly SessionValue[];
  readonly #numbers: TakenNumbers;
  readonly #tag: string;
  /** Undefined: not asked for yet. It holds under one time zone, as the plan does. */
  #native: NativeWrite | null | undefined;
  #left = 0;

  constructor(system: System, plan: PreparedPlan, sessionValues: readonly SessionValue[], tag: string) {
    this.#system = system;
    this.#plan = plan;
    this.#sessionValues = sessionValues;
    this.#numbers = takenNumbers(system.engine, sessionValues);
    this.#tag = tag;
  }

  /** Null where the session's settings, or another that holds the table, want the ordinary way. */
  of(session: SessionContext): Direct | null {
    const { sequencer, engine } = this.#system;
    if (!sequencer.givesTurns || session.setting('transaction_read_only') === 'on') return null;
    if (session.setting('statement_timeout') !== '0') return null;
    if (this.#native === undefined) this.#native = engine.directWrite(this.#plan, session.timeZone);
    if (!this.#native) return null;
    if (this.#left > 0) {
      this.#left--;
      return null;
    }
    return { kind: 'write', write: new SessionWrite(this, session, this.#native, sequencer) };
  }

  /** See `DirectWrite`. */
  run(
    session: SessionContext,
    native: NativeWrite,
    messages: Buffer,
    from: number,
    to: number,
    done: (tag: string | null) => void,
  ): void {
    const { sequencer, engine } = this.#system;
    const timestamp = sequencer.last;
    const transaction = spare.pop() ?? engine.beginTransaction();
    this.#numbers.begin(session);
    const release = (done: boolean, affected: number): void => {
      if (affected > 1) transaction.clear();
      if (spare.length < MOST_SPARE) spare.push(transaction);
      if (done) this.#numbers.end(session);
      else this.#numbers.again(session);
    };
    const values =
      this.#sessionValues.length === 0
        ? []
        : sessionParameters(this.#system, session, this.#sessionValues, timestamp).map(({ value }) => value);
    const affected = native.run(timestamp, messages, from, to, values, transaction);
    if (affected < 0) {
      if (affected === -2) this.#left = REFUSED_RUNS;
      release(false, affected);
      done(null);
      return;
    }
    const tag = `${this.#tag} ${affected}`;
    const bytes = transaction.byteLength();
    if (bytes === 0) {
      release(true, affected);
      done(tag);
      return;
    }
    const decided = (error: Error | null): void => {
      release(error === null, affected);
      done(error ? null : tag);
    };
    sequencer.submit(transaction, decided, bytes);
  }
}

/** One of a session. */
class SessionWrite implements DirectWrite {
  readonly #writes: DirectWrites;
  readonly #session: SessionContext;
  readonly #native: NativeWrite;
  readonly #sequencer: Sequencer;

  constructor(writes: DirectWrites, session: SessionContext, native: NativeWrite, sequencer: Sequencer) {
    this.#writes = writes;
    this.#session = session;
    this.#native = native;
    this.#sequencer = sequencer;
  }

  get hasTurn(): boolean {
    return this.#sequencer.hasTurn(this.#native.readsAhead);
  }

  awaitTurn(turn: () => void): () => void {
    return this.#sequencer.awaitTurn(turn, this.#native.readsAhead);
  }

  run(messages: Buffer, from: number, to: number, done: (tag: string | null) => void): void {
    this.#writes.run(this.#session, this.#native, messages, from, to, done);
  }
}
