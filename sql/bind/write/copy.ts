import type { Node } from '@pgsql/types';
import type { CatalogRelation } from '../../catalog.ts';
import { SqlError } from '../../error.ts';
import type { HirScalar } from '../../hir.ts';
import { freeOfScalar, mapScalarParts } from '../../hir/traverse.ts';
import { expressionContext } from '../context.ts';
import type { BindEnvironment } from '../environment.ts';
import { bindCondition } from '../expression.ts';
import { generations } from '../generated-column.ts';
import { literal } from '../scalar.ts';
import { scopeOfRow } from '../scope.ts';
import { Statement } from '../statement.ts';
import { defaultValue, notNull } from './target.ts';

/** How COPY's data names defaults. */
interface Marks {
  /** Behind the fields stands for each of them, as a bool, whether it is its column's default. */
  readonly marksDefaults: boolean;
}

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
  { marksDefaults }: Marks = { marksDefaults: false },
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
    const given: HirScalar = { kind: 'column', index, type };
    const byDefault = index < 0 || (marksDefaults && column.defaultText !== null);
    const otherwise = byDefault ? inSession(defaultValue(column, context), session) : given;
    const marked: HirScalar = { kind: 'column', index: fields.length + index, type: MARK };
    const value: HirScalar =
      index < 0 || !byDefault
        ? otherwise
        : {
            kind: 'case',
            branches: [{ condition: marked, result: otherwise }],
            otherwise: given,
            type: column.type,
          };
    // A table's rows are checked where they are written.
    return relation.kind === 'table' ? value : notNull(relation, column, value);
  });
  return { fields, scalars, generated: generations(relation, environment) };
}

/** The type of what says whether a field is its column's default. */
const MARK = { name: 'bool', typmod: -1, nullable: false } as const;

/** COPY FROM … WHERE: which of the rows are written, over a row of the relation. */
export function bindCopyCondition(
  node: Node,
  relation: CatalogRelation,
  environment: BindEnvironment,
): HirScalar {
  const statement = new Statement(environment);
  const scope = scopeOfRow(relation, 'COPY FROM WHERE condition');
  const context = expressionContext(
    { statement, ctes: [], outer: null },
    scope,
    'COPY FROM WHERE conditions',
  );
  const condition = bindCondition(node, context, 'WHERE');
  const { columns } = freeOfScalar(condition);
  const generated = columns.map(({ index }) => relation.columns[index]!).find((column) => column.generated);
  if (generated !== undefined) {
    throw new SqlError({
      sqlstate: '42P10',
      message: 'generated columns are not supported in COPY FROM WHERE conditions',
      detail: `Column "${generated.name}" is a generated column.`,
    });
  }
  return condition;
}

/** A DEFAULT of this session: decoders have no parameters. */
function inSession(scalar: HirScalar, session: number): HirScalar {
  if (scalar.kind === 'session' && scalar.value === 'sessionNumber') return literal('int8', String(session));
  // A COPY that got so far may write.
  if (scalar.kind === 'session' && scalar.value === 'readOnly') return literal('bool', 'f');
  return mapScalarParts(scalar, {
    scalar: (part) => inSession(part, session),
    relation: (relation) => relation,
  });
}
