/**
 * The columns of the catalog's views, known without binding their texts: a start needs them for the rows of
 * `tw_internal.columns`, and binds nothing. They are generated; a view that is bound is held against them.
 */
import type { HirColumn } from '../../../sql/hir.ts';
import type { TypeName } from '../../../sql/types/type.ts';
import type { ViewObject } from '../objects.ts';
import { systemViewColumns } from './view-columns.generated.ts';

type View = Pick<ViewObject, 'schema' | 'name'>;
type Columns = ViewObject['columns'];

const REMEDY = 'UPDATE_GOLDEN=1 npx vitest run tests/bind/system-views.test.ts';

let lines: Map<string, string> | undefined;

/** The columns of one of the catalog's views. */
export function generatedColumns(view: View): Columns {
  lines ??= new Map(
    systemViewColumns
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line]),
  );
  const name = `${view.schema}.${view.name}`;
  const line = lines.get(name);
  if (line === undefined) throw new Error(`the columns of ${name} are not generated: ${REMEDY}`);
  return line
    .split(' ')
    .slice(1)
    .map((column) => {
      const [named, type, typmod] = column.replace('!', '').split(':') as [string, TypeName, string?];
      return {
        name: named,
        type: { name: type, typmod: Number(typmod ?? -1), nullable: !column.endsWith('!') },
        defaultText: null,
      };
    });
}

/** A view's line of the generated text: `name:type[:typmod]` for each column, `!` after it for NOT NULL. */
export function columnLine(view: View, columns: readonly Pick<HirColumn, 'name' | 'type'>[]): string {
  const texts = columns.map(({ name, type }) => {
    const modifier = type.typmod === -1 ? '' : `:${type.typmod}`;
    return `${name}:${type.name}${modifier}${type.nullable ? '' : '!'}`;
  });
  return [`${view.schema}.${view.name}`, ...texts].join(' ');
}

/** Throws if the bound text of one of the catalog's views has other columns than were generated. */
export function checkColumns(view: View & Pick<ViewObject, 'columns'>, bound: readonly HirColumn[]): void {
  if (columnLine(view, view.columns) !== columnLine(view, bound)) {
    throw new Error(`the columns of ${view.schema}.${view.name} have changed: ${REMEDY}`);
  }
}
