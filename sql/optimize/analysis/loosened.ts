/**
 * A grouping without the conditions that say which group is wanted. They have been brought below it, where less is grouped;
 * but what keeps all groups has the wanted one by its key.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { equalitySides } from '../../mir/equality.ts';
import * as build from '../../mir/relation.ts';
import { canFail, columnsRead, isColumnFree, remapColumns, shiftColumns } from '../../mir/scalar.ts';
import { isVolatile } from '../../mir/volatile.ts';
import { aggregateCanFail } from './body-form.ts';

export interface Loosened {
  readonly relation: MirRelation;
  /** Conditions over its columns that make it what it was. */
  readonly fixed: readonly MirScalar[];
}

/**
 * The grouping of all rows, and the conditions that fix each of its keys; null if they do not, or if a group that is not
 * wanted could raise an error.
 */
export function loosened(relation: MirRelation): Loosened | null {
  if (relation.kind !== 'reduce' && relation.kind !== 'distinct') return null;
  const keys = relation.kind === 'reduce' ? relation.keys.map(columnOf) : relation.columns.map((_, at) => at);
  if (keys.length === 0 || keys.includes(null)) return null;
  if (relation.kind === 'reduce' && relation.aggregates.some(aggregateCanFail)) return null;
  const { kept, fixed } = shown(hoisted(relation.input), (column) => keys.indexOf(column));
  const found = new Set(fixed.flatMap((condition) => [...columnsRead(condition)]));
  if (found.size < keys.length) return null;
  return {
    relation:
      relation.kind === 'reduce'
        ? build.reduce(kept, relation.keys, relation.aggregates)
        : build.distinct(kept),
    fixed,
  };
}

const columnOf = (scalar: MirScalar): number | null => (scalar.kind === 'column' ? scalar.index : null);

/** Conditions by the columns of what reads the relation; those that it does not show stay below. */
function shown(
  { relation, fixed }: Loosened,
  to: (column: number) => number,
): { readonly kept: MirRelation; readonly fixed: readonly MirScalar[] } {
  const isShown = (condition: MirScalar): boolean =>
    [...columnsRead(condition)].every((column) => to(column) >= 0);
  const stay = fixed.filter((condition) => !isShown(condition));
  return {
    kept: stay.length === 0 ? relation : build.filter(relation, stay),
    fixed: fixed.filter(isShown).map((condition) => remapColumns(condition, to)),
  };
}

/** The rows with the conditions that fix columns on top, as far as more rows raise no more errors. */
function hoisted(relation: MirRelation): Loosened {
  const none = { relation, fixed: [] };
  switch (relation.kind) {
    case 'filter': {
      const { predicates } = relation;
      if (predicates.some(canFail)) return none;
      const input = hoisted(relation.input);
      const rest = predicates.filter((predicate) => !fixesColumn(predicate));
      return {
        relation: rest.length === 0 ? input.relation : build.filter(input.relation, rest),
        fixed: [...input.fixed, ...predicates.filter(fixesColumn)],
      };
    }
    case 'project': {
      const { kept, fixed } = shown(hoisted(relation.input), (column) => relation.indexes.indexOf(column));
      return { relation: build.project(kept, relation.indexes), fixed };
    }
    case 'map': {
      if (relation.scalars.some(canFail)) return none;
      const input = hoisted(relation.input);
      return { relation: build.map(input.relation, relation.scalars), fixed: input.fixed };
    }
    case 'join': {
      const { equivalences, residual } = relation;
      if ([...equivalences.flatMap(({ scalars }) => scalars), ...residual].some(canFail)) return none;
      const starts = columnStarts(relation.inputs);
      const inputs = relation.inputs.map(hoisted);
      return {
        relation: build.join(
          inputs.map((input) => input.relation),
          equivalences,
          residual,
        ),
        fixed: inputs.flatMap(({ fixed }, at) =>
          fixed.map((condition) => shiftColumns(condition, starts[at]!)),
        ),
      };
    }
    default:
      return none;
  }
}

/** Whether a condition says which value, or which of some, a column has. */
function fixesColumn(predicate: MirScalar): boolean {
  if (isVolatile(predicate)) return false;
  if (predicate.kind === 'inList')
    return predicate.operand.kind === 'column' && predicate.list.every(isColumnFree);
  const sides = equalitySides(predicate);
  if (sides === null) return false;
  const { left, right } = sides;
  return (left.kind === 'column' && isColumnFree(right)) || (right.kind === 'column' && isColumnFree(left));
}
