/** FILE sinks over a real server: the file is the history of the view, and adds up to what the view holds. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
let folder: string;

const server = testServer({}, async () => {
  client = await server.connect();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidewire-sink-test-'));
  await client.query('CREATE TABLE sales (id int PRIMARY KEY, city text, amount numeric)');
  await client.query(
    'CREATE MATERIALIZED VIEW by_city AS SELECT city, sum(amount) AS total FROM sales GROUP BY city',
  );
  await client.query(`INSERT INTO sales VALUES (1, 'Oslo', 1.50), (2, 'Lisbon', 2)`);
  return async () => {
    await client.query('DROP TABLE sales CASCADE');
    rmSync(folder, { recursive: true, force: true });
  };
});

async function change(): Promise<void> {
  await client.query(`INSERT INTO sales VALUES (3, 'Oslo', 4)`);
  await client.query(`UPDATE sales SET city = 'Paris' WHERE id = 2`);
  await client.query('DELETE FROM sales WHERE id = 3');
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

interface Append {
  city: string;
  total: string | number;
  tw_timestamp: number;
  tw_diff: number;
}

test('ENVELOPE APPEND: the snapshot, then each commit, as one timestamp each', async () => {
  const path = join(folder, 'out.jsonl');
  await client.query(`CREATE SINK out FROM by_city INTO FILE (PATH '${path}') FORMAT JSON ENVELOPE APPEND`);
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(2);
  await change();
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(8);
  const records = lines(path).map((line) => JSON.parse(line) as Append);
  const groups = new Map<number, Append[]>();
  for (const record of records) {
    const group = groups.get(record.tw_timestamp);
    if (group) group.push(record);
    else groups.set(record.tw_timestamp, [record]);
  }
  expect([...groups.keys()], 'timestamps never go back').toEqual([...groups.keys()].sort((a, b) => a - b));
  const history = [...groups.values()].map((group) =>
    group
      .map(({ city, total, tw_diff }) => `${tw_diff > 0 ? '+' : ''}${tw_diff} ${city} ${Number(total)}`)
      .sort(),
  );
  expect(history).toEqual([
    ['+1 Lisbon 2', '+1 Oslo 1.5'],
    ['+1 Oslo 5.5', '-1 Oslo 1.5'],
    ['+1 Paris 2', '-1 Lisbon 2'],
    ['+1 Oslo 1.5', '-1 Oslo 5.5'],
  ]);
});

test('ENVELOPE UPSERT: the last value of each key is what the view holds', async () => {
  const path = join(folder, 'out.jsonl');
  await client.query(`CREATE SINK out AS SELECT city, total FROM by_city INTO FILE (PATH '${path}')
    KEY (city) FORMAT JSON ENVELOPE UPSERT`);
  await change();
  const state = (): unknown => {
    const last = new Map<string, unknown>();
    for (const line of lines(path)) {
      const { key, value } = JSON.parse(line) as { key: { city: string }; value: { total: number } | null };
      if (value === null) last.delete(key.city);
      else last.set(key.city, Number(value.total));
    }
    return [...last].sort();
  };
  await expect.poll(state, { timeout: 10_000, interval: 20 }).toEqual([
    ['Oslo', 1.5],
    ['Paris', 2],
  ]);
});

test('ENVELOPE DEBEZIUM: rows before and after', async () => {
  const path = join(folder, 'out.jsonl');
  await client.query(`CREATE SINK out FROM sales INTO FILE (PATH '${path}') FORMAT JSON ENVELOPE DEBEZIUM`);
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(2);
  await change();
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(5);
  const changes = lines(path)
    .slice(2)
    .map((line) => JSON.parse(line) as { before: unknown; after: unknown; op: string });
  expect(changes).toMatchObject([
    { before: null, after: { id: 3, city: 'Oslo' }, op: 'c' },
    { before: { id: 2, city: 'Lisbon' }, after: { id: 2, city: 'Paris' }, op: 'u' },
    { before: { id: 3 }, after: null, op: 'd' },
  ]);
});

test('CSV begins with its header, once', async () => {
  const path = join(folder, 'out.csv');
  await client.query(
    `CREATE SINK out AS SELECT id, city FROM sales INTO FILE (PATH '${path}') FORMAT CSV (HEADER)`,
  );
  await client.query(`INSERT INTO sales VALUES (4, 'Rio, BR', 1)`);
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(4);
  const [header, ...rest] = lines(path);
  expect(header).toBe('id,city,tw_timestamp,tw_diff');
  expect(rest.map((line) => line.replace(/,\d+,(-?\d+)$/, ' $1')).sort()).toEqual([
    '1,Oslo 1',
    '2,Lisbon 1',
    '4,"Rio, BR" 1',
  ]);
});

test('a sink ends with DROP, and a file that is not its own stays', async () => {
  const path = join(folder, 'out.jsonl');
  writeFileSync(path, 'mine\n');
  const create = `CREATE SINK out FROM sales INTO FILE (PATH '${path}') FORMAT JSON`;
  await expect(client.query(create)).rejects.toMatchObject({ code: '58P02', hint: 'OVERWRITE replaces it.' });
  expect(readFileSync(path, 'utf8')).toBe('mine\n');
  await client.query(`CREATE SINK out FROM sales INTO FILE (PATH '${path}', OVERWRITE) FORMAT JSON`);
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(2);
  await client.query('DROP SINK out');
  await client.query('DELETE FROM sales');
  expect(lines(path).length).toBe(2);
});

test('a commit that is larger than what may wait, and a large snapshot: whole, and each row once', async () => {
  await client.query('CREATE TABLE large (id int PRIMARY KEY, pad text)');
  const insert = (from: number, to: number): Promise<unknown> =>
    client.query(`INSERT INTO large SELECT g, repeat('x', 1500) FROM generate_series(${from}, ${to}) AS g`);
  const ids = (path: string): number[] =>
    lines(path)
      .map((line) => (JSON.parse(line) as { key: { id: number } }).key.id)
      .sort((a, b) => a - b);
  const path = join(folder, 'followed.jsonl');
  await client.query(
    `CREATE SINK followed FROM large INTO FILE (PATH '${path}') FORMAT JSON ENVELOPE UPSERT`,
  );
  // 90 MB in one commit, and again.
  await insert(1, 60_000);
  await insert(60_001, 120_000);
  const all = Array.from({ length: 120_000 }, (_, index) => index + 1);
  await expect.poll(() => lines(path).length, { timeout: 60_000, interval: 200 }).toBe(120_000);
  expect(ids(path)).toEqual(all);
  const snapshot = join(folder, 'snapshot.jsonl');
  await client.query(
    `CREATE SINK snapshot FROM large INTO FILE (PATH '${snapshot}') FORMAT JSON ENVELOPE UPSERT`,
  );
  await expect.poll(() => lines(snapshot).length, { timeout: 60_000, interval: 200 }).toBe(120_000);
  expect(ids(snapshot)).toEqual(all);
  await client.query('DROP TABLE large CASCADE');
}, 120_000);

test('a sink that failed says why, and RESUME starts it again', async () => {
  const path = join(folder, 'out.jsonl');
  mkdirSync(`${path}.progress`);
  const state = async (): Promise<unknown> =>
    (await client.query("SELECT state, error FROM tw_catalog.sink_status WHERE name = 'out'")).rows[0];
  await client.query(`CREATE SINK out FROM sales INTO FILE (PATH '${path}') FORMAT JSON`);
  const failed = { state: 'failed', error: expect.stringContaining('EISDIR') as string };
  await expect.poll(state, { timeout: 10_000, interval: 20 }).toEqual(failed);
  await client.query('ALTER SINK out RESUME');
  await expect.poll(state, { timeout: 10_000, interval: 20 }).toEqual(failed);
  rmdirSync(`${path}.progress`);
  await client.query('ALTER SINK out RESUME');
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(2);
  await client.query('DELETE FROM sales');
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(4);
  expect(await state()).toEqual({ state: 'running', error: null });
});

test('mistakes are refused by name', async () => {
  const refused = (sql: string): Promise<unknown> =>
    client.query(sql).then(
      () => 'accepted',
      (error: { code: string; message: string; hint?: string }) => [error.code, error.hint ?? error.message],
    );
  const into = `INTO FILE (PATH '${folder}/x')`;
  expect(await refused(`CREATE SINK s FROM by_city ${into} KEY (town) FORMAT JSON ENVELOPE UPSERT`)).toEqual([
    '42703',
    expect.anything(),
  ]);
  expect(
    await refused(`CREATE SINK s AS SELECT total FROM by_city ${into} FORMAT JSON ENVELOPE UPSERT`),
  ).toEqual(['22023', 'Add KEY (column, …): the columns that identify a row.']);
  expect(await refused(`CREATE SINK s FROM by_city ${into} FORMAT CSV ENVELOPE DEBEZIUM`)).toEqual([
    '0A000',
    expect.anything(),
  ]);
  expect(await refused(`CREATE SINK s INTO sales FROM by_city`)).toEqual(['0A000', expect.anything()]);
  expect(await refused(`CREATE SINK s FROM by_city INTO FILE (PTH 'x') FORMAT JSON`)).toEqual([
    '22023',
    'Perhaps you meant the option "path".',
  ]);
});

test('arrays are JSON arrays, of as many levels as they have dimensions', async () => {
  const path = join(folder, 'arrays.jsonl');
  await client.query(`CREATE MATERIALIZED VIEW arrays AS
    SELECT array_agg(id ORDER BY id) AS ids, ARRAY[array_agg(city ORDER BY id), ARRAY['a"b', NULL]] AS names,
      '{}'::date[] AS none FROM sales`);
  await client.query(`CREATE SINK out FROM arrays INTO FILE (PATH '${path}') FORMAT JSON ENVELOPE APPEND`);
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(1);
  expect(JSON.parse(lines(path)[0]!)).toMatchObject({
    ids: [1, 2],
    names: [
      ['Oslo', 'Lisbon'],
      ['a"b', null],
    ],
    none: [],
  });
  await client.query('DROP SINK out');
});

const status = async (columns: string): Promise<unknown> =>
  (await client.query(`SELECT ${columns} FROM tw_catalog.sink_status WHERE name = 'out'`)).rows[0];

/** Writes into `sales` until what was there a while ago cannot be read any more, but for who holds it. */
async function forgotten(): Promise<void> {
  const then = Date.now() * 1000;
  const readable = async (): Promise<unknown> => {
    await client.query(`INSERT INTO sales VALUES (0, '', 0)`);
    await client.query('DELETE FROM sales WHERE id = 0');
    return client.query(`SELECT 1 AS of_then FROM by_city AS OF ${then}`).then(
      () => true,
      (error: { code: string }) => error.code,
    );
  };
  await expect.poll(readable, { timeout: 10_000, interval: 100 }).toBe('22023');
}

/** A target that takes nothing until `back`: what is recorded of it is not to be read. */
async function spoil(path: string): Promise<{ back(): void }> {
  const [progress, kept] = [`${path}.progress`, `${path}.kept`];
  // It is recorded after it is written.
  await expect.poll(() => existsSync(progress), { timeout: 10_000, interval: 20 }).toBe(true);
  for (;;) {
    renameSync(progress, kept);
    try {
      mkdirSync(progress);
      break;
    } catch (error) {
      // The sink has just recorded more.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return {
    back: () => {
      rmdirSync(progress);
      renameSync(kept, progress);
    },
  };
}

test('a sink that failed goes on where it was: each change at its own time, however long it took', async () => {
  const [path, reference] = [join(folder, 'out.jsonl'), join(folder, 'reference.jsonl')];
  await client.query(`CREATE SINK out FROM sales INTO FILE (PATH '${path}') FORMAT JSON`);
  await client.query(`CREATE SINK reference FROM sales INTO FILE (PATH '${reference}') FORMAT JSON`);
  const changes = (of: string): string[] => lines(of).filter((line) => !line.includes('"id":0'));
  // Each begins with what there is when it starts.
  for (const of of [path, reference]) {
    await expect.poll(() => changes(of).length, { timeout: 10_000, interval: 20 }).toBe(2);
  }
  // What was written long ago need not be kept.
  await forgotten();
  await expect
    .poll(() => status('state, retained_from'), { timeout: 10_000, interval: 20 })
    .toEqual({ state: 'running', retained_from: null });
  const written = lines(path).length;
  const target = await spoil(path);
  await change();
  await expect.poll(() => status('state'), { timeout: 10_000, interval: 20 }).toEqual({ state: 'failed' });
  await forgotten();
  await client.query('UPDATE sales SET amount = 7 WHERE id = 1');
  expect(await status('retained_from IS NOT NULL AS kept')).toEqual({ kept: true });
  target.back();
  await client.query('ALTER SINK out RESUME');
  await client.query(`INSERT INTO sales VALUES (9, 'Bergen', 9)`);
  const last = (): boolean => [path, reference].every((of) => changes(of).at(-1)?.includes('Bergen'));
  await expect.poll(last, { timeout: 10_000, interval: 20 }).toBe(true);
  expect(lines(path).slice(written)).toEqual(lines(reference).slice(written));
  expect(changes(path).length).toBe(2 + 1 + 2 + 1 + 2 + 1);
  await expect
    .poll(() => status('state, retained_from'), { timeout: 10_000, interval: 20 })
    .toEqual({ state: 'running', retained_from: null });
});

test('a sink without a snapshot goes on from its beginning', async () => {
  const path = join(folder, 'out.jsonl');
  mkdirSync(`${path}.progress`);
  await client.query(
    `CREATE SINK out FROM sales INTO FILE (PATH '${path}') FORMAT JSON WITH (SNAPSHOT = false)`,
  );
  await expect.poll(() => status('state'), { timeout: 10_000, interval: 20 }).toEqual({ state: 'failed' });
  await change();
  await forgotten();
  rmdirSync(`${path}.progress`);
  await client.query('ALTER SINK out RESUME');
  const ids = (): number[] =>
    lines(path)
      .map((line) => (JSON.parse(line) as { id: number }).id)
      .filter((id) => id !== 0);
  await expect.poll(ids, { timeout: 10_000, interval: 20 }).toEqual([3, 2, 2, 3]);
});

test('what is older than RETAIN HISTORY is let go, and the sink says so', async () => {
  const path = join(folder, 'out.jsonl');
  await client.query(
    `CREATE SINK out FROM sales INTO FILE (PATH '${path}') FORMAT JSON WITH (RETAIN HISTORY = '1 s')`,
  );
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(2);
  const target = await spoil(path);
  await change();
  await expect
    .poll(() => status('state, retained_from'), { timeout: 10_000, interval: 20 })
    .toEqual({ state: 'failed', retained_from: null });
  await forgotten();
  target.back();
  await client.query('ALTER SINK out RESUME');
  await expect
    .poll(() => status('state, error'), { timeout: 10_000, interval: 20 })
    .toEqual({
      state: 'failed',
      error: expect.stringMatching(
        /^changes after \d+, up to which the target was written, are not kept/,
      ) as string,
    });
});

test('a paused sink takes what is more than memory may hold from the past of its relation', async () => {
  const path = join(folder, 'out.jsonl');
  await client.query('CREATE TABLE large (id int PRIMARY KEY, pad text)');
  await client.query(`CREATE SINK out FROM large INTO FILE (PATH '${path}') FORMAT JSON`);
  await client.query(`INSERT INTO large VALUES (0, '')`);
  await expect.poll(() => lines(path).length, { timeout: 10_000, interval: 20 }).toBe(1);
  await client.query('ALTER SINK out PAUSE');
  const commits = 5;
  for (let commit = 1; commit <= commits; commit++) {
    const from = commit * 50_000;
    await client.query(
      `INSERT INTO large SELECT g, repeat('x', 1500) FROM generate_series(${from + 1}, ${from + 50_000}) AS g`,
    );
  }
  expect(await status('state')).toEqual({ state: 'paused' });
  await client.query('ALTER SINK out RESUME');
  await expect
    .poll(() => status('state, rows::int'), { timeout: 180_000, interval: 200 })
    .toEqual({ state: 'running', rows: commits * 50_000 + 1 });
  const times = lines(path).map((line) => (JSON.parse(line) as Append).tw_timestamp);
  expect(times).toHaveLength(commits * 50_000 + 1);
  expect(new Set(times).size).toBe(commits + 1);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  await client.query('DROP TABLE large CASCADE');
}, 240_000);
