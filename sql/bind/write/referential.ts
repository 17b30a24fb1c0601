/** What becomes of a row that refers to a key which goes or changes: ON DELETE and ON UPDATE, as a new row. */
import type { CatalogColumn } from '../../catalog.ts';
import type { HirScalar } from '../../hir.ts';
import type { BindEnvironment } from '../environment.ts';
import { type GeneratingTable, withGenerated } from '../generated-column.ts';
import { literal } from '../scalar.ts';
import { Statement } from '../statement.ts';
import { assign, defaultValue } from './target.ts';

/** Columns of the referring table that get other values, and those of the referenced table that they refer to. */
export interface ReferentialAction {
  readonly action: 'cascade' | 'setNull' | 'setDefault';
  readonly columns: readonly number[];
  readonly parentColumns: readonly number[];
}

/** The new row, over the columns of the row that refers followed by those of the row that it referred to. */
export function bindReferentialAction(
  child: GeneratingTable,
  parent: readonly CatalogColumn[],
  { action, columns, parentColumns }: ReferentialAction,
  environment: BindEnvironment,
): HirScalar[] {
  const context = { statement: new Statement({ ...environment, forDefault: true }), ctes: [], outer: null };
  const row = child.columns.map((column, index): HirScalar => {
    const at = columns.indexOf(index);
    if (at < 0) return { kind: 'column', index, type: column.type };
    if (action === 'setDefault') return defaultValue(column, context);
    if (action === 'setNull') return literal(column.type.name, null, column.type.typmod);
    const key = parentColumns[at]!;
    const value: HirScalar = { kind: 'column', index: child.columns.length + key, type: parent[key]!.type };
    return assign(column, { scalar: value, at: undefined }, context);
  });
  return withGenerated(child, row, environment);
}
