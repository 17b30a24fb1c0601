/**
 * Savepoints of a transaction, newest last. What was written after one cannot be taken back alone yet: then ROLLBACK
 * TO is refused, and everything else about it works.
 */
import { SqlError } from '../../sql/error.ts';
import type { SettingsSnapshot } from './settings/settings.ts';

/** What a savepoint remembers. */
export interface SavepointState {
  readonly settings: SettingsSnapshot;
  readonly writtenBytes: number;
  readonly cursors: ReadonlySet<string>;
}

export class Savepoints {
  #stack: { readonly name: string; readonly state: SavepointState }[] = [];

  define(name: string, state: SavepointState): void {
    this.#stack.push({ name, state });
  }

  /** RELEASE: forgets it and those after it. */
  release(name: string): void {
    this.#stack.splice(this.#find(name));
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
