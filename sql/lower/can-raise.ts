/**
 * Whether a HIR relation or scalar can raise an error, and whether a relation has at most one row by its shape.
 */
import type { HirRelation, HirScalar } from '../hir.ts';
import { aggregateScalars } from '../hir/aggregate.ts';
import { hirChildren } from '../hir/subquery.ts';
import { neverFails, windowCallCanFail } from '../mir/fallible.ts';

export function scalarCanRaise(scalar: HirScalar): boolean {
  switch (scalar.kind) {
    case 'raise':
    case 'input':
      return true;
    case 'array':
      // Parts of different dimensions.
      if (scalar.nested) return true;
      break;
    case 'call':
      if (scalar.canError && !neverFails(scalar.opcode, scalar.arguments)) return true;
      break;
    case 'exists':
      return relationCanRaise(scalar.relation);
    case 'scalarSubquery':
      return relationCanRaise(scalar.relation) || !isAtMostOneRow(scalar.relation);
    case 'quantified':
      if (relationCanRaise(scalar.relation) || scalarCanRaise(scalar.comparison)) return true;
      break;
    default:
      break;
  }
  return hirChildren(scalar).some(scalarCanRaise);
}

const optional = (scalar: HirScalar | null): boolean => scalar !== null && scalarCanRaise(scalar);

export function relationCanRaise(relation: HirRelation): boolean {
  switch (relation.kind) {
    case 'constant':
      return relation.rows.some((row) => row.some(scalarCanRaise));
    case 'tableFunction':
      return relation.calls.some((call) => call.canError || call.arguments.some(scalarCanRaise));
    case 'get':
    case 'getLet':
      return false;
    case 'let':
      return relationCanRaise(relation.value) || relationCanRaise(relation.body);
    case 'filter':
      return scalarCanRaise(relation.condition) || relationCanRaise(relation.input);
    case 'map':
      return relation.scalars.some(scalarCanRaise) || relationCanRaise(relation.input);
    case 'project':
    case 'distinct':
    case 'timeWindow':
      return relationCanRaise(relation.input);
    case 'topK':
      return optional(relation.limit) || optional(relation.offset) || relationCanRaise(relation.input);
    case 'join':
      return optional(relation.on) || relationCanRaise(relation.left) || relationCanRaise(relation.right);
    case 'aggregate':
      return (
        relation.keys.some(scalarCanRaise) ||
        relation.aggregates.some((call) => aggregateScalars(call).some(scalarCanRaise)) ||
        relationCanRaise(relation.input)
      );
    case 'window':
      return relation.calls.some(windowCallCanFail) || relationCanRaise(relation.input);
    case 'setOperation':
      return relationCanRaise(relation.left) || relationCanRaise(relation.right);
  }
}

/** At most one row, whatever the data. */
export function isAtMostOneRow(relation: HirRelation): boolean {
  switch (relation.kind) {
    case 'constant':
      return relation.rows.length <= 1;
    case 'let':
      return isAtMostOneRow(relation.body);
    case 'filter':
    case 'map':
    case 'project':
    case 'distinct':
    case 'window':
      return isAtMostOneRow(relation.input);
    case 'topK':
      return (
        (relation.partition.length === 0 &&
          !relation.withTies &&
          relation.limit?.kind === 'literal' &&
          (relation.limit.text === '0' || relation.limit.text === '1')) ||
        isAtMostOneRow(relation.input)
      );
    case 'join':
      return isAtMostOneRow(relation.left) && isAtMostOneRow(relation.right) && relation.type !== 'full';
    case 'aggregate':
      return relation.global;
    case 'setOperation':
      return relation.operation !== 'union' && isAtMostOneRow(relation.left);
    default:
      return false;
  }
}

/** Exactly one row, whatever the data. */
export function isOneRow(relation: HirRelation): boolean {
  switch (relation.kind) {
    case 'constant':
      return relation.rows.length === 1;
    case 'let':
      return isOneRow(relation.body);
    case 'map':
    case 'project':
    case 'distinct':
    case 'window':
      return isOneRow(relation.input);
    case 'aggregate':
      return relation.global && relation.keys.length === 0;
    default:
      return false;
  }
}
