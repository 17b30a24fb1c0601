/**
 * Rule 19: what a top-k does not order by is computed behind it, for the rows that it keeps.
 *
 *     select id, upper(name) from t order by id limit 10
 *         →   upper(name) over (select id, name from t order by id limit 10)
 *
 * Rows that tie in the order come by all that they hold (`TopK` of the plan language). So either they hold all that they
 * held, or there are no ties: the order and the groups have a key. What can raise an error stays: as the query says, it
 * is computed for all rows; what is volatile goes, as PostgreSQL computes it for the rows that are kept. And the top-k keeps no more columns than before.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import * as build from '../../mir/relation.ts';
import { equalityKey } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import { canFail, column, columnsRead, remapColumns, sameScalar } from '../../mir/scalar.ts';
import { isVolatile } from '../../mir/volatile.ts';
import type { Keys } from '../analysis/keys.ts';
import { coversKey, keyColumn } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule } from '../pipeline.ts';

type MirTopK = build.MirNode<'topK'>;

function rewriteTopK(node: MirTopK, keysOf: (input: MirRelation) => Keys): MirRelation {
  const project = node.input.kind === 'project' ? node.input : null;
  const map = project === null ? node.input : project.input;
  if (map.kind !== 'map') return node;
  const base = map.input;
  const width = base.columns.length;
  // Where the top-k's columns come from.
  const shown = project === null ? map.columns.map((_, index) => index) : project.indexes;
  const ordered = [
    ...node.order.map((key) => key.column),
    ...node.partition.flatMap((key) => [...columnsRead(key)]),
  ];
  if (ordered.some((index) => shown[index]! >= width)) return node;
  const computed = [...new Set(shown.filter((index) => index >= width))];
  const scalars = computed.map((index) => map.scalars[index - width]!);
  const stays = (scalar: MirScalar): boolean =>
    (canFail(scalar) && !isVolatile(scalar)) || [...columnsRead(scalar)].some((index) => index >= width);
  if (scalars.length === 0 || scalars.some(stays)) return node;
  if (project !== null) {
    const fixed = [
      ...node.order.map((key) => key.column),
      ...node.partition.flatMap((key) => keyColumn(key) ?? []),
    ];
    // Values of a type whose equality is wider than identity tie though they are not the same.
    const told = fixed
      .map((index) => column(shown[index]!, base.columns[shown[index]!]!))
      .filter((scalar) => equalityKey(scalar) === scalar || sameScalar(equalityKey(scalar), scalar));
    const columns = new Set(told.flatMap((scalar) => keyColumn(scalar) ?? []));
    if (!coversKey(keysOf(base), columns)) return node;
  }
  const needed =
    project === null
      ? base.columns.map((_, index) => index)
      : [
          ...new Set([
            ...shown.filter((index) => index < width),
            ...scalars.flatMap((scalar) => [...columnsRead(scalar)]),
          ]),
        ];
  if (needed.length > shown.length) return node;
  const place = (index: number): number => needed.indexOf(index);
  const kept = build.topK(build.project(base, needed), {
    partition: node.partition.map((key) => remapColumns(key, (index) => place(shown[index]!))),
    order: node.order.map((key) => ({ ...key, column: place(shown[key.column]!) })),
    limit: node.limit,
    offset: node.offset,
    withTies: node.withTies,
  });
  const over = build.map(
    kept,
    scalars.map((scalar) => remapColumns(scalar, place)),
  );
  return build.project(
    over,
    shown.map((index) => (index < width ? place(index) : needed.length + computed.indexOf(index))),
  );
}

export const topKBelowMap: Rule = {
  name: 'top-k-below-map',
  apply: (relation, context) =>
    rewriteWithKeys(relation, context.keysOfObject, kinds('topK'), (node, keysOf) =>
      node.kind === 'topK' ? rewriteTopK(node, keysOf) : node,
    ),
};
