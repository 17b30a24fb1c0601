/** The sources that run, by their catalog objects. */
import type { Transaction } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { RunningSource, type SourceParts, type SourceSetup, type SourceStatus } from './running-source.ts';

export type {
  SideRelation,
  SourceParts,
  SourceSettings,
  SourceSetup,
  SourceStatus,
  SourceTable,
} from './running-source.ts';

export class Sources {
  readonly #parts: SourceParts;
  readonly #running = new Map<ObjectId, RunningSource>();
  /** The source that writes into a relation other than its own object: one of its tables, its reject relation. */
  readonly #owner = new Map<ObjectId, ObjectId>();
  /** Those whose refused records are still in the log. */
  #stopped: RunningSource[] = [];

  constructor(parts: SourceParts) {
    this.#parts = parts;
  }

  /** Opens the connector and lets it run. The collections must exist. */
  start(setup: SourceSetup): void {
    this.#running.set(setup.id, new RunningSource(this.#parts, setup));
    for (const relation of [...setup.tables, setup.rejects]) {
      if (relation && relation.id !== setup.id) this.#owner.set(relation.id, setup.id);
    }
  }

  /**
   * Resolves when nothing writes into the object any more: for a source that it was stopped, for a table or the reject
   * relation of one that the source leaves it out from now on.
   */
  async stop(id: ObjectId): Promise<void> {
    const source = this.#running.get(id);
    if (source) {
      this.#running.delete(id);
      await source.stop();
      this.#stopped.push(source);
      return;
    }
    const owner = this.#owner.get(id);
    if (owner === undefined) return;
    this.#owner.delete(id);
    await this.#running.get(owner)?.leave(id);
  }

  /** The source that an object is, or is a table of; null when it is none that runs. */
  get(id: ObjectId): RunningSource | null {
    return this.#running.get(this.#owner.get(id) ?? id) ?? null;
  }

  /** All sources by their objects. */
  all(): ReadonlyMap<ObjectId, RunningSource> {
    return this.#running;
  }

  /** Whether a source was dropped whose refused records are still in the log. */
  get hasLeftErrors(): boolean {
    return this.#stopped.length > 0;
  }

  /** Takes the refused records of dropped sources out of the log. */
  clearErrors(transaction: Transaction): void {
    for (const source of this.#stopped.splice(0)) source.clearErrors(transaction);
  }

  /** Sources that are read through a connection connect again. */
  async reconnect(ids: readonly ObjectId[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#running.get(id)?.reconnect()));
  }

  /** Pauses or resumes a source; a table of a source stands for the source. */
  pause(id: ObjectId, paused: boolean): void {
    this.#running.get(this.#owner.get(id) ?? id)?.pause(paused);
  }

  /** How a source does; null when the object is none that runs. */
  status(id: ObjectId): SourceStatus | null {
    return this.#running.get(this.#owner.get(id) ?? id)?.status() ?? null;
  }

  async stopAll(): Promise<void> {
    const sources = [...this.#running.values()];
    this.#running.clear();
    this.#owner.clear();
    await Promise.all(sources.map((source) => source.stop()));
  }
}
