/**
 * `x op ANY (…)` and `x op ALL (…)`, IN and NOT IN, with SQL's three-valued logic, as a boolean column.
 *
 *     x = ANY (…), IN     `match` (is x among the distinct values), and where NULLs make a difference `holdsNull` and
 *                         `nonEmpty`: case when match then true
 *                                     when holdsNull or (x is null and nonEmpty) then null else false end
 *     x op ANY|ALL (…)    per distinct x: fold of the comparison over all values, joined back by x
 *
 * All of it within the values that are applied to the row, by their keys.
 */
import type { HirScalar } from '../hir.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { equalitySides } from '../mir/equality.ts';
import { distinct, filter, join, map, mapOnly, project, reduce, semiJoin, union } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { Applied } from './apply.ts';
import { scalarCanRaise } from './can-raise.ts';
import { existenceColumn, withoutDefaults } from './existence.ts';
import { range } from './row.ts';
import { lowerScalarWith } from './scalar.ts';
import type { ScalarScope } from './scalar.ts';
import { lowerScalar } from './subqueries.ts';

type Quantified = Extract<HirScalar, { kind: 'quantified' }>;

/** The quantified comparison as a boolean column. */
export function quantified(scope: ScalarScope, scalar: Quantified, reach: readonly MirScalar[]): MirScalar {
  const left = lowerScalar(scope, scalar.left, reach);
  const sides = membership(scope, scalar, left);
  return sides === null ? fold(scope, scalar, left, reach) : member(scope, scalar, left, sides, reach);
}

/** The rows that are compared with. */
export function applyQuantified(
  scope: ScalarScope,
  scalar: Quantified,
  reach: readonly MirScalar[],
): Applied {
  return withoutDefaults(scope, scalar.relation, reach, scalarCanRaise(scalar.comparison));
}

export interface Membership {
  readonly left: MirScalar;
  /** The key over the subquery's one column. */
  readonly right: (column: MirScalar) => MirScalar;
}

/** The keys of `left = ANY (…)`, if the comparison is an equality that keys can express. */
export function membership(scope: ScalarScope, scalar: Quantified, left: MirScalar): Membership | null {
  if (scalar.quantifier !== 'any' || !scalar.equality) return null;
  const value = { ...scalar.relation.columns[0]!.type, nullable: true };
  const sides = equalitySides(comparison(scope, scalar, [left.type, value]));
  if (sides === null || sides.nullSafe) return null;
  const readsLeft = [...build.columnsRead(sides.left)];
  const readsRight = [...build.columnsRead(sides.right)];
  const straight = readsLeft.every((index) => index === 0) && readsRight.every((index) => index === 1);
  const swapped = readsLeft.every((index) => index === 1) && readsRight.every((index) => index === 0);
  if (!straight && !swapped) return null;
  const [outer, inner] = straight ? [sides.left, sides.right] : [sides.right, sides.left];
  if (build.canFail(inner)) return null;
  return {
    left: build.substitute(outer, () => left),
    right: (column) => build.substitute(inner, () => column),
  };
}

/** The comparison over a row of left's value and the subquery's. */
function comparison(scope: ScalarScope, scalar: Quantified, columns: readonly MirType[]): MirScalar {
  const row = { columns, place: (_: number, index: number): number => index };
  const lower = (child: HirScalar): MirScalar => lowerScalarWith(scope.context, row, child, lower);
  return lower(scalar.comparison);
}

/** The values of a subquery as keys behind those that they are applied by, without NULLs, each once. */
function distinctKeys(values: MirRelation, key: MirScalar, width: number): MirRelation {
  const some = filter(values, key.type.nullable ? [build.not(build.isNull(key))] : []);
  return distinct(mapOnly(some, [...build.columnsOfRow(values.columns.slice(0, width)), key]));
}

/** The left value, which is computed for every row: NULL for those that don't reach the subquery. */
function whereReached(left: MirScalar, reach: readonly MirScalar[]): MirScalar {
  if (reach.length === 0 || !build.canFail(left)) return left;
  const missing = build.literal(left.type, null);
  return build.caseOf([{ condition: build.and(reach), result: left }], missing, left.type);
}

function member(
  scope: ScalarScope,
  scalar: Quantified,
  left: MirScalar,
  sides: Membership,
  reach: readonly MirScalar[],
): MirScalar {
  const applied = applyQuantified(scope, scalar, reach);
  const { width } = applied;
  const values = scope.bind(applied.relation);
  const key = sides.right(build.column(width, values.columns[width]!));
  const keys = scope.bind(distinctKeys(values, key, width));
  const outer = scope.shared();
  const pair = {
    left: whereReached(sides.left, reach),
    right: build.column(width, keys.columns[width]!),
    nullSafe: false,
  };
  const pairs = [...applied.keys, pair];
  scope.relation = union(
    [
      map(semiJoin(outer, keys, pairs, { anti: false }), [build.TRUE]),
      map(semiJoin(outer, keys, pairs, { anti: true }), [build.FALSE]),
    ],
    scope.context.keysOf(outer),
  );
  const match = build.column(outer.columns.length, build.BOOL);
  const unknown: MirScalar[] = [];
  if (key.type.nullable) {
    const nulls = filter(values, [build.isNull(key)]);
    unknown.push(existenceColumn(scope, { ...applied, relation: nulls }));
  }
  if (left.type.nullable) {
    const some = existenceColumn(scope, { ...applied, relation: values });
    unknown.push(build.and([build.isNull(left), some]));
  }
  if (unknown.length === 0) return match;
  return build.caseOf(
    [
      { condition: match, result: build.TRUE },
      { condition: build.or(unknown), result: build.literal(build.BOOL, null) },
    ],
    build.FALSE,
    build.BOOL,
  );
}

/** Any comparison: folded per distinct left value over all of the subquery's values. */
function fold(
  scope: ScalarScope,
  scalar: Quantified,
  left: MirScalar,
  reach: readonly MirScalar[],
): MirScalar {
  const any = scalar.quantifier === 'any';
  const applied = applyQuantified(scope, scalar, reach);
  const { width } = applied;
  const outer = scope.shared();
  const outerKeys = applied.keys.map((key) => key.left);
  // The distinct left values with the keys that their values are applied by.
  const lefts = distinct(mapOnly(filter(outer, reach), [left, ...outerKeys]));
  const pairs = join(
    [lefts, applied.relation],
    applied.keys.map((key, at) => ({
      scalars: [
        build.column(1 + at, lefts.columns[1 + at]!),
        build.shiftColumns(key.right, lefts.columns.length),
      ],
      nullSafe: key.nullSafe,
    })),
  );
  const compared = map(project(pairs, [...range(1 + width), 1 + 2 * width]), [
    build.substitute(
      comparison(scope, scalar, [pairs.columns[0]!, pairs.columns[1 + 2 * width]!]),
      (index) =>
        index === 0
          ? build.column(0, pairs.columns[0]!)
          : build.column(1 + width, pairs.columns[1 + 2 * width]!),
    ),
  ]);
  const keys = build.columnsOfRow(compared.columns.slice(0, 1 + width));
  const outcome = build.column(2 + width, compared.columns[2 + width]!);
  const nullableBool = build.withNullable(build.BOOL, true);
  const count = { name: 'int8' as const, typmod: -1, nullable: false };
  const folded = reduce(compared, keys, [
    {
      function: any ? 'boolOr' : 'boolAnd',
      arguments: [outcome],
      distinct: false,
      order: [],
      filter: null,
      type: nullableBool,
    },
    {
      function: 'countAll',
      arguments: [],
      distinct: false,
      order: [],
      filter: build.isNull(outcome),
      type: count,
    },
  ]);
  const decided = build.column(1 + width, nullableBool);
  const noNulls = build.call(
    'int8eq',
    '=',
    [build.column(2 + width, count), build.literal(count, '0')],
    build.BOOL,
    {
      strict: true,
      canError: false,
    },
  );
  // any: true wins, then NULL, then false; all: false wins, then NULL, then true.
  const value = build.caseOf(
    [
      { condition: any ? decided : build.isTrue(build.not(decided)), result: any ? build.TRUE : build.FALSE },
      { condition: noNulls, result: any ? build.FALSE : build.TRUE },
    ],
    build.literal(build.BOOL, null),
    build.BOOL,
  );
  const outcomes = scope.bind(project(map(folded, [value]), [...range(1 + width), 3 + width]));
  const arity = outer.columns.length;
  const lookUp = [whereReached(left, reach), ...outerKeys].map((key, at) => ({
    left: key,
    right: build.column(at, outcomes.columns[at]!),
    nullSafe: true,
  }));
  // A value that reads no column has one outcome at most: nothing to look up by.
  const lookUps = lookUp.filter((pair) => build.columnsRead(pair.left).size > 0);
  const matched = join(
    [outer, outcomes],
    lookUps.map((pair) => ({
      scalars: [pair.left, build.shiftColumns(pair.right, arity)],
      nullSafe: true,
    })),
  );
  const unmatched = semiJoin(outer, outcomes, lookUps, { anti: true });
  scope.relation = union(
    [
      project(matched, [...range(arity), arity + 1 + width]),
      map(unmatched, [any ? build.FALSE : build.TRUE]),
    ],
    scope.context.keysOf(outer),
  );
  return build.column(arity, scope.relation.columns[arity]!);
}
