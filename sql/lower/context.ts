/**
 * What lowering carries along: fresh bindings, the parameters that session values become, and the meaning of CTE
 * references.
 */
import type { ObjectId } from '../catalog.ts';
import type { HirRelation, HirScalar, SessionValue } from '../hir.ts';
import { freeOfRelation, freeOfScalar } from '../hir/traverse.ts';
import type { Free, OuterColumn } from '../hir/traverse.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { renumberBindings } from '../mir/bindings.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { distinct, getLet, letIn, project } from '../mir/relation.ts';
import { uniqueKeys } from '../optimize/analysis/keys.ts';
import { SqlError } from '../error.ts';
import type { KnownView } from './known-views.ts';

interface Binding {
  readonly id: number;
  readonly columns: readonly MirType[];
  /** Columns of the rows around the CTE that stand before its own. */
  readonly outer: readonly OuterColumn[];
  /** How many levels deep it is defined. */
  readonly depth: number;
}

/** A CTE as it is read. */
export interface Cte {
  readonly relation: MirRelation;
  /** As seen from the reader. */
  readonly outer: readonly OuterColumn[];
}

export class LoweringContext {
  readonly sessionValues: SessionValue[] = [];
  readonly #keysOfObject: (object: ObjectId) => Keys;
  readonly #parameters: number;
  /** Maintained plans have neither parameters nor session values. */
  readonly #maintained: boolean;
  readonly #bindings = new Map<number, Binding>();
  readonly #keys = new Map<number, Keys>();
  readonly #occurrences = new Map<HirScalar, number>();
  readonly #localColumns = new Map<number, MirScalar>();
  readonly #knownView: (view: HirRelation) => KnownView | null;
  /** Bindings of known views that stand in the statement already. */
  readonly #used = new Set<number>();
  #next: number;
  /** Far above those of the statement's own. */
  #nextLocal = 2 ** 31;
  #depth = 0;

  constructor(options: {
    keysOfObject: (object: ObjectId) => Keys;
    parameters: number;
    maintained: boolean;
    knownView?: (view: HirRelation) => KnownView | null;
    firstBinding?: number;
  }) {
    this.#keysOfObject = options.keysOfObject;
    this.#parameters = options.parameters;
    this.#maintained = options.maintained;
    this.#knownView = options.knownView ?? (() => null);
    this.#next = options.firstBinding ?? 0;
  }

  /** The number that the next binding gets. */
  get nextBinding(): number {
    return this.#next;
  }

  /** A view that was lowered before, with bindings that are not in the statement yet; null: it is to be lowered here. */
  knownView(view: HirRelation): MirRelation | null {
    const known = this.#knownView(view);
    if (known === null) return null;
    const { relation, bindings } = known;
    if (bindings.some((binding) => this.#used.has(binding))) {
      return renumberBindings(relation, () => this.#next++);
    }
    for (const binding of bindings) this.#used.add(binding);
    return relation;
  }

  /** The column that what a `once` binds is computed as; null where it is none. */
  localColumn(binding: number): MirScalar | null {
    return this.#localColumns.get(binding) ?? null;
  }

  /** The number of a value that is computed once, and that nothing in the statement has. */
  newLocal(): number {
    return this.#nextLocal++;
  }

  setLocalColumn(binding: number, column: MirScalar): void {
    this.#localColumns.set(binding, column);
  }

  /** The number of a volatile call, wherever it is lowered. */
  occurrence(call: HirScalar): number {
    const known = this.#occurrences.get(call);
    if (known !== undefined) return known;
    const number = this.#occurrences.size;
    this.#occurrences.set(call, number);
    return number;
  }

  /** The parameter that stands for a session value. */
  sessionParameter(value: SessionValue): number {
    if (this.#maintained) {
      const name = value.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      throw new SqlError({
        sqlstate: '0A000',
        message: `${name} is not supported in a maintained query`,
        hint: 'Its value differs from session to session; pass it as a column instead.',
      });
    }
    let index = this.sessionValues.indexOf(value);
    if (index < 0) index = this.sessionValues.push(value) - 1;
    return this.#parameters + index;
  }

  parameter(index: number): number {
    if (this.#maintained) {
      throw new SqlError({
        sqlstate: '42P02',
        message: `there is no parameter $${index + 1}`,
        hint: 'A maintained query cannot have parameters.',
      });
    }
    return index;
  }

  keysOf(relation: MirRelation): Keys {
    return uniqueKeys(relation, this.#keysOfObject, this.#keys);
  }

  /** Binds a relation, so that it may be read several times in what `body` builds. */
  share(value: MirRelation, body: (shared: MirRelation) => MirRelation): MirRelation {
    const binding = this.bind(value);
    return letIn(binding.id, value, body(binding.read));
  }

  /** A fresh binding for `value`; the caller wraps its body with `letIn`. */
  bind(value: MirRelation): { readonly id: number; readonly read: MirRelation } {
    const id = this.#next++;
    this.#keys.set(id, this.keysOf(value));
    return { id, read: getLet(id, value.columns) };
  }

  /** Opens the scope of a CTE. A view's definition may be inlined twice, so bindings are renumbered. */
  withCte(
    binding: number,
    value: MirRelation,
    outer: readonly OuterColumn[],
    body: () => MirRelation,
  ): MirRelation {
    const around = this.#bindings.get(binding);
    const fresh = this.bind(value);
    this.#bindings.set(binding, { id: fresh.id, columns: value.columns, outer, depth: this.#depth });
    const lowered = letIn(fresh.id, value, body());
    if (around === undefined) this.#bindings.delete(binding);
    else this.#bindings.set(binding, around);
    return lowered;
  }

  cte(binding: number): Cte {
    const bound = this.#bindings.get(binding);
    if (bound === undefined) throw new Error(`no binding ${binding} in scope`);
    return { relation: getLet(bound.id, bound.columns), outer: this.#outerOf(bound) };
  }

  #outerOf(bound: Binding): OuterColumn[] {
    const deeper = this.#depth - bound.depth;
    return bound.outer.map(({ level, index }) => ({ level: level + deeper, index }));
  }

  /** Lowers what stands `levels` further in. */
  within<T>(levels: number, action: () => T): T {
    this.#depth += levels;
    const result = action();
    this.#depth -= levels;
    return result;
  }

  /** The columns of the rows around that a relation reads, its own and those of the CTEs that it reads. */
  freeColumns(relation: HirRelation): Free['columns'] {
    const { columns, bindings } = freeOfRelation(relation);
    return this.#withBindings(columns, bindings);
  }

  /** Whether a relation reads the rows around it. */
  isCorrelated(relation: HirRelation): boolean {
    return this.freeColumns(relation).length > 0;
  }

  /** Whether a scalar reads rows around its own. */
  readsAround(scalar: HirScalar): boolean {
    const { columns, bindings } = freeOfScalar(scalar);
    return (
      columns.some(({ level }) => level > 0) || bindings.some((binding) => this.cte(binding).outer.length > 0)
    );
  }

  #withBindings(columns: Free['columns'], bindings: readonly number[]): Free['columns'] {
    const all = [...columns];
    for (const binding of bindings) {
      const bound = this.#bindings.get(binding);
      // A binding inside of the relation itself is not open yet, and reads what the relation reads.
      if (bound === undefined) continue;
      this.#outerOf(bound).forEach(({ level, index }, at) => {
        if (!all.some((column) => column.level === level && column.index === index)) {
          all.push({ level, index, type: bound.columns[at]! });
        }
      });
    }
    return all;
  }
}

/** One row without columns if `relation` has any. */
export function nonEmpty(relation: MirRelation): MirRelation {
  return distinct(project(relation, []));
}
