/**
 * Subqueries of ON CONFLICT DO UPDATE, and of RETURNING beside ON CONFLICT: they read the state before the command. Their
 * values are columns behind the proposed rows, which are joined with the rows that they conflict with. (A row that the
 * command itself has written is in conflict with none that comes later: that is error 21000.)
 */
import type { HirConflict, HirRelation, HirScalar, HirWrite } from '../../hir.ts';
import type { CatalogRelation, UniqueKey } from '../../catalog.ts';
import { hasSubquery } from '../../hir/subquery.ts';
import { liftScalar, mapReferences } from '../../hir/traverse.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { relationOf } from '../from.ts';
import { makeOperator } from '../operator.ts';
import { map, project } from '../relation.ts';
import { and, isNull, literal, not, or, truth, typeOf } from '../scalar.ts';
import { emptyScope } from '../scope.ts';
import type { Bound } from '../statement.ts';

/** The parts of an INSERT that this is about. */
export interface ConflictParts {
  readonly relation: HirRelation;
  readonly conflict: HirConflict;
  readonly returning: HirWrite['returning'];
}

/** The same with the subqueries below. */
export function withSubqueriesBelow(
  parts: ConflictParts,
  table: CatalogRelation,
  context: QueryContext,
): ConflictParts {
  const { relation: proposed, conflict, returning } = parts;
  const { update } = conflict;
  const updates = update !== null && [update.condition ?? truth(true), ...update.values].some(hasSubquery);
  const returns = returning?.some(({ scalar }) => hasSubquery(scalar)) ?? false;
  if (!updates && !returns) return parts;

  const { width } = conflict;
  // The proposed row's columns; in an update the old row's, and what marks that there is one.
  let relation = update === null ? proposed : withOldRow(proposed, table, conflict.arbiters[0]!, context);
  const first = relation.columns.length;
  const add = (name: string, scalar: HirScalar): number => {
    relation = map(relation, [{ name, scalar }]);
    return relation.columns.length - 1;
  };
  const column = (index: number): HirScalar => ({
    kind: 'column',
    index,
    type: relation.columns[index]!.type,
  });
  // Where DO UPDATE and RETURNING read what was added: behind the old row and the new one.
  const above = (index: number): HirScalar => ({
    kind: 'column',
    index: 2 * width + index - first,
    type: relation.columns[index]!.type,
  });
  /** What is over the old row and the new one, over the relation. */
  const placed = (scalar: HirScalar, newRow: (index: number) => HirScalar): HirScalar =>
    mapReferences(scalar, (read, depth) => {
      if ((read.level ?? 0) !== depth) return read;
      const { index, type } = read;
      const old: HirScalar =
        update === null
          ? literal(type.name, null, type.typmod)
          : { kind: 'column', index: width + index, type };
      const found = index < width ? old : newRow(index - width);
      return liftScalar(found, depth);
    });

  let kept = conflict;
  let written = truth(true);
  let newRow: (index: number) => HirScalar = column;
  if (update !== null) {
    const conflicts = not(isNull(column(2 * width)));
    const { condition } = update;
    const decided = condition === null ? null : add('condition', when(conflicts, placed(condition, column)));
    const replaces = decided === null ? conflicts : column(decided);
    const values = update.values.map((value) => add('value', when(replaces, placed(value, column))));
    kept = {
      ...conflict,
      update: { condition: decided === null ? null : above(decided), values: values.map(above) },
    };
    if (decided !== null) written = or([not(conflicts), column(decided)]);
    newRow = (index) => choice(conflicts, column(values[index]!), column(index));
  }
  const shown = returning?.map((item) => {
    if (!hasSubquery(item.scalar)) return item;
    return { ...item, scalar: above(add(item.name, when(written, placed(item.scalar, newRow)))) };
  });
  const added = Array.from({ length: relation.columns.length - first }, (_, i) => first + i);
  const own = Array.from({ length: width }, (_, index) => index);
  return { relation: project(relation, [...own, ...added]), conflict: kept, returning: shown ?? null };
}

/** Each proposed row with the row that it conflicts with, and a mark behind that; NULLs where there is none. */
function withOldRow(
  proposed: HirRelation,
  table: CatalogRelation,
  key: UniqueKey,
  context: QueryContext,
): HirRelation {
  const width = table.columns.length;
  const right = map(relationOf(table, context), [{ name: 'conflicts', scalar: truth(true) }]);
  const expression = expressionContext(context, emptyScope, 'WHERE');
  const same = key.columns.map((index): HirScalar => {
    const left: HirScalar = { kind: 'column', index, type: proposed.columns[index]!.type };
    const old: HirScalar = { kind: 'column', index: width + index, type: table.columns[index]!.type };
    if (key.nullsEqual) return { kind: 'notDistinct', left, right: old };
    const bound = (scalar: HirScalar): Bound => ({ scalar, at: undefined });
    return makeOperator(expression, '=', bound(left), bound(old), undefined);
  });
  const nullable = right.columns.map((column) => ({ ...column, type: { ...column.type, nullable: true } }));
  const columns = [...proposed.columns, ...nullable];
  return { kind: 'join', type: 'left', columns, left: proposed, right, on: and(same) };
}

/** The value where the condition holds, else NULL. */
function when(condition: HirScalar, value: HirScalar): HirScalar {
  const { name, typmod } = typeOf(value);
  return choice(condition, value, literal(name, null, typmod));
}

function choice(condition: HirScalar, result: HirScalar, otherwise: HirScalar): HirScalar {
  return { kind: 'case', branches: [{ condition, result }], otherwise, type: typeOf(result) };
}
