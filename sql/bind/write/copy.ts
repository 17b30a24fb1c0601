import type { CatalogRelation } from '../../catalog.ts';
import { SqlError } from '../../error.ts';
import type { HirScalar } from '../../hir.ts';
import { mapScalarParts } from '../../hir/traverse.ts';
import type { BindEnvironment } from '../environment.ts';
import { generations } from '../generated-column.ts';
import { literal } from '../scalar.ts';
import { Statement } from '../statement.ts';
import { defaultValue, notNull } from './target.ts';

/** Rows of `fields` (column numbers, in the data's order) become rows of the table by `scalars`, one for each column. */
export interface FilledRow {
  readonly fields: readonly number[];
  readonly scalars: readonly HirScalar[];
  /** Columns that are computed from the row of `scalars`, by their numbers. */
  readonly generated: ReadonlyMap<number, HirScalar>;
}

/** What COPY and sources do with decoded fields: place them, fill in defaults, check NOT NULL. */
export function bindDecodedRow(
  relation: CatalogRelation,
  columnNames: readonly string[],
  environment: BindEnvironment,
  session: number,
): FilledRow {
  const context = { statement: new Statement(environment), ctes: [], outer: null };
  const fields =
    columnNames.length === 0
      ? relation.columns.flatMap(({ generated }, index) => (generated === undefined ? [index] : []))
      : columnNames.map((name, place) => {
          const index = relation.columns.findIndex((column) => column.name === name);
          if (index < 0) {
            const message = `column "${name}" of relation "${relation.name}" does not exist`;
            throw new SqlError({ sqlstate: '42703', message });
          }
          if (relation.columns[index]!.generated !== undefined) {
            const message = `column "${name}" is a generated column`;
            const detail = 'Generated columns cannot be used in COPY.';
            throw new SqlError({ sqlstate: '42P10', message, detail });
          }
          if (columnNames.indexOf(name) !== place) {
            throw new SqlError({ sqlstate: '42701', message: `column "${name}" specified more than once` });
          }
          return index;
        });
  const scalars = relation.columns.map((column, number): HirScalar => {
    const index = fields.indexOf(number);
    const type = { ...column.type, nullable: true };
    const value: HirScalar =
      index < 0 ? inSession(defaultValue(column, context), session) : { kind: 'column', index, type };
    // A table's rows are checked where they are written.
    return relation.kind === 'table' ? value : notNull(relation, column, value);
  });
  return { fields, scalars, generated: generations(relation, environment) };
}

/** A DEFAULT of this session: decoders have no parameters. */
function inSession(scalar: HirScalar, session: number): HirScalar {
  if (scalar.kind === 'session' && scalar.value === 'sessionNumber') return literal('int8', String(session));
  return mapScalarParts(scalar, {
    scalar: (part) => inSession(part, session),
    relation: (relation) => relation,
  });
}
