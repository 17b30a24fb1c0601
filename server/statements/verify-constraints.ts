/**
 * Constraints that come to a table with rows in it. First the engine checks what is written from now on, then the rows that
 * are there are looked at; where one is against the constraint, the engine forgets it again.
 */
import { SqlError } from '../../sql/error.ts';
import { constrain, constrainAgain, uniqueIndexes } from '../catalog/constraints.ts';
import { elementTexts, indexPredicate } from '../catalog/definition-text.ts';
import type { IndexObject, TableObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { firstRow, quoteIdentifier } from './internal-query.ts';

/** Makes a unique key hold; its arrangement is there. To be called before the catalog knows it. */
export async function verifyUnique(
  system: System,
  session: SessionContext,
  index: IndexObject,
): Promise<void> {
  const table = system.catalog.object(index.table) as TableObject;
  constrain(system, table, [...uniqueIndexes(system.catalog, table.id), index]);
  try {
    const names = elementTexts(index, table.columns);
    const elements = names.map((text, at) => `(${text}) AS e${at}`).join(', ');
    const columns = names.map((_, at) => `e${at}`);
    const from = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
    const predicate = indexPredicate(index);
    const counting = predicate === null ? '' : ` WHERE ${predicate}`;
    const distinct = index.nullsEqual
      ? ''
      : `WHERE ${columns.map((column) => `${column} IS NOT NULL`).join(' AND ')}`;
    const texts = columns.map((column) => `${column}::text`).join(', ');
    const row = await firstRow(
      system,
      session,
      `SELECT ${texts} FROM (SELECT ${elements} FROM ${from}${counting}) AS keys ${distinct}
          GROUP BY ${columns.join(', ')} HAVING count(*) > 1 LIMIT 1`,
    );
    if (row === null) return;
    throw new SqlError({
      sqlstate: '23505',
      message: `could not create unique index "${index.name}"`,
      detail: `Key (${names.join(', ')})=(${row.map((value) => value ?? 'null').join(', ')}) is duplicated.`,
      about: { schema: table.schema, table: table.name, constraint: index.name },
    });
  } catch (error) {
    constrainAgain(system, table.id);
    throw error;
  }
}
