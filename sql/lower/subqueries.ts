/**
 * Uncorrelated subqueries in scalars, with SQL's three-valued logic. Each becomes relations of at most one row per row
 * of the outer relation, joined to it:
 *
 *     (SELECT …)          cross join with the one value, NULL where there is no row
 *     EXISTS (…)          cross join with one boolean
 *     x = ANY (…), IN     `match` (is x among the distinct values), and where NULLs make a difference `holdsNull` and
 *                         `nonEmpty`: case when match then true
 *                                     when holdsNull or (x is null and nonEmpty) then null else false end
 *     x op ANY|ALL (…)    per distinct x: fold of the comparison over all values, joined back by x
 *
 * The one-row helpers are booleans, not counts: they change when an emptiness changes, not with each row.
 */
import type { HirScalar } from '../hir.ts';
import type { MirRelation, MirScalar, MirType } from '../mir.ts';
import { equalitySides } from '../mir/equality.ts';
import {
  distinct,
  filter,
  guard,
  join,
  map,
  mapOnly,
  negate,
  project,
  reduce,
  semiJoin,
  union,
  UNIT,
} from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { hasSubquery, isAtMostOneRow, isOneRow, relationCanRaise, scalarCanRaise } from './can-raise.ts';
import { nonEmpty } from './context.ts';
import { lowerRelation } from './relation.ts';
import { lowerScalarWith } from './scalar.ts';
import type { ScalarScope } from './scalar.ts';

type Quantified = Extract<HirScalar, { kind: 'quantified' }>;

/**
 * Lowers a scalar over `scope.relation`, appending columns for its subqueries. `reach`: what is true of the rows for
 * which the scalar is evaluated.
 */
export function lowerScalar(scope: ScalarScope, scalar: HirScalar, reach: readonly MirScalar[]): MirScalar {
  if (!hasSubquery(scalar)) {
    const plain = (child: HirScalar): MirScalar =>
      lowerScalarWith(scope.context, scope.relation.columns, child, plain);
    return plain(scalar);
  }
  switch (scalar.kind) {
    case 'exists':
      return appendOne(scope, existence(scope, subquery(scope, scalar, reach)));
    case 'scalarSubquery':
      return scalarSubquery(scope, scalar, reach);
    case 'quantified':
      return quantified(scope, scalar, reach);
    case 'and':
    case 'or': {
      // A later operand is evaluated where no earlier one decides.
      const before = [...reach];
      const operands = scalar.operands.map((operand) => {
        const lowered = lowerScalar(scope, operand, before);
        const decides = scalar.kind === 'and' ? build.isTrue(build.not(lowered)) : build.isTrue(lowered);
        before.push(build.not(decides));
        return lowered;
      });
      return scalar.kind === 'and' ? build.and(operands) : build.or(operands);
    }
    case 'case': {
      const before = [...reach];
      const branches = scalar.branches.map((branch) => {
        const condition = lowerScalar(scope, branch.condition, before);
        const result = lowerScalar(scope, branch.result, [...before, build.isTrue(condition)]);
        before.push(build.not(build.isTrue(condition)));
        return { condition, result };
      });
      return build.caseOf(branches, lowerScalar(scope, scalar.otherwise, before), scalar.type);
    }
    case 'coalesce': {
      const before = [...reach];
      const operands = scalar.operands.map((operand) => {
        const lowered = lowerScalar(scope, operand, before);
        before.push(build.isNull(lowered));
        return lowered;
      });
      return build.coalesce(operands, scalar.type);
    }
    default:
      return lowerScalarWith(scope.context, scope.relation.columns, scalar, (child) =>
        lowerScalar(scope, child, reach),
      );
  }
}

/** The subquery's relation; if it can raise, only for the rows that reach it. */
function subquery(
  scope: ScalarScope,
  scalar: Extract<HirScalar, { kind: 'exists' | 'scalarSubquery' | 'quantified' }>,
  reach: readonly MirScalar[],
): MirRelation {
  const raises =
    relationCanRaise(scalar.relation) ||
    (scalar.kind === 'scalarSubquery' && !isAtMostOneRow(scalar.relation)) ||
    (scalar.kind === 'quantified' && scalarCanRaise(scalar.comparison));
  return lowerRelation(scope.context, scalar.relation, raises ? scope.domain(reach) : null);
}

/** Joins a relation of exactly one row and one column; returns the column. */
function appendOne(scope: ScalarScope, row: MirRelation): MirScalar {
  const index = scope.relation.columns.length;
  scope.relation = join([scope.relation, row]);
  return build.column(index, row.columns[0]!);
}

/** One row: true if `relation` has rows, else false. */
function existence(scope: ScalarScope, relation: MirRelation): MirRelation {
  const some = scope.bind(nonEmpty(relation));
  const none = union([UNIT, negate(some)], [[]]);
  return union([map(some, [build.TRUE]), map(none, [build.FALSE])], [[]]);
}

function scalarSubquery(
  scope: ScalarScope,
  scalar: Extract<HirScalar, { kind: 'scalarSubquery' }>,
  reach: readonly MirScalar[],
): MirScalar {
  const raises = relationCanRaise(scalar.relation);
  const rows = subquery(scope, scalar, reach);
  // Under a domain the row goes with the domain.
  if (!raises && isOneRow(scalar.relation)) return appendOne(scope, rows);
  const atMostOne = scope.context.keysOf(rows).some((key) => key.length === 0);
  const guarded = atMostOne
    ? rows
    : guard(rows, [], {
        sqlstate: '21000',
        message: 'more than one row returned by a subquery used as an expression',
      });
  const value = scope.bind(guarded);
  const none = union([UNIT, negate(project(value, []))], [[]]);
  return appendOne(scope, union([value, map(none, [build.literal(scalar.type, null)])], [[]]));
}

/** The quantified comparison as a boolean column. */
function quantified(scope: ScalarScope, scalar: Quantified, reach: readonly MirScalar[]): MirScalar {
  const left = lowerScalar(scope, scalar.left, reach);
  const sides = membership(scope, scalar, left);
  return sides === null ? fold(scope, scalar, left, reach) : member(scope, scalar, left, sides, reach);
}

interface Membership {
  readonly left: MirScalar;
  /** The key over the subquery's one column. */
  readonly right: (column: MirScalar) => MirScalar;
}

/** The keys of `left = ANY (…)`, if the comparison is an equality that keys can express. */
function membership(scope: ScalarScope, scalar: Quantified, left: MirScalar): Membership | null {
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
  const lower = (child: HirScalar): MirScalar => lowerScalarWith(scope.context, columns, child, lower);
  return lower(scalar.comparison);
}

/** The values of a subquery as keys, without NULLs, each once. */
function distinctKeys(values: MirRelation, key: MirScalar): MirRelation {
  const some = filter(values, key.type.nullable ? [build.not(build.isNull(key))] : []);
  return distinct(mapOnly(some, [key]));
}

function member(
  scope: ScalarScope,
  scalar: Quantified,
  left: MirScalar,
  sides: Membership,
  reach: readonly MirScalar[],
): MirScalar {
  const values = scope.bind(subquery(scope, scalar, reach));
  const key = sides.right(build.column(0, values.columns[0]!));
  const keys = scope.bind(distinctKeys(values, key));
  // The key is computed for every row, also for those that don't reach the subquery.
  const guarded =
    reach.length > 0 && build.canFail(sides.left)
      ? build.caseOf(
          [{ condition: build.and(reach), result: sides.left }],
          build.literal(sides.left.type, null),
          sides.left.type,
        )
      : sides.left;
  const outer = scope.shared();
  const pair = { left: guarded, right: build.column(0, keys.columns[0]!), nullSafe: false };
  scope.relation = union([
    map(semiJoin(outer, keys, [pair], { anti: false }), [build.TRUE]),
    map(semiJoin(outer, keys, [pair], { anti: true }), [build.FALSE]),
  ]);
  const match = build.column(outer.columns.length, build.BOOL);
  const unknown: MirScalar[] = [];
  if (key.type.nullable)
    unknown.push(appendOne(scope, existence(scope, filter(values, [build.isNull(key)]))));
  if (left.type.nullable) {
    unknown.push(build.and([build.isNull(left), appendOne(scope, existence(scope, values))]));
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
  const values = subquery(scope, scalar, reach);
  const outer = scope.shared();
  const lefts = distinct(mapOnly(filter(outer, reach), [left]));
  const pairs = join([lefts, values]);
  const compared = map(pairs, [comparison(scope, scalar, pairs.columns)]);
  const key = build.column(0, pairs.columns[0]!);
  const outcome = build.column(2, compared.columns[2]!);
  const nullableBool = build.withNullable(build.BOOL, true);
  const count = { name: 'int8' as const, typmod: -1, nullable: false };
  const folded = reduce(
    compared,
    [key],
    [
      {
        function: any ? 'boolOr' : 'boolAnd',
        argument: outcome,
        distinct: false,
        filter: null,
        type: nullableBool,
      },
      { function: 'countAll', argument: null, distinct: false, filter: build.isNull(outcome), type: count },
    ],
  );
  const decided = build.column(1, nullableBool);
  const noNulls = build.call('int8eq', '=', [build.column(2, count), build.literal(count, '0')], build.BOOL, {
    strict: true,
    canError: false,
  });
  // any: true wins, then NULL, then false; all: false wins, then NULL, then true.
  const value = build.caseOf(
    [
      { condition: any ? decided : build.isTrue(build.not(decided)), result: any ? build.TRUE : build.FALSE },
      { condition: noNulls, result: any ? build.FALSE : build.TRUE },
    ],
    build.literal(build.BOOL, null),
    build.BOOL,
  );
  const outcomes = scope.bind(project(map(folded, [value]), [0, 3]));
  const arity = outer.columns.length;
  const leftOf =
    reach.length > 0 && build.canFail(left)
      ? build.caseOf(
          [{ condition: build.and(reach), result: left }],
          build.literal(left.type, null),
          left.type,
        )
      : left;
  // A left value that reads no column has one outcome at most: nothing to look up by.
  const constant = build.columnsRead(leftOf).size === 0;
  const outcomeKey = build.column(arity, outcomes.columns[0]!);
  const matched = join(
    [outer, outcomes],
    constant ? [] : [{ scalars: [leftOf, outcomeKey], nullSafe: true }],
  );
  const pair = { left: leftOf, right: build.column(0, outcomes.columns[0]!), nullSafe: true };
  const unmatched = semiJoin(outer, outcomes, constant ? [] : [pair], { anti: true });
  scope.relation = union([
    project(matched, [...outer.columns.map((_, index) => index), arity + 1]),
    map(unmatched, [any ? build.FALSE : build.TRUE]),
  ]);
  return build.column(arity, scope.relation.columns[arity]!);
}

/**
 * Filters `scope.relation` by conjuncts in order. EXISTS, IN and their negations that stand as a conjunct become
 * semi- and anti-joins.
 */
export function applyConjuncts(scope: ScalarScope, conjuncts: readonly HirScalar[]): void {
  for (const conjunct of conjuncts) {
    if (!applySemiJoin(scope, conjunct)) {
      const condition = lowerScalar(scope, conjunct, []);
      scope.relation = filter(scope.relation, [condition]);
    }
  }
}

function applySemiJoin(scope: ScalarScope, conjunct: HirScalar): boolean {
  const anti = conjunct.kind === 'not';
  const scalar = conjunct.kind === 'not' ? conjunct.operand : conjunct;
  if (scalar.kind === 'exists') {
    const right = subquery(scope, scalar, []);
    scope.relation = semiJoin(scope.relation, right, [], { anti });
    return true;
  }
  if (scalar.kind !== 'quantified') return false;
  const left = lowerScalar(scope, scalar.left, []);
  const sides = membership(scope, scalar, left);
  if (sides === null) return false;
  const values = subquery(scope, scalar, []);
  if (!anti) {
    const keys = mapOnly(values, [sides.right(build.column(0, values.columns[0]!))]);
    const pair = { left: sides.left, right: build.column(0, keys.columns[0]!), nullSafe: false };
    scope.relation = semiJoin(scope.relation, keys, [pair], { anti: false });
    return true;
  }
  // NOT IN: no match, no NULL among the values, and x not NULL unless there are no values.
  const shared = scope.bind(values);
  const key = sides.right(build.column(0, shared.columns[0]!));
  const pair = { left: sides.left, right: build.column(0, key.type), nullSafe: false };
  scope.relation = semiJoin(scope.relation, mapOnly(shared, [key]), [pair], { anti: true });
  if (key.type.nullable) {
    scope.relation = semiJoin(scope.relation, filter(shared, [build.isNull(key)]), [], { anti: true });
  }
  if (left.type.nullable) {
    const some = appendOne(scope, existence(scope, shared));
    scope.relation = filter(scope.relation, [build.or([build.not(build.isNull(left)), build.not(some)])]);
  }
  return true;
}
