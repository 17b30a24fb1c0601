/**
 * Rule 13: an inner join with the table that a foreign key refers to, of which nothing but the key is read, only drops rows
 * whose foreign key is NULL.
 *
 *     select o.id from orders o join customers c on c.id = o.customer_id
 *         →   select id from orders where customer_id is not null        (customer_id references customers)
 *
 * Every other row has exactly one partner, in whichever table the rows come from meanwhile, as long as no row was taken from
 * elsewhere: so the columns of the foreign key are those of one reading of the table. Only in what is read once, and not in the
 * past: what is maintained would outlive the constraint. A constraint that can be deferred, or that was not looked at for the rows that
 * were there, says nothing. After demand, which leaves of the other table what is read.
 */
import type { Reference } from '../../catalog.ts';
import type { MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { column, columnsRead, isNull, not, remapColumns, sameScalar, substitute } from '../../mir/scalar.ts';
import { isCertain, pairedKey, shownOf } from '../analysis/references.ts';
import type { MirJoin, Places, Shown } from '../analysis/references.ts';
import { localRule } from '../local-rule.ts';
import type { ForeignKeys } from '../pipeline.ts';

/** As `pairedKey`, of a table of which nothing but the key is shown and asked. */
function pairedColumns(
  join: MirJoin,
  starts: readonly number[],
  places: Places,
  whole: Shown,
  reference: Reference,
): ReadonlyMap<number, number> | null {
  const { columns: shown, predicates } = whole;
  if (!shown.every((number) => reference.parentColumns.includes(number))) return null;
  const asked = predicates.flatMap((predicate) => [...columnsRead(predicate)]);
  if (!asked.every((number) => shown.includes(number))) return null;
  return pairedKey(join, starts, places, whole, reference);
}

/** The join without the referenced table. */
function withoutParent(
  join: MirJoin,
  starts: readonly number[],
  places: Places,
  { columns: shown, predicates }: Shown,
  paired: ReadonlyMap<number, number>,
): MirRelation {
  const [from, width] = [starts[places.parent]!, join.inputs[places.parent]!.columns.length];
  const to = (index: number): number => {
    const kept = paired.get(index) ?? index;
    return kept < from ? kept : kept - width;
  };
  const child = join.inputs[places.child]!;
  const present = [...paired.values()].flatMap((index) => {
    const own = index - starts[places.child]!;
    return child.columns[own]!.nullable ? [not(isNull(column(own, child.columns[own]!)))] : [];
  });
  // What was asked of the key is asked of what refers to it.
  const parentStart = starts[places.parent]!;
  const asked = predicates.map((predicate) =>
    substitute(predicate, (number) => {
      const own = paired.get(parentStart + shown.indexOf(number))! - starts[places.child]!;
      return column(own, child.columns[own]!);
    }),
  );
  const equivalences = join.equivalences.flatMap((item) => {
    const scalars: MirScalar[] = [];
    for (const scalar of item.scalars.map((member) => remapColumns(member, to))) {
      if (!scalars.some((other) => sameScalar(other, scalar))) scalars.push(scalar);
    }
    return scalars.length < 2 ? [] : [{ ...item, scalars }];
  });
  const inputs = join.inputs.flatMap((input, index) =>
    index === places.parent
      ? []
      : [index === places.child ? build.filter(child, [...present, ...asked]) : input],
  );
  const residual = join.residual.map((scalar) => remapColumns(scalar, to));
  return build.project(
    build.join(inputs, equivalences, residual),
    join.columns.map((_, index) => to(index)),
  );
}

function rewriteJoin(join: MirJoin, foreignKeys: ForeignKeys): MirRelation {
  const starts = columnStarts(join.inputs);
  for (const [parent, input] of join.inputs.entries()) {
    const whole = shownOf(input);
    const references = whole === null ? [] : foreignKeys.to(whole.object);
    if (whole === null || references.length === 0) continue;
    for (const reference of references) {
      if (!isCertain(reference)) continue;
      for (const child of join.inputs.keys()) {
        if (child === parent) continue;
        const places = { parent, child };
        const paired = pairedColumns(join, starts, places, whole, reference);
        if (paired === null) continue;
        foreignKeys.use();
        return withoutParent(join, starts, places, whole, paired);
      }
    }
  }
  return join;
}

export const foreignKeyJoin = localRule('foreign-key-join', kinds('join'), (node, { foreignKeys }) =>
  node.kind === 'join' && foreignKeys !== undefined ? rewriteJoin(node, foreignKeys) : node,
);
