import { expect } from 'vitest';
import type { Health } from '../contract.ts';

/** The states that a reader or a writer was seen in. */
export class StateWatch<State extends string> {
  readonly #watched: { health(): Health<State> };
  readonly #transitions: Readonly<Record<State, readonly State[]>>;
  readonly #seen: State[] = [];

  constructor(watched: { health(): Health<State> }, transitions: Readonly<Record<State, readonly State[]>>) {
    this.#watched = watched;
    this.#transitions = transitions;
    this.look();
  }

  look(): State {
    const { state } = this.#watched.health();
    if (this.#seen.at(-1) !== state) this.#seen.push(state);
    return state;
  }

  /** Each state can be reached from the one before, maybe through others that were not seen. */
  check(): void {
    for (const [index, state] of this.#seen.entries()) {
      if (index > 0) expect(this.#reachable(this.#seen[index - 1]!), this.#seen.join(' → ')).toContain(state);
    }
  }

  #reachable(from: State): Set<State> {
    const found = new Set<State>();
    const visit = (state: State): void => {
      for (const next of this.#transitions[state]) {
        if (found.has(next)) continue;
        found.add(next);
        visit(next);
      }
    };
    visit(from);
    return found;
  }
}
