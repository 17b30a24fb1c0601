/** PostgreSQL's functions that are queries here: those that give rows of several columns, and those of information_schema. */
import type { CatalogFunction, CatalogReader, FunctionParameter } from '../catalog.ts';
import { TRUE_TYPES, TYPE_FACTS } from '../functions/type-facts.ts';
import { rowTypeOf } from '../types/record.ts';
import type { TypeName } from '../types/type.ts';
import { parseQuery } from './body.ts';

interface RowFunction {
  /** PostgreSQL's. */
  readonly oid: number;
  readonly parameters: readonly (readonly [name: string, type: TypeName])[];
  readonly columns: readonly (readonly [name: string, type: TypeName])[];
  readonly query: string;
}

/** The letters of an aclitem. */
const PRIVILEGES = Object.entries({
  ...{ a: 'INSERT', r: 'SELECT', w: 'UPDATE', d: 'DELETE', D: 'TRUNCATE', x: 'REFERENCES', t: 'TRIGGER' },
  ...{
    X: 'EXECUTE',
    U: 'USAGE',
    C: 'CREATE',
    T: 'TEMPORARY',
    c: 'CONNECT',
    s: 'SET',
    A: 'ALTER SYSTEM',
    m: 'MAINTAIN',
  },
});

const FUNCTIONS: Readonly<Record<string, RowFunction>> = {
  aclexplode: {
    oid: 1689,
    parameters: [['acl', '_text']],
    columns: [
      ['grantor', 'oid'],
      ['grantee', 'oid'],
      ['privilege_type', 'text'],
      ['is_grantable', 'bool'],
    ],
    // A grantee without a name is PUBLIC.
    query: `SELECT coalesce(r.oid, 0::oid), coalesce(e.oid, 0::oid),
        CASE p.m[1] ${PRIVILEGES.map(([letter, name]) => `WHEN '${letter}' THEN '${name}'`).join(' ')} END, p.m[2] <> ''
      FROM unnest($1) AS i (item)
      CROSS JOIN LATERAL regexp_matches(split_part(split_part(i.item, '=', 2), '/', 1), '([a-zA-Z])(\\*?)', 'g') AS p (m)
      LEFT JOIN tw_internal.roles r ON quote_ident(r.name) = split_part(i.item, '/', 2)
      LEFT JOIN tw_internal.roles e ON quote_ident(e.name) = split_part(i.item, '=', 1)`,
  },
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
export function postgresSqlFunctions(
  schema: string | null,
  name: string,
  catalog: CatalogReader,
): readonly CatalogFunction[] {
  if (schema === 'information_schema') return [...typeFact(name), ...trueType(name, catalog)];
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

/** What information_schema works out from a type and its modifier. */
function typeFact(name: string): readonly CatalogFunction[] {
  if (!Object.hasOwn(TYPE_FACTS, name)) return [];
  const { oid, result, fact } = TYPE_FACTS[name as keyof typeof TYPE_FACTS];
  return [
    {
      id: oid,
      schema: 'information_schema',
      name,
      parameters: [
        { name: 'typid', type: 'oid', defaultValue: null },
        { name: name === '_pg_interval_type' ? 'mod' : 'typmod', type: 'int4', defaultValue: null },
      ],
      result: { kind: 'value', set: false, type: result },
      strict: true,
      volatility: 'immutable',
      body: parseQuery(`SELECT ${fact('$1', '$2')}`),
    },
  ];
}

/** The type of a column, or its modifier, beneath the domain that it may be of. */
function trueType(name: string, catalog: CatalogReader): readonly CatalogFunction[] {
  if (!Object.hasOwn(TRUE_TYPES, name)) return [];
  const { oid, result, column, beneath } = TRUE_TYPES[name as keyof typeof TRUE_TYPES];
  const rowOf = (relation: string): FunctionParameter => {
    const found = catalog.findRelation('pg_catalog', relation)!;
    return { name: '', type: rowTypeOf(found), rowOf: found.id, defaultValue: null };
  };
  return [
    {
      id: oid,
      schema: 'information_schema',
      name,
      parameters: [rowOf('pg_attribute'), rowOf('pg_type')],
      result: { kind: 'value', set: false, type: result },
      strict: true,
      volatility: 'immutable',
      body: parseQuery(`SELECT CASE WHEN ($2).typtype = 'd' THEN ($2).${beneath} ELSE ($1).${column} END`),
    },
  ];
}
