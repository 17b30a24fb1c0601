/**
 * One DDL statement at a time: names are checked, dataflows built and the change committed as one step.
 */
export class DdlLock {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `work` after all that was asked before it has ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work, work);
    this.#tail = turn.catch(() => {});
    return turn;
  }
}
