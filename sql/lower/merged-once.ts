/**
 * MERGE: a row of the table that two rows of the source write is an error.
 *
 *     merged(R)   =   guard(R where an old row is written, by its identity)  ∪  (R where none is)
 */
import type { MirRelation } from '../mir.ts';
import { filter, guard, union } from '../mir/relation.ts';
import * as build from '../mir/scalar.ts';

const TWICE = {
  sqlstate: '21000',
  message: 'MERGE command cannot affect row a second time',
  hint: 'Ensure that not more than one source row matches any one target row.',
};

/** `identity`: columns that are NULL, all of them, exactly where no old row is written. */
export function mergedOnce(rows: MirRelation, identity: readonly number[]): MirRelation {
  const keys = identity.map((index) => build.column(index, rows.columns[index]!));
  const [marker] = keys;
  if (marker === undefined) return rows;
  const none = build.isNull(marker);
  const old = guard(filter(rows, [build.not(none)]), keys, TWICE);
  return union([old, filter(rows, [none])]);
}
