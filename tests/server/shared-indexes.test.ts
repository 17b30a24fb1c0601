/** Indexes, unique keys and foreign keys name the arrangements that views have asked for: whoever goes first takes nothing from the other. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { errorRaisedBy, rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { live } from '../support/live.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({ workers: 2 }, async () => {
  client = await server.connect();
});

const schema = freshSchema(
  () => client,
  'CREATE TABLE c (id int PRIMARY KEY, name text)',
  'CREATE TABLE o (id int PRIMARY KEY, c int, v int)',
  "INSERT INTO c SELECT i, 'c' || i FROM generate_series(1, 5) AS i",
  'INSERT INTO o SELECT i, i % 5 + 1, i FROM generate_series(1, 30) AS i',
);
const { run } = schema;

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

const explained = async (sql: string): Promise<string> => (await rows(sql)).flat().join('\n');

const VIEW = 'SELECT c.name, o.v FROM c JOIN o ON o.c = c.id';
const MAKE = `CREATE MATERIALIZED VIEW joined AS ${VIEW}`;
const LOOK_UP = 'SELECT v FROM o WHERE c = 2 ORDER BY v';

interface Held {
  readonly relation: string;
  readonly rows: number;
  readonly users: readonly string[];
}

/** What a view shares, and with whom. */
async function shared(view = 'joined'): Promise<readonly Held[]> {
  const text = await explained(`EXPLAIN MEMORY PLAN AS JSON FOR MATERIALIZED VIEW ${view}`);
  const held = (JSON.parse(text) as { shared: Held[] }).shared;
  return held.map(({ relation, rows, users }) => ({ relation, rows, users }));
}

const named = (...names: string[]): string[] => names.map((name) => `${schema.name}.${name}`);

let fresh = 100_000;

/** The view and the look-up after changes are what the tables say. */
async function sameAsTables(view = 'joined'): Promise<void> {
  const next = (fresh += 1);
  await run(
    `INSERT INTO o VALUES (${next}, 2, ${next})`,
    'DELETE FROM o WHERE id % 7 = 3',
    'UPDATE o SET c = 2 WHERE v = 5',
    'UPDATE o SET c = NULL WHERE v = 9',
  );
  await run("SET disabled_rules = 'read-views'");
  const joined = await rows(
    'SELECT c.name, o.v FROM c JOIN (SELECT c + 0 AS c, v FROM o) AS o ON o.c = c.id ORDER BY 1, 2',
  );
  const found = await rows('SELECT v FROM o WHERE c + 0 = 2 ORDER BY v');
  await run('RESET disabled_rules');
  expect(await rows(LOOK_UP)).toEqual(found);
  const exists = await rows(
    `SELECT 1 FROM pg_matviews WHERE schemaname = '${schema.name}' AND matviewname = '${view}'`,
  );
  if (exists.length > 0) expect(await rows(`SELECT * FROM ${view} ORDER BY 1, 2`)).toEqual(joined);
}

test('an index that comes after a view names the arrangement that the view reads', async () => {
  await run(MAKE, 'CREATE INDEX by_c ON o (c)');
  expect(await shared()).toEqual([
    { relation: `${schema.name}.o`, rows: 30, users: named('joined', 'by_c') },
  ]);
  expect(await explained(`EXPLAIN ${LOOK_UP}`)).toContain('(index by_c)');
  expect(await explained(`EXPLAIN CREATE MATERIALIZED VIEW other AS ${VIEW} WHERE v > 1`)).toContain(
    'o[c] (index by_c)',
  );
  await sameAsTables();
});

test('a view that comes after an index, and another index of the same key', async () => {
  await run('CREATE INDEX by_c ON o (c)', 'CREATE INDEX again ON o (c)', MAKE);
  expect(await shared()).toEqual([
    { relation: `${schema.name}.o`, rows: 30, users: named('by_c', 'again', 'joined') },
  ]);
  await run('DROP INDEX by_c');
  expect(await explained(`EXPLAIN ${LOOK_UP}`)).toContain('(index again)');
  await sameAsTables();
});

test('the view goes first', async () => {
  await run(MAKE, 'CREATE INDEX by_c ON o (c)', 'DROP MATERIALIZED VIEW joined');
  await sameAsTables();
  await run(MAKE);
  expect((await shared())[0]!.users).toEqual(named('by_c', 'joined'));
  await sameAsTables();
});

test('the index goes first, and what it named is found again', async () => {
  await run(MAKE, 'CREATE INDEX by_c ON o (c)', 'DROP INDEX by_c');
  expect((await shared())[0]!.users).toEqual(named('joined'));
  await sameAsTables();
  await run('CREATE INDEX anew ON o (c)');
  expect((await shared())[0]!.users).toEqual(named('joined', 'anew'));
  await sameAsTables();
  await run('DROP MATERIALIZED VIEW joined', 'DROP INDEX anew');
  expect(await explained(`EXPLAIN ${MAKE}`)).toContain('o[c] (shared, new)');
  await sameAsTables();
});

test('the index is made first, the view reads it, and the index goes', async () => {
  await run('CREATE INDEX by_c ON o (c)', MAKE, 'DROP INDEX by_c');
  expect(await shared()).toMatchObject([{ users: named('joined') }]);
  expect(await explained(`EXPLAIN CREATE MATERIALIZED VIEW other AS ${VIEW} WHERE v > 1`)).toContain(
    'o[c] (shared by 1)',
  );
  await sameAsTables();
});

test('what an index reads by the key of the relation is the relation', async () => {
  await run(
    'CREATE MATERIALIZED VIEW sums AS SELECT c, sum(v) AS s FROM o GROUP BY c',
    'CREATE UNIQUE INDEX by_group ON sums (c)',
    'CREATE INDEX by_id ON o (id)',
  );
  const [sizes] = await rows(
    `SELECT pg_relation_size('o') = pg_relation_size('by_id'), pg_indexes_size('o') FROM (VALUES (1)) AS one`,
  );
  expect(sizes).toEqual([true, '0']);
  expect(await rows('SELECT s FROM sums WHERE c = 2')).toEqual([['81']]);
  const changes = await live(server, `SUBSCRIBE ${schema.name}.o`);
  await run('DROP INDEX by_id', 'DROP INDEX by_group', 'INSERT INTO o VALUES (100, 2, 1)');
  expect(await rows('SELECT s FROM sums WHERE c = 2')).toEqual([['82']]);
  expect(await changes.until((all) => all.length === 31)).toHaveLength(31);
  await changes.close();
  await run(
    'CREATE UNIQUE INDEX by_group ON sums (c)',
    'CREATE OR REPLACE MATERIALIZED VIEW sums AS SELECT c, sum(v) + 1 AS s FROM o GROUP BY c',
  );
  expect(await rows('SELECT s FROM sums WHERE c = 2')).toEqual([['83']]);
  await run('DROP MATERIALIZED VIEW sums');
});

test('a unique key that comes to a table takes the arrangement, and refuses', async () => {
  await run('CREATE MATERIALIZED VIEW joined AS SELECT c.name, o.v FROM c JOIN o ON o.v = c.id');
  await run('ALTER TABLE o ADD CONSTRAINT one_v UNIQUE (v)');
  expect(await shared()).toMatchObject([{ users: named('joined', 'one_v') }]);
  expect(await errorRaisedBy(client, 'INSERT INTO o VALUES (100, 1, 30)')).toMatchObject({
    code: '23505',
    constraint: 'one_v',
  });
  // Keys are told apart by their arrangements: another has its own.
  await run('CREATE UNIQUE INDEX nulls ON o (v) NULLS NOT DISTINCT', 'INSERT INTO o VALUES (101, 1, NULL)');
  expect(await errorRaisedBy(client, 'INSERT INTO o VALUES (102, 1, NULL)')).toMatchObject({
    constraint: 'nulls',
  });
  await run('DROP INDEX nulls', 'INSERT INTO o VALUES (102, 1, NULL)', 'ALTER TABLE o DROP CONSTRAINT one_v');
  await run('INSERT INTO o VALUES (103, 1, 3)');
  expect(await shared()).toMatchObject([{ rows: 33, users: named('joined') }]);
  expect(await rows('SELECT count(*) FROM joined WHERE v = 3')).toEqual([['2']]);
});

test('a unique index that is refused leaves the arrangement to the view', async () => {
  await run(MAKE);
  expect(await errorRaisedBy(client, 'CREATE UNIQUE INDEX one ON o (c)')).toMatchObject({ code: '23505' });
  expect(await shared()).toMatchObject([{ users: named('joined') }]);
  await sameAsTables();
});

test('foreign keys look up what views and indexes read', async () => {
  await run('CREATE TABLE d (id int PRIMARY KEY)', 'INSERT INTO d SELECT id FROM c', MAKE);
  await run(
    'ALTER TABLE o ADD CONSTRAINT to_c FOREIGN KEY (c) REFERENCES c ON DELETE CASCADE',
    'ALTER TABLE o ADD CONSTRAINT to_d FOREIGN KEY (c) REFERENCES d',
    'CREATE INDEX by_c ON o (c)',
  );
  expect(await shared()).toMatchObject([{ users: named('o.to_c', 'joined', 'by_c') }]);
  await run('DELETE FROM d WHERE id = 2').catch(() => undefined);
  expect(await errorRaisedBy(client, 'DELETE FROM d WHERE id = 2')).toMatchObject({ constraint: 'to_d' });
  await run('INSERT INTO d VALUES (9)');
  expect(await errorRaisedBy(client, 'INSERT INTO o VALUES (100, 9, 1)')).toMatchObject({
    constraint: 'to_c',
  });
  await run('DELETE FROM c WHERE id = 3', 'ALTER TABLE o DROP CONSTRAINT to_c');
  expect(await rows('SELECT count(*) FROM o')).toEqual([['24']]);
  expect(await shared()).toMatchObject([{ users: named('joined', 'by_c') }]);
  await sameAsTables();
  await run('DROP INDEX by_c', 'DROP MATERIALIZED VIEW joined');
  expect(await errorRaisedBy(client, 'DELETE FROM d WHERE id = 2')).toMatchObject({ constraint: 'to_d' });
});

test('a table that refers by its primary key', async () => {
  await run(
    'CREATE TABLE e (id int PRIMARY KEY REFERENCES c ON DELETE CASCADE, x int)',
    'INSERT INTO e SELECT id, id FROM c',
  );
  expect(await errorRaisedBy(client, 'INSERT INTO e VALUES (9, 9)')).toMatchObject({
    constraint: 'e_id_fkey',
  });
  await run(
    'DELETE FROM c WHERE id = 4',
    'ALTER TABLE e DROP CONSTRAINT e_id_fkey',
    'INSERT INTO e VALUES (9, 9)',
  );
  expect(await rows('SELECT sum(id) FROM e')).toEqual([['20']]);
});

test('errors of what is indexed', async () => {
  await run(
    'CREATE MATERIALIZED VIEW quotients AS SELECT c, sum(60 / v) AS q FROM o GROUP BY c',
    'CREATE MATERIALIZED VIEW joined AS SELECT c.name, x.q FROM c JOIN quotients x ON x.q = c.id',
    'CREATE INDEX by_q ON quotients (q)',
  );
  expect((await shared()).at(-1)!.users).toEqual(named('joined', 'by_q'));
  const read = 'SELECT c FROM quotients WHERE q = 38';
  const before = await rows(read);
  await run('INSERT INTO o VALUES (100, 2, 0)');
  for (const dropped of ['joined', null]) {
    expect(await errorRaisedBy(client, read)).toMatchObject({ code: '22012' });
    if (dropped) await run(`DROP MATERIALIZED VIEW ${dropped}`);
  }
  await run('DELETE FROM o WHERE v = 0');
  expect(await rows(read)).toEqual(before);
});

test('a subscription holds what it reads, until its table goes', async () => {
  await run('CREATE INDEX by_c ON o (c)');
  const changes = await live(
    server,
    `SUBSCRIBE (SELECT c.name, o.v FROM ${schema.name}.c JOIN ${schema.name}.o ON o.c = c.id WHERE o.v > 28)`,
  );
  await changes.take(2);
  await run('DROP INDEX by_c', 'INSERT INTO o VALUES (100, 2, 100)');
  await changes.take(1);
  await run('DROP TABLE o');
  await expect.poll(() => changes.ended).toMatchObject({ code: '55000' });
});

test('an index in a transaction that is taken back, and one that is kept', async () => {
  await run(MAKE, 'BEGIN', 'CREATE INDEX by_c ON o (c)', 'DROP MATERIALIZED VIEW joined', 'ROLLBACK');
  expect(await shared()).toMatchObject([{ users: named('joined') }]);
  await sameAsTables();
  await run('BEGIN', 'CREATE INDEX by_c ON o (c)', 'DROP MATERIALIZED VIEW joined', 'COMMIT');
  await sameAsTables();
  await run('BEGIN', 'DROP INDEX by_c', MAKE, 'ROLLBACK', MAKE);
  expect((await shared())[0]!.users).toEqual(named('by_c', 'joined'));
});

test('a table that is made anew has one arrangement again', async () => {
  await run(MAKE, 'CREATE INDEX by_c ON o (c)', 'CREATE INDEX again ON o (c)');
  await run('ALTER TABLE o ALTER COLUMN id TYPE bigint');
  expect(await shared()).toMatchObject([{ rows: 30, users: named('joined', 'by_c', 'again') }]);
  await sameAsTables();
  await run('DROP INDEX by_c', 'DROP MATERIALIZED VIEW joined', 'DROP INDEX again');
  await sameAsTables();
});

test('over many rows, which hydrate elsewhere', async () => {
  await run(
    'INSERT INTO o SELECT i, i % 5 + 1, i FROM generate_series(1000, 30000) AS i',
    MAKE,
    'CREATE INDEX by_c ON o (c) WITH (background)',
    'CREATE MATERIALIZED VIEW counts AS SELECT c, count(*) AS n FROM o GROUP BY c',
    'CREATE INDEX by_n ON counts (n) WITH (background)',
    'CREATE INDEX by_n_again ON counts (n)',
  );
  expect(await shared()).toMatchObject([{ rows: 29031, users: named('joined', 'by_c') }]);
  await sameAsTables();
  await run('DROP MATERIALIZED VIEW joined');
  await sameAsTables();
});

test('a transaction that is older than an index reads without it', async () => {
  const old = await server.connect();
  await old.query(`SET search_path = ${schema.name}`);
  await old.query('BEGIN');
  expect(await rowsOf(old, LOOK_UP)).toHaveLength(6);
  await run('DELETE FROM o WHERE v = 1', 'CREATE INDEX by_c ON o (c)', 'INSERT INTO o VALUES (100, 2, 100)');
  expect(await rows(LOOK_UP)).toHaveLength(6);
  expect(await rowsOf(old, LOOK_UP)).toEqual(
    [['1'], ['6'], ['11'], ['16'], ['21'], ['26']].map(([v]) => [Number(v)]),
  );
  await old.query('COMMIT');
  expect(await rowsOf(old, LOOK_UP)).toEqual(await rows(LOOK_UP));
  await old.end();
});
