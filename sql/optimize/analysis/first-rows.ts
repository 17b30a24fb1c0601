/**
 * What a top-k wants of what is below it: the first rows of a relation each of whose rows comes out at least once.
 */
import type { MirFinishing, MirOrder, MirRelation, MirScalar } from '../../mir.ts';
import { equalityKey } from '../../mir/equality.ts';
import * as build from '../../mir/relation.ts';
import { canFail, column, columnsRead, literal, remapColumns, sameScalar } from '../../mir/scalar.ts';
import { isVolatile } from '../../mir/volatile.ts';
import type { Rule, RuleContext } from '../pipeline.ts';
import type { Keys } from './keys.ts';
import { coversKey, keyColumn } from './keys.ts';

export type MirTopK = build.MirNode<'topK'>;

/** A node below others that keep its rows and compute nothing that can fail. */
export interface Below<K extends MirRelation['kind']> {
  readonly node: build.MirNode<K>;
  /** Where a column of what is above comes from in the node; null: it is computed between. */
  readonly place: (column: number) => number | null;
  /** The same above another node. */
  readonly around: (node: MirRelation) => MirRelation;
}

export function below<K extends MirRelation['kind']>(relation: MirRelation, kind: K): Below<K> | null {
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

/** How many rows the top-k reads of its input in their order; null if that is not known or not limited. */
export function rowsRead({ limit, offset }: MirTopK): MirScalar | null {
  if (limit === null || (limit.kind === 'literal' && limit.text === null)) return null;
  if (offset === null) return limit;
  if (limit.kind !== 'literal' || offset.kind !== 'literal' || offset.text === null) return null;
  return literal(limit.type, String(BigInt(limit.text!) + BigInt(offset.text)));
}

/** A top-k above a relation. */
export interface Wanted {
  readonly node: MirTopK;
  /** How many of its first rows are wanted. */
  readonly limit: MirScalar;
  /** Where a column of the top-k comes from in the relation. */
  readonly place: (column: number) => number | null;
}

/** A relation below the top-k's input, and where a column of that comes from in it. */
interface Kept {
  readonly relation: MirRelation;
  readonly place: (column: number) => number | null;
  /** Of the relation, which may be read by a name. */
  readonly keys: Keys;
}

/** The first rows of the relation, with those that tie at their end, if the top-k's order and groups are its. */
export function firstRows(
  { relation, place: inner, keys }: Kept,
  { node, limit, place: above }: Wanted,
): MirRelation | null {
  const place = (index: number): number | null => {
    const at = above(index);
    return at === null ? null : inner(at);
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
  const fixed = [
    ...order.map((key) => column(key.column, relation.columns[key.column]!)),
    ...partition,
  ].filter((scalar) => sameScalar(equalityKey(scalar), scalar));
  const told = new Set(fixed.flatMap((scalar) => keyColumn(scalar) ?? []));
  const withTies = !coversKey(keys, told);
  return build.topK(relation, { partition, order, limit, offset: null, withTies });
}

/** What a rule for top-k makes of what is below the outermost ORDER BY and LIMIT of a query that is answered once: they stay where they are. */
export function belowFinishing(
  rule: Rule,
  relation: MirRelation,
  { order, limit, offset, withTies }: MirFinishing,
  context: RuleContext,
): MirRelation {
  if (limit === null) return relation;
  const whole = build.topK(relation, { partition: [], order, limit, offset, withTies });
  const after = rule.apply(whole, context);
  return after !== whole && after.kind === 'topK' ? after.input : relation;
}
