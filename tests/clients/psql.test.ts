/** psql's own commands over objects of each kind, by the real psql where there is one: what its users read. */
import { spawnSync } from 'node:child_process';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

const hasPsql = spawnSync('psql', ['--version']).status === 0;

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  for (const statement of [
    `CREATE TABLE authors (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
      email varchar(40) UNIQUE, rating numeric(5,2) DEFAULT 1.50, CONSTRAINT rating_positive CHECK (rating >= 0))`,
    'CREATE TABLE books (id bigserial PRIMARY KEY, author_id int, title text)',
    'CREATE INDEX books_title ON books (lower(title), author_id)',
    'CREATE VIEW named AS SELECT id, name FROM authors',
    'CREATE MATERIALIZED VIEW per_author AS SELECT author_id, count(*) AS n FROM books GROUP BY author_id',
  ]) {
    await client.query(statement);
  }
});

/** What psql prints, without the spaces at line ends. */
function psql(command: string): string {
  const { stdout, stderr } = spawnSync(
    'psql',
    ['-X', '-h', '127.0.0.1', '-p', String(server.port), '-U', 'tidewire', 'tidewire', '-c', command],
    { encoding: 'utf8', env: { ...process.env, PAGER: '', PGOPTIONS: '' } },
  );
  return (stdout + stderr).replaceAll(/ +$/gm, '').trimEnd();
}

describe.skipIf(!hasPsql)('psql', () => {
  test('\\d of a table', () => {
    expect(psql('\\d authors')).toBe(
      `                                Table "public.authors"
 Column |         Type          | Collation | Nullable |           Default
--------+-----------------------+-----------+----------+------------------------------
 id     | integer               |           | not null | generated always as identity
 name   | text                  |           | not null |
 email  | character varying(40) |           |          |
 rating | numeric(5,2)          |           |          | 1.50
Indexes:
    "authors_pkey" PRIMARY KEY, btree (id)
    "authors_email_key" UNIQUE CONSTRAINT, btree (email)
Check constraints:
    "rating_positive" CHECK (rating >= 0)`,
    );
  });

  test('\\d of an index, a sequence and a view', () => {
    expect(psql('\\d books_title')).toBe(
      `        Index "public.books_title"
  Column   |  Type   | Key? |  Definition
-----------+---------+------+--------------
 lower     | text    | yes  | lower(title)
 author_id | integer | yes  | author_id
btree, for table "public.books"`,
    );
    expect(psql('\\d books_id_seq')).toContain('Owned by: public.books.id');
    expect(psql('\\d+ named')).toContain('View definition:\nSELECT id, name FROM authors;');
    expect(psql('\\sv named')).toBe('CREATE OR REPLACE VIEW public.named AS\nSELECT id, name FROM authors');
  });

  test.each([
    '\\l',
    '\\l+',
    '\\du',
    '\\dp',
    '\\dn+',
    '\\dt+',
    '\\di+',
    '\\ds',
    '\\dm+',
    '\\dT+',
    '\\dfS',
    '\\daS',
  ])('%s', (command) => expect(psql(command)).not.toMatch(/ERROR/));
  test.each([
    '\\doS',
    '\\dCS',
    '\\dc',
    '\\dL',
    '\\dx',
    '\\dy',
    '\\drds',
    '\\dF',
    '\\dA',
    '\\dAc',
    '\\dO',
    '\\ddp',
    '\\dd',
  ])('%s', (command) => expect(psql(command)).not.toMatch(/ERROR/));
});

test('reg* values are names as text, and numbers in binary', async () => {
  const sql =
    "SELECT 'books'::regclass AS t, i.indrelid::regclass AS u FROM pg_index i WHERE i.indexrelid = 'books_title'::regclass";
  expect((await client.query(sql)).rows).toEqual([{ t: 'books', u: 'books' }]);
  const query = { text: sql, binary: true, queryMode: 'extended', rowMode: 'array' as const };
  const { rows } = await client.query(query as unknown as pg.QueryArrayConfig);
  const oid = await client.query("SELECT 'books'::regclass::oid AS oid");
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(oid.rows[0].oid);
  expect((rows[0] as Buffer[]).map((value) => Buffer.from(value).toString('hex'))).toEqual(
    Array.from({ length: 2 }, () => bytes.toString('hex')),
  );
});

test('names follow the search path', async () => {
  await client.query(
    'CREATE SCHEMA other; CREATE TABLE other.books (x int); CREATE TABLE other.alone (x int)',
  );
  const shown = async (): Promise<unknown[]> =>
    (
      await client.query(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relname IN ('books', 'alone') ORDER BY 1",
      )
    ).rows.map(({ name }) => name);
  expect(await shown()).toEqual(['books', 'other.alone', 'other.books']);
  await client.query('SET search_path = other, public');
  expect(await shown()).toEqual(['alone', 'books', 'public.books']);
  const visible =
    "SELECT count(*)::int AS n FROM pg_class WHERE relname = 'books' AND pg_table_is_visible(oid)";
  expect((await client.query(visible)).rows).toEqual([{ n: 1 }]);
  await client.query('RESET search_path; DROP SCHEMA other CASCADE');
});

test('definitions follow renames', async () => {
  await client.query('ALTER TABLE books RENAME TO works');
  const definition = "SELECT pg_get_indexdef('books_title'::regclass) AS d";
  expect((await client.query(definition)).rows).toEqual([
    { d: 'CREATE INDEX books_title ON public.works USING btree (lower(title), author_id)' },
  ]);
  await client.query('ALTER TABLE works RENAME TO books');
});

test('settings are the session’s', async () => {
  await client.query("SET application_name = 'me'");
  const sql =
    "SELECT setting, current_setting('application_name') AS own FROM pg_settings WHERE name = 'application_name'";
  expect((await client.query(sql)).rows).toEqual([{ setting: 'me', own: 'me' }]);
  await expect(client.query("SELECT current_setting('nope')")).rejects.toMatchObject({ code: '42704' });
  expect((await client.query("SELECT current_setting('nope', true) AS x")).rows).toEqual([{ x: null }]);
});
