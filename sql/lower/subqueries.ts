/**
 * Scalars with subqueries: each subquery becomes a column that is appended to the rows that the scalar is computed over.
 */
import type { HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import type { MirScalar } from '../mir.ts';
import { map } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import { exists } from './existence.ts';
import { quantified } from './quantified.ts';
import { lowerScalarWith } from './scalar.ts';
import type { ScalarScope } from './scalar.ts';
import { scalarSubquery } from './scalar-subquery.ts';

/**
 * Lowers a scalar over `scope.relation`, appending columns for its subqueries. `reach`: what is true of the rows for
 * which the scalar is evaluated.
 */
export function lowerScalar(scope: ScalarScope, scalar: HirScalar, reach: readonly MirScalar[]): MirScalar {
  if (!hasSubquery(scalar)) {
    const plain = (child: HirScalar): MirScalar => lowerScalarWith(scope.context, scope.row, child, plain);
    return plain(scalar);
  }
  switch (scalar.kind) {
    case 'exists':
      return exists(scope, scalar, reach);
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
    case 'once': {
      // Subqueries of the body are computed for rows that may depend on the value: it is a column of them.
      const value = lowerScalar(scope, scalar.value, reach);
      const reached = build.isTrue(build.and([...reach]));
      const none = build.literal(value.type, null);
      const kept =
        reach.length === 0 ? value : build.caseOf([{ condition: reached, result: value }], none, value.type);
      const place = scope.relation.columns.length;
      scope.relation = map(scope.relation, [kept]);
      scope.context.setLocalColumn(scalar.binding, build.column(place, scope.relation.columns[place]!));
      return lowerScalar(scope, scalar.body, reach);
    }
    default:
      return lowerScalarWith(scope.context, scope.row, scalar, (child) => lowerScalar(scope, child, reach));
  }
}
