import type { CatalogRelation } from '../../catalog.ts';
import { SqlError } from '../../error.ts';
import type { HirScalar } from '../../hir.ts';
import type { BindEnvironment } from '../environment.ts';
import { Statement } from '../statement.ts';
import { defaultValue, notNull } from './target.ts';

/** Rows of `fields` (column numbers, in the data's order) become rows of the table by `scalars`, one for each column. */
export interface FilledRow {
  readonly fields: readonly number[];
  readonly scalars: readonly HirScalar[];
}

/** What COPY and sources do with decoded fields: place them, fill in defaults, check NOT NULL. */
export function bindDecodedRow(
  relation: CatalogRelation,
  columnNames: readonly string[],
  environment: BindEnvironment,
): FilledRow {
  const context = { statement: new Statement(environment), ctes: [], outer: null };
  const fields =
    columnNames.length === 0
      ? relation.columns.map((_, index) => index)
      : columnNames.map((name, place) => {
          const index = relation.columns.findIndex((column) => column.name === name);
          if (index < 0) {
            const message = `column "${name}" of relation "${relation.name}" does not exist`;
            throw new SqlError({ sqlstate: '42703', message });
          }
          if (columnNames.indexOf(name) !== place) {
            throw new SqlError({ sqlstate: '42701', message: `column "${name}" specified more than once` });
          }
          return index;
        });
  const scalars = relation.columns.map((column, number): HirScalar => {
    const index = fields.indexOf(number);
    if (index < 0) return defaultValue(relation, column, context);
    const type = { ...column.type, nullable: true };
    return notNull(relation, column, { kind: 'column', index, type });
  });
  return { fields, scalars };
}
