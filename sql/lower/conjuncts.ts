/**
 * Filtering by conjuncts in order. EXISTS, IN and their negations that stand as a conjunct become semi- and anti-joins.
 */
import type { HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { filter, mapOnly, semiJoin } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { isOneRow, scalarCanRaise } from './can-raise.ts';
import { existenceColumn, existenceOf, withoutDefaults } from './existence.ts';
import { applyQuantified, membership } from './quantified.ts';
import type { ScalarScope } from './scalar.ts';
import { lowerScalar } from './subqueries.ts';

export function applyConjuncts(scope: ScalarScope, given: readonly HirScalar[]): void {
  const conjuncts = given.flatMap((conjunct) => (hasSubquery(conjunct) ? whenTrue(conjunct) : [conjunct]));
  // What neither fails nor has a subquery goes first: subqueries are computed for the rows that are left.
  const isPlain = (conjunct: HirScalar): boolean => !hasSubquery(conjunct) && !scalarCanRaise(conjunct);
  const ordered = conjuncts.some(hasSubquery)
    ? [...conjuncts.filter(isPlain), ...conjuncts.filter((conjunct) => !isPlain(conjunct))]
    : conjuncts;
  for (const conjunct of ordered) {
    if (!applySemiJoin(scope, conjunct)) {
      const condition = lowerScalar(scope, conjunct, []);
      scope.relation = filter(scope.relation, [condition]);
    }
  }
}

const isNull = (scalar: HirScalar): boolean => scalar.kind === 'literal' && scalar.text === null;

const neverTrue = (scalar: HirScalar): boolean =>
  isNull(scalar) || (scalar.kind === 'and' && scalar.operands.some(neverTrue));

/**
 * Conjuncts that are true exactly where the condition is. What only tells NULL from false is left out, and NOT is pushed
 * to what it negates, so that row-wise IN and NOT IN become semi- and anti-joins.
 */
function whenTrue(condition: HirScalar): HirScalar[] {
  if (condition.kind === 'and') return condition.operands.flatMap(whenTrue);
  if (condition.kind === 'or') {
    const operands = condition.operands.filter((operand) => !neverTrue(operand));
    return operands.length === 1 ? whenTrue(operands[0]!) : [condition];
  }
  if (condition.kind !== 'not') return [condition];
  const { operand } = condition;
  if (operand.kind === 'not') return whenTrue(operand.operand);
  if (operand.kind === 'or') {
    return operand.operands.flatMap((part) => whenTrue({ kind: 'not', operand: part }));
  }
  if (operand.kind === 'and') {
    // NULL is never false: the others must make it so.
    const operands = operand.operands.filter((part) => !isNull(part));
    if (operands.length === 1) return whenTrue({ kind: 'not', operand: operands[0]! });
  }
  return [condition];
}

function applySemiJoin(scope: ScalarScope, conjunct: HirScalar): boolean {
  const anti = conjunct.kind === 'not';
  const scalar = conjunct.kind === 'not' ? conjunct.operand : conjunct;
  if (scalar.kind === 'exists') {
    const relation = existenceOf(scalar.relation);
    if (isOneRow(relation)) return false;
    const applied = withoutDefaults(scope, relation, []);
    scope.relation = semiJoin(scope.relation, applied.relation, applied.keys, { anti });
    return true;
  }
  if (scalar.kind !== 'quantified') return false;
  const left = lowerScalar(scope, scalar.left, []);
  const sides = membership(scope, scalar, left);
  if (sides === null) return false;
  const applied = applyQuantified(scope, scalar, []);
  const { keys, width } = applied;
  const value = build.column(width, applied.relation.columns[width]!);
  if (!anti) {
    const before = build.columnsOfRow(applied.relation.columns.slice(0, width));
    const values = mapOnly(applied.relation, [...before, sides.right(value)]);
    const pair = { left: sides.left, right: build.column(width, values.columns[width]!), nullSafe: false };
    scope.relation = semiJoin(scope.relation, values, [...keys, pair], { anti: false });
    return true;
  }
  // NOT IN: no match, no NULL among the values, and x not NULL unless there are no values.
  const shared = scope.bind(applied.relation);
  const key = sides.right(value);
  const values = mapOnly(shared, [...build.columnsOfRow(shared.columns.slice(0, width)), key]);
  const pair = { left: sides.left, right: build.column(width, key.type), nullSafe: false };
  scope.relation = semiJoin(scope.relation, values, [...keys, pair], { anti: true });
  if (key.type.nullable) {
    scope.relation = semiJoin(scope.relation, filter(shared, [build.isNull(key)]), keys, { anti: true });
  }
  if (left.type.nullable) {
    const some = existenceColumn(scope, { ...applied, relation: shared });
    scope.relation = filter(scope.relation, [build.or([build.not(build.isNull(left)), build.not(some)])]);
  }
  return true;
}
