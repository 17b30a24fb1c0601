/** Savepoints of a transaction, newest last. */
import type { WriteMark } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import type { SettingsSnapshot } from './settings/settings.ts';
import type { ConstraintModes } from './statement.ts';

/** What a savepoint remembers. */
export interface SavepointState {
  readonly settings: SettingsSnapshot;
  /** Null: the transaction had not begun to do anything. */
  readonly writes: WriteMark | null;
  /** How much of the transaction's DDL was there. */
  readonly ddl: number;
  readonly cursors: ReadonlySet<string>;
  /** Null: as declared. */
  readonly constraintModes: ConstraintModes | null;
}

export class Savepoints {
  #stack: { readonly name: string; readonly state: SavepointState }[] = [];

  define(name: string, state: SavepointState): void {
    this.#stack.push({ name, state });
  }

  get any(): boolean {
    return this.#stack.length > 0;
  }

  /** RELEASE: forgets it and those after it; what it remembered. */
  release(name: string): SavepointState {
    const [released] = this.#stack.splice(this.#find(name));
    return released!.state;
  }

  /** ROLLBACK TO: forgets those after it. */
  rollbackTo(name: string): SavepointState {
    const index = this.#find(name);
    this.#stack.splice(index + 1);
    return this.#stack[index]!.state;
  }

  clear(): void {
    if (this.#stack.length > 0) this.#stack = [];
  }

  #find(name: string): number {
    const index = this.#stack.findLastIndex((savepoint) => savepoint.name === name);
    if (index < 0) throw new SqlError({ sqlstate: '3B001', message: `savepoint "${name}" does not exist` });
    return index;
  }
}
