/** Set-returning functions: their overloads as pg_proc has them, and what the engine runs for each. */
import type { TableFunction } from '../../engine/plan.generated.ts';
import type { TypeName } from '../types/type.ts';
import { postgresKeywords } from './postgres-names.generated.ts';

/** An overload of a set-returning function. */
export interface TableFunctionEntry {
  readonly name: string;
  readonly arguments: readonly TypeName[];
  readonly function: TableFunction;
  /** A literal in the place of all arguments: PostgreSQL's function over objects that there are none of. */
  readonly constant?: readonly [TypeName, string];
  /** The arguments' names, where calls may name them. */
  readonly argumentNames?: readonly string[];
  /** How many of the last arguments may be left out; `defaults` are theirs. */
  readonly optional?: number;
  /** Literals for what the engine's function takes beyond `arguments`: a type and a text. */
  readonly defaults: readonly (readonly [TypeName, string | null])[];
  /** The columns; `name` null where the result has no name of its own. */
  readonly columns: readonly {
    readonly name: string | null;
    readonly type: TypeName;
    readonly nullable: boolean;
  }[];
  /** Can raise an error for arguments of which none does. */
  readonly canError: boolean;
}

type Column = TableFunctionEntry['columns'][number];

const column = (name: string | null, type: TypeName, nullable = false): Column => ({ name, type, nullable });

function series(type: TypeName, step: TypeName): TableFunctionEntry[] {
  const entry = (
    given: readonly TypeName[],
    defaults: TableFunctionEntry['defaults'],
  ): TableFunctionEntry => ({
    name: 'generate_series',
    arguments: given,
    function: 'generateSeries',
    defaults,
    columns: [column(null, type)],
    canError: true,
  });
  const stepped = entry([type, type, step], []);
  return step === type ? [entry([type, type], [[type, '1']]), stepped] : [stepped];
}

/** The steps are days and months in a zone of its own. */
const seriesAtZone = series('timestamptz', 'interval').map((entry) => ({
  ...entry,
  arguments: [...entry.arguments, 'text' as const],
}));

function jsonb(
  name: string,
  called: TableFunction,
  columns: readonly Column[],
  of: 'json' | 'jsonb' = 'jsonb',
): TableFunctionEntry {
  return { name, arguments: [of], function: called, defaults: [], columns, canError: true };
}

function split(
  name: string,
  called: TableFunction,
  given: number,
  missing: string | null,
  canError: boolean,
): TableFunctionEntry {
  const defaults = given === 3 ? [] : [['text', missing] as const];
  const types = Array.from({ length: given }, (): TypeName => 'text');
  const columns = [column(null, 'text', called === 'stringToTable' && given === 3)];
  return { name, arguments: types, function: called, defaults, columns, canError };
}

/** `jsonb_path_query`: its variables and `silent` have defaults. */
function pathQuery(name: string, called: TableFunction): TableFunctionEntry {
  return {
    name,
    arguments: ['jsonb', 'jsonpath', 'jsonb', 'bool'],
    argumentNames: ['target', 'path', 'vars', 'silent'],
    optional: 2,
    function: called,
    defaults: [
      ['jsonb', '{}'],
      ['bool', 'f'],
    ],
    columns: [column(null, 'jsonb')],
    canError: true,
  };
}

const ENTRIES: readonly TableFunctionEntry[] = [
  ...series('int4', 'int4'),
  ...series('int8', 'int8'),
  ...series('numeric', 'numeric'),
  ...series('timestamp', 'interval'),
  ...series('timestamptz', 'interval'),
  ...seriesAtZone,
  split('string_to_table', 'stringToTable', 2, null, false),
  split('string_to_table', 'stringToTable', 3, null, false),
  split('regexp_split_to_table', 'regexpSplitToTable', 2, '', true),
  split('regexp_split_to_table', 'regexpSplitToTable', 3, '', true),
  jsonb('jsonb_array_elements', 'jsonbArrayElements', [column('value', 'jsonb')]),
  jsonb('jsonb_array_elements_text', 'jsonbArrayElementsText', [column('value', 'text', true)]),
  jsonb('jsonb_each', 'jsonbEach', [column('key', 'text'), column('value', 'jsonb')]),
  jsonb('jsonb_each_text', 'jsonbEachText', [column('key', 'text'), column('value', 'text', true)]),
  jsonb('json_array_elements', 'jsonArrayElements', [column('value', 'json')], 'json'),
  jsonb('json_array_elements_text', 'jsonArrayElementsText', [column('value', 'text', true)], 'json'),
  jsonb('json_each', 'jsonEach', [column('key', 'text'), column('value', 'json')], 'json'),
  jsonb('json_each_text', 'jsonEachText', [column('key', 'text'), column('value', 'text', true)], 'json'),
  jsonb('json_object_keys', 'jsonObjectKeys', [column(null, 'text')], 'json'),
  {
    name: 'unnest',
    arguments: ['anyarray' as TypeName],
    function: 'unnest',
    defaults: [],
    columns: [column(null, 'anyelement' as TypeName, true)],
    canError: false,
  },
  {
    name: 'unnest',
    arguments: ['anymultirange' as TypeName],
    function: 'unnest',
    defaults: [],
    columns: [column(null, 'anyrange' as TypeName)],
    canError: false,
  },
  ...[2, 3].map((given): TableFunctionEntry => ({
    name: 'generate_subscripts',
    arguments: ['anyarray' as TypeName, 'int4' as TypeName, 'bool' as TypeName].slice(0, given),
    function: 'generateSubscripts',
    defaults: given === 3 ? [] : [['bool', 'f']],
    columns: [column(null, 'int4')],
    canError: false,
  })),
  ...[2, 3].map((given): TableFunctionEntry => ({
    name: 'regexp_matches',
    arguments: Array.from({ length: given }, (): TypeName => 'text'),
    function: 'regexpMatches',
    defaults: given === 3 ? [] : [['text', '']],
    columns: [column(null, '_text')],
    canError: true,
  })),
  jsonb('jsonb_object_keys', 'jsonbObjectKeys', [column(null, 'text')]),
  pathQuery('jsonb_path_query', 'jsonbPathQuery'),
  pathQuery('jsonb_path_query_tz', 'jsonbPathQueryTz'),
  {
    // In information_schema.
    name: '_pg_expandarray',
    arguments: ['anyarray' as TypeName],
    function: 'expandArray',
    defaults: [],
    columns: [column('x', 'anyelement' as TypeName, true), column('n', 'int4')],
    canError: false,
  },
  {
    name: 'pg_partition_ancestors',
    arguments: ['regclass'],
    function: 'unnest',
    constant: ['_regclass', '{}'],
    defaults: [],
    columns: [column('relid', 'regclass')],
    canError: false,
  },
];

/** Set-returning functions of PostgreSQL that there are not. */
const MISSING = new Set(
  `json_to_recordset json_populate_recordset jsonb_to_recordset jsonb_populate_recordset`.trim().split(/\s+/),
);

/** Whether PostgreSQL has a set-returning function of this name. */
export function isSetReturning(name: string): boolean {
  return MISSING.has(name) || ENTRIES.some((entry) => entry.name === name);
}

/** The overloads of a set-returning function. */
export function tableFunctionsNamed(name: string): readonly TableFunctionEntry[] {
  return ENTRIES.filter((entry) => entry.name === name);
}

/** PostgreSQL's functions over the catalog that give rows, as queries; each takes no arguments. */
const QUERIES: Readonly<Record<string, () => string>> = {
  pg_available_extensions: () =>
    'SELECT name, default_version, comment FROM pg_catalog.pg_available_extensions',
  pg_show_all_settings: () => 'SELECT * FROM pg_catalog.pg_settings',
  pg_get_keywords: () => {
    const categories: Record<string, string> = {
      U: 'unreserved',
      C: 'unreserved (cannot be function or type name)',
      T: 'reserved (can be function or type name)',
      R: 'reserved',
    };
    const rows = postgresKeywords
      .trim()
      .split('\n')
      .map((line) => {
        const [word, category, label] = line.split(' ') as [string, string, string];
        const labels = label === '1' ? 'can be bare label' : 'requires AS';
        return `('${word}', '${category}', ${label === '1'}, '${categories[category]}', '${labels}')`;
      });
    return `SELECT column1 AS word, column2::"char" AS catcode, column3 AS barelabel, column4 AS catdesc,
      column5 AS baredesc FROM (VALUES ${rows.join(', ')}) AS keywords`;
  },
};

/** The query that a function without arguments in FROM is, or null. */
export function tableQuery(name: string): string | null {
  return Object.hasOwn(QUERIES, name) ? QUERIES[name]!() : null;
}
