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
import type { ObjectId, Reference } from '../../catalog.ts';
import type { MirRelation, MirScalar } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { column, columnsRead, isNull, not, remapColumns, sameScalar, substitute } from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';
import type { ForeignKeys } from '../pipeline.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** A column of a named relation, in one place where that is read. */
interface Origin {
  readonly get: Extract<MirRelation, { kind: 'get' }>;
  readonly index: number;
}

/** The relation's column that a column hands on. */
function originOf(relation: MirRelation, index: number): Origin | null {
  switch (relation.kind) {
    case 'get':
      return { get: relation, index };
    case 'filter':
    case 'map':
      return index < relation.input.columns.length ? originOf(relation.input, index) : null;
    case 'project':
      return originOf(relation.input, relation.indexes[index]!);
    default:
      return null;
  }
}

/** A table of which some columns are shown. */
interface Shown {
  readonly object: ObjectId;
  /** Their numbers in the table. */
  readonly columns: readonly number[];
  /** What is asked of its rows, over all of the table's columns. */
  readonly predicates: readonly MirScalar[];
}

function shownOf(input: MirRelation): Shown | null {
  switch (input.kind) {
    case 'get':
      return { object: input.object, columns: input.columns.map((_, index) => index), predicates: [] };
    case 'project': {
      const inner = shownOf(input.input);
      return inner && { ...inner, columns: input.indexes.map((index) => inner.columns[index]!) };
    }
    case 'filter': {
      const inner = shownOf(input.input);
      if (inner === null) return null;
      const asked = input.predicates.map((predicate) =>
        remapColumns(predicate, (index) => inner.columns[index]!),
      );
      return { ...inner, predicates: [...inner.predicates, ...asked] };
    }
    default:
      return null;
  }
}

/** Where each column of the referenced table's is found in the referring one; null if the join is not by the foreign key. */
function pairedColumns(
  join: MirJoin,
  starts: readonly number[],
  places: { readonly parent: number; readonly child: number },
  { columns: shown, predicates }: Shown,
  reference: Reference,
): ReadonlyMap<number, number> | null {
  const [parentStart, childStart] = [starts[places.parent]!, starts[places.child]!];
  const child = join.inputs[places.child]!;
  const paired = new Map<number, number>();
  let read: MirRelation | null = null;
  for (const [position, number] of shown.entries()) {
    const at = reference.parentColumns.indexOf(number);
    if (at < 0) return null;
    const own = parentStart + position;
    const partner = join.equivalences
      .filter(({ scalars }) => scalars.some((scalar) => scalar.kind === 'column' && scalar.index === own))
      .flatMap(({ scalars }) => scalars)
      .flatMap((scalar) => (scalar.kind === 'column' ? [scalar.index] : []))
      .find((index) => {
        if (index < childStart || index >= childStart + child.columns.length) return false;
        const origin = originOf(child, index - childStart);
        const fits = origin?.get.object === reference.child && origin.index === reference.columns[at];
        if (!fits || (read !== null && read !== origin.get)) return false;
        read = origin.get;
        return child.columns[index - childStart]!.name === join.columns[own]!.name;
      });
    if (partner === undefined) return null;
    paired.set(own, partner);
  }
  // Less than the whole key may be shared by several rows.
  if (!reference.parentColumns.every((number) => shown.includes(number))) return null;
  const asked = predicates.flatMap((predicate) => [...columnsRead(predicate)]);
  return asked.every((number) => shown.includes(number)) ? paired : null;
}

/** The join without the referenced table. */
function withoutParent(
  join: MirJoin,
  starts: readonly number[],
  places: { readonly parent: number; readonly child: number },
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
  const starts: number[] = [];
  let arity = 0;
  for (const input of join.inputs) {
    starts.push(arity);
    arity += input.columns.length;
  }
  for (const [parent, input] of join.inputs.entries()) {
    const whole = shownOf(input);
    const references = whole === null ? [] : foreignKeys.to(whole.object);
    if (whole === null || references.length === 0) continue;
    for (const reference of references) {
      if (!reference.validated || reference.deferrable) continue;
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
