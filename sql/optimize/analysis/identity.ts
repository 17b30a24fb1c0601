/**
 * Which relations compute the same by the same means: equal numbers for equal trees. NULL's possibility does not count.
 */
import type { MirRelation } from '../../mir.ts';
import { inputs } from '../../mir/traverse.ts';

/** Numbers for relations, of one rule's run. */
export class RelationIdentity {
  readonly #known = new WeakMap<MirRelation, number>();
  readonly #numbers = new Map<string, number>();

  /** The number of a relation. */
  of(relation: MirRelation): number {
    const known = this.#known.get(relation);
    if (known !== undefined) return known;
    const own: Record<string, unknown> = {
      ...relation,
      below: inputs(relation).map((input) => this.of(input)),
    };
    for (const name of ['input', 'inputs', 'value', 'body']) delete own[name];
    if (relation.kind === 'semiJoin') {
      delete own['left'];
      delete own['right'];
    }
    const text = JSON.stringify(own, (name, value: unknown) => (name === 'nullable' ? undefined : value));
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    this.#known.set(relation, number);
    return number;
  }

  same(left: MirRelation, right: MirRelation): boolean {
    return left === right || this.of(left) === this.of(right);
  }
}
