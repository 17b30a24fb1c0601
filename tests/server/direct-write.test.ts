/**
 * Small writes are run in turns that the sequencer gives, where Bind, Execute and Sync lie together. With a Flush between
 * them they do not, and go the ordinary way: both must answer the same messages and leave the same rows.
 */
import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';
import {
  TranscriptClient,
  bind,
  describe,
  execute,
  flush,
  int32,
  parse,
  query,
  sync,
} from '../wire/transcript.ts';

let client: TranscriptClient;
let reader: pg.Client;

const server = testServer({ workers: 2 }, async () => {
  client = await TranscriptClient.open(server.port);
  reader = await server.connect();
  for (const table of ['together', 'apart']) {
    await reader.query(
      `CREATE TABLE ${table} (id int8 PRIMARY KEY, name text UNIQUE, price numeric(8, 2) CHECK (price >= 0), at timestamptz)`,
    );
    await reader.query(
      `INSERT INTO ${table} SELECT i, 'name ' || i, i, '2026-01-01 00:00+00' FROM generate_series(1, 500) AS i`,
    );
  }
});

afterAll(() => client?.close());

async function answer(...messages: Buffer[]): Promise<string[]> {
  client.send(...messages);
  return client.until('Z');
}

async function rows(table: string): Promise<unknown[]> {
  return (await reader.query(`SELECT * FROM ${table} ORDER BY id`)).rows;
}

let statements = 0;

/** Runs a statement over both tables, in the two ways, for each list of parameters. */
async function agrees(text: string, valueLists: (string | Buffer | null)[][]): Promise<string[][]> {
  const statement = `s${++statements}`;
  for (const table of ['together', 'apart']) {
    const lines = await answer(parse(text.replaceAll('TABLE', table), `${statement} ${table}`), sync);
    expect(lines, text).toEqual(['ParseComplete', 'ReadyForQuery I']);
  }
  const answers: string[][] = [];
  for (const [index, values] of valueLists.entries()) {
    const formats = values.some((value) => Buffer.isBuffer(value)) ? [1] : [];
    const described = index % 2 === 0 ? [] : [describe('P')];
    const bound = (table: string): Buffer => bind({ statement: `${statement} ${table}`, values, formats });
    const apart = await answer(bound('apart'), flush, ...described, execute(), sync);
    const together = await answer(bound('together'), ...described, execute(), sync);
    const named = apart.map((line) => line.replaceAll('apart', 'together'));
    expect(together, `${text} with ${String(values)}`).toEqual(named);
    answers.push(together);
  }
  expect(await rows('together'), text).toEqual(await rows('apart'));
  return answers;
}

const int8 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

test('inserts, updates, deletes', async () => {
  const insert = 'INSERT INTO TABLE (id, name, price) VALUES ($1, $2, $3)';
  const [first] = await agrees(insert, [
    ['1001', 'a', '1.5'],
    ['1002', null, null],
    ['1003', "it's", '2.345'],
  ]);
  expect(first).toEqual(['BindComplete', 'CommandComplete INSERT 0 1', 'ReadyForQuery I']);
  await agrees('INSERT INTO TABLE VALUES ($1, $2), (1 + $1, NULL)', [
    ['2001', 'b'],
    ['2001', 'c'],
    ['2003', 'd'],
  ]);
  await agrees('UPDATE TABLE SET price = price + 1 WHERE id = $1', [['1'], [int8(2)], ['9999'], [null]]);
  await agrees('UPDATE TABLE SET id = id + 5000 WHERE id = $1', [['7'], ['8'], ['7']]);
  await agrees('DELETE FROM TABLE WHERE id = $1', [['11'], ['11'], ['12']]);
  await agrees('INSERT INTO TABLE VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name', [
    ['20', 'twenty'],
    ['3001', 'new'],
    ['3001', 'newer'],
  ]);
  await agrees('DELETE FROM TABLE WHERE id > $1 RETURNING id, name', [['5000']]);
});

test('what fails says so, and leaves nothing', async () => {
  const answers = await agrees('INSERT INTO TABLE VALUES ($1, $2, $3)', [
    ['1', 'again', '1'],
    ['4001', 'name 2', '1'],
    ['4002', 'negative', '-1'],
    ['4003', 'long', '12345678.9'],
    ['x', 'y', '1'],
    [null, 'no key', '1'],
    ['4004', 'good', '1'],
  ]);
  expect(answers.map((lines) => lines.find((line) => /^(Error|Command)/.test(line))!.slice(0, 30))).toEqual([
    'ErrorResponse ERROR 23505 dupl',
    'ErrorResponse ERROR 23505 dupl',
    'ErrorResponse ERROR 23514 new ',
    'ErrorResponse ERROR 22003 nume',
    'ErrorResponse ERROR 22P02 inva',
    'ErrorResponse ERROR 23502 null',
    'CommandComplete INSERT 0 1',
  ]);
  await agrees('UPDATE TABLE SET price = 1 / (id - $1) WHERE id = 30', [['30'], ['29']]);
});

test('defaults of the moment, settings of the session', async () => {
  await reader.query(
    'CREATE TABLE noted (id serial PRIMARY KEY, note text, at timestamptz DEFAULT now(), who text DEFAULT current_user)',
  );
  await answer(parse('INSERT INTO noted (note) VALUES ($1)', 'note'), sync);
  const note = (text: string): Promise<string[]> =>
    answer(bind({ statement: 'note', values: [text] }), execute(), sync);
  const before = Date.now();
  for (const text of ['a', 'b', 'c']) expect((await note(text)).join()).toContain('INSERT 0 1');
  const noted = await reader.query('SELECT id, note, at, who FROM noted ORDER BY id');
  expect(noted.rows.map(({ id, note, who }) => [id, note, who])).toEqual([
    [1, 'a', 'tidewire'],
    [2, 'b', 'tidewire'],
    [3, 'c', 'tidewire'],
  ]);
  for (const { at } of noted.rows) expect(at.getTime()).toBeGreaterThanOrEqual(before - 1000);
  await client.query('SET default_transaction_read_only = on');
  await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
  expect((await note('d')).join()).toContain('25006');
  await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE');
  await client.query('SET default_transaction_read_only = off');
  await client.query('BEGIN');
  expect((await note('rolled back')).at(-1)).toBe('ReadyForQuery T');
  await client.query('ROLLBACK');
  await reader.query('ALTER TABLE noted ADD COLUMN more int DEFAULT 7');
  expect((await note('e')).join()).toContain('INSERT 0 1');
  const after = await reader.query("SELECT note, more FROM noted WHERE note > 'c' ORDER BY id");
  expect(after.rows).toEqual([{ note: 'e', more: 7 }]);
});

test('what fails takes a number of a sequence once', async () => {
  await reader.query('CREATE TABLE numbered (id serial PRIMARY KEY, name text UNIQUE)');
  await answer(parse('INSERT INTO numbered (name) VALUES ($1)', 'numbered'), sync);
  const insert = async (name: string): Promise<string> =>
    (await answer(bind({ statement: 'numbered', values: [name] }), execute(), sync)).join();
  expect(await insert('a')).toContain('INSERT 0 1');
  for (let number = 2; number <= 4; number++) expect(await insert('a')).toContain(`Key (name)=(a) already`);
  expect(await insert('b')).toContain('INSERT 0 1');
  expect((await answer(query("INSERT INTO numbered (name) VALUES ('b')"))).join()).toContain('23505');
  expect((await answer(query("INSERT INTO numbered (name) VALUES ('c')"))).join()).toContain('INSERT 0 1');
  expect((await reader.query('SELECT id, name FROM numbered ORDER BY id')).rows).toEqual([
    { id: 1, name: 'a' },
    { id: 5, name: 'b' },
    { id: 7, name: 'c' },
  ]);
});

test('clients that meet take each number once, and leave none out', async () => {
  await reader.query('CREATE TABLE met (id serial PRIMARY KEY, slot int8 UNIQUE)');
  await reader.query('INSERT INTO met (slot) VALUES (0)');
  const clients = await Promise.all(Array.from({ length: 5 }, () => TranscriptClient.open(server.port)));
  await Promise.all(
    clients.map(async (each) => {
      for (let slot = 1; slot <= 40; slot++) {
        each.send(
          query(`INSERT INTO met (slot) VALUES (${slot}) ON CONFLICT (slot) DO UPDATE SET slot = met.slot`),
        );
        expect((await each.until('Z')).join()).toContain('INSERT 0 1');
      }
      each.close();
    }),
  );
  expect((await reader.query("SELECT nextval('met_id_seq')")).rows).toEqual([{ nextval: '202' }]);
});

test('many at once, one after the other', async () => {
  await reader.query('CREATE TABLE many (id int8 PRIMARY KEY, count int8)');
  await answer(parse('INSERT INTO many VALUES ($1, 0)', 'many'), sync);
  const ids = Array.from({ length: 300 }, (_, index) => String(index));
  client.send(...ids.flatMap((id) => [bind({ statement: 'many', values: [id] }), execute(), sync]));
  for (const id of ids) expect((await client.until('Z')).join(), id).toContain('INSERT 0 1');
  client.send(...ids.map((id) => query(`UPDATE many SET count = count + 1 WHERE id = ${id}`)));
  for (const id of ids)
    expect(await client.until('Z'), id).toEqual(['CommandComplete UPDATE 1', 'ReadyForQuery I']);
  // An error in the middle ends its own statement only.
  client.send(
    ...['400', '5', '401'].flatMap((id) => [bind({ statement: 'many', values: [id] }), execute(), sync]),
  );
  expect((await client.until('Z')).join()).toContain('INSERT 0 1');
  expect((await client.until('Z')).join()).toContain('23505');
  expect((await client.until('Z')).join()).toContain('INSERT 0 1');
  expect((await reader.query('SELECT count(*), sum(count) FROM many')).rows).toEqual([
    { count: '302', sum: '300' },
  ]);
});

test('clients that write the same row lose no update', async () => {
  await reader.query('CREATE TABLE hot (id int8 PRIMARY KEY, count int8)');
  await reader.query('INSERT INTO hot VALUES (1, 0), (2, 0)');
  await reader.query('CREATE MATERIALIZED VIEW hottest AS SELECT sum(count) AS total FROM hot');
  const clients = await Promise.all(Array.from({ length: 6 }, () => TranscriptClient.open(server.port)));
  await Promise.all(
    clients.map(async (each, number) => {
      each.send(parse('UPDATE hot SET count = count + 1 WHERE id = $1', 'hot'), sync);
      await each.until('Z');
      for (let i = 0; i < 60; i++) {
        const id = String(1 + ((i + number) % 2));
        if (i % 3 === 0) each.send(query(`UPDATE hot SET count = count + 1 WHERE id = ${id}`));
        else each.send(bind({ statement: 'hot', values: [id] }), execute(), sync);
        expect((await each.until('Z')).join()).toContain('UPDATE 1');
      }
      each.close();
    }),
  );
  expect((await reader.query('SELECT total FROM hottest')).rows).toEqual([{ total: '360' }]);
});

test('what waits for its turn can be cancelled', { timeout: 60_000 }, async () => {
  await reader.query('CREATE TABLE slow (x int8)');
  await reader.query(
    `CREATE MATERIALIZED VIEW slower AS
     SELECT sum(y % (7 + x)) AS s FROM slow, LATERAL generate_series(1, x) AS y`,
  );
  const writer = await TranscriptClient.open(server.port);
  const waiting = await TranscriptClient.open(server.port);
  for (const each of [writer, waiting]) {
    each.send(parse('INSERT INTO slow VALUES ($1)', 'slow'), sync);
    await each.until('Z');
  }
  // So many groups of commits run ahead of what is computed.
  for (let i = 0; i < 4; i++) {
    writer.send(bind({ statement: 'slow', values: ['3000000'] }), execute(), sync);
    expect((await writer.until('Z')).join()).toContain('INSERT 0 1');
  }
  waiting.send(bind({ statement: 'slow', values: ['1'] }), execute(), sync);
  const canceller = new TranscriptClient(server.port);
  canceller.send(int32(16), int32(80877102), int32(waiting.key!.process), waiting.key!.secret);
  const lines = await waiting.until('Z');
  // The server ends the connection when it has cancelled; later it would be the next statement that it cancels.
  await canceller.rest();
  // Unless the first was computed before.
  if (!lines.includes('CommandComplete INSERT 0 1')) {
    expect(lines.join()).toContain('57014 canceling statement due to user request');
    expect((await reader.query('SELECT count(*) FROM slow')).rows).toEqual([{ count: '4' }]);
  }
  waiting.send(bind({ statement: 'slow', values: ['2'] }), execute(), sync);
  expect((await waiting.until('Z')).join()).toContain('INSERT 0 1');
  for (const each of [writer, waiting, canceller]) each.close();
});
