/**
 * Rule 29: the rows that have their group's maximum or minimum are the first of the group, with ties.
 *
 *     select b.* from bids b join (select item, max(price) as most from bids group by item) m
 *         on b.item = m.item and b.price = m.most
 *         →   of bids where item and price are not NULL, the first by item, ordered by price descending, with ties
 *
 * So are `(item, price) IN (SELECT item, max(price) …)` and `price = (SELECT max(price) … WHERE m.item = b.item)`, which are
 * such joins by then. The rows are arranged once instead of twice, and not at all where they only come. What either side
 * reads must be the same rows; what filters the outer one alone filters what is found. A maximum is a column of the result
 * only where equal values are the same value.
 */
import type { MirOrder, MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import {
  canFail,
  column,
  columnsRead,
  isNull,
  literal,
  not,
  relabel,
  remapColumns,
  sameScalar,
  shiftColumns,
  substitute,
} from '../../mir/scalar.ts';
import { plain } from '../../types/table.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import { localRule } from '../local-rule.ts';

type MirJoin = build.MirNode<'join'>;

/** A relation as columns and filters of what it reads. */
interface Shown {
  readonly base: MirRelation;
  /** Which columns of the base it has. */
  readonly indexes: readonly number[];
  /** Over the base. */
  readonly predicates: readonly MirScalar[];
}

function shownOf(relation: MirRelation): Shown {
  if (relation.kind === 'project') {
    const { base, indexes, predicates } = shownOf(relation.input);
    return { base, indexes: relation.indexes.map((index) => indexes[index]!), predicates };
  }
  if (relation.kind === 'filter') {
    const { base, indexes, predicates } = shownOf(relation.input);
    const own = relation.predicates.map((predicate) => overBase(predicate, { base, indexes }));
    return { base, indexes, predicates: [...predicates, ...own] };
  }
  return { base: relation, indexes: relation.columns.map((_, index) => index), predicates: [] };
}

function overBase(scalar: MirScalar, { base, indexes }: Pick<Shown, 'base' | 'indexes'>): MirScalar {
  return substitute(scalar, (index) => column(indexes[index]!, base.columns[indexes[index]!]!));
}

/** A grouping that says of each group which value comes first. */
interface Extremes {
  readonly input: Shown;
  /** Over the input's base. */
  readonly keys: readonly MirScalar[];
  readonly extreme: MirScalar;
  readonly descending: boolean;
  /** Which column of the grouping each of the relation's is. */
  readonly shown: readonly number[];
}

function extremesOf(relation: MirRelation): Extremes | null {
  const { base, indexes, predicates } = shownOf(relation);
  if (base.kind !== 'reduce' || predicates.length > 0) return null;
  const [aggregate, ...others] = base.aggregates;
  if (aggregate === undefined || others.length > 0 || aggregate.filter !== null) return null;
  if (aggregate.function !== 'max' && aggregate.function !== 'min') return null;
  const input = shownOf(base.input);
  const over = (scalar: MirScalar): MirScalar => overBase(scalar, input);
  return {
    input,
    keys: base.keys.map(over),
    extreme: over(aggregate.arguments[0]!),
    descending: aggregate.function === 'max',
    shown: indexes,
  };
}

/** What is compared with a column of the grouping. */
interface Compared {
  /** Over the rows' base. */
  readonly own: MirScalar;
  readonly column: number;
  readonly nullSafe: boolean;
  /** By the representatives of values, where equality is wider than identity. */
  readonly wide: boolean;
}

function isSame(
  { own, wide }: Pick<Compared, 'own' | 'wide'>,
  wanted: MirScalar,
  isExtreme: boolean,
): boolean {
  if (!wide) return sameScalar(own, wanted);
  if (isExtreme) return own.kind === 'canonical' && sameScalar(own.operand, wanted);
  return wanted.kind === 'canonical' && sameScalar(own, wanted);
}

const isNotNull = (scalar: MirScalar): MirScalar =>
  not(isNull(scalar.kind === 'canonical' ? scalar.operand : scalar));

/** The rows that are equal to their group's extreme, in the columns of their base; null if that is not what is compared. */
function firstRows(
  rows: Shown,
  { keys, extreme, input, descending }: Extremes,
  compared: readonly Compared[],
): MirRelation | null {
  const has = (of: Shown, predicate: MirScalar): boolean =>
    of.predicates.some((other) => sameScalar(other, predicate));
  if (!input.predicates.every((predicate) => has(rows, predicate))) return null;
  const rest = rows.predicates.filter((predicate) => !has(input, predicate));
  if (rest.some(canFail)) return null;
  const present: MirScalar[] = [];
  for (const [index, wanted] of [...keys, extreme].entries()) {
    const isExtreme = index === keys.length;
    const pairs = compared.filter((pair) => pair.column === index);
    if (pairs.length === 0 || !pairs.every((pair) => isSame(pair, wanted, isExtreme))) return null;
    const isPresent = pairs.some(({ nullSafe }) => !nullSafe);
    if (isExtreme && !isPresent) return null;
    if (isPresent && wanted.type.nullable) present.push(isNotNull(wanted));
  }
  const source = build.filter(input.base, [...input.predicates, ...present]);
  const ordered = extreme.kind === 'column' ? source : build.map(source, [extreme]);
  const at = extreme.kind === 'column' ? extreme.index : source.columns.length;
  const order: MirOrder[] = [{ column: at, descending, nullsFirst: false }];
  const limit = literal(plain('int8'), '1');
  return build.filter(
    build.topK(ordered, { partition: keys, order, limit, offset: null, withTies: true }),
    rest,
  );
}

/** The rows' columns of `first`, and then these scalars. */
function shownRows(first: MirRelation, { indexes }: Shown, more: readonly MirScalar[]): MirRelation {
  const computed = more.filter((scalar) => scalar.kind !== 'column');
  const arity = first.columns.length;
  const at = more.map((scalar) =>
    scalar.kind === 'column' ? scalar.index : arity + computed.indexOf(scalar),
  );
  return build.project(build.map(first, computed), [...indexes, ...at]);
}

interface Sides {
  readonly rows: number;
  readonly grouping: number;
}

/** A column of the grouping that a scalar is, or whose value it represents. */
function comparedColumn(scalar: MirScalar): { readonly index: number; readonly wide: boolean } | null {
  const wide = scalar.kind === 'canonical';
  const read = wide ? scalar.operand : scalar;
  return read.kind === 'column' ? { index: read.index, wide } : null;
}

/** The join without the grouping of which one of its inputs has the extremes; `isRead`: which of its columns are read. */
function joinOnce(
  join: MirJoin,
  { sides, rows, extremes }: { readonly sides: Sides; readonly rows: Shown; readonly extremes: Extremes },
  isRead: (index: number) => boolean,
): MirRelation | null {
  const starts = columnStarts(join.inputs);
  const inputOf = (index: number): number => starts.findLastIndex((start) => start <= index);
  const reads = (scalar: MirScalar, input: number): boolean =>
    [...columnsRead(scalar)].some((index) => inputOf(index) === input);
  const values = [...extremes.keys, extremes.extreme];
  const compared: Compared[] = [];
  for (const { scalars, nullSafe } of join.equivalences) {
    const own = scalars
      .filter((scalar) => reads(scalar, sides.rows))
      .map((scalar) => overBase(shiftColumns(scalar, -starts[sides.rows]!), rows));
    for (const scalar of scalars.filter((member) => reads(member, sides.grouping))) {
      const read = comparedColumn(scalar);
      if (read === null) return null;
      const { wide } = read;
      const at = extremes.shown[read.index - starts[sides.grouping]!]!;
      // Values that are equal need not be the same.
      if (wide && at === extremes.keys.length && isRead(read.index)) return null;
      const equal = own.find((member) =>
        isSame({ own: member, wide }, values[at]!, at === extremes.keys.length),
      );
      if (equal === undefined) return null;
      compared.push({ own: equal, column: at, nullSafe, wide });
    }
  }
  const first = firstRows(rows, extremes, compared);
  if (first === null) return null;
  // The columns of the grouping stand behind the rows' own, whose values they are.
  const { columns } = join.inputs[sides.grouping]!;
  const more = extremes.shown.map((at, index) =>
    values[at]!.type.typmod === columns[index]!.typmod ? values[at]! : relabel(values[at]!, columns[index]!),
  );
  const inputs = join.inputs.with(sides.rows, shownRows(first, rows, more)).toSpliced(sides.grouping, 1);
  const newStarts = columnStarts(inputs);
  const newStart = (input: number): number => newStarts[input > sides.grouping ? input - 1 : input]!;
  const to = (index: number): number => {
    const input = inputOf(index);
    const within = index - starts[input]!;
    return input === sides.grouping
      ? newStart(sides.rows) + join.inputs[sides.rows]!.columns.length + within
      : newStart(input) + within;
  };
  const equivalences = join.equivalences.flatMap((item) => {
    const scalars = item.scalars.filter((scalar) => !reads(scalar, sides.grouping));
    return scalars.length < 2
      ? []
      : [{ ...item, scalars: scalars.map((scalar) => remapColumns(scalar, to)) }];
  });
  if (inputs.length === 1 && equivalences.length > 0) return null;
  const residual = join.residual.map((scalar) => remapColumns(scalar, to));
  return build.project(
    build.join(inputs, equivalences, residual),
    join.columns.map((_, index) => to(index)),
  );
}

function rewriteJoin(join: MirJoin, isRead: (index: number) => boolean): MirRelation {
  const identity = new RelationIdentity();
  for (const [grouping, input] of join.inputs.entries()) {
    const extremes = extremesOf(input);
    if (extremes === null) continue;
    for (const [index, candidate] of join.inputs.entries()) {
      const rows = shownOf(candidate);
      if (index === grouping || !identity.same(rows.base, extremes.input.base)) continue;
      const once = joinOnce(join, { sides: { rows: index, grouping }, rows, extremes }, isRead);
      if (once !== null) return once;
    }
  }
  return join;
}

/** A join of which not all columns are shown. */
function rewriteShown(project: build.MirNode<'project'>): MirRelation {
  if (project.input.kind !== 'join') return project;
  const join = project.input;
  const read = new Set(project.indexes);
  for (const scalar of join.residual) columnsRead(scalar, read);
  const once = rewriteJoin(join, (index) => read.has(index));
  return once === join ? project : build.project(once, project.indexes);
}

function rewriteSemiJoin(node: build.MirNode<'semiJoin'>): MirRelation {
  const extremes = node.anti ? null : extremesOf(node.right);
  if (extremes === null) return node;
  const rows = shownOf(node.left);
  if (!new RelationIdentity().same(rows.base, extremes.input.base)) return node;
  const compared: Compared[] = [];
  for (const { left, right, nullSafe } of node.keys) {
    const read = comparedColumn(right);
    if (read === null) return node;
    const { index, wide } = read;
    compared.push({ own: overBase(left, rows), column: extremes.shown[index]!, nullSafe, wide });
  }
  const first = firstRows(rows, extremes, compared);
  return first === null ? node : shownRows(first, rows, []);
}

function rewrite(node: MirRelation): MirRelation {
  switch (node.kind) {
    case 'project':
      return rewriteShown(node);
    case 'join':
      return rewriteJoin(node, () => true);
    case 'semiJoin':
      return rewriteSemiJoin(node);
    default:
      return node;
  }
}

export const extremeRows = localRule(
  'extreme-rows',
  kinds('project', 'join', 'semiJoin'),
  rewrite,
  kinds('reduce'),
);
