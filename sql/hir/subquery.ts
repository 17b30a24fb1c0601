/** Scalars with subqueries in them. */
import type { HirRelation, HirScalar } from '../hir.ts';
import { mapRelationParts, mapScalarParts } from './traverse.ts';

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
    default:
      return hirChildren(scalar).some(hasSubquery);
  }
}

/** Whether a subquery in the scalar reads what is computed once around it. */
export function readsLocalWithin(scalar: HirScalar): boolean {
  let found = false;
  mapScalarParts(scalar, {
    scalar: (part) => {
      found ||= readsLocalWithin(part);
      return part;
    },
    relation: (relation) => {
      const [read, bound] = [new Set<number>(), new Set<number>()];
      noteBindings(relation, read, bound);
      found ||= [...read].some((binding) => !bound.has(binding));
      return relation;
    },
  });
  return found;
}

function noteBindings(relation: HirRelation, read: Set<number>, bound: Set<number>): void {
  const inner = (input: HirRelation): HirRelation => {
    noteBindings(input, read, bound);
    return input;
  };
  const note = (scalar: HirScalar): HirScalar => {
    if (scalar.kind === 'local') read.add(scalar.binding);
    if (scalar.kind === 'once') bound.add(scalar.binding);
    return mapScalarParts(scalar, { scalar: note, relation: inner });
  };
  mapRelationParts(relation, { scalar: note, relation: inner });
}
