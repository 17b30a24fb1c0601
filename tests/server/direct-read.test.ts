/**
 * Small reads are answered in one call where Bind, Execute and Sync lie together. With a Flush between them they do not,
 * and go the ordinary way: both must answer the same messages.
 */
import { afterAll, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';
import { TranscriptClient, bind, describe, execute, flush, parse, query, sync } from '../wire/transcript.ts';

let client: TranscriptClient;

const server = testServer({ workers: 2 }, async () => {
  client = await TranscriptClient.open(server.port);
  await client.query('CREATE TABLE t (id int8 PRIMARY KEY, name text, price numeric, at timestamptz)');
  await client.query(
    `INSERT INTO t SELECT i, 'name ' || i, i / 4.0, '2026-01-01 00:00+00'::timestamptz + i * interval '1 hour'
     FROM generate_series(1, 500) AS i`,
  );
  await client.query(`INSERT INTO t VALUES (0, NULL, NULL, NULL)`);
});

afterAll(() => client?.close());

async function answer(...messages: Buffer[]): Promise<string[]> {
  client.send(...messages);
  return client.until('Z');
}

let statements = 0;

/** Prepares a statement and compares both ways for each list of parameters. */
async function agrees(text: string, valueLists: (string | Buffer | null)[][]): Promise<string[][]> {
  const statement = `s${++statements}`;
  expect(await answer(parse(text, statement), sync), text).toEqual(['ParseComplete', 'ReadyForQuery I']);
  const answers: string[][] = [];
  for (const values of valueLists) {
    const binary = values.some((value) => Buffer.isBuffer(value));
    for (const resultFormats of [[], [0], [1]]) {
      const bound = bind({ statement, values, formats: binary ? [1] : [], resultFormats });
      for (const described of [[], [describe('P')]]) {
        const apart = await answer(bound, flush, ...described, execute(), sync);
        const together = await answer(bound, ...described, execute(), sync);
        expect(together, `${text} with ${String(values)}, formats ${String(resultFormats)}`).toEqual(apart);
        answers.push(together);
      }
    }
  }
  return answers;
}

const int8 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

test('rows by key, in both formats', async () => {
  const [first] = await agrees('SELECT * FROM t WHERE id = $1', [['7'], ['0'], ['900'], [null], [int8(12)]]);
  expect(first).toEqual([
    'BindComplete',
    expect.stringContaining('name 7'),
    'CommandComplete SELECT 1',
    'ReadyForQuery I',
  ]);
  await agrees('SELECT name, price * 2, at FROM t WHERE id IN ($1, $2) ORDER BY id DESC', [['3', '4']]);
  await agrees('SELECT 1 + $1::int', [['41']]);
  await agrees('SELECT id FROM t ORDER BY id LIMIT $1', [['3'], ['64'], ['65'], [null]]);
});

test('what fails says so', async () => {
  const answers = await agrees('SELECT 10 / ($1::int8 - id), name FROM t WHERE id = $1', [
    ['1'],
    ['x'],
    [''],
  ]);
  expect(answers[0]!.join()).toContain('division by zero');
  await agrees('SELECT name FROM t WHERE id = $1', [['99999999999999999999'], []]);
  expect(await answer(bind({ statement: 'none' }), execute(), sync)).toEqual(
    await answer(bind({ statement: 'none' }), flush, execute(), sync),
  );
});

test('what is no small read goes the ordinary way', async () => {
  await agrees('SELECT * FROM t', [[]]);
  await agrees('SELECT count(*), sum(price) FROM t', [[]]);
  await agrees('SELECT current_schema(), current_user', [[]]);
  await client.query('CREATE SEQUENCE numbers');
  await answer(parse(`SELECT nextval('numbers')`, 'next'), sync);
  for (const value of [1, 2, 3]) {
    const lines = await answer(bind({ statement: 'next' }), execute(), sync);
    expect(lines.join()).toContain(` ${value},`);
  }
});

test('settings, catalog and data are those of the moment', async () => {
  await answer(parse('SELECT at FROM t WHERE id = $1', 'at'), sync);
  const read = bind({ statement: 'at', values: ['1'] });
  for (const [zone, text] of [
    ['UTC', '2026-01-01 01:00:00+00'],
    ['Asia/Tokyo', '2026-01-01 10:00:00+09'],
    ['UTC', '2026-01-01 01:00:00+00'],
  ]) {
    await client.query(`SET TimeZone = '${zone}'`);
    for (let again = 0; again < 3; again++) {
      expect((await answer(read, execute(), sync)).join(), zone).toContain(text);
    }
  }
  await answer(parse('SELECT name FROM t WHERE id = $1', 'name'), sync);
  const name = async (): Promise<string> =>
    (await answer(bind({ statement: 'name', values: ['2'] }), execute(), sync)).join();
  for (let version = 0; version < 20; version++) {
    await client.query(`UPDATE t SET name = 'version ${version}' WHERE id = 2`);
    expect(await name()).toContain(`version ${version}`);
  }
  await client.query('ALTER TABLE t RENAME TO u');
  expect(await name()).toContain('relation "t" does not exist');
  await client.query('ALTER TABLE u RENAME TO t');
  expect(await name()).toContain('version 19');
});

test('in a transaction the snapshot is its own', async () => {
  const other = await TranscriptClient.open(server.port);
  await answer(parse('SELECT name FROM t WHERE id = $1', 'own'), sync);
  const read = [bind({ statement: 'own', values: ['5'] }), execute(), sync];
  await client.query('BEGIN');
  expect((await answer(...read)).join()).toContain('name 5');
  await other.query(`UPDATE t SET name = 'other' WHERE id = 5`);
  expect((await answer(...read)).join()).toContain('name 5');
  expect((await answer(...read)).at(-1)).toBe('ReadyForQuery T');
  await client.query('COMMIT');
  expect((await answer(...read)).join()).toContain('other');
  other.close();
});

test('many at once, and texts of the simple protocol', async () => {
  await answer(parse('SELECT id FROM t WHERE id = $1', 'many'), sync);
  const ids = Array.from({ length: 300 }, (_, index) => String(index + 1));
  client.send(...ids.flatMap((id) => [bind({ statement: 'many', values: [id] }), execute(), sync]));
  for (const id of ids) expect((await client.until('Z')).join()).toContain(`DataRow ${id}`);
  client.send(...ids.map((id) => query(`SELECT id, 'it''s' AS s FROM t WHERE id = ${id}`)));
  const lines = [];
  for (const id of ids) {
    const line = await client.until('Z');
    expect(line.join()).toContain(`DataRow ${id}`);
    lines.push(line.filter((text) => !text.startsWith('DataRow')).join());
  }
  expect(new Set(lines).size, 'all answers have the same messages around their rows').toBe(1);
  expect((await client.query('SELECT 1 / (id - 3) FROM t WHERE id = 3')).join()).toContain(
    'division by zero',
  );
  expect((await client.query('SELECT 1 / (id - 4) FROM t WHERE id = 4')).join()).toContain(
    'division by zero',
  );
});
