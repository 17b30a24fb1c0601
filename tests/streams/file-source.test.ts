/** FILE sources over a real server: what a followed folder holds, at each moment, is what the relation holds. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
let folder: string;

const server = testServer({}, async () => {
  client = await server.connect();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-files-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

/** The relation comes to hold these rows. */
function becomes(sql: string): ReturnType<typeof expect.poll> {
  return expect.poll(() => rows(sql), { timeout: 15_000, interval: 20 });
}

test('a CSV folder is followed: lines appended, files added, changed and deleted', async () => {
  const first = join(folder, 'a.csv');
  writeFileSync(first, 'city,id,amount\nLisbon,1,12.50\n"Oslo, N",2,\n');
  await client.query(`CREATE SOURCE orders (id int NOT NULL, city text, amount numeric(10,2))
    FROM FILE (PATH '${folder}/*.csv', FOLLOW, POLL INTERVAL '20 ms') FORMAT CSV (HEADER) INCLUDE PATH AS origin`);
  await client.query(
    'CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n, sum(amount) AS total FROM orders',
  );
  const all = 'SELECT id, city, amount, origin FROM orders ORDER BY id';
  await becomes(all).toEqual([
    [1, 'Lisbon', '12.50', first],
    [2, 'Oslo, N', null, first],
  ]);
  // The last line is not whole yet.
  appendFileSync(first, 'Paris,3,1\nRo');
  appendFileSync(first, 'me,4,2.25\n');
  await becomes('SELECT id, city FROM orders ORDER BY id').toEqual([
    [1, 'Lisbon'],
    [2, 'Oslo, N'],
    [3, 'Paris'],
    [4, 'Rome'],
  ]);
  const second = join(folder, 'b.csv');
  writeFileSync(second, 'id,city,amount\n5,Bern,10\n');
  await becomes('SELECT n, total FROM totals').toEqual([['5', '25.75']]);
  rmSync(first);
  await becomes(all).toEqual([[5, 'Bern', '10.00', second]]);
  await becomes('SELECT n, total FROM totals').toEqual([['1', '10.00']]);
  writeFileSync(second, 'id,city,amount\n6,Graz,3\n');
  await becomes(all).toEqual([[6, 'Graz', '3.00', second]]);
  await client.query('DROP SOURCE orders CASCADE');
});

test('JSON lines, bounded: columns by member names, all rows once', async () => {
  writeFileSync(
    join(folder, 'a.json'),
    '{"id": 1, "tags": ["x", {"y": null}], "at": "2026-01-02T03:04:05Z", "more": true}\n{"at": null, "id": 2}\n',
  );
  await client.query(`CREATE SOURCE events (id bigint, tags jsonb, at timestamptz)
    FROM FILE (PATH '${folder}') FORMAT JSON`);
  await becomes(`SELECT id, tags::text, at = '2026-01-02 03:04:05+00' FROM events ORDER BY id`).toEqual([
    ['1', '["x", {"y": null}]', true],
    ['2', null, null],
  ]);
  await client.query(`CREATE SOURCE whole FROM FILE (PATH '${folder}') FORMAT JSON`);
  await becomes(`SELECT data ->> 'id' FROM whole ORDER BY 1`).toEqual([['1'], ['2']]);
  await client.query('DROP SOURCE events');
  await client.query('DROP SOURCE whole');
});

test('JSON arrays are values of array types', async () => {
  writeFileSync(
    join(folder, 'a.json'),
    '{"id": 1, "codes": [1, "2", null], "grid": [[1.50, 2], [3, 4]]}\n{"id": 2, "codes": []}\n{"id": 3, "codes": [[1], 2]}\n',
  );
  await client.query(`CREATE SOURCE coded (id bigint, codes int[], grid numeric[])
    FROM FILE (PATH '${folder}') FORMAT JSON ON ERROR SKIP INTO coded_rejected`);
  await becomes('SELECT id, codes::text, grid::text FROM coded ORDER BY id').toEqual([
    ['1', '{1,2,NULL}', '{{1.50,2},{3,4}}'],
    ['2', '{}', null],
  ]);
  await becomes('SELECT error_code FROM coded_rejected').toEqual([['22P02']]);
  await client.query('DROP SOURCE coded');
});

test('records that do not decode go into the reject relation, and leave it with their file', async () => {
  const file = join(folder, 'a.csv');
  writeFileSync(file, '1,2026-01-01\nx,2026-01-02\n3,2026-02-30\n4,2026-01-04\n');
  await client.query(`CREATE SOURCE days (id int, day date)
    FROM FILE (PATH '${folder}/*.csv', FOLLOW, POLL INTERVAL '20 ms') FORMAT CSV ON ERROR SKIP INTO days_rejected`);
  await becomes('SELECT id FROM days ORDER BY id').toEqual([[1], [4]]);
  await becomes('SELECT error_code, path, position, line, bytes FROM days_rejected ORDER BY line').toEqual([
    ['22P02', file, '13', '2', Buffer.from('x,2026-01-02')],
    ['22008', file, '26', '3', Buffer.from('3,2026-02-30')],
  ]);
  const [[message]] = (await rows('SELECT error_message FROM days_rejected WHERE line = 2')) as [[string]];
  expect(message).toContain('invalid input syntax for type integer: "x"');
  rmSync(file);
  await becomes('SELECT count(*) FROM days_rejected').toEqual([['0']]);
  await becomes('SELECT count(*) FROM days').toEqual([['0']]);
  await client.query('DROP SOURCE days');
  await expect(client.query('SELECT * FROM days_rejected')).rejects.toMatchObject({ code: '42P01' });
});

test('records are skipped and recorded unless told otherwise, all of them', async () => {
  const file = join(folder, 'a.csv');
  const bad = Array.from({ length: 30_000 }, (_, index) => `x${index}`);
  writeFileSync(file, ['1', ...bad, '2', ''].join('\n'));
  await client.query(`CREATE SOURCE skipping (id int) FROM FILE (PATH '${file}') FORMAT CSV`);
  await client.query(`CREATE SOURCE keeping (id int) FROM FILE (PATH '${file}') FORMAT CSV
    ON ERROR SKIP INTO kept`);
  await becomes('SELECT id FROM skipping ORDER BY id').toEqual([[1], [2]]);
  await becomes('SELECT count(*), count(DISTINCT bytes), min(line), max(line) FROM kept').toEqual([
    ['30000', '30000', '2', '30001'],
  ]);
  await becomes(`SELECT name, state, rows, rejected FROM tw_catalog.source_status ORDER BY name`).toEqual([
    ['keeping', 'finished', '2', '30000'],
    ['skipping', 'finished', '2', '30000'],
  ]);
  // The log has the latest thousand.
  expect(
    await rows(`SELECT count(*), min(line), max(line), min(error_detail), min(path)
      FROM tw_catalog.source_errors WHERE source_name = 'skipping'`),
  ).toEqual([['1000', '29002', '30001', 'Column "id".', file]]);
  const last = `SELECT error_code, error_message, position, line, bytes FROM tw_catalog.source_errors
    WHERE source_name = 'skipping' ORDER BY line DESC LIMIT 1`;
  const position = 2 + bad.slice(0, -1).join('\n').length + 1;
  expect(await rows(last)).toEqual([
    [
      '22P02',
      'invalid input syntax for type integer: "x29999"',
      `${position}`,
      '30001',
      Buffer.from('x29999'),
    ],
  ]);
  await client.query('DROP SOURCE skipping');
  await client.query('DROP SOURCE keeping');
  await becomes('SELECT count(*) FROM tw_internal.source_errors').toEqual([['0']]);
  await becomes('SELECT count(*) FROM tw_catalog.source_status').toEqual([['0']]);
});

test('PATH, LINE and OFFSET of each record, in the order of INCLUDE', async () => {
  const file = join(folder, 'a.csv');
  writeFileSync(file, 'v\nab\n"c\nd"\ne');
  await client.query(`CREATE SOURCE placed (v text)
    FROM FILE (PATH '${file}', FOLLOW, POLL INTERVAL '20 ms') FORMAT CSV (HEADER)
    INCLUDE LINE, PATH AS file, OFFSET AS at`);
  const all = 'SELECT v, line, file, at FROM placed ORDER BY line';
  await becomes(all).toEqual([
    ['ab', '2', file, '2'],
    ['c\nd', '3', file, '5'],
    ['e', '4', file, '11'],
  ]);
  // The line break of the last line, which was taken as whole, and another line.
  appendFileSync(file, '\nf\n');
  await becomes('SELECT v, line, at FROM placed WHERE line > 3 ORDER BY line').toEqual([
    ['e', '4', '11'],
    ['f', '5', '13'],
  ]);
  rmSync(file);
  await becomes('SELECT count(*) FROM placed').toEqual([['0']]);
  await client.query('DROP SOURCE placed');
});

test('ON ERROR FAIL stops the source before the bad record; altered to SKIP it goes on there', async () => {
  const file = join(folder, 'a.csv');
  writeFileSync(file, '1\n2\n');
  await client.query(`CREATE SOURCE failing (id int)
    FROM FILE (PATH '${file}', FOLLOW, POLL INTERVAL '20 ms') FORMAT CSV ON ERROR FAIL`);
  await becomes('SELECT count(*) FROM failing').toEqual([['2']]);
  appendFileSync(file, '3\nx\n4\n');
  const status = `SELECT state, error, on_error, rejected FROM tw_catalog.source_status WHERE name = 'failing'`;
  await becomes(status).toEqual([
    [
      'failed',
      `record 4 of ${file} (byte 6): invalid input syntax for type integer: "x"`,
      'fail',
      expect.anything(),
    ],
  ]);
  expect(await rows('SELECT count(*) FROM failing')).toEqual([['2']]);
  await client.query('ALTER SOURCE failing SET (ON ERROR = SKIP)');
  await client.query('ALTER SOURCE failing RESUME');
  await becomes('SELECT id FROM failing ORDER BY id').toEqual([[1], [2], [3], [4]]);
  await becomes(
    `SELECT line, convert_from(bytes, 'UTF8') FROM tw_catalog.source_errors WHERE source_name = 'failing'`,
  ).toEqual([['4', 'x']]);
  appendFileSync(file, '5\n');
  await becomes('SELECT max(id) FROM failing').toEqual([[5]]);
  await client.query('DROP SOURCE failing');
});

test('options change while a source runs, and those that cannot are named', async () => {
  const file = join(folder, 'a.csv');
  writeFileSync(file, '1\n');
  await client.query(`CREATE SOURCE changing (id int) FROM FILE (PATH '${file}', FOLLOW) FORMAT CSV`);
  await client.query(`ALTER SOURCE changing SET (POLL INTERVAL '10 ms', ON DELETE = keep)`);
  await becomes('SELECT id FROM changing').toEqual([[1]]);
  rmSync(file);
  await becomes(`SELECT count(*) FROM tw_catalog.source_partitions WHERE source_name = 'changing'`).toEqual([
    ['0'],
  ]);
  expect(await rows('SELECT id FROM changing')).toEqual([[1]]);
  await client.query('ALTER SOURCE changing RESET (POLL INTERVAL, ON DELETE)');
  await expect(client.query(`ALTER SOURCE changing SET (PATH 'x')`)).rejects.toMatchObject({
    code: '0A000',
    message: 'option "path" of connector FILE cannot be altered',
    position: '28',
  });
  await expect(client.query(`ALTER SOURCE changing SET (POL_INTERVAL '1 s')`)).rejects.toMatchObject({
    code: '22023',
    hint: 'Perhaps you meant the option "poll_interval".',
  });
  await client.query('ALTER SOURCE changing PAUSE');
  const shown = async (): Promise<unknown> =>
    (await client.query(`SHOW SOURCES LIKE 'changing'`)).rows.map((row) => (row as { state: string }).state);
  expect(await shown()).toEqual(['paused']);
  writeFileSync(file, '7\n');
  await client.query('ALTER SOURCE changing RESUME');
  await becomes('SELECT id FROM changing ORDER BY id').toEqual([[1], [7]]);
  await client.query('DROP SOURCE changing');
});

test('mistakes are refused by name', async () => {
  const refused = (sql: string): Promise<unknown> =>
    client.query(sql).then(
      () => 'accepted',
      (error: { code: string; message: string; hint?: string }) => [error.code, error.hint ?? error.message],
    );
  const tail = 'FORMAT JSON';
  expect(await refused(`CREATE SOURCE s (a int) FROM FILE (PATH '${folder}', FOLOW) ${tail}`)).toEqual([
    '22023',
    'Perhaps you meant the option "follow".',
  ]);
  expect(await refused(`CREATE SOURCE s (a int) FROM FILE (FOLLOW) ${tail}`)).toEqual([
    '22023',
    'connector FILE needs the option "path"',
  ]);
  expect(await refused(`CREATE SOURCE s (a int) FROM FILE (PATH '${folder}/none') ${tail}`)).toEqual([
    '58P01',
    expect.anything(),
  ]);
  expect(await refused(`CREATE SOURCE s (a int) FROM KAFKA (TOPIC 't') ${tail}`)).toEqual([
    '22023',
    'CREATE CONNECTION c TO KAFKA (…), then FROM KAFKA CONNECTION c (…).',
  ]);
  expect(
    await refused(`CREATE SOURCE s (a int) FROM FILE (PATH '${folder}') ${tail} ENVELOPE UPSERT`),
  ).toEqual(['0A000', expect.anything()]);
  expect(await refused(`CREATE SOURCE s FROM FILE (PATH '${folder}') FORMAT CSV`)).toEqual([
    '42601',
    expect.anything(),
  ]);
  expect(await refused(`SELECT * FROM s`)).toEqual(['42P01', expect.anything()]);
});

test("RisingWave's form means the same", async () => {
  writeFileSync(join(folder, 'a.csv'), '1,x\n');
  await client.query(`CREATE SOURCE files (id int, name varchar)
    WITH (connector = 'posix_fs', posix_fs.root = '${folder}', match_pattern = '*.csv', poll_interval = '20 ms')
    FORMAT PLAIN ENCODE CSV (without_header = 'true', delimiter = ',')`);
  writeFileSync(join(folder, 'b.csv'), '2,y\n');
  await becomes('SELECT id, name FROM files ORDER BY id').toEqual([
    [1, 'x'],
    [2, 'y'],
  ]);
  await client.query('DROP SOURCE files');
});
