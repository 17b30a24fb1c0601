/**
 * (SELECT …) as a value: a column joined to the rows around it, NULL where there is no row. What the SELECT list
 * computes is computed over the joined row, where the expression stands; only what it reads is joined:
 *
 *     (select 0.2 * avg(q) from l where l.k = p.k)   →   0.2 * a, with (select k, avg(q) as a from l group by k) joined
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { freeOfScalar, liftScalar, mapReferences } from '../hir/traverse.ts';
import { isVolatile } from '../hir/volatile.ts';
import type { MirScalar } from '../mir.ts';
import type { LoweringContext } from './context.ts';
import { guard, map, negate, project, union, UNIT } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { appendRow, apply } from './apply.ts';
import { isAtMostOneRow, isOneRow, relationCanRaise } from './can-raise.ts';
import { appendOne } from './existence.ts';
import { range } from './row.ts';
import { lowerPlainScalar } from './scalar.ts';
import type { ScalarScope } from './scalar.ts';

type ScalarSubquery = Extract<HirScalar, { kind: 'scalarSubquery' }>;

const TOO_MANY = {
  sqlstate: '21000',
  message: 'more than one row returned by a subquery used as an expression',
};

export function scalarSubquery(
  scope: ScalarScope,
  scalar: ScalarSubquery,
  reach: readonly MirScalar[],
): MirScalar {
  const peeled = peel(scalar, scope.context);
  // What is volatile and reads nothing around is one value for all rows, too.
  const isSingle = scope.relation.kind === 'constant' && scope.relation.rows.length === 1;
  const once = !isSingle && isVolatile(peeled.value) && !readsAround(peeled.value);
  const { base } = peeled;
  if (!once && base.kind === 'constant' && base.columns.length === 0 && base.rows.length === 1) {
    return lowerPlainScalar(scope.context, scope.row, liftScalar(peeled.value, -1));
  }
  if (!scope.context.isCorrelated(peeled.base) && !readsAround(peeled.value)) {
    return uncorrelated(scope, scalar, reach);
  }
  return correlated(scope, scalar, peeled, reach);
}

interface Peeled {
  readonly base: HirRelation;
  /** The value over the base's row. */
  readonly value: HirScalar;
}

/** A relation of one column without the projections and maps on top that have no subqueries. */
function peel({ relation, type }: ScalarSubquery, context: LoweringContext): Peeled {
  let base = relation;
  let value: HirScalar = { kind: 'column', index: 0, type: relation.columns[0]!.type };
  for (;;) {
    const { current, replace } = { current: base, replace: replacement(base) };
    if (replace === null || (current.kind !== 'map' && current.kind !== 'project')) return { base, value };
    value = over(value, current.columns, replace, type, context);
    base = current.input;
  }
}

/** The value over a Map or Project as one over its input. What is volatile in it and read several times is computed once. */
function over(
  value: HirScalar,
  columns: HirRelation['columns'],
  replace: (index: number) => HirScalar,
  type: ScalarSubquery['type'],
  context: LoweringContext,
): HirScalar {
  const reads = new Map<number, number>();
  mapReferences(value, (column) => {
    if (column.level === undefined) reads.set(column.index, (reads.get(column.index) ?? 0) + 1);
    return column;
  });
  const several = [...reads].flatMap(([index, count]) =>
    count > 1 && isVolatile(replace(index)) ? [index] : [],
  );
  const locals = new Map(
    several.map((index) => {
      const local = { kind: 'local', binding: context.newLocal(), type: columns[index]!.type } as const;
      return [index, local] as const;
    }),
  );
  let body = mapReferences(value, (column) =>
    column.level === undefined ? (locals.get(column.index) ?? replace(column.index)) : column,
  );
  // The first is computed first.
  for (const index of several.toSorted((one, other) => other - one)) {
    const { binding } = locals.get(index)!;
    body = { kind: 'once', binding, value: replace(index), body, type };
  }
  return body;
}

/** What a column of a Map or Project is over its input. */
function replacement(relation: HirRelation): ((index: number) => HirScalar) | null {
  if (relation.kind !== 'project' && relation.kind !== 'map') return null;
  if (relation.kind === 'map' && relation.scalars.some(hasSubquery)) return null;
  const { input } = relation;
  const own = (index: number): HirScalar => ({ kind: 'column', index, type: input.columns[index]!.type });
  if (relation.kind === 'project') return (index) => own(relation.indexes[index]!);
  return (index) =>
    index < input.columns.length ? own(index) : relation.scalars[index - input.columns.length]!;
}

function readsAround(scalar: HirScalar): boolean {
  return freeOfScalar(scalar).columns.some(({ level }) => level > 0);
}

/** One value for all rows: a cross join with it. */
function uncorrelated(scope: ScalarScope, scalar: ScalarSubquery, reach: readonly MirScalar[]): MirScalar {
  const raises = relationCanRaise(scalar.relation);
  const { relation: rows } = apply(scope, scalar.relation, {
    reach,
    raises: !isAtMostOneRow(scalar.relation),
  });
  // Under a domain the row goes with the domain.
  if (!raises && isOneRow(scalar.relation)) return appendOne(scope, rows);
  const atMostOne = scope.context.keysOf(rows).some((key) => key.length === 0);
  const value = scope.bind(atMostOne ? rows : guard(rows, [], TOO_MANY));
  const none = union([UNIT, negate(project(value, []))], [[]]);
  return appendOne(scope, union([value, map(none, [build.literal(scalar.type, null)])], [[]]));
}

/** A row for each of the rows around it. */
function correlated(
  scope: ScalarScope,
  scalar: ScalarSubquery,
  { base, value }: Peeled,
  reach: readonly MirScalar[],
): MirScalar {
  const { context } = scope;
  const needed = [
    ...new Set(freeOfScalar(value).columns.flatMap(({ level, index }) => (level === 0 ? [index] : []))),
  ];
  const relation: HirRelation = {
    kind: 'project',
    columns: needed.map((index) => base.columns[index]!),
    input: base,
    indexes: needed,
  };
  let applied = apply(scope, relation, { reach });
  if (!isUnique(scope, applied) && applied.defaults === null && !isAtMostOneRow(base)) {
    // More than one row is an error, but only for the rows that are there and reach the subquery.
    applied = apply(scope, relation, { reach, raises: true });
    if (!isUnique(scope, applied)) {
      const keys = range(applied.width).map((at) => build.column(at, applied.relation.columns[at]!));
      applied = { ...applied, relation: guard(applied.relation, keys, TOO_MANY) };
    }
  }
  // A value that is NULL for a row of NULLs needs no telling whether there was one.
  const plain = value.kind === 'column' && value.level === undefined;
  const always = applied.defaults !== null || isOneRow(base);
  const marked = !plain && !always;
  const width = applied.relation.columns.length;
  const missing =
    applied.defaults ??
    applied.relation.columns.slice(applied.width).map((type) => build.literal(type, null));
  const first = appendRow(
    scope,
    marked ? { ...applied, relation: map(applied.relation, [build.TRUE]) } : applied,
    marked ? [...missing, build.literal(build.BOOL, null)] : missing,
  );
  const row = {
    columns: scope.relation.columns,
    place: (level: number, index: number): number =>
      level === 0 ? first + needed.indexOf(index) : scope.place(level - 1, index),
  };
  const lowered = lowerPlainScalar(context, row, value);
  if (!marked) return lowered;
  const marker = first + width - applied.width;
  const there = build.not(build.isNull(build.column(marker, scope.relation.columns[marker]!)));
  return build.caseOf([{ condition: there, result: lowered }], build.literal(scalar.type, null), scalar.type);
}

function isUnique(
  scope: ScalarScope,
  applied: { readonly relation: Parameters<ScalarScope['bind']>[0]; readonly width: number },
): boolean {
  return scope.context.keysOf(applied.relation).some((key) => key.every((index) => index < applied.width));
}
