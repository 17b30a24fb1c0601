/** Indexes on expressions and with a condition: what is refused by them, and what they are shown as. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query(`
    CREATE TABLE users (id int PRIMARY KEY, email text, name text, deleted_at timestamp, n numeric);
    INSERT INTO users VALUES (1, 'Ann@x', 'ann', NULL, 1.50), (2, 'bob@x', 'ann', '2020-01-01', 2), (3, NULL, 'cy', NULL, 3);
    CREATE UNIQUE INDEX by_email ON users (lower(email));
    CREATE UNIQUE INDEX by_name ON users USING btree (name) WHERE (deleted_at IS NULL)`);
});

const rows = (text: string): Promise<unknown[][]> => rowsOf(client, text);

const duplicate = (constraint: string, detail: string) => ({
  code: '23505',
  message: `duplicate key value violates unique constraint "${constraint}"`,
  detail,
  constraint,
});

test('rows whose expressions are equal are refused', async () => {
  await expect(client.query("INSERT INTO users VALUES (4, 'ANN@X', 'd')")).rejects.toMatchObject(
    duplicate('by_email', 'Key (lower(email))=(ann@x) already exists.'),
  );
  await expect(client.query("UPDATE users SET email = 'Bob@X' WHERE id = 1")).rejects.toMatchObject(
    duplicate('by_email', 'Key (lower(email))=(bob@x) already exists.'),
  );
  await client.query('INSERT INTO users VALUES (4, NULL, NULL)');
});

test('rows that do not satisfy the condition do not count', async () => {
  await expect(client.query("INSERT INTO users VALUES (5, 'e', 'ann')")).rejects.toMatchObject(
    duplicate('by_name', 'Key (name)=(ann) already exists.'),
  );
  await client.query("INSERT INTO users VALUES (5, 'e', 'ann', '2021-01-01'), (6, 'f', 'ann', '2021-01-01')");
  await expect(client.query('UPDATE users SET deleted_at = NULL WHERE id = 5')).rejects.toMatchObject(
    duplicate('by_name', 'Key (name)=(ann) already exists.'),
  );
  await client.query("UPDATE users SET deleted_at = '2022-01-01' WHERE id = 1");
  await client.query('UPDATE users SET deleted_at = NULL WHERE id = 5');
  expect(await rows("SELECT id FROM users WHERE name = 'ann' AND deleted_at IS NULL")).toEqual([[5]]);
});

test('two transactions: the second is refused', async () => {
  const other = await server.connect();
  await client.query("BEGIN; INSERT INTO users VALUES (20, 'Zed@x', 'z')");
  await other.query("INSERT INTO users VALUES (21, 'zed@X', 'y')");
  await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '23505' });
  await other.query('DELETE FROM users WHERE id = 21');
  await other.end();
});

test('ON CONFLICT names them as they were declared', async () => {
  await client.query("INSERT INTO users VALUES (30, 'BOB@x', 'new') ON CONFLICT DO NOTHING");
  expect(
    await rows(
      "INSERT INTO users VALUES (30, 'BOB@x', 'new') ON CONFLICT (lower(email)) DO UPDATE SET n = 7 RETURNING id, n",
    ),
  ).toEqual([[2, '7']]);
  expect(
    await rows(
      "INSERT INTO users VALUES (31, NULL, 'cy') ON CONFLICT (name) WHERE deleted_at IS NULL DO UPDATE SET n = 8 RETURNING id, n",
    ),
  ).toEqual([[3, '8']]);
  for (const target of ['(name)', '(email)', '(upper(email))', '(name) WHERE deleted_at IS NOT NULL']) {
    await expect(
      client.query(`INSERT INTO users VALUES (31, NULL, 'cy') ON CONFLICT ${target} DO NOTHING`),
      target,
    ).rejects.toMatchObject({ code: '42P10' });
  }
});

test('the catalog shows expressions and conditions', async () => {
  expect(
    await rows(`SELECT pg_get_indexdef(indexrelid), pg_get_expr(indpred, indrelid), pg_get_expr(indexprs, indrelid)
      FROM pg_index WHERE indrelid = 'users'::regclass AND NOT indisprimary ORDER BY 1`),
  ).toEqual([
    ['CREATE UNIQUE INDEX by_email ON public.users USING btree (lower(email))', null, 'lower(email)'],
    [
      'CREATE UNIQUE INDEX by_name ON public.users USING btree (name) WHERE (deleted_at IS NULL)',
      '(deleted_at IS NULL)',
      null,
    ],
  ]);
});

test('they are no keys that others could refer to, or plans could go by', async () => {
  await expect(client.query('CREATE TABLE r (name text REFERENCES users (name))')).rejects.toMatchObject({
    code: '42830',
  });
  expect(await rows("SELECT DISTINCT name FROM users WHERE name = 'ann'")).toEqual([['ann']]);
  expect(await rows('SELECT count(*) FROM users a JOIN users b USING (name)')).toEqual(
    await rows(
      'SELECT sum(c * c) FROM (SELECT count(*) AS c FROM users WHERE name IS NOT NULL GROUP BY name) x',
    ),
  );
});

test('ALTER TABLE keeps them', async () => {
  await client.query('ALTER TABLE users ADD COLUMN extra int NOT NULL DEFAULT 5');
  await expect(client.query("INSERT INTO users VALUES (40, 'ANN@x', 'q')")).rejects.toMatchObject({
    code: '23505',
  });
  await expect(client.query("INSERT INTO users VALUES (40, 'q', 'cy')")).rejects.toMatchObject({
    code: '23505',
  });
  await client.query('ALTER TABLE users DROP COLUMN deleted_at');
  await client.query("INSERT INTO users VALUES (40, 'q', 'cy')");
});

test('what is there is looked at first', async () => {
  await expect(client.query('CREATE UNIQUE INDEX bad ON users ((name || 1))')).rejects.toMatchObject({
    code: '23505',
    message: 'could not create unique index "bad"',
    detail: expect.stringMatching(/^Key \(\(name \|\| 1\)\)=\((ann|cy)1\) is duplicated\.$/),
  });
  await client.query("CREATE UNIQUE INDEX good ON users (name) WHERE name = 'nobody'");
});

test('an error of the expression is one of the row', async () => {
  await client.query('CREATE TABLE divisors (d int)');
  await client.query('CREATE UNIQUE INDEX ON divisors ((10 / d))');
  await expect(client.query('INSERT INTO divisors VALUES (3), (0)')).rejects.toMatchObject({ code: '22012' });
  await expect(client.query('INSERT INTO divisors VALUES (6), (7)')).rejects.toMatchObject({ code: '23505' });
  await client.query('INSERT INTO divisors VALUES (6), (3), (NULL), (NULL)');
});

test('what changes by itself cannot be indexed', async () => {
  await expect(client.query('CREATE INDEX ON users ((random() * n))')).rejects.toMatchObject({
    code: '42P17',
  });
  await expect(client.query('CREATE UNIQUE INDEX ON users (n) WHERE now() > now()')).rejects.toMatchObject({
    code: '42P17',
    message: 'functions in index predicate must be marked IMMUTABLE',
  });
});

test('an index of a view is unique where the view is', async () => {
  await client.query('CREATE MATERIALIZED VIEW named AS SELECT name, count(*) AS n FROM users GROUP BY name');
  await client.query('CREATE UNIQUE INDEX ON named (name)');
  await expect(client.query('CREATE UNIQUE INDEX ON named (n)')).rejects.toMatchObject({ code: '0A000' });
});
