/**
 * The numbers that a statement takes of sequences. One that runs again, since a shorter way did not do or another's commit
 * was first, takes the same again: to its client it runs once.
 */
import type { Engine } from '../../engine/index.ts';
import type { SessionValue } from '../../sql/hir.ts';

export interface TakenNumbers {
  /** The statement begins, or goes on the ordinary way after `again`. */
  begin(session: { readonly number: number }): void;
  /** What it did is undone, and it runs again. */
  again(session: { readonly number: number }): void;
  end(session: { readonly number: number }): void;
}

const none: TakenNumbers = { begin() {}, again() {}, end() {} };

/** Those of a statement that wants these values: who takes numbers says for whom. */
export function takenNumbers(engine: Engine, values: readonly SessionValue[]): TakenNumbers {
  if (!values.includes('sessionNumber')) return none;
  return {
    begin: ({ number }) => engine.noteTaken(number, true),
    again: ({ number }) => engine.takeAgain(number),
    end: ({ number }) => engine.noteTaken(number, false),
  };
}
