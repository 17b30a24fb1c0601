/**
 * Rule 26: a top-k over an outer join, by columns of the side that it keeps, takes no more rows of that side than it wants.
 *
 *     select … from o left join c on c.id = o.c order by o.total limit 10
 *         →   select … from (select … from o order by total limit 10 with ties) o left join c on … order by … limit 10
 *
 * Each row of the kept side comes out at least once, so a row behind the first ten of that side stands behind ten others.
 * Rows that tie there all stay, unless they have a key: which of them are shown the top-k above decides. By then the join is
 *
 *     x ⋈ y  +  x ▷ y
 *
 * perhaps among others of a UNION ALL, of which each is looked at for itself. What can raise an error for a row that is left
 * out keeps its rows.
 */
import type { MirKeyPair, MirRelation, MirScalar } from '../../mir.ts';
import { boundIn } from '../../mir/bindings.ts';
import * as build from '../../mir/relation.ts';
import { remapColumns, sameScalar, shiftColumns } from '../../mir/scalar.ts';
import { kinds } from '../../mir/kinds.ts';
import { visitRelation } from '../../mir/traverse.ts';
import { below, firstRows, rowsRead } from '../analysis/first-rows.ts';
import type { MirTopK, Wanted } from '../analysis/first-rows.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Keys } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule } from '../pipeline.ts';

/** The parts of an outer join that keeps one side. */
interface OuterJoin {
  readonly kept: MirRelation;
  /** Where a column of the union comes from on the kept side. */
  readonly place: (column: number) => number | null;
  /** Both parts over another kept side. */
  readonly over: (kept: MirRelation) => readonly [MirRelation, MirRelation];
}

function outerJoin(inner: MirRelation, alone: MirRelation, identity: RelationIdentity): OuterJoin | null {
  const joined = below(inner, 'join');
  const anti = below(alone, 'semiJoin');
  if (joined === null || anti === null || !anti.node.anti) return null;
  const { inputs, equivalences, residual } = joined.node;
  const { left: kept, right, keys } = anti.node;
  const side = inputs.findIndex((input) => identity.same(input, kept));
  if (inputs.length !== 2 || residual.length > 0 || side < 0) return null;
  const other = inputs[1 - side]!;
  // The anti-join may read the keys of the other side alone.
  const isNarrow = right.kind === 'project' && identity.same(right.input, other);
  if (!isNarrow && !identity.same(right, other)) return null;
  const arity = kept.columns.length;
  const [from, otherFrom] = side === 0 ? [0, arity] : [other.columns.length, 0];
  const whole = (scalar: MirScalar): MirScalar =>
    isNarrow ? remapColumns(scalar, (index) => right.indexes[index]!) : scalar;
  const isKey = (key: MirKeyPair): boolean => {
    const pair = [shiftColumns(key.left, from), shiftColumns(whole(key.right), otherFrom)];
    return equivalences.some(
      ({ scalars, nullSafe }) =>
        nullSafe === key.nullSafe &&
        scalars.length === 2 &&
        pair.every((one) => scalars.some((two) => sameScalar(one, two))),
    );
  };
  if (keys.length === 0 || keys.length !== equivalences.length || !keys.every(isKey)) return null;
  return {
    kept,
    place: (index) => {
      const [one, two] = [joined.place(index), anti.place(index)];
      return one !== null && two !== null && one - from === two ? two : null;
    },
    over: (fewer) => [
      joined.around(build.join(inputs.with(side, fewer), equivalences, residual)),
      anti.around(build.semiJoin(fewer, right, keys, { anti: true })),
    ],
  };
}

class Pushing {
  readonly #values = new Map<number, MirRelation>();
  readonly #identity = new RelationIdentity();
  readonly #keysOf: (input: MirRelation) => Keys;
  #next: number;

  constructor(root: MirRelation, keysOf: (input: MirRelation) => Keys) {
    this.#keysOf = keysOf;
    this.#next = Math.max(-1, ...boundIn(root)) + 1;
    visitRelation(root, (node) => {
      if (node.kind === 'let') this.#values.set(node.binding, node.value);
    });
  }

  /** What a relation is, if it is read by a name. */
  #known(relation: MirRelation): MirRelation {
    if (relation.kind === 'project') return this.#known(relation.input);
    const value = relation.kind === 'getLet' ? this.#values.get(relation.binding) : undefined;
    return value === undefined ? relation : this.#known(value);
  }

  rewrite(node: MirTopK): MirRelation {
    const limit = rowsRead(node);
    const input = limit && this.#within(node.input, { node, limit, place: (index) => index });
    return input === null ? node : build.topK(input, node);
  }

  /** The relation, which may be a union, with fewer rows in its outer joins; null if it stays. */
  #within(relation: MirRelation, wanted: Wanted): MirRelation | null {
    const found = below(relation, 'union');
    if (found === null) return null;
    const place = (index: number): number | null => {
      const at = wanted.place(index);
      return at === null ? null : found.place(at);
    };
    const inputs: MirRelation[] = [];
    const made: { binding: number; value: MirRelation }[] = [];
    const parts = [...found.node.inputs];
    let changed = false;
    for (const [i, part] of parts.entries()) {
      const nested = this.#within(part, { ...wanted, place });
      changed ||= nested !== null;
      inputs[i] = nested ?? part;
    }
    for (const [i, inner] of parts.entries()) {
      for (const [j, alone] of parts.entries()) {
        const join = i === j ? null : outerJoin(inner, alone, this.#identity);
        const value = join && this.#fewer(join, { ...wanted, place });
        if (join === null || value === null) continue;
        const binding = this.#next++;
        made.push({ binding, value });
        [inputs[i], inputs[j]] = join.over(build.getLet(binding, value.columns));
        break;
      }
    }
    if (made.length === 0 && !changed) return null;
    const union = made.reduceRight<MirRelation>(
      (body, { binding, value }) => build.letIn(binding, value, body),
      build.union(inputs, found.node.keys),
    );
    return found.around(union);
  }

  /** The first rows of the kept side, if the top-k's order and groups are its. */
  #fewer({ kept, place }: OuterJoin, wanted: Wanted): MirRelation | null {
    const known = this.#known(kept);
    if (known.kind === 'topK') return null;
    return firstRows({ relation: kept, place, keys: this.#keysOf(known) }, wanted);
  }
}

export const topKBelowOuterJoin: Rule = {
  name: 'top-k-below-outer-join',
  apply: (relation, context) => {
    let pushing: Pushing | null = null;
    return rewriteWithKeys(relation, context.keysOfObject, kinds('topK'), (node, keysOf) => {
      if (node.kind !== 'topK') return node;
      pushing ??= new Pushing(relation, keysOf);
      return pushing.rewrite(node);
    });
  },
};
