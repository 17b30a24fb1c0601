/** Scalars with subqueries in them. */
import type { HirScalar } from '../hir.ts';

/** The scalar's operands, subqueries' insides excluded. */
export function hirChildren(scalar: HirScalar): readonly HirScalar[] {
  switch (scalar.kind) {
    case 'literal':
    case 'column':
    case 'parameter':
    case 'session':
    case 'element':
    case 'local':
    case 'raise':
    case 'exists':
    case 'scalarSubquery':
      return [];
    case 'call':
      return scalar.arguments;
    case 'input':
    case 'output':
      return [scalar.argument];
    case 'and':
    case 'or':
    case 'coalesce':
      return scalar.operands;
    case 'not':
    case 'isNull':
    case 'isTrue':
      return [scalar.operand];
    case 'case':
      return [...scalar.branches.flatMap((branch) => [branch.condition, branch.result]), scalar.otherwise];
    case 'inList':
      return [scalar.operand, ...scalar.list];
    case 'notDistinct':
      return [scalar.left, scalar.right];
    case 'array':
      return scalar.elements;
    case 'mapArray':
      return [scalar.array, scalar.body];
    case 'quantifiedArray':
      return [scalar.left, scalar.array, scalar.comparison];
    case 'once':
      return [scalar.value, scalar.body];
    case 'quantified':
      return [scalar.left];
  }
}

/** Whether a subquery is computed for the scalar. */
export function hasSubquery(scalar: HirScalar): boolean {
  switch (scalar.kind) {
    case 'exists':
    case 'scalarSubquery':
    case 'quantified':
      return true;
    case 'case':
      return (
        scalar.branches.some((branch) => hasSubquery(branch.condition) || hasSubquery(branch.result)) ||
        hasSubquery(scalar.otherwise)
      );
    default:
      return hirChildren(scalar).some(hasSubquery);
  }
}
