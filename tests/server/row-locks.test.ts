/** SELECT … FOR UPDATE and FOR SHARE: who waits for whom, and what is seen then. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let one: pg.Client;
let other: pg.Client;

const server = testServer({}, async () => {
  [one, other] = await Promise.all([server.connect(), server.connect()]);
  await one.query('CREATE TABLE accounts (id int PRIMARY KEY, balance int)');
  await one.query('CREATE TABLE jobs (id int PRIMARY KEY, state text)');
  await one.query('CREATE VIEW rich AS SELECT * FROM accounts WHERE balance > 0');
});

beforeEach(async () => {
  await one.query('ROLLBACK');
  await other.query('ROLLBACK');
  await one.query('DELETE FROM accounts; DELETE FROM jobs');
  await one.query(
    "INSERT INTO accounts VALUES (1, 100), (2, 0); INSERT INTO jobs VALUES (1, 'new'), (2, 'new')",
  );
});

/** Whether a query is still waiting after others have been answered. */
async function waits(pending: Promise<unknown>): Promise<boolean> {
  const answered = Symbol('answered');
  const third = await server.connect();
  try {
    const round = third.query('SELECT 1').then(() => third.query('SELECT 1'));
    return (await Promise.race([pending.then(() => answered), round])) !== answered;
  } finally {
    await third.end();
  }
}

test('who comes second waits, and sees what the first has committed', async () => {
  await one.query('BEGIN');
  expect(await rowsOf(one, 'SELECT balance FROM accounts WHERE id = 1 FOR UPDATE')).toEqual([[100]]);
  await other.query('BEGIN');
  const second = rowsOf(other, 'SELECT balance FROM accounts WHERE id = 1 FOR UPDATE');
  expect(await waits(second)).toBe(true);
  await one.query('UPDATE accounts SET balance = balance - 30 WHERE id = 1');
  await one.query('COMMIT');
  expect(await second).toEqual([[70]]);
  await other.query('UPDATE accounts SET balance = balance - 30 WHERE id = 1');
  await other.query('COMMIT');
  expect(await rowsOf(one, 'SELECT balance FROM accounts WHERE id = 1')).toEqual([[40]]);
});

test('a view is locked as the tables that it is over', async () => {
  await one.query('BEGIN; SELECT * FROM rich FOR UPDATE');
  await other.query('BEGIN');
  const second = rowsOf(other, 'SELECT id FROM accounts ORDER BY id LIMIT 1 FOR NO KEY UPDATE');
  expect(await waits(second)).toBe(true);
  await one.query('ROLLBACK');
  expect(await second).toEqual([[1]]);
});

test('what was read before the wait may be old: 40001', async () => {
  await other.query('BEGIN');
  await other.query('SELECT count(*) FROM jobs');
  await one.query('BEGIN; SELECT * FROM accounts FOR UPDATE; UPDATE accounts SET balance = 1; COMMIT');
  await expect(other.query('SELECT * FROM accounts FOR UPDATE')).rejects.toMatchObject({
    code: '40001',
    message: 'could not serialize access due to concurrent update',
  });
});

test('shared locks go together', async () => {
  await one.query('BEGIN; SELECT * FROM accounts FOR SHARE');
  await other.query('BEGIN');
  expect(await rowsOf(other, 'SELECT id FROM accounts WHERE id = 1 FOR KEY SHARE')).toEqual([[1]]);
  await expect(other.query('SELECT id FROM accounts FOR UPDATE NOWAIT')).rejects.toMatchObject({
    code: '55P03',
    message: 'could not obtain lock on row in relation "accounts"',
  });
});

test('SKIP LOCKED gives no rows of a table that somebody has, and others as ever', async () => {
  const next = 'SELECT id FROM jobs WHERE state = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED';
  await one.query('BEGIN');
  expect((await one.query(next, ['new'])).rows).toEqual([{ id: 1 }]);
  await other.query('BEGIN');
  expect((await other.query(next, ['new'])).rows).toEqual([]);
  expect(await rowsOf(other, 'SELECT id FROM accounts WHERE id = 1 FOR UPDATE SKIP LOCKED')).toEqual([[1]]);
  await one.query('COMMIT');
});

test('each of two workers takes another job, in statements of their own', async () => {
  const take = `UPDATE jobs SET state = 'taken' WHERE id =
    (SELECT id FROM jobs WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id`;
  const taken = await Promise.all([rowsOf(one, take), rowsOf(other, take)]);
  expect(taken.flat(2).toSorted()).toEqual([1, 2]);
});

test('two that wait for each other are a deadlock', async () => {
  await one.query('BEGIN; SELECT * FROM accounts FOR UPDATE');
  await other.query('BEGIN; SELECT * FROM jobs FOR UPDATE');
  const first = one.query('SELECT * FROM jobs FOR UPDATE');
  expect(await waits(first)).toBe(true);
  await expect(other.query('SELECT * FROM accounts FOR UPDATE')).rejects.toMatchObject({ code: '40P01' });
  await other.query('ROLLBACK');
  await first;
});

test.each([
  ['SELECT DISTINCT id FROM accounts FOR UPDATE', '0A000', 'FOR UPDATE is not allowed with DISTINCT clause'],
  [
    'SELECT count(*) FROM accounts GROUP BY id FOR SHARE',
    '0A000',
    'FOR SHARE is not allowed with GROUP BY clause',
  ],
  [
    'SELECT id FROM accounts UNION SELECT 1 FOR UPDATE',
    '0A000',
    'FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT',
  ],
  [
    'SELECT 1 FROM accounts FOR UPDATE OF x',
    '42P01',
    'relation "x" in FOR UPDATE clause not found in FROM clause',
  ],
  [
    'CREATE MATERIALIZED VIEW m AS SELECT id FROM accounts FOR UPDATE',
    '0A000',
    'FOR UPDATE in a view is not supported',
  ],
])('%s', async (sql, code, message) => {
  await expect(one.query(sql)).rejects.toMatchObject({ code, message });
});

test('a read-only transaction locks nothing', async () => {
  await one.query('BEGIN READ ONLY');
  await expect(one.query('SELECT * FROM accounts FOR UPDATE')).rejects.toMatchObject({
    code: '25006',
    message: 'cannot execute SELECT FOR UPDATE in a read-only transaction',
  });
});

test('the rows of a materialized view are not locked', async () => {
  await one.query('CREATE MATERIALIZED VIEW richest AS SELECT max(balance) AS most FROM accounts');
  await one.query('CREATE VIEW shown AS SELECT * FROM richest');
  const refused = { code: '42809', message: 'cannot lock rows in materialized view "richest"' };
  for (const sql of [
    'SELECT * FROM richest FOR UPDATE',
    'SELECT * FROM shown FOR SHARE',
    'SELECT * FROM accounts, richest FOR UPDATE OF richest',
    'SELECT * FROM (SELECT * FROM richest) q FOR UPDATE',
  ]) {
    await expect(one.query(sql), sql).rejects.toMatchObject(refused);
  }
  expect(await rowsOf(one, 'SELECT id FROM accounts, richest WHERE id = 1 FOR UPDATE OF accounts')).toEqual([
    [1],
  ]);
  expect(await rowsOf(one, 'WITH richest AS (SELECT 1 AS x) SELECT x FROM richest FOR UPDATE')).toEqual([
    [1],
  ]);
});

test('what maintenance names must be there', async () => {
  await one.query('CREATE MATERIALIZED VIEW total AS SELECT sum(balance) AS balance FROM accounts');
  for (const sql of ['REINDEX TABLE total', 'VACUUM ANALYZE total (balance)', 'ANALYZE total']) {
    await expect(one.query(sql), sql).resolves.toBeDefined();
  }
  await expect(one.query('ANALYZE total (id)')).rejects.toMatchObject({ code: '42703' });
});
