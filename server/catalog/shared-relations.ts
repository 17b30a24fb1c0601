/**
 * Relations that transactions hold by LOCK TABLE … IN ACCESS SHARE MODE: what would drop or change one waits, right before its
 * commit, until all these transactions have ended. Nothing else waits for them.
 */
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { CatalogChange } from './catalog.ts';

/** A transaction, by its number. */
type Owner = number;

export class SharedRelations {
  readonly #held = new Map<Owner, Set<ObjectId>>();
  /** Who waits for the turn to do DDL. */
  readonly #queued = new Set<Owner>();
  #waiting: (() => void)[] = [];
  /** Those that the DDL whose turn it is waits for. */
  #awaited: readonly Owner[] = [];

  share(owner: Owner, relations: readonly ObjectId[]): void {
    const held = this.#held.get(owner) ?? new Set();
    for (const id of relations) held.add(id);
    this.#held.set(owner, held);
  }

  /** The end of a transaction. */
  release(owner: Owner): void {
    if (!this.#held.delete(owner)) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** A transaction asks for its turn to do DDL, which never comes if that waits for what the transaction itself holds. */
  async queued<T>(owner: Owner, turn: Promise<T>): Promise<T> {
    if (this.#awaited.includes(owner)) throw deadlock();
    this.#queued.add(owner);
    try {
      return await turn;
    } finally {
      this.#queued.delete(owner);
    }
  }

  /** Waits until no transaction but `owner` holds what the changes take away or replace. */
  async free(
    changes: readonly CatalogChange[],
    owner: Owner | null,
    cancelled: Promise<never>,
  ): Promise<void> {
    const changed = changes.flatMap((change) =>
      change.kind === 'drop' ? [change.id] : change.kind === 'replace' ? [change.object.id] : [],
    );
    try {
      for (;;) {
        const holders = [...this.#held].filter(
          ([holder, held]) => holder !== owner && changed.some((id) => held.has(id)),
        );
        this.#awaited = holders.map(([holder]) => holder);
        if (holders.length === 0) return;
        if (this.#awaited.some((holder) => this.#queued.has(holder))) throw deadlock();
        const released = new Promise<void>((resolve) => this.#waiting.push(resolve));
        await Promise.race([released, cancelled]);
      }
    } finally {
      this.#awaited = [];
    }
  }
}

function deadlock(): SqlError {
  return new SqlError({ sqlstate: '40P01', message: 'deadlock detected' });
}
