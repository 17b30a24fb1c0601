/** SERIALIZABLE transactions that write: what they have read is so when they commit, or the second gets 40001. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let [one, two]: pg.Client[] = [];

const server = testServer({}, async () => {
  one = await server.connect();
  two = await server.connect();
  await one.query('CREATE TABLE doctors (name text PRIMARY KEY, on_call bool NOT NULL)');
  await one.query('CREATE TABLE shifts (n int)');
  await one.query('CREATE MATERIALIZED VIEW present AS SELECT count(*) AS n FROM doctors WHERE on_call');
  await one.query('CREATE VIEW shown AS SELECT * FROM present');
});

beforeEach(async () => {
  await one!.query('ROLLBACK; DELETE FROM doctors; DELETE FROM shifts');
  await two!.query('ROLLBACK');
  await one!.query("INSERT INTO doctors VALUES ('ann', true), ('bob', true)");
});

const FAILURE = {
  code: '40001',
  message: 'could not serialize access due to read/write dependencies among transactions',
  hint: 'The transaction might succeed if retried.',
};

/** Both look whether somebody stays, and go: who commits second is told whether that is refused. */
async function skew(level: string, look: string): Promise<Promise<unknown>> {
  for (const [client, name] of [[one!, 'ann'] as const, [two!, 'bob'] as const]) {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`);
    expect((await client.query<{ n: string }>(look)).rows).toEqual([{ n: '2' }]);
    await client.query('UPDATE doctors SET on_call = false WHERE name = $1', [name]);
  }
  await one!.query('COMMIT');
  return two!.query('COMMIT');
}

const LOOK = 'SELECT count(*) AS n FROM doctors WHERE on_call';

test('two that decide by what the other changes', async () => {
  await skew('REPEATABLE READ', LOOK);
  expect((await one!.query(LOOK)).rows).toEqual([{ n: '0' }]);
});

test.each([LOOK, 'SELECT n FROM present', 'SELECT n FROM shown'])(
  'the second is refused: %s',
  async (look) => {
    await expect(skew('SERIALIZABLE', look)).rejects.toMatchObject(FAILURE);
    expect((await one!.query(LOOK)).rows).toEqual([{ n: '1' }]);
  },
);

test('two that wait for the same commit, and each read what the other wrote', async () => {
  const begin = async (client: pg.Client, name: string): Promise<void> => {
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    await client.query(LOOK);
    await client.query('INSERT INTO doctors VALUES ($1, true)', [name]);
  };
  await Promise.all([begin(one!, 'cid'), begin(two!, 'dan')]);
  const outcomes = await Promise.allSettled([one!.query('COMMIT'), two!.query('COMMIT')]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('an INSERT that looked for a key conflicts with what took the key away', async () => {
  await one!.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  await one!.query("INSERT INTO doctors VALUES ('ann', true) ON CONFLICT DO NOTHING");
  await one!.query('INSERT INTO shifts VALUES (1)');
  await two!.query("DELETE FROM doctors WHERE name = 'ann'");
  await expect(one!.query('COMMIT')).rejects.toMatchObject(FAILURE);
  expect((await two!.query('SELECT * FROM shifts')).rows).toEqual([]);
});

test('what only reads, or reads other tables than are written to, commits', async () => {
  await one!.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  await one!.query('SELECT * FROM shifts');
  await two!.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  await two!.query(LOOK);
  await one!.query("INSERT INTO doctors VALUES ('eve', true)");
  await one!.query('COMMIT');
  expect((await two!.query(LOOK)).rows).toEqual([{ n: '2' }]);
  await two!.query('COMMIT');
  // A writer whose reads are those of a moment before it began.
  await two!.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  await two!.query('INSERT INTO shifts SELECT count(*) FROM doctors');
  await two!.query('COMMIT');
  expect((await two!.query('SELECT * FROM shifts')).rows).toEqual([{ n: 3 }]);
});

test('reads before a savepoint count after it was rolled back', async () => {
  await one!.query('BEGIN ISOLATION LEVEL SERIALIZABLE; SAVEPOINT s');
  await one!.query(LOOK);
  await one!.query('ROLLBACK TO s; INSERT INTO shifts VALUES (1)');
  await two!.query("DELETE FROM doctors WHERE name = 'ann'");
  await expect(one!.query('COMMIT')).rejects.toMatchObject(FAILURE);
});

test('statements on their own run again', async () => {
  for (const client of [one!, two!]) await client.query("SET default_transaction_isolation = 'serializable'");
  try {
    const add = 'INSERT INTO shifts SELECT count(*) FROM shifts';
    for (let round = 0; round < 20; round += 1) await Promise.all([one!.query(add), two!.query(add)]);
    const { rows } = await one!.query<{ n: number }>('SELECT n FROM shifts ORDER BY n');
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  } finally {
    for (const client of [one!, two!]) await client.query('RESET default_transaction_isolation');
  }
});

test('the level stands when something was read', async () => {
  await one!.query(`BEGIN; ${LOOK}`);
  const error = { code: '25001', message: 'SET TRANSACTION ISOLATION LEVEL must be called before any query' };
  await expect(one!.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')).rejects.toMatchObject(error);
  await one!.query(`ROLLBACK; BEGIN; ${LOOK}`);
  await expect(one!.query("SET transaction_isolation = 'serializable'")).rejects.toMatchObject(error);
});
