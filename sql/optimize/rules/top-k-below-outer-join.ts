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
import type { MirFinishing, MirKeyPair, MirOrder, MirRelation, MirScalar } from '../../mir.ts';
import { boundIn } from '../../mir/bindings.ts';
import * as build from '../../mir/relation.ts';
import {
  canFail,
  column,
  columnsRead,
  literal,
  remapColumns,
  sameScalar,
  shiftColumns,
} from '../../mir/scalar.ts';
import { equalityKey } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import { visitRelation } from '../../mir/traverse.ts';
import { isVolatile } from '../../mir/volatile.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Keys } from '../analysis/keys.ts';
import { coversKey, keyColumn } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule, RuleContext } from '../pipeline.ts';

type MirTopK = build.MirNode<'topK'>;

/** A node below others that keep its rows and compute nothing that can fail. */
interface Below<K extends MirRelation['kind']> {
  readonly node: build.MirNode<K>;
  /** Where a column of what is above comes from in the node; null: it is computed between. */
  readonly place: (column: number) => number | null;
  /** The same above another node. */
  readonly around: (node: MirRelation) => MirRelation;
}

function below<K extends MirRelation['kind']>(relation: MirRelation, kind: K): Below<K> | null {
  if (relation.kind === kind) {
    return {
      node: relation as build.MirNode<K>,
      place: (column) => column,
      around: (node) => node,
    };
  }
  switch (relation.kind) {
    case 'project': {
      const found = below(relation.input, kind);
      return (
        found && {
          node: found.node,
          place: (column) => found.place(relation.indexes[column]!),
          around: (node) => build.project(found.around(node), relation.indexes),
        }
      );
    }
    case 'map': {
      if (relation.scalars.some((scalar) => canFail(scalar) || isVolatile(scalar))) return null;
      const found = below(relation.input, kind);
      const width = relation.input.columns.length;
      return (
        found && {
          node: found.node,
          place: (column) => (column < width ? found.place(column) : null),
          around: (node) => build.map(found.around(node), relation.scalars),
        }
      );
    }
    case 'let': {
      const found = below(relation.body, kind);
      return (
        found && {
          ...found,
          around: (node) => build.letIn(relation.binding, relation.value, found.around(node)),
        }
      );
    }
    default:
      return null;
  }
}

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

/** How many rows the top-k reads of its input in their order; null if that is not known or not limited. */
function rowsRead({ limit, offset }: MirTopK): MirScalar | null {
  if (limit === null || (limit.kind === 'literal' && limit.text === null)) return null;
  if (offset === null) return limit;
  if (limit.kind !== 'literal' || offset.kind !== 'literal' || offset.text === null) return null;
  return literal(limit.type, String(BigInt(limit.text!) + BigInt(offset.text)));
}

/** A top-k above a relation. */
interface Wanted {
  readonly node: MirTopK;
  /** How many of its first rows are wanted. */
  readonly limit: MirScalar;
  /** Where a column of the top-k comes from in the relation. */
  readonly place: (column: number) => number | null;
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
  #fewer(join: OuterJoin, { node, limit, place: above }: Wanted): MirRelation | null {
    const { kept } = join;
    if (this.#known(kept).kind === 'topK') return null;
    const place = (index: number): number | null => {
      const at = above(index);
      return at === null ? null : join.place(at);
    };
    const order = node.order.flatMap((key): MirOrder[] => {
      const at = place(key.column);
      return at === null ? [] : [{ ...key, column: at }];
    });
    const read = node.partition.flatMap((scalar) => [...columnsRead(scalar)]);
    // Without an order all rows tie.
    if (order.length === 0 || order.length < node.order.length || read.some((index) => place(index) === null))
      return null;
    const partition = node.partition.map((scalar) => remapColumns(scalar, (index) => place(index)!));
    // Values of a type whose equality is wider than identity tie though they are not the same.
    const fixed = [...order.map((key) => column(key.column, kept.columns[key.column]!)), ...partition].filter(
      (scalar) => sameScalar(equalityKey(scalar), scalar),
    );
    const told = new Set(fixed.flatMap((scalar) => keyColumn(scalar) ?? []));
    const withTies = !coversKey(this.#keysOf(this.#known(kept)), told);
    return build.topK(kept, { partition, order, limit, offset: null, withTies });
  }
}

/** What is below the outermost ORDER BY and LIMIT of a query that is answered once: they stay where they are. */
export function belowFinishing(
  relation: MirRelation,
  { order, limit, offset, withTies }: MirFinishing,
  context: RuleContext,
): MirRelation {
  if (limit === null) return relation;
  const whole = build.topK(relation, { partition: [], order, limit, offset, withTies });
  const after = topKBelowOuterJoin.apply(whole, context);
  return after !== whole && after.kind === 'topK' ? after.input : relation;
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
