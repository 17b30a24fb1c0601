/**
 * What lowering carries along: fresh bindings, the parameters that session values become, and the meaning of CTE
 * references.
 */
import type { ObjectId } from '../catalog.ts';
import type { SessionValue } from '../hir.ts';
import type { MirRelation, MirType } from '../mir.ts';
import type { Keys } from '../optimize/analysis/keys.ts';
import { distinct, getLet, letIn, project } from '../mir/relation.ts';
import { uniqueKeys } from '../optimize/analysis/keys.ts';
import { SqlError } from '../error.ts';

/** A relation without columns that has one row if a subquery is needed and none if not; null: always needed. */
export type Domain = MirRelation | null;

interface Binding {
  readonly id: number;
  readonly columns: readonly MirType[];
  readonly keys: Keys;
}

export class LoweringContext {
  readonly sessionValues: SessionValue[] = [];
  readonly #keysOfObject: (object: ObjectId) => Keys;
  readonly #parameters: number;
  /** Maintained plans have neither parameters nor session values. */
  readonly #maintained: boolean;
  readonly #bindings = new Map<number, Binding>();
  readonly #keys = new Map<number, Keys>();
  #next = 0;

  constructor(options: {
    keysOfObject: (object: ObjectId) => Keys;
    parameters: number;
    maintained: boolean;
  }) {
    this.#keysOfObject = options.keysOfObject;
    this.#parameters = options.parameters;
    this.#maintained = options.maintained;
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
  withCte(binding: number, value: MirRelation, body: () => MirRelation): MirRelation {
    const outer = this.#bindings.get(binding);
    const fresh = this.bind(value);
    this.#bindings.set(binding, { id: fresh.id, columns: value.columns, keys: this.keysOf(value) });
    const lowered = letIn(fresh.id, value, body());
    if (outer === undefined) this.#bindings.delete(binding);
    else this.#bindings.set(binding, outer);
    return lowered;
  }

  cte(binding: number): MirRelation {
    const bound = this.#bindings.get(binding);
    if (bound === undefined) throw new Error(`no binding ${binding} in scope`);
    return getLet(bound.id, bound.columns);
  }
}

/** One row without columns if `relation` has any. */
export function nonEmpty(relation: MirRelation): MirRelation {
  return distinct(project(relation, []));
}
