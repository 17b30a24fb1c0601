/** Plans that are kept between statements and sessions answer as if they had been made anew. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

const rows = (sql: string, values: unknown[] = []): Promise<unknown[][]> => rowsOf(client, sql, values);

test('the same text under another search path, time zone and catalog', async () => {
  for (const schema of ['one', 'two']) {
    await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(`CREATE TABLE ${schema}.t (x text)`);
    await client.query(`INSERT INTO ${schema}.t VALUES ('${schema}')`);
  }
  for (const schema of ['one', 'two', 'one']) {
    await client.query(`SET search_path = ${schema}`);
    expect(await rows('SELECT * FROM t')).toEqual([[schema]]);
  }
  const local = "SELECT ('2026-01-01 00:00:00+00'::timestamptz)::text";
  for (const [zone, text] of [
    ['UTC', '2026-01-01 00:00:00+00'],
    ['Asia/Tokyo', '2026-01-01 09:00:00+09'],
    ['UTC', '2026-01-01 00:00:00+00'],
  ]) {
    await client.query(`SET TimeZone = '${zone}'`);
    expect(await rows(local)).toEqual([[text]]);
  }
  await client.query('DROP TABLE one.t');
  await client.query('CREATE TABLE one.t (y int, z int)');
  await client.query('INSERT INTO one.t VALUES (1, 2)');
  await client.query('SET search_path = one');
  expect(await rows('SELECT * FROM t')).toEqual([[1, 2]]);
});

test('the same text with parameters of other values and types', async () => {
  await client.query('CREATE TABLE public.p (id int PRIMARY KEY, name text)');
  await client.query("INSERT INTO public.p VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  for (const id of [1, 2, 3, 9, null]) {
    const expected = id !== null && id <= 3 ? [[id, 'abc'[id - 1]]] : [];
    expect(await rows('SELECT * FROM public.p WHERE id = $1', [id])).toEqual(expected);
  }
  for (const limit of [1, 3, 2]) {
    expect(await rows('SELECT id FROM public.p ORDER BY id LIMIT $1', [limit])).toHaveLength(limit);
  }
  await client.query('PREPARE by_text(text) AS SELECT $1 || name FROM public.p WHERE id = 1');
  await client.query('PREPARE by_int(int) AS SELECT $1 || name FROM public.p WHERE id = 1');
  expect(await rows("EXECUTE by_text('x')")).toEqual([['xa']]);
  expect(await rows('EXECUTE by_int(7)')).toEqual([['7a']]);
});

test('the same text before and after the first write of a transaction', async () => {
  await client.query('CREATE TABLE public.w (id int PRIMARY KEY)');
  await client.query('CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) AS n FROM public.w');
  for (let round = 0; round < 2; round++) {
    await client.query('BEGIN');
    expect(await rows('SELECT n FROM public.counted')).toEqual([[String(round)]]);
    await client.query('INSERT INTO public.w VALUES ($1)', [round]);
    expect(await rows('SELECT n FROM public.counted')).toEqual([[String(round + 1)]]);
    await client.query('COMMIT');
  }
  expect(await rows('SELECT n FROM public.counted')).toEqual([['2']]);
});

test('a long transaction sees its own writes after each statement', async () => {
  await client.query('CREATE TABLE public.own (id int PRIMARY KEY, v int)');
  await client.query('BEGIN');
  for (let id = 0; id < 400; id++) {
    await client.query('INSERT INTO public.own VALUES ($1, $1)', [id]);
    if (id % 5 === 4) await client.query('DELETE FROM public.own WHERE id = $1', [id - 2]);
    if (id % 7 === 6) await client.query('UPDATE public.own SET v = -v WHERE id = $1', [id]);
    if (id % 50 === 49) {
      const kept = Array.from({ length: id + 1 }, (_, n) => n).filter((n) => n % 5 !== 2);
      const sum = kept.reduce((total, n) => total + (n % 7 === 6 ? -n : n), 0);
      expect(await rows('SELECT count(*)::int, sum(v)::int FROM public.own')).toEqual([[kept.length, sum]]);
      expect(await rows('SELECT v FROM public.own WHERE id = $1', [id])).toEqual([[id % 7 === 6 ? -id : id]]);
    }
  }
  await client.query('COMMIT');
  expect(await rows('SELECT count(*)::int FROM public.own')).toEqual([[320]]);
});

test('texts that differ in their constants', async () => {
  await client.query('CREATE TABLE public.c (id int8 PRIMARY KEY, v numeric(6,2), name varchar(4), at date)');
  for (const id of [1, 2, 3, 5_000_000_000, -4]) {
    await client.query(
      `INSERT INTO public.c VALUES (${id}, ${id % 7}.5, 'n''${Math.abs(id % 7)}', '2026-01-0${(id & 3) + 1}')`,
    );
  }
  for (const delta of [1, -2, -30, 4]) {
    await client.query(`UPDATE public.c SET v = v + ${delta}, name = '${delta}' WHERE id = 2`);
  }
  expect(await rows('SELECT id::text, v::text, name, at::text FROM public.c ORDER BY id')).toEqual([
    ['-4', '-4.50', "n'4", '2026-01-01'],
    ['1', '1.50', "n'1", '2026-01-02'],
    ['2', '-24.50', '4', '2026-01-03'],
    ['3', '3.50', "n'3", '2026-01-04'],
    ['5000000000', '2.50', "n'2", '2026-01-01'],
  ]);
  for (const [id, found] of [
    [1, 1],
    [9, 0],
    [3, 1],
    [-4, 1],
    [4, 0],
    [5_000_000_000, 1],
    [6_000_000_000, 0],
  ]) {
    expect(await rows(`SELECT id FROM public.c WHERE id = ${id}`)).toHaveLength(found!);
  }
  for (const [low, high, ids] of [
    [1, 2, 2],
    [2, 3, 2],
    [3, 1, 0],
    [0, 9, 3],
  ]) {
    expect(await rows(`SELECT id FROM public.c WHERE id BETWEEN ${low} AND ${high}`)).toHaveLength(ids!);
  }
  for (const [a, b, n] of [
    [1, 2, 2],
    [7, 3, 1],
    [8, 9, 0],
  ]) {
    expect(await rows(`SELECT count(*)::int FROM public.c WHERE id IN (${a}, ${b})`)).toEqual([[n]]);
  }
  // What is listed, grouped by, sorted by, limited by is not the same with other constants.
  for (const n of [1, 2, 3]) {
    expect(
      await rows(`SELECT ${n} AS n, id % ${n} = 0 AS whole FROM public.c ORDER BY 2 LIMIT ${n}`),
    ).toHaveLength(n);
    expect(
      await rows(
        `SELECT id % ${n} AS k, count(*)::int FROM public.c WHERE id BETWEEN 1 AND 3 GROUP BY id % ${n} ORDER BY 1`,
      ),
    ).toEqual(Array.from({ length: n }, (_, k) => [String(k), n === 3 ? 1 : n === 1 ? 3 : k + 1]));
  }
});

test('a constant that is no value of its type is refused at its place, whatever came before', async () => {
  await client.query('CREATE TABLE public.e (id int4, at timestamp, name varchar(3))');
  for (const id of ['1', "'2'", '3', "' 4 '"]) {
    await client.query(`INSERT INTO public.e VALUES (${id}, '2026-01-01', 'a')`);
  }
  const refused = async (sql: string): Promise<unknown> => {
    const { code, position, message } = (await client
      .query(sql)
      .catch((error: unknown) => error)) as pg.DatabaseError;
    return [code, Number(position), message];
  };
  for (let round = 0; round < 3; round++) {
    expect(await refused("INSERT INTO public.e VALUES ('x', '2026-01-01', 'a')")).toEqual([
      ...['22P02', 30, 'invalid input syntax for type integer: "x"'],
    ]);
    expect(await refused("SELECT * FROM public.e WHERE at < '2026-02-30'")).toEqual([
      ...['22008', 35, 'date/time field value out of range: "2026-02-30"'],
    ]);
    expect(await refused(`SELECT * FROM public.e WHERE nam = 'x' AND id = ${round}`)).toEqual([
      '42703',
      30,
      'column "nam" does not exist',
    ]);
  }
  await client.query("INSERT INTO public.e VALUES (5, 'now', 'a')");
  expect(await rows('SELECT count(*)::int FROM public.e')).toEqual([[5]]);
  await client.query('BEGIN');
  await client.query("SELECT * FROM public.e WHERE id = 'y'").catch(() => undefined);
  expect(await refused('SELECT * FROM public.e WHERE id = 1')).toEqual([
    '25P02',
    NaN,
    expect.stringContaining('aborted'),
  ]);
  await client.query('ROLLBACK');
  expect(await rows('SELECT count(*)::int FROM public.e WHERE id = 1')).toEqual([[1]]);
});

test('statements of one text are planned as they are alone', async () => {
  await client.query('CREATE TABLE public.many (id int4 PRIMARY KEY, v text)');
  const inserts = Array.from({ length: 50 }, (_, n) => `INSERT INTO public.many VALUES (${n}, 'v${n}')`);
  await client.query(inserts.join(';\n'));
  expect(await rows('SELECT count(*)::int, min(v), max(v) FROM public.many')).toEqual([[50, 'v0', 'v9']]);
  const found = (await client.query({
    text: [3, 7, 70].map((id) => `SELECT v FROM public.many WHERE id = ${id}`).join('; '),
    rowMode: 'array',
  })) as unknown as pg.QueryArrayResult[];
  expect(found.map((result) => result.rows)).toEqual([[['v3']], [['v7']], []]);
  // What is wrong is told at its place in the whole text, and nothing of the text is done.
  const text = [51, 52].map((id) => `INSERT INTO public.many VALUES (${id}, 'x')`).join('; ');
  const wrong = `${text}; INSERT INTO public.many VALUES ('y', 'x')`;
  await expect(client.query(wrong)).rejects.toMatchObject({
    ...{ code: '22P02', position: String(wrong.indexOf("'y'") + 1) },
    message: 'invalid input syntax for type integer: "y"',
  });
  await expect(client.query(`${text}; INSERT INTO public.many VALUES (3, 'x')`)).rejects.toMatchObject({
    code: '23505',
  });
  expect(await rows('SELECT count(*)::int FROM public.many')).toEqual([[50]]);
  await client.query(`CREATE TABLE public.later (id int4); INSERT INTO public.later VALUES (1); INSERT INTO public.later VALUES (2);
    ALTER TABLE public.later ADD COLUMN w int4 DEFAULT 9; INSERT INTO public.later VALUES (3, 3)`);
  expect(await rows('SELECT * FROM public.later ORDER BY 1')).toEqual([
    [1, 9],
    [2, 9],
    [3, 3],
  ]);
});

test('the same text at other times', async () => {
  await client.query('CREATE TABLE public.timed (id int4 PRIMARY KEY); INSERT INTO public.timed VALUES (1)');
  const subscriber = await server.connect();
  await subscriber.query('BEGIN');
  await subscriber.query(
    'DECLARE c CURSOR FOR SUBSCRIBE (SELECT id FROM public.timed) WITH (SNAPSHOT = false)',
  );
  const times: string[] = [];
  for (const id of [2, 3]) {
    await client.query(`INSERT INTO public.timed VALUES (${id})`);
    const { rows } = await subscriber.query<{ tw_timestamp: string }>("FETCH 1 c WITH (TIMEOUT = '5s')");
    times.push(Object.values(rows[0]!)[0] as string);
  }
  for (const [at, count] of [
    [times[0], 2],
    [times[1], 3],
    [times[0], 2],
  ]) {
    expect(await rows(`SELECT count(*)::int FROM public.timed AS OF ${at}`)).toEqual([[count]]);
  }
  await subscriber.end();
  const late = 'SELECT count(*)::int FROM public.timed AS OF 99999999999999999';
  await expect(client.query(late)).rejects.toMatchObject({
    code: '22008',
    position: String(late.indexOf('999') + 1),
  });
});
