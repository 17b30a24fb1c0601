/**
 * RETURNING with subqueries is a query of its own, over the rows that were written and in their order; all else it reads as
 * it was before the command. So a subquery is computed for these rows alone: not for one that ON CONFLICT skips.
 */
import { SqlError } from '../error.ts';
import type { HirColumn, HirRelation, HirScalar, HirWrite } from '../hir.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import { isVolatileRelation } from '../hir/volatile.ts';
import { WRITTEN } from '../written.ts';

/** The columns of the row that RETURNING reads. */
export function returnedColumns({
  relation,
  conflict = null,
  ordered = false,
}: HirWrite): readonly HirColumn[] {
  const columns = ordered ? relation.columns.slice(0, -1) : relation.columns;
  if (conflict === null) return columns;
  const own = columns
    .slice(0, conflict.width)
    .map(({ name, type }) => ({ name, type: { ...type, nullable: true } }));
  return [...own, ...own];
}

/** What RETURNING shows, behind the rows and their number. */
export function returningQuery(write: HirWrite, returning: NonNullable<HirWrite['returning']>): HirRelation {
  const row = returnedColumns(write);
  const number: HirColumn = { name: 'number', type: { name: 'int8', typmod: -1, nullable: false } };
  const input: HirRelation = { kind: 'get', object: WRITTEN, columns: [...row, number] };
  const columns = [...input.columns, ...returning.map(({ name, type }) => ({ name, type }))];
  const scalars = returning.map(({ scalar }) => scalar);
  return within(write.relation, scalars, { kind: 'map', input, scalars, columns });
}

/** The query within the WITH of the command, which is computed for it again. */
function within(relation: HirRelation, scalars: readonly HirScalar[], body: HirRelation): HirRelation {
  if (relation.kind !== 'let') return body;
  const { binding, name, value } = relation;
  if (
    isVolatileRelation(value) &&
    scalars.some((scalar) => freeOfScalar(scalar).bindings.includes(binding))
  ) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `a subquery in RETURNING of WITH query "${name}", which has volatile functions, is not supported`,
    });
  }
  return { ...relation, columns: body.columns, body: within(relation.body, scalars, body) };
}
