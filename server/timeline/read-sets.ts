/**
 * SERIALIZABLE: a transaction that has written commits only if no table that it has read was written to since its snapshot. It
 * is then as if it had run alone at the moment of its commit. What was written is known by table, and only while some
 * transaction will ask.
 */
import type { ArrangementId, Timestamp } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';

/** The tables that a transaction has read. */
export class ReadSet {
  readonly since: Timestamp;
  readonly tables = new Set<ArrangementId>();
  readonly #close: () => void;

  constructor(since: Timestamp, close: () => void) {
    this.since = since;
    this.#close = close;
  }

  /** The transaction has ended, or begins anew. */
  release(): void {
    this.#close();
  }
}

/** What a commit has to be looked at for. */
interface Committing {
  readonly transaction: { arrangements(): readonly ArrangementId[] };
  readonly reads: ReadSet | null;
}

export class ReadSets {
  readonly #open = new Set<ReadSet>();
  /** When each table was last written to. */
  readonly #written = new Map<ArrangementId, Timestamp>();

  /** Of a transaction whose snapshot is `since`, the last timestamp. */
  open(since: Timestamp): ReadSet {
    const set: ReadSet = new ReadSet(since, () => {
      this.#open.delete(set);
      if (this.#open.size === 0) this.#written.clear();
    });
    this.#open.add(set);
    return set;
  }

  /** Those of a group that may commit one after the other, each as if those before it were committed; `refuse` the others. */
  admit<C extends Committing>(group: readonly C[], refuse: (one: C) => void): readonly C[] {
    if (this.#open.size === 0) return group;
    const before = new Set<ArrangementId>();
    return group.filter((one) => {
      if (one.reads !== null && this.#isStale(one.reads, before)) {
        refuse(one);
        return false;
      }
      for (const table of one.transaction.arrangements()) before.add(table);
      return true;
    });
  }

  /** The group is committed at this timestamp, whatever else refuses some of it. */
  wrote(group: readonly Committing[], timestamp: Timestamp): void {
    if (this.#open.size === 0) return;
    for (const { transaction } of group) {
      for (const table of transaction.arrangements()) this.#written.set(table, timestamp);
    }
  }

  #isStale({ since, tables }: ReadSet, before: ReadonlySet<ArrangementId>): boolean {
    for (const table of tables) {
      if (before.has(table) || (this.#written.get(table) ?? 0) > since) return true;
    }
    return false;
  }
}

/** What was read is not so any more, in PostgreSQL's words. */
export class StaleRead extends SqlError {
  constructor() {
    super({
      sqlstate: '40001',
      message: 'could not serialize access due to read/write dependencies among transactions',
      detail: 'A table that the transaction has read was written to since.',
      hint: 'The transaction might succeed if retried.',
    });
  }
}
