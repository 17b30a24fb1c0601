/** What CREATE TABLE declares, and what PostgreSQL refuses in it. */
import { expect, test } from 'vitest';
import { nodeAs } from '../../sql/ast/accessors.ts';
import { bindColumnDefinitions } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { formatType } from '../../sql/types/format.ts';
import { environmentFor, makeCatalog, statementOf } from './fixture.ts';

const catalog = makeCatalog();

function columns(text: string): string {
  const create = nodeAs(statementOf(text).node, 'CreateStmt')!;
  const bound = bindColumnDefinitions(
    create.relation!.relname!,
    create.tableElts ?? [],
    environmentFor(text, catalog),
  );
  const lines = bound.columns.map(({ name, type, defaultText }) =>
    [name, formatType(type), type.nullable ? '' : 'not null', defaultText === null ? '' : `= ${defaultText}`]
      .filter((part) => part !== '')
      .join(' '),
  );
  const { primaryKey } = bound;
  return [
    ...lines,
    ...(primaryKey === null ? [] : [`${primaryKey.name} (${primaryKey.columns.join(', ')})`]),
  ].join('\n');
}

test('types, modifiers, keys, defaults', () => {
  expect(
    columns(`CREATE TABLE x (
      a integer PRIMARY KEY, b varchar(10) NOT NULL DEFAULT 'it''s, (a) test', c character(3), d numeric(15,2) DEFAULT (1 + 2) * 3 NOT NULL,
      e timestamp(3) with time zone, f double precision DEFAULT NULL, g decimal, h char, i time(2), j interval day to second,
      k "char", l bool DEFAULT 1 IS NOT DISTINCT FROM 1 NOT NULL, m character varying, n float(10), o text DEFAULT upper('x'), p date DEFAULT now())`),
  ).toMatchInlineSnapshot(`
    "a integer not null
    b character varying(10) not null = 'it''s, (a) test'
    c character(3)
    d numeric(15,2) not null = (1 + 2) * 3
    e timestamp(3) with time zone
    f double precision = NULL
    g numeric
    h character(1)
    i time(2) without time zone
    j interval day to second
    k "char"
    l boolean not null = 1 IS NOT DISTINCT FROM 1
    m character varying
    n real
    o text = upper('x')
    p date = now()
    x_pkey (0)"
  `);
  expect(columns('CREATE TABLE x (a int, b int, CONSTRAINT k PRIMARY KEY (b, a))')).toMatchInlineSnapshot(`
    "a integer not null
    b integer not null
    k (1, 0)"
  `);
});

test.each([
  ['CREATE TABLE x (a int, a int)', '42701', 'column "a" specified more than once'],
  ['CREATE TABLE x (a nope)', '42704', 'type "nope" does not exist'],
  [
    'CREATE TABLE x (a int PRIMARY KEY, b int PRIMARY KEY)',
    '42P16',
    'multiple primary keys for table "x" are not allowed',
  ],
  ['CREATE TABLE x (a int, PRIMARY KEY (b))', '42703', 'column "b" named in key does not exist'],
  [
    'CREATE TABLE x (a int, PRIMARY KEY (a, a))',
    '42701',
    'column "a" appears twice in primary key constraint',
  ],
  [
    'CREATE TABLE x (a int DEFAULT true)',
    '42804',
    'column "a" is of type integer but default expression is of type boolean',
  ],
  [`CREATE TABLE x (a int DEFAULT 'x')`, '22P02', 'invalid input syntax for type integer: "x"'],
  ['CREATE TABLE x (a int DEFAULT b)', '0A000', 'cannot use column reference in DEFAULT expression'],
  ['CREATE TABLE x (a int DEFAULT (SELECT 1))', '0A000', 'cannot use subquery in DEFAULT expression'],
  [
    'CREATE TABLE x (a int DEFAULT count(*))',
    '42803',
    'aggregate functions are not allowed in DEFAULT expressions',
  ],
  [
    'CREATE TABLE x (a int NULL NOT NULL)',
    '42601',
    'conflicting NULL/NOT NULL declarations for column "a" of table "x"',
  ],
  [
    'CREATE TABLE x (a int DEFAULT 1 DEFAULT 2)',
    '42601',
    'multiple default values specified for column "a" of table "x"',
  ],
  ['CREATE TABLE x (a int CHECK (b > 0))', '42703', 'column "b" does not exist'],
  ['CREATE TABLE x (a int UNIQUE DEFERRABLE)', '0A000', 'deferred constraints are not supported'],
  ['CREATE TABLE x (a int REFERENCES t MATCH PARTIAL)', '0A000', 'MATCH PARTIAL not yet implemented'],
  ['CREATE TABLE x (a int CHECK (a > (SELECT 1)))', '0A000', 'cannot use subquery in check constraint'],
  ['CREATE TABLE x (a numeric(0))', '22023', 'NUMERIC precision 0 must be between 1 and 1000'],
  ['CREATE TABLE x (a text COLLATE "de_DE")', '0A000', 'collation "de_DE" is not supported'],
])('%s', (text, sqlstate, message) => {
  let error: unknown;
  try {
    columns(text);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(SqlError);
  expect(error).toMatchObject({ sqlstate, message });
});
