/** COPY with its options, to Tidewire and to PostgreSQL: the same lines out, the same rows in, the same refusals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import { copyData, message, query, TranscriptClient } from './transcript.ts';

let tidewire: Tidewire;
let postgres: Postgres;
let clients: TranscriptClient[];

beforeAll(async () => {
  [tidewire, postgres] = await Promise.all([startTidewire(), startPostgres()]);
  clients = await Promise.all([
    TranscriptClient.open(tidewire.port),
    TranscriptClient.open(postgres.port, { user: 'postgres', database: 'postgres' }),
  ]);
  for (const client of clients) {
    await client.query('CREATE TABLE t (a int, b text, "c,d" text)');
    await client.query(
      String.raw`INSERT INTO t VALUES (1, 'x', NULL), (2, 'q"u''o', ''), (3, E'two\nlines', 'a,b'), (4, 'back\slash', 'NULL')`,
    );
  }
}, 120_000);

afterAll(async () => {
  for (const client of clients ?? []) client.close();
  await Promise.all([tidewire?.stop(), postgres?.stop()]);
});

/** Positions and hints that PostgreSQL does not give, and the places in the data, are not compared. */
const plain = (lines: readonly string[]): string[] =>
  lines.map((line) => (line.startsWith('Error') ? line.replace(/ [PHWD]=.*$/s, '') : line));

async function agree(exchange: (client: TranscriptClient) => Promise<string[]>): Promise<void> {
  const [ours, theirs] = [await exchange(clients[0]!), await exchange(clients[1]!)];
  expect(plain(ours)).toEqual(plain(theirs));
}

test.each([
  'FORMAT csv',
  "FORMAT csv, HEADER, QUOTE '''', ESCAPE '\\'",
  "FORMAT csv, QUOTE '*', FORCE_QUOTE (b)",
  'FORMAT csv, FORCE_QUOTE *, HEADER',
  "FORMAT csv, NULL 'NULL', DELIMITER ';'",
  'HEADER',
  "NULL 'x', DELIMITER '|'",
  "FORMAT csv, QUOTE 'ab'",
  "FORMAT csv, QUOTE ','",
  "QUOTE '*'",
  "DELIMITER 'x'",
  "FORMAT csv, NULL 'a,b'",
  'FORMAT csv, FORCE_NULL (b)',
  'FORMAT csv, FORCE_QUOTE (nosuch)',
  'FORMAT csv, HEADER match',
  "FORMAT 'xml'",
  'NOSUCH',
])('out: %s', async (options) => {
  const ordered = `COPY (SELECT * FROM t ORDER BY a) TO STDOUT WITH (${options})`;
  await agree((client) => client.query(ordered));
});

test.each([
  ['FORMAT csv', '1,"a ""b""",\n2,,""\n'],
  ["FORMAT csv, QUOTE '''', ESCAPE '\\'", "1,'it\\'s','\\\\'\n"],
  ["FORMAT csv, NULL 'x', FORCE_NULL (b)", '1,"x","x"\n2,x,x\n'],
  ['FORMAT csv, FORCE_NOT_NULL (b)', '1,,\n'],
  ['FORMAT csv, HEADER match', 'a,b,"c,d"\n1,x,y\n'],
  ['FORMAT csv, HEADER match', 'a,c,"c,d"\n1,x,y\n'],
  ['FORMAT csv, HEADER match', 'a,b\n1,x,y\n'],
  ['HEADER match', 'a\tb\tc,d\n1\tx\ty\n'],
  ['HEADER match', 'a\tx\tc,d\n1\tx\ty\n'],
  ['FORMAT csv', '1,x,y\n2,a\rb,c\n'],
  ['FORMAT csv', '1,x,"a\rb"\n'],
  ['FORMAT csv', '1,x,y\r\n2,a,b\r\n'],
  ['FORMAT text', '1\tx\ty\n2\ta\rb\tc\n'],
  ['FORMAT csv', '1,x\n'],
  ['FORMAT csv', 'one,x,y\n'],
])('in: %s %j', async (options, data) => {
  await agree(async (client) => {
    await client.query('DELETE FROM t');
    client.send(query(`COPY t FROM STDIN WITH (${options})`), copyData(data), message('c'));
    return [...(await client.until('Z')), ...(await client.query('SELECT * FROM t ORDER BY a'))];
  });
});

test.each(['1\t1\n2\t\\N\n', '1\t1\n2\t7\n'])('in, with a foreign key: %j', async (data) => {
  await agree(async (client) => {
    await client.query('DROP TABLE IF EXISTS child, parent');
    await client.query('CREATE TABLE parent (id int PRIMARY KEY)');
    await client.query('CREATE TABLE child (id int, of int REFERENCES parent)');
    await client.query('INSERT INTO parent VALUES (1)');
    const messages = [];
    for (const begin of ['SELECT 1', 'BEGIN']) {
      await client.query(begin);
      client.send(query('COPY child FROM STDIN'), copyData(data), message('c'));
      messages.push(...(await client.until('Z')), ...(await client.query('ROLLBACK')));
    }
    return [...messages, ...(await client.query('SELECT * FROM child ORDER BY id'))];
  });
});

test.each([
  ['(name)', 'a\nb\n'],
  ['', '7\tc\n'],
  ['(id, twice)', '7\t14\n'],
])('in and out, with generated columns: %s %j', async (columns, data) => {
  await agree(async (client) => {
    await client.query('DROP TABLE IF EXISTS g');
    const own =
      'id serial, twice int GENERATED ALWAYS AS (id * 2) STORED, name text, loud text GENERATED ALWAYS AS (upper(name))';
    await client.query(`CREATE TABLE g (${own})`);
    client.send(query(`COPY g ${columns} FROM STDIN`), copyData(data), message('c'));
    const answers = await client.until('Z');
    for (const each of ['SELECT * FROM g ORDER BY id', 'COPY g TO STDOUT', 'COPY g (twice) TO STDOUT']) {
      answers.push(...(await client.query(each)));
    }
    return answers;
  });
});

test.each([
  ['name, u', 'a\t1\nb\t2\n'],
  ['id, name, u', '7\tc\t3\n'],
  ['name, u', 'bad\t4\n'],
  ['name, u', '\\N\t4\n'],
  ['name, u', 'x\t3\ny\t3\n'],
])('in, with numbers and constraints: %s %j', async (columns, data) => {
  await agree(async (client) => {
    await client.query('DROP TABLE IF EXISTS c');
    const own = `id serial PRIMARY KEY, name text NOT NULL CHECK (name <> 'bad'), u int UNIQUE`;
    await client.query(`CREATE TABLE c (${own})`);
    client.send(query(`COPY c (${columns}) FROM STDIN`), copyData(data), message('c'));
    return [...(await client.until('Z')), ...(await client.query('SELECT * FROM c ORDER BY id'))];
  });
});

test.each([
  ["WHERE a > 1 AND b <> 'y'", '1\tx\n2\ty\n3\tz\n'],
  ['WHERE a > max(a)', ''],
  ['WHERE a IN (SELECT 1)', ''],
  ['WHERE a IN (generate_series(1, 5))', ''],
  ['WHERE a = row_number() OVER ()', ''],
  ['WHERE nosuch = 1', ''],
  ['WHERE twice = 2', ''],
  [String.raw`WITH (DEFAULT '\D')`, '1\t\\D\n2\tz\n3\t\\N\n'],
  [String.raw`WITH (FORMAT csv, DEFAULT '\D')`, '1,\\D\n2,"\\D"\n3,\n'],
  [String.raw`WITH (DEFAULT '\D')`, '\\D\tz\n'],
  [String.raw`WITH (DEFAULT '\N')`, ''],
  ["WITH (DEFAULT 'a;b', DELIMITER ';')", ''],
  [String.raw`WITH (DEFAULT E'\n')`, ''],
  ['WITH (ON_ERROR ignore)', '1\tx\nbad\ty\n3\tz\n99999999999\tw\n'],
  ['WITH (ON_ERROR ignore, LOG_VERBOSITY silent)', '1\tx\nbad\ty\n'],
  ['WITH (ON_ERROR ignore, REJECT_LIMIT 1)', 'bad\tx\nbad\ty\n'],
  ['WITH (ON_ERROR ignore, REJECT_LIMIT 2)', 'bad\tx\nbad\ty\n'],
  ['WITH (ON_ERROR ignore)', '1\tx\n2\n'],
  ['WITH (ON_ERROR ignore)', '1\tx\n1\tx\n'],
  ['WITH (ON_ERROR nosuch)', ''],
  ['WITH (REJECT_LIMIT 1)', ''],
  ['WITH (ON_ERROR ignore, REJECT_LIMIT 0)', ''],
  ['WITH (ON_ERROR ignore, ON_ERROR ignore)', ''],
  ['WITH (FORMAT binary, ON_ERROR ignore)', ''],
  ["WITH (FORMAT binary, DELIMITER ',')", ''],
  ['WITH (FORMAT csv, FORCE_QUOTE (a))', ''],
  ['WITH (FORMAT csv, FORCE_NULL (nosuch))', ''],
  ['', 'a\\.b\tx\n'],
  ['WITH (HEADER match)', 'a\t\\N\n'],
])('in: %s %j', async (clauses, data) => {
  await agree(async (client) => {
    await client.query('DROP TABLE IF EXISTS d');
    await client.query(
      "CREATE TABLE d (a int PRIMARY KEY, b text DEFAULT 'none', twice int GENERATED ALWAYS AS (a * 2) STORED)",
    );
    client.send(query(`COPY d (a, b) FROM STDIN ${clauses}`), copyData(data), message('c'));
    return [...(await client.until('Z')), ...(await client.query('SELECT * FROM d ORDER BY a'))];
  });
});

test.each([
  ["INSERT INTO d VALUES (1, 'one'), (2, NULL) RETURNING *"],
  ["UPDATE d SET b = 'x' WHERE a = 1 RETURNING a, old.b, new.b"],
  ['DELETE FROM d RETURNING b'],
  [
    'MERGE INTO d USING (VALUES (1)) AS s (a) ON d.a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a) RETURNING merge_action(), d.a',
  ],
  ['DELETE FROM d'],
  ['SELECT 1 AS a INTO e'],
])('out: %s', async (command) => {
  await agree(async (client) => {
    await client.query('DROP TABLE IF EXISTS d');
    await client.query('CREATE TABLE d (a int, b text)');
    await client.query("INSERT INTO d VALUES (1, 'first'), (3, 'third')");
    const answers = await client.query(`COPY (${command}) TO STDOUT WITH (FORMAT csv, HEADER)`);
    return [...answers, ...(await client.query('SELECT * FROM d ORDER BY a, b'))];
  });
});

test('in, frozen', async () => {
  await agree(async (client) => {
    await client.query('DROP TABLE IF EXISTS f');
    await client.query('CREATE TABLE f (a int)');
    const answers: string[] = [];
    const copy = async (): Promise<void> => {
      client.send(query('COPY f FROM STDIN WITH (FREEZE)'), copyData('1\n'), message('c'));
      answers.push(...(await client.until('Z')).filter((line) => !/^(Notice|CopyIn)/.test(line)));
    };
    for (const statements of [['TRUNCATE f'], ['TRUNCATE f', 'SAVEPOINT s'], ['SELECT 1']]) {
      await client.query('BEGIN');
      for (const each of statements) await client.query(each);
      await copy();
      answers.push(...(await client.query('COMMIT')));
    }
    await client.query('BEGIN');
    await client.query('DROP TABLE f');
    await client.query('CREATE TABLE f (a int)');
    await copy();
    answers.push(...(await client.query('COMMIT')), ...(await client.query('SELECT * FROM f')));
    return answers;
  });
});
