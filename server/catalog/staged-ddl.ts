/**
 * DDL inside a transaction, or a statement that changes several objects one after the other: its statements see a catalog of their own, its rows are among the transaction's writes, and one
 * commit makes both true for everybody, or neither.
 */
import type { Transaction } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { CatalogChange } from './catalog.ts';
import type { Effects } from './commit.ts';

export class StagedDdl {
  readonly #main: System;
  readonly #writes: Transaction;
  readonly #release: () => void;
  /** One for each statement. */
  #steps: { readonly changes: readonly CatalogChange[]; readonly effects: Effects }[] = [];
  #system: System;
  #ended = false;

  /** It is one statement: nothing but a failure of itself takes it back. */
  readonly alone: boolean;

  /** `release`: gives back the lock on DDL, which the transaction holds until its end. */
  constructor(main: System, writes: Transaction, release: () => void, alone = false) {
    this.alone = alone;
    this.#main = main;
    this.#writes = writes;
    this.#release = release;
    this.#system = this.#systemWith([]);
  }

  /** The server as the transaction's statements see it. */
  get system(): System {
    return this.#system;
  }

  stage(changes: readonly CatalogChange[], effects: Effects): void {
    this.#main.systemWriter.write(changes, this.#writes, this.#system.catalog);
    this.#system.catalog.apply(changes);
    this.#steps.push({ changes, effects });
  }

  /** Whether an object is the transaction's own: nobody else knows it. */
  isNew(id: ObjectId): boolean {
    return !this.#main.catalog.has(id);
  }

  /** What a savepoint remembers. */
  mark(): number {
    return this.#steps.length;
  }

  /** ROLLBACK TO: what was staged since is taken back. The rows are among the transaction's writes, which do so themselves. */
  rollbackTo(mark: number): void {
    const undone = this.#steps.splice(mark);
    if (undone.length === 0) return;
    this.#system = this.#systemWith(this.#changes());
    for (const { effects } of undone.toReversed()) effects.abandoned?.();
  }

  /** The transaction's writes are about to be committed. */
  async beforeCommit(): Promise<void> {
    await this.#main.ddl.free(this.#changes());
    for (const { effects } of this.#steps) await effects.before?.();
  }

  /** The transaction's writes are committed. */
  committed(): void {
    this.#ended = true;
    this.#main.catalog.apply(this.#changes());
    for (const { effects } of this.#steps) effects.committed?.();
    this.#release();
  }

  /** The transaction is over; where it was not committed, what was prepared is taken back. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { effects } of this.#steps.toReversed()) effects.abandoned?.();
    this.#release();
  }

  #changes(): CatalogChange[] {
    return this.#steps.flatMap(({ changes }) => changes);
  }

  #systemWith(changes: readonly CatalogChange[]): System {
    const catalog = this.#main.catalog.after(changes);
    return {
      ...this.#main,
      catalog,
      planning: this.#main.planning.over(catalog),
      ddl: {
        run: (work) => work(),
        acquire: () => Promise.resolve(() => undefined),
        share: (transaction, relations) => this.#main.ddl.share(transaction, relations),
        free: () => Promise.resolve(),
      },
      staged: this,
    };
  }
}

/**
 * Runs a statement whose changes follow from each other, each of them a commit if it were on its own: they see the ones
 * before, and the end of the statement commits all of them or none.
 */
export async function inOneCommit<T>(
  system: System,
  session: SessionContext,
  work: (system: System) => Promise<T>,
): Promise<T> {
  if (system.staged) return work(system);
  const { transaction } = session;
  const release = await system.ddl.acquire(session);
  const staged = new StagedDdl(system, transaction.writes, release, true);
  transaction.ddl = staged;
  return work(staged.system);
}
