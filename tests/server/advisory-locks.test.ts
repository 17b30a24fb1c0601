/** Advisory locks between sessions: who waits, who is refused, and when a lock is given back. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let clients: pg.Client[];

const server = testServer({}, async () => {
  clients = await Promise.all([server.connect(), server.connect(), server.connect()]);
});

beforeEach(async () => {
  for (const client of clients)
    await client.query('RESET statement_timeout; SELECT pg_advisory_unlock_all()');
});

const value = async (client: pg.Client, sql: string, values: unknown[] = []): Promise<unknown> => {
  const { rows } = await client.query<Record<string, unknown>>(sql, values);
  return Object.values(rows[0]!)[0];
};

/** Of a statement that waits: what it gives, and whether it has. */
function waiting(client: pg.Client, sql: string): { readonly done: Promise<unknown>; over: boolean } {
  const state = { done: value(client, sql), over: false };
  const note = (): void => void (state.over = true);
  state.done.then(note, note);
  return state;
}

test('a lock is held by one session, as often as it took it', async () => {
  const [a, b] = clients as [pg.Client, pg.Client];
  await a.query('SELECT pg_advisory_lock($1)', ['42']);
  await a.query('SELECT pg_advisory_lock(40 + 2)');
  expect(await value(b, 'SELECT pg_try_advisory_lock($1)', ['42'])).toBe(false);
  expect(await value(b, 'SELECT pg_try_advisory_lock(0, 42)')).toBe(true);
  expect(await value(a, 'SELECT pg_advisory_unlock(42)')).toBe(true);
  expect(await value(b, 'SELECT pg_try_advisory_lock(42)')).toBe(false);
  const waiter = waiting(b, 'SELECT pg_advisory_lock(42)');
  expect(await value(a, 'SELECT 1')).toBe(1);
  expect(waiter.over).toBe(false);
  expect(await value(a, 'SELECT pg_advisory_unlock(42)')).toBe(true);
  expect(await waiter.done).toBe('');
  expect(await value(a, 'SELECT pg_advisory_unlock(42)')).toBe(false);
});

test('shared locks go together, and who asked first is first', async () => {
  const [a, b, c] = clients as [pg.Client, pg.Client, pg.Client];
  await a.query('SELECT pg_advisory_lock_shared(7)');
  expect(await value(b, 'SELECT pg_try_advisory_lock_shared(7)')).toBe(true);
  await b.query('SELECT pg_advisory_unlock_shared(7)');
  const exclusive = waiting(b, 'SELECT pg_advisory_lock(7)');
  await expect.poll(() => value(c, 'SELECT pg_try_advisory_lock_shared(7)')).toBe(false);
  await a.query('SELECT pg_advisory_unlock_shared(7)');
  expect(await exclusive.done).toBe('');
});

test("a transaction's locks end with it, a session's with its connection", async () => {
  const [a, b] = clients as [pg.Client, pg.Client];
  await a.query('BEGIN; SELECT pg_advisory_xact_lock(8)');
  expect(await value(b, 'SELECT pg_try_advisory_xact_lock(8)')).toBe(false);
  await a.query('ROLLBACK');
  expect(await value(b, 'SELECT pg_try_advisory_xact_lock(8)')).toBe(true);
  expect(await value(a, 'SELECT pg_try_advisory_lock(8)')).toBe(true);
  await a.query('SELECT pg_advisory_unlock(8)');
  const gone = await server.connect();
  await gone.query('SELECT pg_advisory_lock(9)');
  const waiter = waiting(b, 'SELECT pg_advisory_lock(9)');
  await gone.end();
  expect(await waiter.done).toBe('');
});

test('a wait ends by a timeout and by a deadlock', async () => {
  const [a, b] = clients as [pg.Client, pg.Client];
  await a.query('SELECT pg_advisory_lock(1)');
  await b.query('SELECT pg_advisory_lock(2)');
  await b.query("SET statement_timeout = '50ms'");
  await expect(b.query('SELECT pg_advisory_lock(1)')).rejects.toMatchObject({ code: '57014' });
  await expect(b.query('SELECT pg_sleep(10)')).rejects.toMatchObject({ code: '57014' });
  await b.query('RESET statement_timeout');
  const waiter = waiting(a, 'SELECT pg_advisory_lock(2)');
  await expect
    .poll(() =>
      b.query('SELECT pg_try_advisory_lock_shared(2), pg_advisory_unlock_shared(2)').then(() => waiter.over),
    )
    .toBe(false);
  await expect(b.query('SELECT pg_advisory_lock(1)')).rejects.toMatchObject({ code: '40P01' });
  await b.query('SELECT pg_advisory_unlock(2)');
  expect(await waiter.done).toBe('');
});

test('pg_locks shows who holds locks, and who waits', async () => {
  const [a, b] = clients as [pg.Client, pg.Client];
  const shown = async (): Promise<unknown[]> =>
    (
      await a.query(`SELECT classid::bigint::int AS class, objid::bigint AS object, objsubid AS sub, mode, granted,
        pid = pg_backend_pid() AS own, waitstart IS NOT NULL AS waits, database IS NOT NULL AS here
        FROM pg_locks WHERE locktype = 'advisory' ORDER BY objid, granted DESC`)
    ).rows;
  expect(await shown()).toEqual([]);
  await a.query('SELECT pg_advisory_lock(4294967338), pg_advisory_lock(4294967338)');
  await a.query('SELECT pg_advisory_lock_shared(7, -1)');
  const waiter = waiting(b, 'SELECT pg_advisory_lock_shared(4294967338)');
  const held = { own: true, granted: true, waits: false, here: true };
  const asked = { own: false, granted: false, waits: true, here: true };
  await expect.poll(shown).toEqual([
    { class: 1, object: '42', sub: 1, mode: 'ExclusiveLock', ...held },
    { class: 1, object: '42', sub: 1, mode: 'ShareLock', ...asked },
    { class: 7, object: '4294967295', sub: 2, mode: 'ShareLock', ...held },
  ]);
  await a.query('SELECT pg_advisory_unlock_all()');
  await waiter.done;
  expect(await shown()).toEqual([{ class: 1, object: '42', sub: 1, mode: 'ShareLock', ...held, own: false }]);
});
