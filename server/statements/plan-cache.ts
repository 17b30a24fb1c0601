/**
 * Compiled queries and writes that come again, for all sessions and both protocols: by statement, declared parameter
 * types, and all that planning depends on (settings, the catalog's version). Bounded by bytes; what was used last stays.
 */
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Runnable } from './prepared.ts';

/** A plan's objects and what the engine compiles from it take several times the room of the plan's text. */
const BYTES_PER_CHARACTER = 8;

interface Entry {
  readonly runnable: Runnable;
  readonly bytes: number;
}

export class PlanCache {
  readonly #limit: number;
  /** Statements are the same object when their text is (`sql/parse/memo.ts`); a Map's order is that of use. */
  readonly #statements = new Map<ParsedStatement, Map<string, Entry>>();
  #version = -1;
  #bytes = 0;

  constructor(limit = 64 << 20) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The runnable that was compiled for this statement under `key`, or a new one. */
  get(parsed: ParsedStatement, version: number, key: string, compile: () => Runnable): Runnable {
    if (version !== this.#version) {
      // Nothing that was compiled under another catalog is asked for again.
      this.#statements.clear();
      this.#bytes = 0;
      this.#version = version;
    }
    const plans = this.#statements.get(parsed);
    const known = plans?.get(key);
    if (plans && known) {
      this.#statements.delete(parsed);
      this.#statements.set(parsed, plans);
      return known.runnable;
    }
    const runnable = compile();
    if (runnable.planLength === undefined) return runnable;
    const bytes = runnable.planLength * BYTES_PER_CHARACTER;
    this.#statements.delete(parsed);
    this.#statements.set(parsed, (plans ?? new Map<string, Entry>()).set(key, { runnable, bytes }));
    this.#bytes += bytes;
    this.#shrink();
    return runnable;
  }

  #shrink(): void {
    for (const [parsed, plans] of this.#statements) {
      if (this.#bytes <= this.#limit) return;
      this.#statements.delete(parsed);
      for (const { bytes } of plans.values()) this.#bytes -= bytes;
    }
  }
}
