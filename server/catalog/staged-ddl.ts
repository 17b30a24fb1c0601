/**
 * DDL inside a transaction: its statements see a catalog of their own, its rows are among the transaction's writes, and one
 * commit makes both true for everybody, or neither.
 */
import type { Transaction } from '../../engine/index.ts';
import type { System } from '../system.ts';
import type { Catalog, CatalogChange } from './catalog.ts';
import type { Effects } from './commit.ts';

export class StagedDdl {
  /** The server as the transaction's statements see it. */
  readonly system: System;
  readonly #catalog: Catalog;
  readonly #main: System;
  readonly #writes: Transaction;
  readonly #release: () => void;
  readonly #changes: CatalogChange[] = [];
  readonly #effects: Effects[] = [];
  #ended = false;

  /** `release`: gives back the lock on DDL, which the transaction holds until its end. */
  constructor(main: System, writes: Transaction, release: () => void) {
    this.#main = main;
    this.#catalog = main.catalog.after([]);
    this.#writes = writes;
    this.#release = release;
    this.system = {
      ...main,
      catalog: this.#catalog,
      planning: main.planning.over(this.#catalog),
      ddl: { run: (work) => work() },
      staged: this,
    };
  }

  stage(changes: readonly CatalogChange[], effects: Effects): void {
    this.#main.systemWriter.write(changes, this.#writes, this.#catalog);
    this.#catalog.apply(changes);
    this.#changes.push(...changes);
    this.#effects.push(effects);
  }

  /** The transaction's writes are committed. */
  committed(): void {
    this.#ended = true;
    this.#main.catalog.apply(this.#changes);
    for (const { committed } of this.#effects) committed?.();
    this.#release();
  }

  /** The transaction is over; where it was not committed, what was prepared is taken back. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { abandoned } of this.#effects.toReversed()) abandoned?.();
    this.#release();
  }
}
