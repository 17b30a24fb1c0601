/** PostgreSQL's functions that give rows of several columns for arguments, as queries: they are called as functions in SQL are. */
import type { CatalogFunction } from '../catalog.ts';
import type { TypeName } from '../types/type.ts';
import { parseQuery } from './body.ts';

interface RowFunction {
  /** PostgreSQL's. */
  readonly oid: number;
  readonly parameters: readonly (readonly [name: string, type: TypeName])[];
  readonly columns: readonly (readonly [name: string, type: TypeName])[];
  readonly query: string;
}

const FUNCTIONS: Readonly<Record<string, RowFunction>> = {
  pg_options_to_table: {
    oid: 2289,
    parameters: [['options_array', '_text']],
    columns: [
      ['option_name', 'text'],
      ['option_value', 'text'],
    ],
    query: `SELECT split_part(o, '=', 1), CASE WHEN strpos(o, '=') > 0 THEN substr(o, strpos(o, '=') + 1) END FROM unnest($1) AS o`,
  },
};

/** Those of the name, at most one. */
export function postgresSqlFunctions(schema: string | null, name: string): readonly CatalogFunction[] {
  if ((schema ?? 'pg_catalog') !== 'pg_catalog' || !Object.hasOwn(FUNCTIONS, name)) return [];
  const { oid, parameters, columns, query } = FUNCTIONS[name]!;
  return [
    {
      id: oid,
      schema: 'pg_catalog',
      name,
      parameters: parameters.map(([name, type]) => ({ name, type, defaultValue: null })),
      result: { kind: 'columns', set: true, columns: columns.map(([name, type]) => ({ name, type })) },
      strict: true,
      volatility: 'stable',
      body: parseQuery(query),
    },
  ];
}
