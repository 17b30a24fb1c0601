/**
 * What is written to a table is known as soon as it is committed: small reads and writes of it do not wait for the views over
 * it, and the views come to the same in the end.
 */
import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';
import { TranscriptClient, bind, execute, parse, sync } from '../wire/transcript.ts';

let client: pg.Client;
const clients: TranscriptClient[] = [];

const server = testServer({}, async () => {
  client = await server.connect();
});

afterAll(() => clients.forEach((opened) => opened.close()));

async function open(...statements: string[]): Promise<TranscriptClient> {
  const opened = await TranscriptClient.open(server.port);
  clients.push(opened);
  for (const [index, text] of statements.entries()) {
    opened.send(parse(text, `s${index}`), sync);
    expect(await opened.until('Z'), text).toEqual(['ParseComplete', 'ReadyForQuery I']);
  }
  return opened;
}

async function run(opened: TranscriptClient, statement: string, ...values: string[]): Promise<string> {
  opened.send(bind({ statement, values }), execute(), sync);
  const lines = await opened.until('Z');
  return lines.find((line) => /^(DataRow|CommandComplete|ErrorResponse)/.test(line)) ?? lines.join('; ');
}

test('a view that takes long keeps nobody waiting who only wants the table', async () => {
  await client.query('CREATE TABLE slow (id int8 PRIMARY KEY, n int8)');
  await client.query('INSERT INTO slow SELECT i, 0 FROM generate_series(1, 1000) AS i');
  // Some seconds for each change.
  await client.query(
    `CREATE MATERIALIZED VIEW shown AS
       SELECT s.id, s.n, (SELECT count(*) FROM generate_series(1, 1000000 + s.n) AS g WHERE g % 7 = 0) AS sevens
       FROM slow AS s WHERE s.id <= 3`,
  );
  const other = await open('UPDATE slow SET n = n + 1 WHERE id = $1', 'SELECT n FROM slow WHERE id = $1');
  // What a statement needs for its first run is not looked at.
  expect(await run(other, 's0', '1000')).toBe('CommandComplete UPDATE 1');
  expect(await run(other, 's1', '1000')).toMatch(/^DataRow .*1/);
  const ended: string[] = [];
  expect(await run(other, 's0', '1')).toBe('CommandComplete UPDATE 1');
  const view = client
    .query<{ n: string; sevens: string }>('SELECT n, sevens FROM shown WHERE id = 1')
    .then(({ rows }) => {
      ended.push('view');
      return rows;
    });
  expect(await run(other, 's1', '1')).toMatch(/^DataRow .*1/);
  expect(await run(other, 's0', '1')).toBe('CommandComplete UPDATE 1');
  expect(await run(other, 's1', '1')).toMatch(/^DataRow .*2/);
  ended.push('table');
  expect(['1', '2']).toContain((await view)[0]!.n);
  expect(ended).toEqual(['table', 'view']);
  const { rows } = await client.query('SELECT n, sevens FROM shown WHERE id = 1');
  expect(rows).toEqual([{ n: '2', sevens: '142857' }]);
});

test('counters that many write to, with a view over them', async () => {
  await client.query('CREATE TABLE counters (id int8 PRIMARY KEY, part int8, n int8)');
  await client.query('INSERT INTO counters SELECT i, i % 3, 0 FROM generate_series(0, 9) AS i');
  await client.query(
    'CREATE MATERIALIZED VIEW totals AS SELECT part, sum(n) AS n, count(*) AS rows FROM counters GROUP BY part',
  );
  await client.query('CREATE TABLE entries (id int8 PRIMARY KEY, writer int8)');
  const rounds = 150;
  const writers = await Promise.all(
    Array.from({ length: 8 }, () =>
      open(
        'UPDATE counters SET n = n + 1 WHERE id = $1',
        'SELECT n FROM counters WHERE id = $1',
        'INSERT INTO entries VALUES ($1, $2)',
      ),
    ),
  );
  const inserted = await Promise.all(
    writers.map(async (writer, index) => {
      let succeeded = 0;
      let last = -1;
      for (let round = 0; round < rounds; round++) {
        expect(await run(writer, 's0', String((round + index) % 10))).toBe('CommandComplete UPDATE 1');
        const seen = Number(/\d+(?=[^\d]*$)/.exec(await run(writer, 's1', '4'))?.[0]);
        expect(seen, 'a counter does not go back').toBeGreaterThanOrEqual(last);
        last = seen;
        // All writers want the same keys.
        const outcome = await run(writer, 's2', String(round), String(index));
        if (outcome === 'CommandComplete INSERT 0 1') succeeded++;
        else expect(outcome).toMatch(/^ErrorResponse ERROR 23505/);
      }
      return succeeded;
    }),
  );
  expect(inserted.reduce((sum, each) => sum + each, 0)).toBe(rounds);
  const { rows: counters } = await client.query<{ n: string }>('SELECT sum(n) AS n FROM counters');
  expect(counters[0]!.n).toBe(String(8 * rounds));
  const { rows: views } = await client.query('SELECT * FROM totals ORDER BY part');
  const { rows: tables } = await client.query(
    'SELECT part, sum(n) AS n, count(*) AS rows FROM counters GROUP BY part ORDER BY part',
  );
  expect(views).toEqual(tables);
  const { rows: entries } = await client.query(
    'SELECT id, count(*) FROM entries GROUP BY id HAVING count(*) > 1',
  );
  expect(entries).toEqual([]);
});
