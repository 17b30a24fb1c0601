/**
 * Statements that have been planned and not yet answered: what they read must stay until they have read it, though the
 * catalog has gone on.
 */
export class RunningStatements {
  readonly #running = new Set<object>();
  #waiting: { readonly on: Set<object>; readonly action: () => void }[] = [];

  /** A statement begins; to be called when it has ended. */
  enter(): () => void {
    const statement = {};
    this.#running.add(statement);
    return () => {
      this.#running.delete(statement);
      for (const { on } of this.#waiting) on.delete(statement);
      const ready = this.#waiting.filter(({ on }) => on.size === 0);
      this.#waiting = this.#waiting.filter(({ on }) => on.size > 0);
      for (const { action } of ready) action();
    };
  }

  /** Runs `action` when all statements that run now have ended. */
  afterCurrent(action: () => void): void {
    if (this.#running.size === 0) action();
    else this.#waiting.push({ on: new Set(this.#running), action });
  }
}
