/**
 * UPDATE … FROM and DELETE … USING: a row of the table that meets several rows of the others is written once, by
 * whichever comes first.
 *
 *     once(T ⋈ U)   =   top 1 of T ⋈ U for each different row of T,   as often as T has that row
 *
 * The second half is a join with T, by identity of the whole row; a primary key makes it unnecessary.
 */
import type { ObjectId } from '../catalog.ts';
import type { MirRelation } from '../mir.ts';
import { get, join, project, topK } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';
import type { LoweringContext } from './context.ts';

/** `rows` begin with the table's `width` columns. */
export function oncePerRow(
  context: LoweringContext,
  table: ObjectId,
  rows: MirRelation,
  width: number,
): MirRelation {
  const own = rows.columns.slice(0, width);
  const source = get(table, own);
  const [key] = context.keysOf(source);
  const columns = own.map((type, index) => build.column(index, type));
  const chosen = topK(rows, {
    partition: key === undefined ? columns : key.map((index) => columns[index]!),
    order: [],
    limit: build.literal({ name: 'int8', typmod: -1 }, '1'),
    offset: null,
    withTies: false,
  });
  if (key !== undefined) return chosen;
  const equivalences = columns.map((column) => ({
    scalars: [column, build.shiftColumns(column, width)],
    nullSafe: true,
  }));
  const copies = join([source, chosen], equivalences);
  return project(
    copies,
    rows.columns.map((_, index) => width + index),
  );
}
