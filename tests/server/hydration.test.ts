/** What it means to wait for a view or an index that hydrates, or not to: at the wire, while other statements go on. */
import { connect } from 'node:net';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
let other: pg.Client;

/** A while of work over 12,000 rows: each meets 119 others. */
const LONG =
  'SELECT a.g, count(*) AS pairs, sum(b.id) AS total FROM big a JOIN big b ON a.g = b.g GROUP BY a.g';

const server = testServer({}, async () => {
  client = await server.connect();
  other = await server.connect();
  await client.query('CREATE TABLE big (id int PRIMARY KEY, g int NOT NULL)');
  await client.query('CREATE TABLE small (id int PRIMARY KEY, v int)');
  const values = Array.from({ length: 12_000 }, (_, id) => `(${id}, ${id % 100})`);
  await client.query(`INSERT INTO big VALUES ${values.join(', ')}`);
});

function errorOf(query: Promise<unknown>): Promise<{ code?: string; message?: string }> {
  return query.then(
    () => ({}),
    (error: { code?: string; message?: string }) => error,
  );
}

async function noticesOf(on: pg.Client, run: () => Promise<unknown>): Promise<string[]> {
  const notices: string[] = [];
  const listen = (notice: { message?: string }): void => void notices.push(notice.message ?? '');
  on.on('notice', listen);
  await run();
  on.off('notice', listen);
  return notices;
}

/** CancelRequest for what a client runs. */
async function cancel(of: pg.Client): Promise<void> {
  const { processID, secretKey } = of as unknown as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((word, index) => request.writeInt32BE(word, index * 4));
  const socket = connect(server.port, '127.0.0.1');
  await new Promise<void>((resolve) => {
    socket.on('connect', () => socket.end(request));
    socket.on('close', () => resolve());
  });
}

test('CREATE MATERIALIZED VIEW returns when it has hydrated, tells how far it is, and stalls no commit', async () => {
  await client.query("SET hydration_notice_interval = '20ms'");
  const state = { done: false };
  const creating = noticesOf(client, () => client.query(`CREATE MATERIALIZED VIEW pairs AS ${LONG}`)).then(
    (notices) => {
      state.done = true;
      return notices;
    },
  );
  let commits = 0;
  while (!state.done) await other.query('INSERT INTO small VALUES ($1, 1)', [commits++]);
  const notices = await creating;
  expect(
    notices.filter((text) => text.startsWith('materialized view "pairs" is hydrating')).length,
  ).toBeGreaterThan(0);
  expect(commits).toBeGreaterThan(10);
  expect(await rowsOf(client, 'SELECT * FROM pairs ORDER BY g LIMIT 1')).toEqual(
    await rowsOf(client, `${LONG} ORDER BY g LIMIT 1`),
  );
  await client.query('SET hydration_notice_interval = 0');
  await client.query('DROP MATERIALIZED VIEW pairs');
});

test('a cancelled CREATE leaves nothing behind', async () => {
  const before = await rowsOf(client, 'SELECT oid, name FROM tw_catalog.relations ORDER BY 1');
  const creating = errorOf(client.query(`CREATE MATERIALIZED VIEW cancelled AS ${LONG}`));
  await other.query('SELECT 1');
  await cancel(client);
  expect((await creating).code).toBe('57014');
  expect(await rowsOf(client, 'SELECT oid, name FROM tw_catalog.relations ORDER BY 1')).toEqual(before);
  expect((await errorOf(client.query('SELECT * FROM cancelled'))).code).toBe('42P01');
  // The name is free, and so is what the half-made view shared.
  await client.query('CREATE MATERIALIZED VIEW cancelled AS SELECT count(*) FROM big');
  await client.query('DROP MATERIALIZED VIEW cancelled');
});

test('a view that makes many rows of few stalls no commit and can be cancelled', async () => {
  await client.query('CREATE TABLE few (id int PRIMARY KEY)');
  await client.query('INSERT INTO few SELECT id FROM big WHERE id < 9000');
  for (const many of [
    'SELECT count(*) FROM few a, few b WHERE a.id + b.id > 5',
    'SELECT count(*) FROM few, generate_series(1, 10000) AS s (n) WHERE few.id + s.n > 5',
  ]) {
    const creating = errorOf(client.query(`CREATE MATERIALIZED VIEW many AS ${many}`));
    await other.query('INSERT INTO small VALUES (-1, 1)');
    await other.query('DELETE FROM small WHERE id = -1');
    await cancel(client);
    expect((await creating).code).toBe('57014');
  }
});

test('what is handed over begins with constants and goes on with changes', async () => {
  await client.query('CREATE TABLE coded (id int PRIMARY KEY, code int)');
  await client.query(
    "CREATE MATERIALIZED VIEW named AS SELECT id, name, n FROM coded JOIN (VALUES (1, 'one'), (2, 'two')) c (code, name) " +
      'USING (code), generate_series(1, code) AS s (n)',
  );
  await client.query('INSERT INTO coded VALUES (7, 2), (8, 3), (9, 1)');
  expect(await rowsOf(client, 'SELECT * FROM named ORDER BY id, n')).toEqual([
    [7, 'two', 1],
    [7, 'two', 2],
    [9, 'one', 1],
  ]);
});

test('other DDL goes on meanwhile, and a name that is taken meanwhile stays taken', async () => {
  const creating = errorOf(client.query(`CREATE MATERIALIZED VIEW contested AS ${LONG}`));
  await other.query('SELECT 1');
  await other.query('CREATE TABLE contested (x int)');
  expect((await creating).code).toBe('42P07');
  await other.query('DROP TABLE contested');
});

test('in the background: at once, and readers wait', async () => {
  await client.query(`CREATE MATERIALIZED VIEW later WITH (BACKGROUND) AS ${LONG}`);
  await other.query("SET statement_timeout = '20ms'");
  expect((await errorOf(other.query('SELECT * FROM later'))).code).toBe('57014');
  await other.query('SET statement_timeout = 0');
  // A view over it waits too.
  await other.query('CREATE MATERIALIZED VIEW over_later AS SELECT count(*) AS groups FROM later');
  expect(await rowsOf(other, 'SELECT groups FROM over_later')).toEqual([['100']]);
  expect(await rowsOf(other, 'SELECT count(*) FROM later')).toEqual([['100']]);
  await client.query('DROP MATERIALIZED VIEW later CASCADE');
});

test('a view that hydrates in the background can be dropped, and its readers learn it', async () => {
  await client.query(`CREATE MATERIALIZED VIEW doomed AS ${LONG} WITH (BACKGROUND)`);
  const reading = errorOf(other.query('SELECT * FROM doomed'));
  // When this is answered, what was sent before it has come.
  await client.query('SELECT 1');
  await client.query('DROP MATERIALIZED VIEW doomed');
  expect((await reading).code).toBe('55000');
  expect((await errorOf(client.query('SELECT * FROM doomed'))).code).toBe('42P01');
});

test('an index of a view that is computed when it is read holds nothing up while the rows are stored', async () => {
  const isComputed = async (view: string): Promise<boolean> =>
    (await rowsOf(other, `EXPLAIN MEMORY PLAN FOR MATERIALIZED VIEW ${view}`))
      .flat()
      .join()
      .includes('computed when');
  const useOf = async (view: string): Promise<string> =>
    (await rowsOf(other, `EXPLAIN SELECT * FROM ${view} WHERE pairs = 1`)).flat().join('\n');
  for (const options of ['', 'WITH (background)']) {
    await client.query(`CREATE MATERIALIZED VIEW slow WITH (background) AS ${LONG}`);
    await client.query('CREATE MATERIALIZED VIEW plain AS SELECT g, pairs, total FROM slow');
    const state = { created: false, indexed: false };
    const indexing = client
      .query(`CREATE INDEX by_pairs ON plain (pairs) ${options}`)
      .then(() => (state.indexed = true));
    await other.query('CREATE TABLE beside (x int); DROP TABLE beside');
    // It is still hydrating: what waits for it is cancelled.
    await other.query("SET statement_timeout = '20ms'");
    expect((await errorOf(other.query('SELECT * FROM slow'))).code, options).toBe('57014');
    await other.query('SET statement_timeout = 0');
    expect(await isComputed('plain'), options).toBe(true);
    expect(state.indexed, options).toBe(options !== '');
    // Another index waits for the first, and reads the same rows.
    await other.query('CREATE INDEX by_total ON plain (total)');
    await indexing;
    expect(await isComputed('plain'), options).toBe(false);
    expect(await useOf('plain')).toContain('by_pairs');
    expect(await rowsOf(other, 'SELECT count(*) FROM plain WHERE pairs = 14400')).toEqual([['100']]);
    await client.query('INSERT INTO big VALUES (-1, 0)');
    expect(await rowsOf(other, 'SELECT g FROM plain WHERE pairs = 14641')).toEqual([[0]]);
    await client.query('DELETE FROM big WHERE id = -1');
    await client.query('DROP MATERIALIZED VIEW slow CASCADE');
  }
});

test('a view whose rows are being stored in the background can be renamed, replaced and dropped', async () => {
  const begin = async (): Promise<void> => {
    await client.query(`CREATE MATERIALIZED VIEW slow WITH (background) AS ${LONG}`);
    await client.query('CREATE MATERIALIZED VIEW plain AS SELECT g, pairs, total FROM slow');
    await client.query('CREATE INDEX by_pairs ON plain (pairs) WITH (background)');
  };
  await begin();
  await client.query('ALTER MATERIALIZED VIEW plain RENAME TO renamed');
  expect(await rowsOf(client, 'SELECT count(*) FROM renamed WHERE pairs = 14400')).toEqual([['100']]);
  await client.query('CREATE INDEX by_total ON renamed (total)');
  expect(await rowsOf(client, 'SELECT count(*) FROM renamed WHERE pairs = 14400')).toEqual([['100']]);
  await client.query('DROP MATERIALIZED VIEW slow CASCADE');

  await begin();
  await client.query(
    'CREATE OR REPLACE MATERIALIZED VIEW plain AS SELECT g, -pairs AS pairs, total FROM slow',
  );
  expect(await rowsOf(client, 'SELECT count(*) FROM plain WHERE pairs = -14400')).toEqual([['100']]);
  await client.query('INSERT INTO big VALUES (-1, 0)');
  expect(await rowsOf(client, 'SELECT g FROM plain WHERE pairs = -14641')).toEqual([[0]]);
  await client.query('DELETE FROM big WHERE id = -1');
  await client.query('DROP MATERIALIZED VIEW slow CASCADE');

  await begin();
  await client.query('DROP MATERIALIZED VIEW slow CASCADE');
  expect((await errorOf(client.query('SELECT * FROM plain'))).code).toBe('42P01');
  await begin();
  await client.query('DROP INDEX by_pairs');
  expect(await rowsOf(client, 'SELECT count(*) FROM plain WHERE pairs = 14400')).toEqual([['100']]);
  await client.query('DROP MATERIALIZED VIEW slow CASCADE');
});

test('options of a view and an index are checked', async () => {
  const refused = await errorOf(client.query('CREATE MATERIALIZED VIEW o WITH (BACKGRUND) AS SELECT 1 AS x'));
  expect(refused).toMatchObject({ code: '22023', hint: 'Perhaps you meant "background".' });
  await client.query('CREATE INDEX small_by_v ON small (v) WITH (background = true)');
  expect(await rowsOf(client, 'SELECT count(*) FROM small WHERE v = 1')).toEqual(
    await rowsOf(client, 'SELECT count(*) FROM small'),
  );
});

test('an error that two rows raise goes with the second of them', async () => {
  await client.query('CREATE TABLE divisors (id int PRIMARY KEY, d int)');
  await client.query('CREATE MATERIALIZED VIEW quotients AS SELECT id, 10 / d AS q FROM divisors');
  await client.query('INSERT INTO divisors VALUES (1, 0), (2, 0), (3, 5)');
  for (const id of [1, 2]) {
    expect((await errorOf(client.query('SELECT * FROM quotients'))).code).toBe('22012');
    await client.query('DELETE FROM divisors WHERE id = $1', [id]);
  }
  expect(await rowsOf(client, 'SELECT * FROM quotients')).toEqual([[3, 2]]);
});

test('on_error = skip: the rows without those that fail, and how many errors there are', async () => {
  await client.query('CREATE TABLE parts (id int PRIMARY KEY, d int)');
  await client.query('INSERT INTO parts VALUES (1, 0), (2, 2)');
  await client.query(
    'CREATE MATERIALIZED VIEW skipping WITH (on_error = skip) AS SELECT id, 10 / d AS q FROM parts',
  );
  await client.query('CREATE MATERIALIZED VIEW reader AS SELECT count(*) AS n FROM skipping');
  expect(await rowsOf(client, 'SELECT * FROM skipping')).toEqual([[2, 5]]);
  expect(await rowsOf(client, 'SELECT n FROM reader')).toEqual([['1']]);
  expect(await rowsOf(client, "SHOW MATERIALIZED VIEWS LIKE 'skipping'")).toEqual([
    ['skipping', 'skip', '1'],
  ]);
  await client.query('ALTER MATERIALIZED VIEW skipping SET (on_error = fail)');
  expect((await errorOf(client.query('SELECT * FROM skipping'))).code).toBe('22012');
  await client.query('ALTER MATERIALIZED VIEW skipping RESET (on_error)');
  expect((await errorOf(client.query('SELECT * FROM skipping'))).code).toBe('22012');
  await client.query("ALTER MATERIALIZED VIEW skipping SET (on_error = 'skip')");
  expect(await rowsOf(client, 'SELECT * FROM skipping')).toEqual([[2, 5]]);
  await client.query('DELETE FROM parts WHERE d = 0');
  expect(await rowsOf(client, "SHOW MATERIALIZED VIEWS LIKE 'skipping'")).toEqual([
    ['skipping', 'skip', '0'],
  ]);
  const refused = await errorOf(client.query('ALTER MATERIALIZED VIEW skipping SET (on_error = maybe)'));
  expect(refused.code).toBe('22023');
});

test('a snapshot that is gone is 22023 with the oldest timestamp', async () => {
  const refused = await errorOf(client.query('SELECT count(*) FROM big AS OF 1'));
  expect(refused).toMatchObject({
    code: '22023',
    detail: expect.stringMatching(/oldest readable timestamp is \d{10,}/),
  });
  // The oldest readable timestamp may lie before the rows.
  expect(await rowsOf(client, 'SELECT count(*) <= 12000 FROM big AS OF AT LEAST 1')).toEqual([[true]]);
});
