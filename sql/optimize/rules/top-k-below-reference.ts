/**
 * Rule 27: a top-k over a join of a table with what its foreign keys refer to, by columns of the table, takes no more of it than it wants.
 *
 *     select … from orders o join customers c on c.id = o.customer_id order by o.total limit 10
 *         →   select … from (select … from orders order by total limit 10 with ties) o join customers c on … order by … limit 10
 *
 * Each row whose foreign keys are not NULL comes out once, also where what they refer to refers to others again. As rule 13, only in what is
 * read once.
 */
import type { MirRelation } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { column, isNull, not } from '../../mir/scalar.ts';
import { below, firstRows, rowsRead } from '../analysis/first-rows.ts';
import type { MirTopK } from '../analysis/first-rows.ts';
import type { Keys } from '../analysis/keys.ts';
import { isCertain, pairedKey, shownOf } from '../analysis/references.ts';
import type { MirJoin, Places } from '../analysis/references.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { ForeignKeys, Rule } from '../pipeline.ts';

/** The columns of the join that refer from one input to another, which has all of its rows; null: none do. */
function referring(
  join: MirJoin,
  starts: readonly number[],
  places: Places,
  foreignKeys: ForeignKeys,
): readonly number[] | null {
  const whole = shownOf(join.inputs[places.parent]!);
  if (whole === null || whole.predicates.length > 0) return null;
  for (const reference of foreignKeys.to(whole.object).filter(isCertain)) {
    const paired = pairedKey(join, starts, places, whole, reference);
    if (paired === null || paired.size !== reference.columns.length) continue;
    // Each equality is one of the foreign key's, and no other's.
    const isOwn = [...paired].every(([own, partner]) =>
      join.equivalences.some(
        ({ scalars, nullSafe }) =>
          !nullSafe &&
          scalars.length === 2 &&
          scalars.every((scalar) => scalar.kind === 'column' && [own, partner].includes(scalar.index)),
      ),
    );
    if (isOwn) return [...paired.values()];
  }
  return null;
}

/** The input's rows, each of which comes out of the join once; null: some do not. */
function keptOnce(join: MirJoin, root: number, foreignKeys: ForeignKeys): MirRelation | null {
  const starts = columnStarts(join.inputs);
  const reached = new Set([root]);
  const nullable: number[] = [];
  let equalities = 0;
  for (let found = true; found && reached.size < join.inputs.length;) {
    found = false;
    for (const parent of join.inputs.keys()) {
      if (reached.has(parent)) continue;
      for (const child of reached) {
        const columns = referring(join, starts, { parent, child }, foreignKeys);
        if (columns === null) continue;
        const unknown = columns.filter((index) => join.columns[index]!.nullable);
        if (child !== root && unknown.length > 0) continue;
        nullable.push(...unknown.map((index) => index - starts[root]!));
        equalities += columns.length;
        reached.add(parent);
        found = true;
        break;
      }
    }
  }
  if (reached.size < join.inputs.length || equalities !== join.equivalences.length) return null;
  const kept = join.inputs[root]!;
  const isPresent = (index: number) => not(isNull(column(index, kept.columns[index]!)));
  return build.filter(kept, [...new Set(nullable)].map(isPresent));
}

function rewriteTopK(
  node: MirTopK,
  keysOf: (input: MirRelation) => Keys,
  foreignKeys: ForeignKeys,
): MirRelation {
  const limit = rowsRead(node);
  const found = limit && below(node.input, 'join');
  if (limit === null || found === null || found.node.residual.length > 0) return node;
  const join: MirJoin = found.node;
  const starts = columnStarts(join.inputs);
  const first = node.order[0] === undefined ? null : found.place(node.order[0].column);
  const root = first === null ? -1 : starts.findLastIndex((start) => start <= first);
  if (root < 0 || below(join.inputs[root]!, 'topK') !== null) return node;
  const kept = keptOnce(join, root, foreignKeys);
  if (kept === null) return node;
  const place = (index: number): number | null => {
    const at = found.place(index);
    const own = at === null ? -1 : at - starts[root]!;
    return own >= 0 && own < kept.columns.length ? own : null;
  };
  const fewer = firstRows(
    { relation: kept, place, keys: keysOf(kept) },
    { node, limit, place: (index) => index },
  );
  if (fewer === null) return node;
  foreignKeys.use();
  const around = found.around(build.join(join.inputs.with(root, fewer), join.equivalences, join.residual));
  return build.topK(around, node);
}

export const topKBelowReference: Rule = {
  name: 'top-k-below-reference',
  apply: (relation, context) => {
    const { foreignKeys } = context;
    if (foreignKeys === undefined) return relation;
    return rewriteWithKeys(relation, context.keysOfObject, kinds('topK'), (node, keysOf) =>
      node.kind === 'topK' ? rewriteTopK(node, keysOf, foreignKeys) : node,
    );
  },
};
