/**
 * Installed dataflows and the arrangements that they share. An arrangement of a named relation on key expressions is
 * a dataflow of its own, counted by reference: dropping the view that asked for it first takes it from nobody. An index is
 * a name for one: it holds what a view has asked for, and what is made for it views go on holding when it is dropped.
 *
 * A dataflow hydrates after it was started; who reads its arrangement waits for it (`whenReady`).
 */
import type { ArrangementId, Engine, Layout, Plan, Timestamp } from '../../engine/index.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { Compiled, RequiredArrangement } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { sameKey } from '../../sql/physical/expr.ts';
import type { SharedArrangements } from '../catalog/reader.ts';

interface Shared {
  readonly id: ArrangementId;
  readonly relation: ObjectId;
  /** The relation's own arrangement, which this one is made from; a replaced view has another. */
  readonly base: ArrangementId;
  readonly layout: Layout;
  references: number;
  ready: boolean;
  /** From when on it can be read. */
  since: Timestamp;
}

/** What a dataflow is started from: a maintained plan, and the shared arrangements that have to be made for it. */
export interface Maintained {
  readonly plan: Plan;
  readonly requires: readonly RequiredArrangement[];
  /** The views that it reads and does not name. */
  readonly unnamed?: Compiled['unnamed'];
  /** Its readers get its rows only, where it has errors too. */
  readonly skipsErrors?: boolean;
}

/** A relation arranged by a key, for an index or a foreign key. */
export interface Arranging {
  readonly relation: ObjectId;
  /** From the relation's own arrangement to a new one, which is made if there is none like it. */
  readonly plan: Plan;
  /** Arrangements that are not to be taken: by them constraints of one kind are told apart. */
  readonly apart?: readonly ArrangementId[];
}

/** A dataflow that was started, or an arrangement that is held. */
export interface Installation {
  readonly arrangement: ArrangementId;
  /** What it holds, for `release`; the arrangement is among it where it is not its own. */
  readonly uses: readonly ArrangementId[];
  /** Resolves when it can be read; rejects when it never will. */
  readonly ready: Promise<void>;
}

export class Dataflows implements SharedArrangements {
  readonly #engine: Engine;
  readonly #shared = new Map<ArrangementId, Shared>();
  /**
   * Views' arrangements that are read by what does not name the view: they stay when it is dropped or replaced. `dropped`:
   * what the view's dataflow holds, since then.
   */
  readonly #held = new Map<ArrangementId, { references: number; dropped: readonly ArrangementId[] | null }>();
  /** Dataflows that hydrate, and those that failed to until they are dropped. */
  readonly #hydrating = new Map<ArrangementId, Promise<void>>();
  /** Views that are computed when they are read, and whose rows are about to be kept. Each resolves when that has ended. */
  readonly storing = new Map<ObjectId, Promise<void>>();

  /** Raised by whatever `of` and `hydrates` tell. */
  #version = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** As long as it stays, so does what plans can read besides what the catalog says. */
  get version(): number {
    return this.#version;
  }

  *of(
    relation: ObjectId,
    base: ArrangementId,
  ): Iterable<{ readonly id: ArrangementId; readonly layout: Layout }> {
    for (const shared of this.#shared.values()) {
      if (shared.ready && shared.relation === relation && shared.base === base) yield shared;
    }
  }

  /** Whether it is a shared arrangement, which goes when no view uses it any more. */
  isShared(id: ArrangementId): boolean {
    return this.#shared.has(id);
  }

  /** The relation that a shared arrangement is of, and how it is laid out. */
  sharedAs(id: ArrangementId): Pick<Shared, 'relation' | 'layout'> | null {
    return this.#shared.get(id) ?? null;
  }

  /** From when on those of these that are shared can be read. */
  sharedSince(ids: Iterable<ArrangementId>): Timestamp {
    let since = 0;
    for (const id of ids) since = Math.max(since, this.#shared.get(id)?.since ?? 0);
    return since;
  }

  hydrates(id: ArrangementId): boolean {
    return this.#hydrating.has(id);
  }

  /** Null when all of these can be read. Rejects when one of them failed to hydrate or is dropped meanwhile. */
  whenReady(ids: Iterable<ArrangementId>): Promise<void> | null {
    if (this.#hydrating.size === 0) return null;
    const waiting = [...ids].flatMap((id) => this.#hydrating.get(id) ?? []);
    return waiting.length === 0 ? null : Promise.all(waiting).then(() => {});
  }

  /**
   * Starts what the plan needs and then the plan, each as of `now()` when what it reads can be read. When it fails,
   * nothing stays installed. Give it up with `drop`.
   */
  start(maintained: Maintained, now: () => Timestamp): Installation {
    const { plan } = maintained;
    if (plan.output.kind !== 'arrangement') throw new Error('a maintained plan has an arrangement');
    const { arrangement } = plan.output;
    for (const { id, relation, layout, plan } of maintained.requires) {
      if (this.#shared.has(id)) continue;
      const [base] = imports(plan);
      if (base === undefined) throw new Error('a shared arrangement is made from another');
      this.#shared.set(id, { id, relation, base, layout, references: 0, ready: false, since: 0 });
    }
    const uses = this.retain(imports(plan), maintained.unnamed);
    return { arrangement, uses, ready: this.#hydrate(arrangement, this.#install(maintained, now)) };
  }

  /**
   * Holds a relation arranged by a key: its own arrangement or a shared one by that key, or one that is started here and shared
   * from then on. Give it up with `drop`, or what it holds with `release`.
   */
  share({ relation, plan, apart = [] }: Arranging, now: () => Timestamp): Installation {
    const [source] = plan.nodes;
    if (plan.output.kind !== 'arrangement' || source?.operator.kind !== 'import')
      throw new Error('a relation is arranged from its own arrangement');
    const { arrangement: id, layout } = plan.output;
    const { arrangement: base, layout: own } = source.operator;
    const known = [{ id: base, layout: own }, ...this.of(relation, base)].find(
      (other) => !apart.includes(other.id) && sameKey(other.layout.key, layout.key),
    );
    if (known) {
      const uses = this.retain([known.id], known.id === base ? [{ arrangement: base }] : []);
      return { arrangement: known.id, uses, ready: this.whenReady([known.id]) ?? Promise.resolve() };
    }
    this.#shared.set(id, { id, relation, base, layout, references: 0, ready: false, since: 0 });
    const uses = this.retain([id]);
    return { arrangement: id, uses, ready: this.#hydrate(id, this.#arrange(id, plan, now)) };
  }

  /** Readers wait for it, until it has hydrated. */
  #hydrate(arrangement: ArrangementId, hydrated: Promise<void>): Promise<void> {
    const ready = hydrated.then(
      () => {
        // Dropped while it was told to be ready: nobody reads it any more.
        if (this.#hydrating.get(arrangement) === ready) this.#hydrating.delete(arrangement);
        this.#version++;
      },
      (error: unknown) => {
        if (this.#hydrating.get(arrangement) !== ready) throw dropped(error);
        this.#engine.drop(arrangement);
        throw error;
      },
    );
    ready.catch(() => {});
    this.#hydrating.set(arrangement, ready);
    this.#version++;
    return ready;
  }

  async #arrange(id: ArrangementId, plan: Plan, now: () => Timestamp): Promise<void> {
    const waiting = this.whenReady(imports(plan));
    if (waiting) await waiting;
    const shared = this.#shared.get(id);
    if (!shared) throw new Error('it was dropped');
    if (shared.ready) return;
    shared.since = now();
    await this.#engine.install(plan, shared.since);
    shared.ready = true;
    this.#version++;
  }

  async #install({ plan, requires, skipsErrors }: Maintained, now: () => Timestamp): Promise<void> {
    const waiting = this.whenReady([plan, ...requires.map((required) => required.plan)].flatMap(imports));
    if (waiting) await waiting;
    for (const { id, plan } of requires) await this.#arrange(id, plan, now);
    await this.#engine.install(plan, now());
    if (skipsErrors && plan.output.kind === 'arrangement') {
      this.#engine.skipErrors(plan.output.arrangement, true);
    }
  }

  /** How much of its inputs a dataflow has read; null when that is not known. */
  progress(id: ArrangementId): { readonly done: number; readonly expected: number } | null {
    return this.#engine.hydration(id);
  }

  /** Drops a dataflow, hydrated or not, and gives back what it holds: when nobody reads it who does not name it. */
  drop({ arrangement, uses }: Pick<Installation, 'arrangement' | 'uses'>): void {
    if (uses.includes(arrangement)) {
      this.release(uses);
      return;
    }
    this.#hydrating.delete(arrangement);
    this.#version++;
    const held = this.#held.get(arrangement);
    if (held) {
      held.dropped = uses;
      return;
    }
    this.#engine.drop(arrangement);
    this.release(uses);
  }

  /**
   * Starts a dataflow and waits until it can be read. Returns the shared arrangements that it holds, for `release`. When
   * it fails nothing stays installed.
   */
  async install(maintained: Maintained, now: () => Timestamp): Promise<readonly ArrangementId[]> {
    const installation = this.start(maintained, now);
    try {
      await installation.ready;
    } catch (error) {
      this.drop(installation);
      throw error;
    }
    return installation.uses;
  }

  /** Shared arrangements that were made from one. */
  madeFrom(base: ArrangementId): ArrangementId[] {
    return [...this.#shared.values()].filter((shared) => shared.base === base).map(({ id }) => id);
  }

  /** Holds those of these arrangements that are shared, and those of views that are read without a name, for `release`. */
  retain(
    ids: Iterable<ArrangementId>,
    unnamed: readonly { readonly arrangement: ArrangementId }[] = [],
  ): readonly ArrangementId[] {
    const uses: ArrangementId[] = [];
    for (const id of new Set(ids)) {
      const shared = this.#shared.get(id);
      if (!shared) continue;
      shared.references++;
      uses.push(id);
    }
    for (const { arrangement: id } of unnamed) {
      const held = this.#held.get(id);
      if (held) held.references++;
      else this.#held.set(id, { references: 1, dropped: null });
    }
    // What is made of a view's arrangement goes before it.
    return [...uses, ...unnamed.map(({ arrangement }) => arrangement)];
  }

  /** Gives back what `retain` held; the last one out drops the dataflow. */
  release(ids: readonly ArrangementId[]): void {
    for (const id of ids) {
      const shared = this.#shared.get(id);
      if (shared) {
        shared.references--;
        this.#dropUnused(id);
      } else this.#releaseView(id);
    }
  }

  #releaseView(id: ArrangementId): void {
    const held = this.#held.get(id);
    if (!held) return;
    held.references--;
    if (held.references > 0) return;
    this.#held.delete(id);
    if (held.dropped) this.drop({ arrangement: id, uses: held.dropped });
  }

  /** How many dataflows use a shared arrangement. */
  references(id: ArrangementId): number {
    return this.#shared.get(id)?.references ?? 0;
  }

  #dropUnused(id: ArrangementId): void {
    const shared = this.#shared.get(id);
    if (!shared || shared.references > 0) return;
    this.#shared.delete(id);
    this.#hydrating.delete(id);
    this.#version++;
    this.#engine.drop(id);
  }
}

function dropped(error: unknown): SqlError {
  return new SqlError({
    sqlstate: '55000',
    message: 'the relation was dropped while it was hydrating',
    detail: error instanceof Error ? error.message : undefined,
  });
}

/** The arrangements that a plan reads. */
export function imports(plan: Plan): ArrangementId[] {
  const { nodes, output } = plan;
  const own = nodes.flatMap(({ operator }) =>
    operator.kind === 'import' || operator.kind === 'lookup' ? [operator.arrangement] : [],
  );
  return output.kind === 'write' && output.returningQuery ? [...own, ...imports(output.returningQuery)] : own;
}

/** The arrangements that a compiled statement reads. */
export function importsOf(compiled: Pick<Compiled, 'plan'>): ArrangementId[] {
  return imports(compiled.plan);
}
