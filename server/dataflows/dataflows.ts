/**
 * Installed dataflows and the arrangements that they share. An arrangement of a named relation on key expressions is
 * a dataflow of its own, counted by reference: dropping the view that asked for it first takes it from nobody.
 */
import type { ArrangementId, Engine, Layout, Timestamp } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { Compiled, RequiredArrangement } from '../../sql/compile.ts';
import type { SharedArrangements } from '../catalog/reader.ts';

interface Shared {
  readonly id: ArrangementId;
  readonly relation: ObjectId;
  /** The relation's own arrangement, which this one is made from; a replaced view has another. */
  readonly base: ArrangementId;
  readonly layout: Layout;
  references: number;
}

export class Dataflows implements SharedArrangements {
  readonly #engine: Engine;
  readonly #shared = new Map<ArrangementId, Shared>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  *of(
    relation: ObjectId,
    base: ArrangementId,
  ): Iterable<{ readonly id: ArrangementId; readonly layout: Layout }> {
    for (const shared of this.#shared.values()) {
      if (shared.relation === relation && shared.base === base) yield shared;
    }
  }

  /**
   * Installs what the plan needs, then the plan, and resolves when it can be read at `asOf`. Returns the shared
   * arrangements that it holds, for `release`. When it fails nothing stays installed. `asOf` stays readable meanwhile,
   * however long the arrangements take.
   */
  async install(compiled: Compiled, asOf: Timestamp): Promise<readonly ArrangementId[]> {
    const held: ArrangementId[] = [];
    const imported = importedArrangements(compiled);
    const hold = this.#engine.hold(asOf);
    try {
      for (const required of compiled.requires) await this.#require(required, asOf);
      for (const id of imported) {
        const shared = this.#shared.get(id);
        if (!shared) continue;
        shared.references++;
        held.push(id);
      }
      await this.#engine.install(compiled.plan, asOf);
      return held;
    } catch (error) {
      this.release(held);
      for (const required of compiled.requires) this.#dropUnused(required.id);
      throw error;
    } finally {
      hold.release();
    }
  }

  /** Gives back arrangements that `install` returned; the last one out drops the dataflow. */
  release(ids: readonly ArrangementId[]): void {
    for (const id of ids) {
      const shared = this.#shared.get(id);
      if (!shared) continue;
      shared.references--;
      this.#dropUnused(id);
    }
  }

  /** Shared arrangements that were made from one. */
  madeFrom(base: ArrangementId): ArrangementId[] {
    return [...this.#shared.values()].filter((shared) => shared.base === base).map(({ id }) => id);
  }

  /** How many dataflows use a shared arrangement. */
  references(id: ArrangementId): number {
    return this.#shared.get(id)?.references ?? 0;
  }

  async #require(required: RequiredArrangement, asOf: Timestamp): Promise<void> {
    if (this.#shared.has(required.id)) return;
    const [base] = importedArrangements(required);
    if (base === undefined) throw new Error('a shared arrangement is made from another');
    await this.#engine.install(required.plan, asOf);
    this.#shared.set(required.id, {
      id: required.id,
      relation: required.relation,
      base,
      layout: required.layout,
      references: 0,
    });
  }

  #dropUnused(id: ArrangementId): void {
    const shared = this.#shared.get(id);
    if (!shared || shared.references > 0) return;
    this.#shared.delete(id);
    this.#engine.drop(id);
  }
}

function importedArrangements(compiled: Pick<Compiled, 'plan'>): Set<ArrangementId> {
  const ids = new Set<ArrangementId>();
  for (const { operator } of compiled.plan.nodes) {
    if (operator.kind === 'import' || operator.kind === 'lookup') ids.add(operator.arrangement);
  }
  return ids;
}
