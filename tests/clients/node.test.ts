/** node-postgres and postgres.js, unmodified, against the server. */
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

const server = testServer({}, async () => {
  const client = await server.connect();
  await client.query(
    'CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL, price numeric, tags jsonb, at timestamptz)',
  );
  await client.end();
});

describe('node-postgres', () => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await server.connect();
  });
  afterAll(() => client?.end());

  const values: [type: string, value: unknown][] = [
    ['bool', true],
    ['int2', -7],
    ['int4', 2 ** 31 - 1],
    ['int8', '-9223372036854775808'],
    ['float4', 1.5],
    ['float8', -2.25e300],
    ['numeric', '12345678901234567890.1230'],
    ['text', 'čaj 茶 \\ \' "'],
    ['varchar', ''],
    ['bytea', Buffer.from([0, 1, 255])],
    ['timestamptz', new Date('2024-02-29T12:00:00.123Z')],
    ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['jsonb', { a: [1, null, 'x'] }],
    ['time', '23:59:59.999999'],
  ];
  test.each(values)('%s as a parameter and as a result', async (type, value) => {
    const { rows } = await client.query(`SELECT $1::${type} AS v, NULL::${type} AS n`, [value]);
    expect(rows).toEqual([{ v: value, n: null }]);
    const { rows: nulls } = await client.query(`SELECT $1::${type} AS v`, [null]);
    expect(nulls).toEqual([{ v: null }]);
  });

  test('binary results', async () => {
    const query = {
      text: 'SELECT $1::int4 AS a, $2::float8 AS b, $3::bool AS c, $4::text AS d',
      values: [1, 2.5, true, 'x'],
      binary: true,
    };
    expect((await client.query(query)).rows).toEqual([{ a: 1, b: 2.5, c: true, d: 'x' }]);
  });

  test('named statements are prepared once', async () => {
    for (let id = 0; id < 20; id++) {
      await client.query({
        name: 'add',
        text: 'INSERT INTO items (id, name) VALUES ($1, $2)',
        values: [id, `item ${id}`],
      });
    }
    const read = { name: 'read', text: 'SELECT name FROM items WHERE id = $1' };
    expect((await client.query({ ...read, values: [7] })).rows).toEqual([{ name: 'item 7' }]);
    expect((await client.query({ ...read, values: [8] })).rows).toEqual([{ name: 'item 8' }]);
  });

  test('transactions and savepoints', async () => {
    await client.query('BEGIN');
    await client.query("INSERT INTO items (id, name) VALUES (100, 'kept')");
    await client.query('SAVEPOINT s');
    await client.query('DELETE FROM items');
    expect((await client.query('SELECT count(*)::int AS n FROM items')).rows).toEqual([{ n: 0 }]);
    await expect(client.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK TO s');
    expect((await client.query('SELECT count(*)::int AS n FROM items')).rows).toEqual([{ n: 21 }]);
    await client.query("INSERT INTO items (id, name) VALUES (101, 'too')");
    await client.query('SAVEPOINT t; DELETE FROM items WHERE id = 101; ROLLBACK TO t; RELEASE s; COMMIT');
    expect((await client.query('SELECT id FROM items WHERE id >= 100 ORDER BY id')).rows).toEqual([
      { id: 100 },
      { id: 101 },
    ]);
  });

  test('errors with all their fields', async () => {
    await expect(client.query('INSERT INTO items (id, name) VALUES (1, NULL)')).rejects.toMatchObject({
      code: '23502',
      message: 'null value in column "name" of relation "items" violates not-null constraint',
    });
    await expect(client.query("INSERT INTO items (id, name) VALUES (1, 'x')")).rejects.toMatchObject({
      code: '23505',
      message: 'duplicate key value violates unique constraint "items_pkey"',
      detail: 'Key (id)=(1) already exists.',
    });
    await expect(client.query('SELECT nam FROM items')).rejects.toMatchObject({
      code: '42703',
      position: '8',
    });
    await expect(client.query('SELECT $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    await expect(client.query('LISTEN news')).rejects.toMatchObject({ code: '0A000' });
  });

  test('a pool', async () => {
    const pool = new pg.Pool({
      host: '127.0.0.1',
      port: server.port,
      user: 'tidewire',
      database: 'tidewire',
      max: 3,
    });
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, n) => pool.query('SELECT $1::int * 2 AS n', [n])),
    );
    expect(results.map(({ rows }) => rows[0].n)).toEqual(Array.from({ length: 30 }, (_, n) => n * 2));
    await pool.end();
  });
});

describe('postgres.js', () => {
  let sql: postgres.Sql;

  beforeAll(() => {
    sql = postgres({
      host: '127.0.0.1',
      port: server.port,
      user: 'tidewire',
      database: 'tidewire',
      max: 2,
      onnotice() {},
    });
  });
  afterAll(() => sql?.end());

  test('values, helpers and NULL', async () => {
    const at = new Date('2024-02-29T12:00:00.123Z');
    await sql`INSERT INTO items ${sql([
      { id: 200, name: 'a', price: '1.50', tags: sql.json({ k: [1, null] }), at },
      { id: 201, name: 'b', price: null, tags: null, at: null },
    ])}`;
    const rows = await sql`SELECT * FROM items WHERE id >= ${200} AND id < ${300} ORDER BY id`;
    expect([...rows]).toEqual([
      { id: 200, name: 'a', price: '1.50', tags: { k: [1, null] }, at },
      { id: 201, name: 'b', price: null, tags: null, at: null },
    ]);
    expect([
      ...(await sql`SELECT ${true}::bool AS b, ${'2'}::int8 AS i, ${Buffer.from([1, 0])}::bytea AS y`),
    ]).toEqual([{ b: true, i: '2', y: Buffer.from([1, 0]) }]);
  });

  test('transactions, savepoints, errors', async () => {
    await sql.begin(async (transaction) => {
      await transaction`UPDATE items SET price = 9 WHERE id = 200`;
      await transaction
        .savepoint(async (inner) => {
          await inner`DELETE FROM items WHERE id = 200`;
          await inner`SELECT 1 / ${0}::int`;
        })
        .catch((error: unknown) => expect(error).toMatchObject({ code: '22012' }));
    });
    expect([...(await sql`SELECT price FROM items WHERE id = 200`)]).toEqual([{ price: '9' }]);
    await expect(sql`SELECT * FROM nowhere`).rejects.toMatchObject({ code: '42P01', position: '15' });
  });

  test('cursors read in portions, COPY goes in and out', async () => {
    const portions: number[] = [];
    await sql`SELECT id FROM items WHERE id < 20 ORDER BY id`.cursor(
      8,
      (rows) => void portions.push(rows.length),
    );
    expect(portions).toEqual([8, 8, 4]);
    const writable = await sql`COPY items (id, name) FROM STDIN`.writable();
    await new Promise<void>((resolve, reject) => {
      writable.on('finish', resolve).on('error', reject);
      writable.write('300\tcopied\n301\ttwo\\twords\n');
      writable.end();
    });
    let copied = '';
    for await (const chunk of await sql`COPY (SELECT id, name FROM items WHERE id >= 300 ORDER BY id) TO STDOUT`.readable()) {
      copied += String(chunk);
    }
    expect(copied).toBe('300\tcopied\n301\ttwo\\twords\n');
  });

  test('a subscription through a cursor, and cancelling', async () => {
    const seen: unknown[] = [];
    for await (const rows of sql`SUBSCRIBE (SELECT id FROM items WHERE id >= 300)`.cursor(1)) {
      seen.push(rows[0]!['id']);
      if (seen.length === 2) await sql`INSERT INTO items (id, name) VALUES (302, 'late')`;
      if (seen.length === 3) break;
    }
    expect(seen.toSorted()).toEqual([300, 301, 302]);
    const running = sql`SUBSCRIBE items`;
    const ended = expect(running).rejects.toMatchObject({ code: '57014' });
    setTimeout(() => running.cancel(), 200);
    await ended;
  });
});
