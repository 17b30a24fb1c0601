/** pg_stat_activity, pg_cancel_backend and pg_terminate_backend between sessions. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { errorRaisedBy } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let watcher: pg.Client;

const server = testServer({}, async () => {
  watcher = await server.connect({ application_name: 'watcher' });
});

async function rows(sql: string): Promise<string[]> {
  const result = await watcher.query<unknown[]>({ text: sql, rowMode: 'array' });
  return result.rows.map((row) => row.map(String).join(' | '));
}

/** What a session is seen to do. */
const seen = (name: string): Promise<string[]> =>
  rows(`SELECT state, wait_event_type, wait_event, xact_start IS NOT NULL, query FROM pg_stat_activity
    WHERE application_name = '${name}'`);

/** How a statement fails; `none`: it does not. */
const failure = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'none',
    ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
  );

test('a session is seen with what it does', async () => {
  const client = await server.connect({ application_name: 'seen' });
  const [{ pid }] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows as [
    { pid: number },
  ];
  expect(
    await rows(`SELECT pid, datname = current_database(), usesysid, usename, client_addr, client_port > 0, backend_type,
      backend_start <= query_start, query_start <= state_change, backend_start > now() - interval '1 minute'
      FROM pg_stat_activity WHERE application_name = 'seen'`),
  ).toEqual([`${pid} | true | 10 | tidewire | 127.0.0.1 | true | client backend | true | true | true`]);
  expect(await seen('seen')).toEqual(['idle | Client | ClientRead | false | SELECT pg_backend_pid() AS pid']);
  await client.query('BEGIN');
  await client.query({ text: 'SELECT 1', name: 'one' });
  expect(await seen('seen')).toEqual(['idle in transaction | Client | ClientRead | true | SELECT 1']);
  expect(await failure(client.query('SELECT 1/0'))).toContain('22012');
  expect(await seen('seen')).toEqual([
    'idle in transaction (aborted) | Client | ClientRead | true | SELECT 1/0',
  ]);
  await client.query('ROLLBACK');
  for (const _ of [1, 2]) await client.query({ text: 'SELECT $1::int', values: [7], name: 'two' });
  expect(await seen('seen')).toEqual(['idle | Client | ClientRead | false | SELECT $1::int']);
  const sleeping = failure(client.query('SELECT pg_sleep(60)'));
  await expect.poll(() => seen('seen')).toEqual(['active | Timeout | PgSleep | true | SELECT pg_sleep(60)']);
  expect(await rows(`SELECT pg_cancel_backend(${pid})`)).toEqual(['true']);
  expect(await sleeping).toBe('57014 canceling statement due to user request');
  await client.end();
  await expect.poll(() => seen('seen')).toEqual([]);
});

test('a session knows where it comes from', async () => {
  expect(
    await rows(`SELECT client_addr << '127.0.0.0/8', client_addr = inet_client_addr(), client_port = inet_client_port()
      FROM pg_stat_activity WHERE pid = pg_backend_pid()`),
  ).toEqual(['true | true | true']);
});

test('what may hold a secret is not shown, and long texts are cut', async () => {
  const client = await server.connect({ application_name: 'teller' });
  await client.query("CREATE SECRET hidden AS 'x7b'");
  expect(await seen('teller')).toEqual(['idle | Client | ClientRead | false | [secret]']);
  await client.query("alter /* … */ secret hidden AS 'x8b'");
  expect(await seen('teller')).toEqual(['idle | Client | ClientRead | false | [secret]']);
  const inBlock = await errorRaisedBy(client, "DO $$ BEGIN CREATE SECRET other AS 'x9b'; END $$");
  expect(inBlock.where).toBe('PL/pgSQL function inline_code_block line 1 at SQL statement');
  expect(await seen('teller')).toEqual(['idle | Client | ClientRead | false | [secret]']);
  await client.query(`SELECT '${'é'.repeat(1000)}'`);
  const [query = ''] = await rows("SELECT query FROM pg_stat_activity WHERE application_name = 'teller'");
  expect(query).toBe(`SELECT '${'é'.repeat(507)}`);
  await client.end();
});

test('sessions are terminated, whatever they do', async () => {
  const names = ['one', 'two', 'three'];
  const clients = await Promise.all(names.map((name) => server.connect({ application_name: name })));
  const [idle, busy, open] = clients as [pg.Client, pg.Client, pg.Client];
  const told = clients.map(
    (client) => new Promise<string>((resolve) => client.on('error', ({ message }) => resolve(message))),
  );
  await open.query('BEGIN; CREATE TABLE undone (a int)');
  const waiting = failure(busy.query('CREATE TABLE after (a int)'));
  await expect.poll(() => seen('two')).toHaveLength(1);
  expect(
    await rows(`SELECT application_name, pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name IN ('one', 'two', 'three') ORDER BY pid`),
  ).toEqual(['one | true', 'two | true', 'three | true']);
  expect(await waiting).toContain('terminating connection');
  const message = 'terminating connection due to administrator command';
  expect(await told[0]).toBe(message);
  await expect.poll(() => seen('three')).toEqual([]);
  expect(await failure(idle.query('SELECT 1'))).not.toBe('none');
  // What the open transaction held is free again.
  expect(await rows("SELECT count(*) FROM pg_class WHERE relname IN ('undone', 'after')")).toEqual(['0']);
  await watcher.query('CREATE TABLE undone (a int)');
});

test('numbers of no session, NULL, and calls in queries', async () => {
  const notices: string[] = [];
  watcher.on('notice', ({ message }) => notices.push(message ?? ''));
  expect(await rows('SELECT pg_cancel_backend(999999), pg_terminate_backend(NULL)')).toEqual([
    'false | null',
  ]);
  expect(notices).toEqual(['PID 999999 is not a PostgreSQL backend process']);
  expect(await failure(watcher.query('SELECT pg_terminate_backend(1, -1)'))).toBe(
    '22003 "timeout" must not be negative',
  );
  expect(await failure(watcher.query('SELECT pg_cancel_backend(pg_backend_pid())'))).toBe(
    '57014 canceling statement due to user request',
  );
  expect(
    await rows('SELECT x, pg_try_advisory_lock(x) AS got FROM generate_series(1, 3) AS x LIMIT 2'),
  ).toEqual(['1 | true', '2 | true']);
  const { rows: typed } = await watcher.query(
    'SELECT pg_advisory_unlock($1) AS freed, $1::int + x AS sum FROM generate_series(1, 2) AS x ORDER BY x DESC',
    [1],
  );
  expect(typed).toEqual([
    { freed: true, sum: 3 },
    { freed: false, sum: 2 },
  ]);
  expect(await failure(watcher.query('SELECT 1 WHERE pg_cancel_backend(1)'))).toContain('0A000');
});

test('SET ROLE to the one role, which RESET ALL leaves', async () => {
  await watcher.query('SET ROLE tidewire');
  await watcher.query('RESET ALL');
  expect(await rows('SHOW role')).toEqual(['tidewire']);
  expect(await failure(watcher.query('SET ROLE nobody'))).toBe('22023 role "nobody" does not exist');
  expect(await failure(watcher.query('SET SESSION AUTHORIZATION nobody'))).toBe(
    '22023 role "nobody" does not exist',
  );
  await watcher.query('SET SESSION AUTHORIZATION DEFAULT');
  await watcher.query('RESET ROLE');
  expect(await rows('SELECT current_setting($$role$$), current_user')).toEqual(['none | tidewire']);
});
